package simtest_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// seedsByDefault is how many seeds a test without SEEDS plays; `make test` asks for 300.
const seedsByDefault = 50

// forked counts the seeds that a fork of the ledger ended before all laptops could be compared with each other.
const forked = "forked"

// tally counts the events of all seeds.
type tally struct {
	mu   sync.Mutex
	done map[string]int
}

func (s *tally) add(done map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, n := range done {
		s.done[name] += n
	}
}

// TestSimulation plays drawn lives. SEEDS=n plays n of them, SEED=n only the n-th and tells what happened.
func TestSimulation(t *testing.T) {
	seeds := environment(t, "SEEDS", seedsByDefault)
	only := environment(t, "SEED", 0)
	b := newBase(t)
	if only > 0 {
		play(t, b, uint64(only), true)
		return
	}
	start, counts := time.Now(), &tally{done: map[string]int{}}
	t.Run("seeds", func(t *testing.T) {
		for seed := 1; seed <= seeds; seed++ {
			t.Run(strconv.Itoa(seed), func(t *testing.T) {
				t.Parallel()
				counts.add(play(t, b, uint64(seed), false))
			})
		}
	})
	t.Logf("%d seeds, %.0f a minute", seeds, float64(seeds)/time.Since(start).Minutes())
	if t.Logf("%6d seeds ended by a fork of the ledger", counts.done[forked]); counts.done[forked] > 1+seeds/20 {
		t.Errorf("%d of %d seeds ended by a fork of the ledger", counts.done[forked], seeds)
	}
	for _, e := range events() {
		t.Logf("%6d %s", counts.done[e.name], e.name)
		if seeds >= seedsByDefault && counts.done[e.name] == 0 {
			t.Errorf("%q never happened", e.name)
		}
	}
}

func environment(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q: want a number from 1 on", name, text)
	}
	return n
}

// play plays one seed. A failing one says how to play it alone.
func play(t *testing.T, b *base, seed uint64, tell bool) map[string]int {
	t.Helper()
	w := newWorld(t, b, seed)
	told := w.story
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d fails; SEED=%d go test ./sync/simtest -run TestSimulation plays it alone", seed, seed)
		}
		if tell {
			fmt.Println(strings.Join(told.lines, "\n"))
		}
	})
	w.populate()
	w.settleIn()
	for range 20 + w.rng.IntN(50) {
		if w.step(); w.forked {
			break
		}
	}
	if !w.forked {
		w.quiet()
	}
	if w.forked {
		w.done[forked]++
		w.checkForked()
	} else {
		w.check()
	}
	w.end()
	return w.done
}
