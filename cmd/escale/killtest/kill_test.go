package killtest_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Phases in which a kill can land.
const (
	captured  = "laptop: capture, after an acknowledgement"
	capturing = "laptop: capture, in a commit"
	unlocking = "laptop: unlock, closing what was open"
	pushing   = "laptop: push, in mid-body"
	pushed    = "laptop: push, as the answer comes"
	hubTaking = "hub: push, in mid-body"
	hubAnswer = "hub: push, as it answers"
	hubStart  = "hub: start"
	pulling   = "laptop: pull"
	merging   = "laptop: pull, in the commit that merges"
	hubGiving = "hub: pull"
	resolving = "laptop: resolve, in a commit"
)

func phases() []string {
	return []string{captured, capturing, unlocking, pushing, pushed, hubTaking, hubAnswer, hubStart, pulling, merging, hubGiving, resolving}
}

// play is a stage with what was saved on it.
type play struct {
	*stage
	saves  []*save
	ids    map[string]string // of records, by alias
	next   int
	landed map[string]int
	missed map[string]int
	up     int64 // what an exchange that moves nothing sends and receives
	down   int64
	drawn  string // the phase that was drawn last
	unsent int    // saves that the hub could not take

	decided map[string]bool // records
}

func setting(t *testing.T, name string, otherwise uint64) uint64 {
	v := os.Getenv(name)
	if v == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// enough is how many kills must have landed in every phase.
const enough = 100

// TestKilled kills hub and laptops KILLS times at moments drawn from SEED, and asks after each what is left of what was promised.
func TestKilled(t *testing.T) {
	kills, seed := int(setting(t, "KILLS", 20)), setting(t, "SEED", 1)
	t.Logf("KILLS=%d SEED=%d", kills, seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	root := t.TempDir()
	place := func(who string) string {
		dir := filepath.Join(root, who)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	p := &play{stage: newStage(t, programs(t), rng, place), ids: map[string]string{}, landed: map[string]int{}, missed: map[string]int{}, decided: map[string]bool{}}
	defer func() { t.Log(p.table()) }()
	p.measure()
	all := kills >= enough
	for lap := 0; p.total() < kills || (all && lap < kills && len(p.untouched()) > 0); lap++ {
		if lap > kills {
			t.Fatalf("%d laps, and still only %d kills", lap, p.total())
		}
		p.lap(lap)
	}
	if left := p.untouched(); all && len(left) > 0 {
		t.Errorf("no kill landed in: %s", strings.Join(left, "; "))
	}
}

func (p *play) total() (n int) {
	for _, k := range p.landed {
		n += k
	}
	return n
}

func (p *play) untouched() []string {
	return slices.DeleteFunc(phases(), func(phase string) bool { return p.landed[phase] > 0 })
}

func (p *play) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d kills among %d saves\n%-45s %6s %6s\n", p.total(), len(p.saves), "phase", "killed", "late")
	for _, phase := range phases() {
		fmt.Fprintf(&b, "%-45s %6d %6d\n", phase, p.landed[phase], p.missed[phase])
	}
	return b.String()
}

// note counts a kill, or a process that had ended before.
func (p *play) note(phase string, landed bool) {
	if landed {
		p.landed[phase]++
	} else {
		p.missed[phase]++
	}
}

// measure finds what an exchange that moves nothing costs, so that moments can be drawn behind it.
func (p *play) measure() {
	p.line.arm(func(int64, int64) bool { return false })
	p.must(nil, "ana", "sync")
	p.up, p.down = p.line.disarm()
}

// lap is one round of everything that a day does, with a kill in each step.
func (p *play) lap(n int) {
	p.t.Helper()
	a, b := "ana", "ben"
	if p.rng.IntN(2) == 1 {
		a, b = b, a
	}
	p.capture(a)
	p.push(a, b)
	p.pull(a, b)
	p.agree(a, b)
	p.decide(n, a, b)
	for _, who := range []string{"ana", "ben"} {
		p.look("at the end of a lap", who, p.saves, always)
		p.nothingElse(who)
		p.verify(who)
	}
	p.stopHub()
	p.verifyHub()
	p.startHub()
}

// nothingElse looks for records that nobody wrote.
func (p *play) nothingElse(who string) {
	p.t.Helper()
	for alias, r := range p.shown {
		if !slices.ContainsFunc(p.saves, func(v *save) bool { return v.alias == alias }) {
			p.t.Errorf("%s reads a record that nobody wrote: %s", who, r.ID)
		}
	}
}

// of returns the saves that somebody wrote. What others wrote comes scope by scope: until an exchange is through, a part of it
// may be there and another on its way.
func (p *play) of(who string) []*save {
	return slices.DeleteFunc(slices.Clone(p.saves), func(v *save) bool { return v.author != who })
}

// draft makes saves that nobody was told of yet.
func (p *play) draft(who string, n int) []*save {
	out := make([]*save, n)
	for i := range out {
		p.next++
		v := &save{key: fmt.Sprintf("%s %d", who, p.next), author: who}
		v.isNew = p.rng.IntN(3) > 0 || (i == 0 && len(p.saves) == 0)
		if v.isNew {
			v.alias = "Nour " + v.key
		} else {
			known := append(slices.Clone(p.saves), out[:i]...)
			v.alias = known[p.rng.IntN(len(known))].alias
		}
		out[i] = v
	}
	p.saves = append(p.saves, out...)
	return out
}

// capture imports until it is killed, looks, and imports the same file again until all of it is in.
func (p *play) capture(who string) {
	p.t.Helper()
	lines, ack, args := p.file(who, 24+p.rng.IntN(16))
	for _, phase := range []string{captured, capturing} {
		from, ids, err := acks(ack, lines)
		p.ok(err)
		after := from + 1 + p.rng.IntN(len(lines)-len(ids)/2-1)/2
		p.note(phase, p.run(who, p.onGrowth(phase, who, ack, after), args...).killed)
		_, _, err = acks(ack, lines)
		p.ok(err)
		p.unlock(who)
		p.look("after a kill in "+phase, who, p.of(who), acked)
	}
	p.verify(who)
	p.finish(who, lines, ack, args)
}

// more writes a little without being killed, so that there is something to push.
func (p *play) more(who string) {
	p.t.Helper()
	lines, ack, args := p.file(who, 14)
	p.finish(who, lines, ack, args)
}

// file drafts saves and the import that makes them.
func (p *play) file(who string, n int) (lines []*save, ack string, args []string) {
	p.t.Helper()
	lines = p.draft(who, n)
	var text strings.Builder
	for _, v := range lines {
		text.WriteString(v.line(p.ids))
	}
	file := p.write(fmt.Sprintf("%s-%d.ndjson", who, p.next), text.String())
	ack = strings.TrimSuffix(file, ".ndjson") + ".ack"
	return lines, ack, []string{"record", "import", file, "--ack", ack}
}

// finish imports what is left of a file.
func (p *play) finish(who string, lines []*save, ack string, args []string) {
	p.t.Helper()
	p.must(nil, who, args...)
	n, ids, err := acks(ack, lines)
	p.ok(err)
	if n < len(lines) {
		p.t.Fatalf("%d of %d lines were acknowledged", n, len(lines))
	}
	for alias, id := range ids {
		p.ids[alias] = id
	}
}

// unlock kills a laptop that finds change-sets which an earlier process left open, and is about to close them.
func (p *play) unlock(who string) {
	p.note(unlocking, p.run(who, p.onCommit(who, 1), "status").killed)
}

// onGrowth kills when so many lines are acknowledged; for capturing, at a commit soon after.
func (p *play) onGrowth(phase, who, ack string, lines int) func(kill func()) func() {
	soon, nth := p.soon(), 1+p.rng.IntN(3)
	return polling(func() (hit bool) {
		b, err := os.ReadFile(ack)
		return err == nil && bytes.Count(b, []byte{'\n'}) >= lines
	}, func(kill func(), stop <-chan struct{}) {
		if phase == capturing {
			waitCommits(p.wal(who), nth, stop)
		}
		time.Sleep(soon)
		kill()
	})
}

// onCommit kills at the nth growth of the write-ahead log.
func (p *play) onCommit(who string, nth int) func(kill func()) func() {
	wal, soon := p.wal(who), p.soon()
	return polling(func() bool { return true }, func(kill func(), stop <-chan struct{}) {
		if waitCommits(wal, nth, stop) {
			time.Sleep(soon)
			kill()
		}
	})
}

func (p *play) wal(who string) string { return filepath.Join(p.home[who], "1", "store-wal") }

// look is how often files are looked at.
const look = 100 * time.Microsecond

// waitCommits waits until a file was written n times, as far as it can be seen.
func waitCommits(path string, n int, stop <-chan struct{}) bool {
	stamp := func() (out [2]int64) {
		if info, err := os.Stat(path); err == nil {
			out = [2]int64{info.Size(), info.ModTime().UnixNano()}
		}
		return out
	}
	before := stamp()
	for n > 0 {
		select {
		case <-stop:
			return false
		case <-time.After(look):
		}
		if now := stamp(); now != before && now[0] > 0 {
			before, n = now, n-1
		}
	}
	return true
}

// polling arms a trigger that looks at files.
func polling(hit func() bool, then func(kill func(), stop <-chan struct{})) func(kill func()) func() {
	return func(kill func()) func() {
		stop := make(chan struct{})
		var running sync.WaitGroup
		running.Go(func() {
			for !hit() {
				select {
				case <-stop:
					return
				case <-time.After(look):
				}
			}
			then(kill, stop)
		})
		return func() { close(stop); running.Wait() }
	}
}
