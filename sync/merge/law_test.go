package merge_test

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"escale/sync/merge"
)

var (
	consents = []string{"given", "not_asked", "refused", "withdrawn"} // from permissive to restrictive
	purposes = []string{"archive", "court", "press", "report"}
)

func meetConsents(a, b any) any {
	x, okX := a.(string)
	y, okY := b.(string)
	i, j := slices.Index(consents, x), slices.Index(consents, y)
	if !okX || !okY || i < 0 || j < 0 {
		return nil
	}
	return consents[max(i, j)]
}

func meetPurposes(a, b any) any {
	x, okX := a.([]string)
	y, okY := b.([]string)
	if !okX || !okY {
		return nil
	}
	out := []string{}
	for _, p := range x {
		if slices.Contains(y, p) {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// rules has one field for each policy, named after it, and consent fields of both kinds.
func rules(path string) (merge.Rule, bool) {
	switch path {
	case "consent":
		return merge.Rule{Policy: merge.RestrictWins, Meet: meetConsents}, true
	case "purposes":
		return merge.Rule{Policy: merge.RestrictWins, Meet: meetPurposes}, true
	}
	p, err := merge.ParsePolicy(path)
	return merge.Rule{Policy: p}, err == nil
}

var paths = []string{"write_once", "lww", "keep_both", "set_union", "append", "counter", "consent", "purposes", "exists", "unknown"}

// drawOp draws an operation that the policy of the path knows.
func drawOp(roll dice, w *world, path string) merge.Op {
	op := merge.Op{Path: path}
	text := string(rune('a' + roll(4)))
	some := slices.DeleteFunc(slices.Clone(purposes), func(string) bool { return roll(2) == 0 })
	switch path {
	case "set_union":
		op.Kind, op.Value = []merge.OpKind{merge.Add, merge.Remove, merge.Set}[roll(3)], some
	case "append":
		op.Kind, op.Value = merge.Append, text
	case "counter":
		op.Kind, op.Value = merge.Increment, int64(roll(9)-3)
	case "exists":
		op.Kind = []merge.OpKind{merge.Delete, merge.Restore}[roll(2)]
	case "consent", "purposes":
		op.Value = any(consents[roll(4)])
		if path == "purposes" {
			op.Value = some
		}
		if roll(2) == 0 {
			op.Kind, op.Lifts = merge.Widen, w.drawLifts(roll)
		}
	default:
		op.Value = text
		if roll(3) == 0 {
			op.Kind, op.Why = merge.Resolve, "asked again"
		}
	}
	return op
}

func (w *world) drawLifts(roll dice) []merge.Lift {
	var out []merge.Lift
	for _, s := range w.sets {
		for _, d := range s.deltas {
			if roll(2) == 0 {
				out = append(out, merge.Lift{Author: d.author, Time: d.time})
			}
		}
	}
	return out
}

func fitting(roll dice, w *world, _ *device) []merge.Op {
	var ops []merge.Op
	for range 1 + roll(3) {
		ops = append(ops, drawOp(roll, w, paths[roll(len(paths))]))
	}
	return ops
}

// wild draws operations of any kind with values of any type for any field but exists.
func wild(roll dice, w *world, d *device) []merge.Op {
	values := []any{nil, true, false, int64(roll(3)), 0.5, 0.0, math.Copysign(0, -1), "a", "b", []string{}, []string{"a", "c"}, []string(nil)}
	ops := fitting(roll, w, d)
	for i := range ops {
		if ops[i].Path != merge.Exists && roll(2) == 0 {
			ops[i].Kind = []merge.OpKind{merge.Set, merge.Add, merge.Remove, merge.Increment, merge.Append, merge.Resolve, merge.Widen}[roll(7)]
			ops[i].Value = values[roll(len(values))]
		}
	}
	return ops
}

func rapidDice(t *rapid.T) dice {
	return func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "roll") }
}

func TestMergeAgreesWithTheDefinitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		roll := rapidDice(t)
		w := happen(roll, 25, fitting)
		r := w.replicate(roll)
		s := merge.Merge(&r.h, r.deltas, rules)
		for _, path := range paths {
			compareWithOracle(t, s, newOracle(w, path), path)
		}
	})
}

