package replica_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"testing"

	"escale/schema"
	"escale/sync/replica"
	"escale/sync/wire"
)

// laptop is a store in memory: change-sets are names, and one scope is readable.
type laptop struct {
	entries  [][]byte
	epoch    wire.HubEpoch
	sets     []schema.Hash
	unsent   []schema.Hash
	cursor   wire.Cursor
	resets   int
	closed   int
	attended int

	marked   []schema.Hash // said to be at the hub, ever
	noted    []wire.Tip
	restarts int
	restored bool  // own work is missing until it is read again
	judged   error // what the ledger says to every entry
}

var scope = schema.Scope{1}

func hashAt(height uint64) (h schema.Hash) {
	binary.BigEndian.PutUint64(h[:], height+1)
	return h
}

func (l *laptop) LedgerHead() wire.Head {
	return wire.Head{Height: uint64(len(l.entries) - 1), Hash: hashAt(uint64(len(l.entries) - 1))}
}
func (l *laptop) LedgerEntries(from uint64) [][]byte { return l.entries[from:] }
func (l *laptop) HoldsEntry(height uint64, h schema.Hash) bool {
	return height < uint64(len(l.entries)) && h == hashAt(height)
}
func (l *laptop) Follow(_ context.Context, entries [][]byte) error {
	if l.judged != nil {
		return l.judged
	}
	l.entries = append(l.entries, entries...)
	return nil
}
func (l *laptop) CloseOpenSets(context.Context) error { l.closed++; return nil }
func (l *laptop) Unsent(context.Context) (out []replica.Offer, err error) {
	for i, h := range l.unsent {
		out = append(out, replica.Offer{Tip: wire.Tip{Seq: uint64(i) + 1, Set: h}, Scope: scope})
	}
	return out, nil
}
func (l *laptop) SetBytes(_ context.Context, h schema.Hash) ([]byte, error) { return h[:], nil }
func (l *laptop) Sent(_ context.Context, sets []schema.Hash) error {
	l.marked = append(l.marked, sets...)
	l.unsent = slices.DeleteFunc(l.unsent, func(h schema.Hash) bool { return slices.Contains(sets, h) })
	return nil
}
func (l *laptop) OfferAgain(_ context.Context, epoch wire.HubEpoch) error {
	l.epoch, l.unsent, l.cursor = epoch, slices.Clone(l.sets), wire.Cursor{Scope: scope}
	return nil
}
func (l *laptop) HubEpoch() wire.HubEpoch { return l.epoch }
func (l *laptop) Local(context.Context) ([]wire.ScopeState, []wire.Tip, error) {
	return []wire.ScopeState{{Scope: scope, Number: l.cursor.Number, Running: l.cursor.Running, Digest: digest(l.sets)}}, nil, nil
}
func (l *laptop) Receive(_ context.Context, page wire.ScopePage) error {
	if l.restored && l.restarts == 0 {
		return replica.ErrRestored
	}
	for _, item := range page.Items {
		if !slices.Contains(l.sets, item.Set) {
			l.sets = append(l.sets, item.Set)
		}
		l.cursor.Number++
		l.cursor.Running = wire.RunningHash(l.cursor.Running, item.Set)
	}
	return nil
}
func (l *laptop) Restart(context.Context) error { l.restarts++; return nil }
func (l *laptop) ResetCursor(context.Context, schema.Scope) error {
	l.resets++
	l.cursor, l.unsent = wire.Cursor{Scope: scope}, slices.Clone(l.sets)
	return nil
}
func (l *laptop) Held(context.Context, schema.Scope) ([]schema.Hash, error) {
	out := slices.Clone(l.sets)
	slices.SortFunc(out, func(a, b schema.Hash) int { return bytes.Compare(a[:], b[:]) })
	return out, nil
}
func (l *laptop) TakeBack(_ context.Context, _ schema.Scope, raws [][]byte) (took []schema.Hash, err error) {
	for _, raw := range raws {
		h := schema.Hash(raw)
		l.sets, took = append(l.sets, h), append(took, h)
	}
	return took, nil
}
func (l *laptop) Offer(_ context.Context, sets []schema.Hash) error {
	l.unsent = append(l.unsent, sets...)
	return nil
}
func (l *laptop) Objects(_ context.Context, sets []schema.Hash) (int, error) { return len(sets), nil }
func (l *laptop) NoteOwn(_ context.Context, tips []wire.Tip) error {
	l.noted = append(l.noted, tips...)
	return nil
}
func (l *laptop) Heard(context.Context, int64) error            { return nil }
func (l *laptop) OpenWaiting(context.Context) error             { return nil }
func (l *laptop) PutAgain(context.Context, []schema.Hash) error { return nil }

