package merge_test

import (
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"escale/schema"
	"escale/sync/causal"
	"escale/sync/merge"
)

func TestWriteForNewFields(t *testing.T) {
	for _, c := range []struct {
		path  string
		value any
		want  []merge.Op
	}{
		{"incident_code", "A", []merge.Op{set("incident_code", "A")}},
		{"next_contact", "monday", []merge.Op{set("next_contact", "monday")}},
		{"next_contact", nil, nil},
		{"risk", "low", []merge.Op{set("risk", "low")}},
		{"allergies", []string{"b", "a", "b"}, []merge.Op{op(merge.Add, "allergies", []string{"a", "b"})}},
		{"allergies", []string{}, nil},
		{"note", "seen tonight", []merge.Op{op(merge.Append, "note", "seen tonight")}},
		{"note", []string{"x", "", "y"}, []merge.Op{op(merge.Append, "note", "x"), op(merge.Append, "note", "y")}},
		{"note", "", nil},
		{"kits_given", int64(5), []merge.Op{op(merge.Increment, "kits_given", int64(5))}},
		{"kits_given", int64(0), []merge.Op{op(merge.Increment, "kits_given", int64(0))}},
		{"kits_given", nil, nil},
		{"consent", "refused", []merge.Op{set("consent", "refused")}},
		{"consent", nil, nil},
	} {
		got, err := merge.WriteFor(rule(c.path), merge.Field{Path: c.path}, c.value, merge.How{})
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s %v: %+v, want %+v: %v", c.path, c.value, got, c.want, err)
		}
	}
}

func TestWriteForRefusals(t *testing.T) {
	var d desk
	d.save(1, 1, nil, set("incident_code", "A"), set("consent", "refused"), op(merge.Increment, "kits_given", int64(3)))
	s := d.merge()
	for _, c := range []struct {
		path  string
		value any
		want  error
	}{
		{"incident_code", "B", merge.ErrWriteOnce},
		{"incident_code", nil, merge.ErrWriteOnce},
		{"consent", "given", merge.ErrWidening},
		{"consent", int64(1), merge.ErrWidening},
		{"consent", nil, merge.ErrValue},
		{"kits_given", "many", merge.ErrValue},
		{"kits_given", 2.5, merge.ErrValue},
		{"kits_given", 2, merge.ErrValue},
	} {
		if ops, err := merge.WriteFor(rule(c.path), *s.Fields[c.path], c.value, merge.How{}); !errors.Is(err, c.want) {
			t.Errorf("%s %v: %v %v", c.path, c.value, ops, err)
		}
	}
	for path, value := range map[string]any{"allergies": int64(1), "note": true} {
		if _, err := merge.WriteFor(rule(path), merge.Field{Path: path}, value, merge.How{}); !errors.Is(err, merge.ErrValue) {
			t.Errorf("%s: %v", path, err)
		}
	}
	ops, err := merge.WriteFor(rule("incident_code"), *s.Fields["incident_code"], "B", merge.How{Correct: true, Why: "misheard"})
	if err != nil || len(ops) != 1 || ops[0].Kind != merge.Set || ops[0].Why != "misheard" {
		t.Errorf("a correction: %+v %v", ops, err)
	}
	for path, value := range map[string]any{"incident_code": "A", "consent": "refused", "kits_given": int64(0)} {
		if ops, err := merge.WriteFor(rule(path), *s.Fields[path], value, merge.How{}); err != nil || len(ops) != 0 {
			t.Errorf("%s unchanged: %+v %v", path, ops, err)
		}
	}
}

func TestWriteForChoosesAmongFirstWrites(t *testing.T) {
	var d desk
	d.save(1, 1, nil, set("incident_code", "A"))
	d.save(2, 1, nil, set("incident_code", "B"))
	f := *d.merge().Fields["incident_code"]
	ops, err := merge.WriteFor(rule("incident_code"), f, "B", merge.How{})
	if err != nil || ops[0].Kind != merge.Resolve {
		t.Fatalf("%+v %v", ops, err)
	}
	if _, err := merge.WriteFor(rule("incident_code"), f, "C", merge.How{}); !errors.Is(err, merge.ErrWriteOnce) {
		t.Fatal(err)
	}
}

func TestEmptiedListOfConsentsAllowsNothing(t *testing.T) {
	r, _ := rules("purposes")
	var h causal.History
	h.Add(1, 1, 1, 0)
	old := merge.Merge(&h, []merge.Delta{{Dot: causal.Dot{Set: 1}, Ops: []merge.Op{set("purposes", []string{"press"})}}}, rules)
	ops, err := merge.WriteFor(r, *old.Fields["purposes"], nil, merge.How{})
	if err != nil || len(ops) != 1 || !reflect.DeepEqual(ops[0].Value, []string{}) {
		t.Fatalf("%+v %v", ops, err)
	}
}

func TestManyRestrictionsAreLiftedTogether(t *testing.T) {
	var d desk
	var seen []int
	for i := range merge.MaxLifts + 1 {
		seen = append(seen, d.save(byte(i%200+1), i, nil, set("consent", "refused")))
	}
	ops, err := merge.WriteFor(rule("consent"), *d.merge().Fields["consent"], "given", merge.How{Widen: true})
	if err != nil || len(ops) != 2 {
		t.Fatalf("%d operations: %v", len(ops), err)
	}
	d.save(250, 1, seen, ops...)
	same(t, "shown", d.merge().Fields["consent"].Value, "given")
}

// TestWhatIsTypedIsShown draws a history, lets a person who has seen everything type a value, and finds it shown.
func TestWhatIsTypedIsShown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		roll := seeded(rapid.Int64().Draw(t, "seed"))
		path := rapid.SampledFrom([]string{"lww", "keep_both", "set_union", "consent", "purposes", "counter"}).Draw(t, "path")
		w := happen(roll, 30, func(roll dice, w *world, _ *device) []merge.Op { return []merge.Op{drawOp(roll, w, path)} })
		r := w.replicate(roll)
		old := merge.Field{Path: path}
		if f := merge.Merge(&r.h, r.deltas, rules).Fields[path]; f != nil {
			old = *f
		}
		typed := drawOp(roll, w, path).Value
		declared, _ := rules(path)
		ops, err := merge.WriteFor(declared, old, typed, merge.How{Widen: true, Why: "asked"})
		if err != nil {
			t.Fatal(err)
		}
		want := typed
		if path == "counter" {
			n, _ := old.Value.(int64)
			want = n + typed.(int64)
		}
		all := causal.Context{}
		for _, number := range r.number {
			all = append(all, causal.Seen{Set: number, Count: causal.All})
		}
		mine := causal.Set(len(r.number) + 1)
		r.h.Add(mine, 99, 1, 0)
		r.deltas = append(r.deltas, merge.Delta{Dot: causal.Dot{Set: mine}, Context: all, Author: schema.Device{99}, Ops: ops})
		f := merge.Merge(&r.h, r.deltas, rules).Fields[path]
		if f == nil {
			if list, empty := want.([]string); !empty || len(list) > 0 {
				t.Fatalf("%v was typed and nothing is shown", want)
			}
			return
		}
		if !reflect.DeepEqual(f.Value, want) || f.Conflict || f.Review {
			t.Fatalf("%s shows %v (conflict %v, review %v), typed %v after %v with %+v", path, f.Value, f.Conflict, f.Review, want, old.Value, ops)
		}
	})
}