// TestMergeAgreesOnManyWorlds covers more ground than rapid's hundred worlds.
func TestMergeAgreesOnManyWorlds(t *testing.T) {
	for seed := range int64(3000) {
		roll := seeded(seed)
		w := happen(roll, 10+roll(40), fitting)
		r := w.replicate(roll)
		s := merge.Merge(&r.h, r.deltas, rules)
		for _, path := range paths {
			compareWithOracle(t, s, newOracle(w, path), path)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

type failer interface{ Errorf(string, ...any) }

func compareWithOracle(t failer, s merge.State, o *oracle, path string) {
	if path == merge.Exists {
		if want := o.existence(); s.Exists != want || (want == merge.Question) != (len(s.Unseen) > 0) {
			t.Errorf("exists: %d with %d unseen, want %d", s.Exists, len(s.Unseen), want)
		}
		return
	}
	f := s.Fields[path]
	if len(o.events) == 0 {
		if f != nil {
			t.Errorf("%s: a field that nobody wrote", path)
		}
		return
	}
	if f == nil || len(f.History()) != len(o.events) {
		t.Errorf("%s: history does not hold all %d writes", path, len(o.events))
		return
	}
	switch path {
	case "lww":
		same(t, path, f.Value, o.lww())
	case "set_union":
		same(t, path, f.Value, o.set())
	case "append":
		same(t, path, f.Value, o.entries())
	case "counter":
		same(t, path, f.Value, o.total())
	case "consent":
		same(t, path, f.Value, o.strictest(o.inForce()))
		same(t, path, len(f.Siblings), len(o.inForce()))
	case "purposes":
		same(t, path, f.Value, o.common(o.inForce()))
	case "write_once":
		standing, violations := o.onceStanding()
		same(t, path, siblingValues(f), o.values(standing))
		same(t, path, f.Violations, violations)
	default:
		same(t, path, siblingValues(f), o.values(o.maximal(o.all())))
	}
	if f.Policy.Exclusive() {
		same(t, path+" conflict", f.Conflict, len(f.Siblings) > 1)
	}
	if slices.Contains(s.Unknown, path) != (path == "unknown") {
		t.Errorf("unknown paths: %v", s.Unknown)
	}
}

func siblingValues(f *merge.Field) []string {
	var out []string
	for _, w := range f.Siblings {
		out = append(out, fmt.Sprintf("%#v", w.Value))
	}
	slices.Sort(out)
	return out
}

func same(t failer, what string, got, want any) {
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// TestEveryOrderGivesTheSame delivers the same edits of each policy in a thousand orders, with duplicates, to replicas
// that number the change-sets differently.
func TestEveryOrderGivesTheSame(t *testing.T) {
	for n, path := range paths {
		t.Run(path, func(t *testing.T) {
			only := func(roll dice, w *world, _ *device) []merge.Op {
				ops := []merge.Op{drawOp(roll, w, path)}
				if path == merge.Exists && roll(2) == 0 {
					ops[0] = drawOp(roll, w, "lww")
				}
				return ops
			}
			roll := seeded(int64(n))
			w := happen(roll, 60, only)
			var first string
			for order := range 1000 {
				r := w.replicate(roll)
				got := describe(merge.Merge(&r.h, r.deltas, rules))
				if order == 0 {
					first = got
				}
				if got != first {
					t.Fatalf("order %d:\n%s\nfirst:\n%s", order, got, first)
				}
			}
			if strings.Count(first, " by ") < 10 {
				t.Fatalf("too few writes to prove anything:\n%s", first)
			}
		})
	}
}

// TestWildEditsAgree mixes operations that do not suit their fields: nothing is lost and every order gives the same.
func TestWildEditsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Int64().Draw(t, "seed")
		roll := seeded(seed)
		w := happen(roll, 30, wild)
		one, two := w.replicate(roll), w.replicate(roll)
		s := merge.Merge(&one.h, one.deltas, rules)
		a, b := describe(s), describe(merge.Merge(&two.h, two.deltas, rules))
		if a != b {
			t.Fatalf("two orders differ:\n%s\n%s", a, b)
		}
		written := 0
		for path, f := range s.Fields {
			written += len(f.History())
			if len(f.History()) != len(newOracle(w, path).events) {
				t.Fatalf("%s lost writes", path)
			}
		}
		if written+len(s.Endings) == 0 && len(w.sets) > 0 {
			t.Fatal("nothing was merged")
		}
		merge.Parallel(&one.h, one.deltas)
	})
}

// TestNothingWidensUnasked adds edits one at a time: the shown consent never allows more than any write in force, and a
// write that is no Widen never makes it allow more.
func TestNothingWidensUnasked(t *testing.T) {
	rank := func(v any) int { return slices.Index(consents, v.(string)) }
	for seed := range int64(500) {
		roll := seeded(seed)
		w := happen(roll, 30, func(roll dice, w *world, _ *device) []merge.Op {
			return []merge.Op{drawOp(roll, w, "consent")}
		})
		r := w.replicate(roll)
		before := -1
		for n := range r.deltas {
			f := merge.Merge(&r.h, r.deltas[:n+1], rules).Fields["consent"]
			for _, s := range f.Siblings {
				if rank(s.Value) > rank(f.Value) {
					t.Fatalf("seed %d: %v is shown while %v is in force", seed, f.Value, s.Value)
				}
			}
			if last := r.deltas[n].Ops[0]; last.Kind != merge.Widen && rank(f.Value) < before {
				t.Fatalf("seed %d: a plain write of %v widened to %v", seed, last.Value, f.Value)
			}
			before = rank(f.Value)
		}
	}
}