func (l *laptop) Attend(context.Context) (bool, error) { l.attended++; return false, nil }
func (l *laptop) PutBack(context.Context) error        { return nil }

func digest(sets []schema.Hash) schema.Hash {
	var tips []wire.Tip
	for _, h := range sets {
		tips = append(tips, wire.Tip{Set: h})
	}
	return wire.Digest(schema.Hash{}, tips)
}

// hub is a hub in memory, honest save for what crooked changes.
type hub struct {
	entries [][]byte
	sets    []schema.Hash
	epoch   wire.HubEpoch
	calls   int
	whole   int // pulls that asked for the own work too
	crooked func(reply any)
}

func answer[T any](h *hub, reply T) (T, error) {
	if h.calls++; h.crooked != nil {
		h.crooked(&reply)
	}
	return reply, nil
}

func (h *hub) head() wire.Head {
	return wire.Head{Height: uint64(len(h.entries) - 1), Hash: hashAt(uint64(len(h.entries) - 1))}
}

func (h *hub) running(n uint64) (out schema.Hash) {
	for _, s := range h.sets[:n] {
		out = wire.RunningHash(out, s)
	}
	return out
}

func (h *hub) Sync(_ context.Context, ask wire.SyncAsk) (wire.SyncReply, error) {
	n := uint64(len(h.sets))
	scopes := []wire.ScopeState{{Scope: scope, Number: n, Running: h.running(n), Digest: digest(h.sets)}}
	head := h.head()
	if wire.StateHash(h.epoch, head.Hash, scopes, nil) == ask.State {
		return answer(h, wire.SyncReply{HubEpoch: h.epoch, Same: true})
	}
	return answer(h, wire.SyncReply{HubEpoch: h.epoch, Head: &head, Scopes: scopes})
}

func (h *hub) Ledger(_ context.Context, ask wire.LedgerRead) (wire.LedgerPage, error) {
	from := min(ask.From, uint64(len(h.entries)))
	return answer(h, wire.LedgerPage{Entries: h.entries[from:], Head: h.head()})
}

var errBound = errors.New("over the bound of a message")

func (h *hub) Append(_ context.Context, add wire.LedgerAppend) (wire.Head, error) {
	size := 0
	for _, e := range add.Entries {
		size += len(e)
	}
	if len(add.Entries) > wire.MaxRefs || size > wire.MaxLedger || add.After != h.head().Hash {
		return wire.Head{}, errBound
	}
	h.entries = append(h.entries, add.Entries...)
	return answer(h, h.head())
}

func (h *hub) Offsets(_ context.Context, o wire.Offers) (wire.Offsets, error) {
	var out wire.Offsets
	for _, s := range o.Sets {
		at := uint64(0)
		if slices.Contains(h.sets, s.Set) {
			at = wire.Whole
		}
		out.Offsets = append(out.Offsets, at)
	}
	return answer(h, out)
}

func (h *hub) Push(_ context.Context, write func(io.Writer) error) (out wire.PushReply, err error) {
	r, w := io.Pipe()
	go func() { w.CloseWithError(write(w)) }()
	frames := wire.NewFrameReader(r)
	for {
		opening, _, err := frames.Next()
		if err != nil {
			break
		}
		if opening != nil {
			h.sets = append(h.sets, opening.Set)
			out.Results = append(out.Results, wire.PushResult{Set: opening.Set})
		}
	}
	return answer(h, out)
}

func (h *hub) Ranges(_ context.Context, ask wire.RangesAsk) (wire.RangesReply, error) {
	if err := wire.CheckPrefixes(ask.Prefixes); err != nil {
		return wire.RangesReply{}, err
	}
	s := wire.NewSurveyor(ask.Prefixes)
	for _, x := range h.sets {
		s.Add(x)
	}
	return answer(h, wire.RangesReply{Ranges: s.Ranges()})
}

func (h *hub) Fetch(_ context.Context, ask wire.FetchAsk) (out wire.FetchReply, err error) {
	for _, x := range ask.Sets {
		if slices.Contains(h.sets, x) {
			out.Sets = append(out.Sets, x[:])
		}
	}
	return answer(h, out)
}

func (h *hub) Pull(_ context.Context, ask wire.PullAsk) (wire.PullReply, error) {
	if ask.Own {
		h.whole++
	}
	c := ask.Cursors[0]
	page := wire.ScopePage{Scope: scope, Items: []wire.Item{}}
	if c.Number > uint64(len(h.sets)) || h.running(c.Number) != c.Running {
		page.Reset, c.Number = true, 0
	}
	for _, s := range h.sets[c.Number:] {
		page.Items = append(page.Items, wire.Item{Set: s})
	}
	return answer(h, wire.PullReply{Scopes: []wire.ScopePage{page}})
}

