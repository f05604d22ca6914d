package killtest_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// small is more than what goes up and down before the change-sets do.
const small = 1 << 10

// push kills the laptop and then the hub while the laptop's day goes up.
func (p *play) push(a, b string) {
	p.t.Helper()
	p.killHub(p.oneOf(hubTaking, hubAnswer), a, true)
	p.start()
	p.sentIsThere(a, b)
	p.more(a)
	p.note(p.oneOf(pushing, pushed), p.cutPush(a))
	p.look("after a kill in push", a, p.of(a), acked)
}

// drawn is the phase that oneOf drew last.
func (p *play) oneOf(phases ...string) string {
	p.drawn = phases[p.rng.IntN(len(phases))]
	return p.drawn
}

// cutPush kills a laptop in mid-body or as the answer comes.
func (p *play) cutPush(who string) (landed bool) {
	phase, cut, soon := p.drawn, p.rng.IntN(2) == 1, p.soon()
	from := p.up + small + p.rng.Int64N(8<<10)
	fired := false
	r := p.run(who, func(kill func()) func() {
		var answer int64
		p.line.arm(func(up, down int64) bool {
			if fired || up < from {
				answer = down
				return false
			}
			if phase == pushed && down == answer {
				return false
			}
			fired = true
			time.Sleep(soon)
			kill()
			return cut
		})
		return func() { p.line.disarm() }
	}, "sync")
	return fired && r.killed
}

// killHub kills the hub while a laptop exchanges.
func (p *play) killHub(phase, who string, up bool) {
	p.t.Helper()
	soon := p.soon()
	from, hub := p.up+small+p.rng.Int64N(16<<10), p.hub
	if !up {
		from = p.down + small + p.rng.Int64N(8<<10)
	}
	fired := false
	var dying sync.WaitGroup
	r := p.run(who, func(func()) func() {
		var answer int64
		p.line.arm(func(sent, received int64) bool {
			count := sent
			if !up {
				count = received
			}
			if fired || count < from {
				answer = received
				return fired && phase != hubAnswer
			}
			if phase == hubAnswer && received == answer {
				return false
			}
			fired = true
			if phase == hubAnswer { // its answer is out, and on its way
				dying.Go(func() { time.Sleep(soon); hub.kill() })
				return false
			}
			time.Sleep(soon)
			hub.kill()
			return true
		})
		return func() { p.line.disarm() }
	}, "sync")
	dying.Wait()
	p.note(phase, fired && r.code == unreachable)
	if r.code != unreachable && r.code != done {
		p.t.Fatalf("%s: the hub was killed, and sync ended with %d: %s%s", who, r.code, r.stderr, r.stdout)
	}
	p.verifyHub()
}

// start kills the hub once more as it starts, and then lets it.
func (p *play) start() {
	p.t.Helper()
	h, _ := p.launch()
	time.Sleep(time.Duration(p.rng.Int64N(int64(60 * time.Millisecond))))
	h.kill()
	p.note(hubStart, h.cmd.ProcessState.ExitCode() == -1)
	p.verifyHub()
	p.startHub()
}

// sentIsThere lets b alone exchange with a hub that was killed: whatever a's laptop calls sent, b must be able to read.
func (p *play) sentIsThere(a, b string) {
	p.t.Helper()
	var list struct{ Records []struct{ ID, State string } }
	p.must(&list, a, "record", "list")
	sent := map[string]bool{}
	for _, r := range list.Records {
		sent[r.ID] = r.State == "sent"
	}
	theirs := slices.DeleteFunc(p.of(a), func(v *save) bool { return !sent[p.ids[v.alias]] })
	p.must(nil, b, "sync")
	for _, fault := range judge(p.read(b), theirs, always) {
		p.t.Errorf("after the hub was killed, of what %s's laptop calls sent: %s", a, fault)
	}
	if p.t.Failed() {
		p.t.FailNow()
	}
}

// cutPull kills a laptop while change-sets come down, or as it writes them.
func (p *play) cutPull(phase, who string) {
	if phase == merging {
		p.note(phase, p.run(who, p.onCommit(who, 1+p.rng.IntN(3)), "sync").killed)
		return
	}
	soon, from, fired := p.soon(), p.down+small+p.rng.Int64N(8<<10), false
	r := p.run(who, func(kill func()) func() {
		p.line.arm(func(_, down int64) bool {
			if fired || down < from {
				return false
			}
			fired = true
			time.Sleep(soon)
			kill()
			return false
		})
		return func() { p.line.disarm() }
	}, "sync")
	p.note(phase, fired && r.killed)
}

// pull lets the rest of a's day go up, and kills hub and laptop while it comes down to b.
func (p *play) pull(a, b string) {
	p.t.Helper()
	p.more(a)
	p.must(nil, a, "sync")
	p.killHub(hubGiving, b, false)
	p.startHub()
	p.cutPull(p.oneOf(pulling, merging), b)
	p.look("after a kill in pull", b, p.of(b), acked)
}

// decide makes a conflict, kills the laptop on which a person decides it, and decides it if that was for nothing.
func (p *play) decide(lap int, a, b string) {
	p.t.Helper()
	id := p.undecided()
	p.must(nil, a, "record", "edit", id, "--set", "risk_level=high")
	p.must(nil, b, "record", "edit", id, "--set", "risk_level=extreme")
	p.agree(a, b)
	why := fmt.Sprintf("decided together on day %d (invented)", lap)
	args := []string{"resolve", id, "risk_level", "--take", "1", "--why", why}
	r := p.run(b, p.onCommit(b, 1), args...)
	p.note(resolving, r.killed)
	told := strings.Contains(r.stdout, `"id"`)
	switch n := p.decisions(b, id, why); {
	case n > 1:
		p.t.Fatalf("one decision is there %d times", n)
	case n == 0 && told:
		p.t.Fatal("a decision was acknowledged and is not there")
	case n == 0:
		p.must(nil, b, args...)
	}
	p.agree(b, a)
	for _, who := range []string{a, b} {
		if n := p.decisions(who, id, why); n != 1 {
			p.t.Fatalf("%s reads one decision %d times", who, n)
		}
	}
}

// undecided draws a record on whose risk nobody decided yet: a second answer that is the first one would be no edit.
func (p *play) undecided() string {
	for {
		id := p.ids[p.saves[p.rng.IntN(len(p.saves))].alias]
		if !p.decided[id] {
			p.decided[id] = true
			return id
		}
	}
}

// decisions counts how often a record's history tells a reason.
func (p *play) decisions(who, id, why string) (n int) {
	p.t.Helper()
	var h struct{ Entries []struct{ Why string } }
	p.must(&h, who, "record", "history", id)
	for _, e := range h.Entries {
		n += count(e.Why == why)
	}
	return n
}
