package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"escale/sync/changeset"
	"escale/sync/wire"
)

// loadRounds is in how many rounds a load is dealt out. A round is made ready, and then moved with the clock running: so
// the making costs no throughput, and memory holds a tenth of the whole.
const loadRounds = 10

// bodySize is how many bytes one simulated push carries: what a day or two leave behind, not a laptop's whole history.
const bodySize = 128 << 10

// parcel is a change-set about to be pushed.
type parcel struct {
	opening wire.Opening
	raw     []byte
}

// tally gathers what the devices measured.
type tally struct {
	mu         sync.Mutex
	push, pull []float64 // milliseconds of each request
}

func (t *tally) note(to *[]float64, since time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*to = append(*to, float64(time.Since(since).Microseconds())/1000)
}

// crowd lets all devices push, and the readers among them pull, round by round.
func (l *load) crowd(p *program) error {
	for _, a := range l.authors {
		if err := a.reach(p.addr); err != nil {
			return err
		}
		defer a.hub.Close()
	}
	t := &tally{}
	var memory, rates []float64
	moving, done := time.Duration(0), 0
	for round := range loadRounds {
		parcels, deltas, err := l.deal(round)
		if err != nil {
			return err
		}
		watch := p.watch(l.ctx)
		begun := time.Now()
		err = l.round(t, parcels)
		took := time.Since(begun)
		memory = append(memory, watch.end())
		if err != nil {
			return err
		}
		moving, done = moving+took, done+deltas
		rates = append(rates, float64(deltas)/took.Seconds())
		if err := l.say("%d of %d deltas pushed, %.0f a second, hub %.0f MiB", done, l.size.total(), rates[round], memory[round]); err != nil {
			return err
		}
	}
	return l.tell(t, moving, rates, memory)
}

func (l *load) tell(t *tally, moving time.Duration, rates, memory []float64) error {
	out := l.out
	out.tell("load_deltas", float64(l.size.total()), fmt.Sprintf("deltas of %d devices in %d change-sets", l.size.devices, l.size.sets))
	out.tell("load_deltas_per_second", float64(l.size.total())/moving.Seconds(), "accepted, all devices pushing at once")
	out.tell("load_sets_per_second", float64(l.size.sets)/moving.Seconds(), "change-sets accepted")
	out.tell("load_last_round", rates[len(rates)-1]/rates[0], "× the rate of the first tenth, in the last tenth")
	for name, took := range map[string][]float64{"push": t.push, "pull": t.pull} {
		slices.Sort(took)
		if len(took) == 0 {
			return errNoRounds
		}
		out.tell("load_"+name+"_p50", took[len(took)/2], fmt.Sprintf("ms, of %d requests", len(took)))
		out.tell("load_"+name+"_p99", took[len(took)*99/100], "ms")
	}
	if slices.Max(memory) > 0 {
		out.tell("load_memory_first", memory[0], "MiB resident at most, in the first tenth")
		out.tell("load_memory_last", memory[len(memory)-1], "MiB resident at most, in the last tenth")
		out.tell("load_memory_most", slices.Max(memory), "MiB resident at most")
	}
	return nil
}

// deal makes one round's change-sets, those of each device in order.
func (l *load) deal(round int) (parcels [][]parcel, deltas int, err error) {
	parcels = make([][]parcel, len(l.authors))
	var group errgroup.Group
	group.SetLimit(4)
	sealed := make([]int64, len(l.authors))
	for i, a := range l.authors {
		share := l.share(i, round)
		deltas += share * l.size.deltas
		group.Go(func() error {
			for range share {
				if err := l.ctx.Err(); err != nil {
					return err
				}
				set, err := a.next(l.size.deltas)
				if err != nil {
					return err
				}
				sealed[i] += sealedIn(set)
				o := wire.Opening{Stream: set.Header.Stream(), Seq: set.Header.Seq, Set: set.Hash, Total: uint64(len(set.Raw))}
				parcels[i] = append(parcels[i], parcel{o, set.Raw})
			}
			return nil
		})
	}
	err = group.Wait()
	for i := range parcels {
		l.sealed += sealed[i]
		for _, p := range parcels[i] {
			l.signed += int64(len(p.raw))
		}
	}
	return parcels, deltas, err
}

// share is how many change-sets a device pushes in a round.
func (l *load) share(device, round int) int {
	all := (l.size.sets - device + l.size.devices - 1) / l.size.devices
	return all*(round+1)/loadRounds - all*round/loadRounds
}

func sealedIn(set *changeset.Set) (n int64) {
	for i := range set.Deltas {
		n += int64(len(set.Deltas[i].Sealed))
	}
	return n
}

// round lets every device push its parcels; the readers then pull what is new to them.
func (l *load) round(t *tally, parcels [][]parcel) error {
	group, ctx := errgroup.WithContext(l.ctx)
	for i, a := range l.authors {
		group.Go(func() error {
			if err := a.pushAll(ctx, t, parcels[i]); err != nil {
				return fmt.Errorf("push: %w", err)
			}
			if !a.reads {
				return nil
			}
			return a.pullAll(ctx, t)
		})
	}
	return group.Wait()
}

func (a *author) pushAll(ctx context.Context, t *tally, parcels []parcel) error {
	for len(parcels) > 0 {
		n, bytes := 0, 0
		for n < len(parcels) && bytes < bodySize {
			bytes += len(parcels[n].raw)
			n++
		}
		begun := time.Now()
		reply, err := a.hub.Push(ctx, func(w io.Writer) error {
			for _, p := range parcels[:n] {
				if err := wire.WriteSet(w, p.opening, p.raw); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		t.note(&t.push, begun)
		if err := accepted(reply, parcels[:n]); err != nil {
			return err
		}
		parcels = parcels[n:]
	}
	return nil
}

var errNotAccepted = errors.New("the hub did not accept a change-set")

func accepted(reply wire.PushReply, parcels []parcel) error {
	if len(reply.Results) != len(parcels) {
		return fmt.Errorf("%w: %d answers to %d", errNotAccepted, len(reply.Results), len(parcels))
	}
	for i, r := range reply.Results {
		if r.Status != wire.Accepted || r.Set != parcels[i].opening.Set {
			return fmt.Errorf("%w: status %d %s", errNotAccepted, r.Status, r.Reason)
		}
	}
	return nil
}

// pullAll reads a scope's log from where the device stopped to its end, and checks that no entry of it is missing.
func (a *author) pullAll(ctx context.Context, t *tally) error {
	for more := true; more; {
		begun := time.Now()
		reply, err := a.hub.Pull(ctx, wire.PullAsk{Cursors: []wire.Cursor{a.cursor}})
		if err != nil {
			return fmt.Errorf("pull: %w", err)
		}
		t.note(&t.pull, begun)
		for _, page := range reply.Scopes {
			if page.Scope != a.scope || page.Reset {
				return fmt.Errorf("pull: the hub's log does not go on where it stopped")
			}
			for i := range page.Items {
				a.cursor.Number++
				a.cursor.Running = wire.RunningHash(a.cursor.Running, page.Items[i].Set)
			}
		}
		more = reply.More
	}
	return nil
}