func pair(ledger int) (*laptop, *hub) {
	entries := make([][]byte, ledger)
	for i := range entries {
		entries[i] = make([]byte, 600)
	}
	l := &laptop{entries: entries, sets: []schema.Hash{{1}, {2}}, unsent: []schema.Hash{{1}, {2}}, cursor: wire.Cursor{Scope: scope}}
	return l, &hub{entries: entries[:1:1], sets: []schema.Hash{{3}}}
}

func run(l *laptop, h *hub) (replica.Report, error) {
	return replica.New(l, h, nil).Run(context.Background())
}

func TestBothSidesEndEqual(t *testing.T) {
	l, h := pair(1)
	rep, err := run(l, h)
	if err != nil || !rep.Synced || rep.Pushed != 2 || len(l.sets) != 3 || len(l.unsent) != 0 || l.closed != 1 || l.attended == 0 {
		t.Fatalf("%v %+v", err, rep)
	}
	if rep, err = run(l, h); err != nil || rep.RoundTrips != 1 {
		t.Fatalf("%v %+v", err, rep)
	}
}

// TestARestoredHubGetsALongLedger gives back more entries than one message takes, in number and in bytes.
func TestARestoredHubGetsALongLedger(t *testing.T) {
	l, h := pair(9000)
	if rep, err := run(l, h); err != nil || !rep.Synced || len(h.entries) != 9000 {
		t.Fatalf("%v, the hub has %d entries", err, len(h.entries))
	}
}

func TestWhatTheHubForgotIsOfferedAgain(t *testing.T) {
	l, h := pair(1)
	if _, err := run(l, h); err != nil {
		t.Fatal(err)
	}
	h.sets = h.sets[:1] // the log is shorter than the cursor
	if rep, err := run(l, h); err != nil || !rep.Synced || len(h.sets) != 3 {
		t.Fatalf("%v %+v %d", err, rep, len(h.sets))
	}
	// The cursor fits, and something is missing nevertheless.
	l.sets = append(l.sets, schema.Hash{9})
	if rep, err := run(l, h); err != nil || !rep.Synced || len(h.sets) != 4 {
		t.Fatalf("%v %+v %d", err, rep, len(h.sets))
	}
}

func TestCrookedAnswersEndInErrors(t *testing.T) {
	for name, crooked := range map[string]func(any){
		"answers for what was not sent": func(r any) {
			if p, is := r.(*wire.PushReply); is {
				p.Results = []wire.PushResult{{Set: schema.Hash{77}}}
			}
		},
		"fewer offsets": func(r any) {
			if o, is := r.(*wire.Offsets); is {
				o.Offsets = o.Offsets[1:]
			}
		},
		"equal, with work unsent": func(r any) {
			if s, is := r.(*wire.SyncReply); is {
				s.Same = true
			}
		},
		"resets without end": func(r any) {
			if p, is := r.(*wire.PullReply); is {
				p.More, p.Scopes = true, []wire.ScopePage{{Scope: scope, Reset: true}}
			}
		},
		"more without end": func(r any) {
			if p, is := r.(*wire.PullReply); is {
				p.More, p.Scopes = true, nil
			}
		},
		"another scope": func(r any) {
			if p, is := r.(*wire.PullReply); is {
				p.Scopes[0].Scope = schema.Scope{9}
			}
		},
		"a ledger without end": func(r any) {
			if s, is := r.(*wire.SyncReply); is {
				s.Head = &wire.Head{Height: 1 << 50, Hash: schema.Hash{5}}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, h := pair(1)
			h.crooked = crooked
			rep, err := run(l, h)
			if !errors.Is(err, replica.ErrDiverged) || rep.Synced {
				t.Errorf("%v %+v", err, rep)
			}
			if h.calls > 100 {
				t.Errorf("%d calls", h.calls)
			}
		})
	}
}

// TestARefusedSetIsNamedAndTheRestGoesOn: one change-set is refused; the other arrives, and what others wrote is read.
func TestARefusedSetIsNamedAndTheRestGoesOn(t *testing.T) {
	l, h := pair(1)
	h.crooked = func(r any) {
		p, is := r.(*wire.PushReply)
		for i := 0; is && i < len(p.Results); i++ {
			if p.Results[i].Set == (schema.Hash{1}) {
				p.Results[i].Status, p.Results[i].Reason = wire.Refused, "signature"
				h.sets = slices.DeleteFunc(h.sets, func(s schema.Hash) bool { return s == schema.Hash{1} })
			}
		}
	}
	rep, err := run(l, h)
	if !errors.Is(err, replica.ErrRefused) || rep.Synced || len(rep.Refused) != 1 || rep.Pushed != 1 || rep.Pulled == 0 {
		t.Fatalf("%v %+v", err, rep)
	}
}
