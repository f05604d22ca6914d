package merge_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"escale/schema"
	"escale/sync/causal"
	"escale/sync/merge"
)

// desk is a small world for examples: each laptop has one stream, and every save is a change-set of its own. All people
// and codes in the examples are invented.
type desk struct {
	h      causal.History
	deltas []merge.Delta
	last   map[byte]causal.Set
}

// save lets a laptop write, having seen the saves of the given numbers and their authors' earlier ones.
func (d *desk) save(laptop byte, at int, seen []int, ops ...merge.Op) int {
	if d.last == nil {
		d.last = map[byte]causal.Set{}
	}
	n := len(d.deltas) + 1
	seq := uint64(1)
	for _, e := range d.deltas {
		if e.Author[0] == laptop {
			seq++
		}
	}
	d.h.Add(causal.Set(n), causal.Stream(laptop), seq, d.last[laptop])
	d.last[laptop] = causal.Set(n)
	e := merge.Delta{Dot: causal.Dot{Set: causal.Set(n)}, Author: schema.Device{laptop}, Time: causal.Time(at), Ops: ops}
	for _, s := range seen {
		e.Context = append(e.Context, causal.Seen{Set: causal.Set(s), Count: causal.All})
	}
	d.deltas = append(d.deltas, e)
	return n
}

func (d *desk) merge() merge.State { return merge.Merge(&d.h, d.deltas, storyRules) }

func storyRules(path string) (merge.Rule, bool) {
	policies := map[string]merge.Policy{
		"incident_code": merge.WriteOnce, "kits_given": merge.Counter, "persons_min": merge.KeepBoth, "risk": merge.KeepBoth,
		"allergies": merge.SetUnion, "note": merge.Appending, "next_contact": merge.LWW, "consent": merge.RestrictWins,
	}
	r := merge.Rule{Policy: policies[path], Meet: meetConsents}
	if path == "risk" {
		levels := []string{"low", "high", "extreme"}
		r.Higher = func(a, b any) bool { return slices.Index(levels, a.(string)) > slices.Index(levels, b.(string)) }
	}
	return r, r.Policy != ""
}

func set(path string, v any) merge.Op { return merge.Op{Path: path, Value: v} }

func op(kind merge.OpKind, path string, v any) merge.Op {
	return merge.Op{Kind: kind, Path: path, Value: v}
}

// TestBeachNight: two teams, one incident, no network (18 + 23 kits, an estimate of 50 and one of 54).
func TestBeachNight(t *testing.T) {
	var d desk
	d.save(1, 100, nil, set("incident_code", "NUIT-7"), op(merge.Increment, "kits_given", int64(18)), set("persons_min", int64(50)))
	d.save(2, 90, nil, set("incident_code", "NUIT-7"), op(merge.Increment, "kits_given", int64(23)), set("persons_min", int64(54)))
	s := d.merge()
	same(t, "kits", s.Fields["kits_given"].Value, int64(41))
	same(t, "code", s.Fields["incident_code"].Conflict, false)
	same(t, "estimates", siblingValues(s.Fields["persons_min"]), []string{"50", "54"})
	if c := merge.Conflicts(s); len(c) != 1 || c[0].Path != "persons_min" || c[0].Siblings[0].Author != (schema.Device{2}) {
		t.Fatalf("conflicts: %+v", c)
	}

	// The same night as two records that share their code.
	one := merge.Merge(&d.h, d.deltas[:1], storyRules)
	two := merge.Merge(&d.h, d.deltas[1:], storyRules)
	keyOne, okOne := merge.JoinKey(one, "incident_code")
	keyTwo, okTwo := merge.JoinKey(two, "incident_code")
	if !okOne || !okTwo || keyOne != keyTwo {
		t.Fatalf("keys %q %q", keyOne, keyTwo)
	}
	joined := merge.Join([]merge.State{one, two})
	if len(joined) != 3 {
		t.Fatalf("joined fields: %+v", joined)
	}
	code, kits, persons := joined[0], joined[1], joined[2]
	if code.Differ || kits.Differ || kits.Total != int64(41) || !persons.Differ || persons.Total != nil {
		t.Fatalf("joined: %+v", joined)
	}
	same(t, "first estimate", persons.Each[0].Value, int64(50))
	same(t, "second estimate", persons.Each[1].Value, int64(54))
}

func TestDeletedRecordsAreNotJoined(t *testing.T) {
	var d desk
	first := d.save(1, 1, nil, set("incident_code", "NUIT-7"), op(merge.Increment, "kits_given", int64(18)))
	d.save(1, 2, []int{first}, op(merge.Delete, merge.Exists, nil))
	gone := d.merge()
	if _, ok := merge.JoinKey(gone, "incident_code"); ok {
		t.Fatal("a deleted record has a key")
	}
	var e desk
	e.save(2, 1, nil, op(merge.Increment, "kits_given", int64(23)))
	joined := merge.Join([]merge.State{gone, e.merge()})
	if len(joined) != 1 || joined[0].Total != int64(23) || joined[0].Each[0] != nil {
		t.Fatalf("joined: %+v", joined)
	}
}

// TestTwoCliniciansAddAllergies: both lists remain, and a removal takes only what was seen.
func TestTwoCliniciansAddAllergies(t *testing.T) {
	var d desk
	start := d.save(1, 1, nil, op(merge.Add, "allergies", []string{"latex"}))
	d.save(1, 2, []int{start}, op(merge.Add, "allergies", []string{"penicillin"}))
	d.save(2, 2, []int{start}, op(merge.Remove, "allergies", []string{"latex", "penicillin"}), op(merge.Add, "allergies", []string{"sulfa"}))
	d.save(3, 2, nil, op(merge.Add, "allergies", []string{"latex"}))
	s := d.merge()
	same(t, "allergies", s.Fields["allergies"].Value, []string{"latex", "penicillin", "sulfa"})
}

// TestWithdrawalWins: one laptop widens, the other withdraws meanwhile, with clocks years apart.
func TestWithdrawalWins(t *testing.T) {
	for _, clock := range []int{1, 1 << 40} {
		var d desk
		refused := d.save(1, 10, nil, set("consent", "refused"))
		old := d.merge().Fields["consent"]
		ops, err := merge.WriteFor(rule("consent"), *old, "given", merge.How{Widen: true, Why: "asked again at the clinic"})
		if err != nil {
			t.Fatal(err)
		}
		widened := d.save(1, clock, []int{refused}, ops...)
		same(t, "widened", d.merge().Fields["consent"].Value, "given")
		withdrawn := d.save(2, 20, []int{refused}, set("consent", "withdrawn"))
		f := d.merge().Fields["consent"]
		same(t, "after withdrawal", f.Value, "withdrawn")
		same(t, "review", f.Review, true)
		same(t, "marks", marks(f), map[any]merge.Mark{"refused": merge.Lifted, "given": merge.NotLifted, "withdrawn": merge.Shown})
		// A reviewer who has seen both confirms; later somebody tries to widen by a plain write.
		ops, err = merge.WriteFor(rule("consent"), *f, "withdrawn", merge.How{})
		if err != nil || len(ops) != 1 {
			t.Fatalf("confirming: %v %v", ops, err)
		}
		confirmed := d.save(3, 30, []int{withdrawn, widened}, ops...)
		same(t, "reviewed", d.merge().Fields["consent"].Review, false)
		d.save(3, 40, []int{withdrawn, widened, confirmed}, set("consent", "given"))
		f = d.merge().Fields["consent"]
		same(t, "after a plain write", f.Value, "withdrawn")
		same(t, "review again", f.Review, true)
		i := slices.IndexFunc(f.History(), func(w merge.Write) bool { return w.Time == 40 })
		same(t, "the plain write", f.History()[i].Mark, merge.NotLifted)
	}
}

func TestIncomparableConsentShowsNothing(t *testing.T) {
	var d desk
	d.save(1, 1, nil, set("consent", "given"))
	d.save(2, 1, nil, set("consent", int64(3)))
	f := d.merge().Fields["consent"]
	if f.Value != nil || !f.Conflict || len(f.Siblings) != 2 {
		t.Fatalf("%+v", f)
	}
}

func rule(path string) merge.Rule { r, _ := storyRules(path); return r }

func marks(f *merge.Field) map[any]merge.Mark {
	out := map[any]merge.Mark{}
	for _, w := range f.History() {
		out[w.Value] = w.Mark
	}
	return out
}

func TestLastWriterKeepsTheLoser(t *testing.T) {
	var d desk
	start := d.save(1, 1, nil, set("next_contact", "monday"))
	d.save(1, 5, []int{start}, set("next_contact", "tuesday"))
	d.save(2, 4, []int{start}, set("next_contact", "friday"))
	f := d.merge().Fields["next_contact"]
	same(t, "shown", f.Value, "tuesday")
	same(t, "marks", marks(f), map[any]merge.Mark{"monday": merge.Superseded, "friday": merge.Loser, "tuesday": merge.Shown})
}

// TestCausalityBeatsTheClock: a later edit by a laptop whose clock is years behind still replaces what it had seen.
func TestCausalityBeatsTheClock(t *testing.T) {
	var d desk
	start := d.save(1, 1<<40, nil, set("next_contact", "monday"))
	d.save(2, 1, []int{start}, set("next_contact", "friday"))
	same(t, "shown", d.merge().Fields["next_contact"].Value, "friday")
}

func TestSiblingsUntilAPersonResolves(t *testing.T) {
	var d desk
	first := d.save(1, 0, nil, set("risk", "medium"))
	a := d.save(1, 1, []int{first}, set("risk", "extreme"))
	b := d.save(2, 2, []int{first}, set("risk", "low"))
	c := d.save(3, 3, []int{first}, set("risk", "low"))
	f := d.merge().Fields["risk"]
	same(t, "siblings", siblingValues(f), []string{`"extreme"`, `"low"`})
	same(t, "the highest is shown", f.Value, "extreme")
	ops, err := merge.WriteFor(rule("risk"), *f, "low", merge.How{Why: "spoke with both"})
	if err != nil || len(ops) != 1 || ops[0].Kind != merge.Resolve {
		t.Fatalf("%v %v", ops, err)
	}
	d.save(1, 4, []int{first, a, b}, ops...) // the third was on its way
	f = d.merge().Fields["risk"]
	same(t, "equal values stand once", f.Conflict, false)
	same(t, "shown", f.Value, "low")
	h := f.History()
	got := []merge.Mark{h[0].Mark, h[1].Mark, h[2].Mark, h[3].Mark, h[4].Mark}
	want := []merge.Mark{merge.Superseded, merge.Resolved, merge.Resolved, merge.Shown, merge.Shown}
	if !slices.Equal(got, want) || h[4].Why != "spoke with both" {
		t.Fatalf("history: %+v", h)
	}
	d.save(2, 5, []int{c, 5}, set("risk", "high"))
	same(t, "after all", d.merge().Fields["risk"].Value, "high")
}

func TestWriteOnceUnderConcurrency(t *testing.T) {
	var d desk
	a := d.save(1, 1, nil, set("incident_code", "A"))
	b := d.save(2, 2, nil, set("incident_code", "B"))
	d.save(1, 3, []int{a}, set("incident_code", "C"))
	f := d.merge().Fields["incident_code"]
	same(t, "siblings", siblingValues(f), []string{`"A"`, `"B"`})
	same(t, "violations", f.Violations, 1)
	if _, ok := merge.JoinKey(d.merge(), "incident_code"); ok {
		t.Error("a disputed key joins")
	}
	foreign := d.save(3, 4, []int{a, b}, merge.Op{Kind: merge.Resolve, Path: "incident_code", Value: "Z"})
	same(t, "a choice of something else", d.merge().Fields["incident_code"].Conflict, true)
	d.save(3, 5, []int{a, b, foreign}, merge.Op{Kind: merge.Resolve, Path: "incident_code", Value: "B", Why: "the boat's own"})
	f = d.merge().Fields["incident_code"]
	same(t, "chosen", f.Value, "B")
	same(t, "settled", f.Conflict, false)
	same(t, "violations", f.Violations, 2)
	d.save(4, 1, nil, set("incident_code", "D"))
	same(t, "an unseen first write reopens", siblingValues(d.merge().Fields["incident_code"]), []string{`"B"`, `"D"`})
}

func TestDeletionAndUnseenEdits(t *testing.T) {
	var d desk
	start := d.save(1, 1, nil, set("next_contact", "monday"))
	gone := d.save(1, 2, []int{start}, merge.Op{Kind: merge.Delete, Path: merge.Exists, Why: "entered twice"})
	s := d.merge()
	if s.Exists != merge.Deleted || s.Endings[0].Why != "entered twice" {
		t.Fatalf("%+v", s)
	}
	same(t, "nothing is dropped", s.Fields["next_contact"].Value, "monday")
	late := d.save(2, 1, []int{start}, set("note", "x"), set("next_contact", "friday"))
	s = d.merge()
	if s.Exists != merge.Question || len(s.Unseen) != 1 || !reflect.DeepEqual(s.Unseen[0].Paths, []string{"next_contact", "note"}) {
		t.Fatalf("%+v", s)
	}
	kept := d.save(1, 3, []int{gone, late}, op(merge.Restore, merge.Exists, nil))
	same(t, "restored", d.merge().Exists, merge.Alive)
	d.save(1, 4, []int{late, kept}, op(merge.Delete, merge.Exists, nil))
	same(t, "deleted for good", d.merge().Exists, merge.Deleted)
}

// TestDeletedHereKeptThere: one deletes again while another keeps the record; nobody is overruled in silence.
func TestDeletedHereKeptThere(t *testing.T) {
	var d desk
	start := d.save(1, 1, nil, set("next_contact", "monday"))
	gone := d.save(1, 2, []int{start}, op(merge.Delete, merge.Exists, nil))
	d.save(2, 3, []int{start, gone}, op(merge.Restore, merge.Exists, nil))
	d.save(3, 4, []int{start, gone}, op(merge.Delete, merge.Exists, nil))
	s := d.merge()
	if s.Exists != merge.Question || len(s.Unseen) != 1 || s.Unseen[0].Author != (schema.Device{2}) {
		t.Fatalf("%+v", s)
	}
}

func TestParallelUpdatesAskNobody(t *testing.T) {
	var d desk
	start := d.save(1, 1, nil, set("risk", "low"), set("next_contact", "monday"))
	a := d.save(1, 2, []int{start}, set("risk", "high"))
	b := d.save(2, 2, []int{start}, set("next_contact", "friday"))
	same(t, "parallel", merge.Parallel(&d.h, d.deltas), 1)
	same(t, "conflicts", len(merge.Conflicts(d.merge())), 0)
	c := d.save(3, 2, []int{start}, set("risk", "extreme"))
	same(t, "two pairs, and one on the same field", merge.Parallel(&d.h, d.deltas), 2)
	same(t, "conflict", merge.Conflicts(d.merge())[0].Path, "risk")
	d.save(3, 3, []int{a, b, c}, set("risk", "high"))
	same(t, "seen by a later edit", merge.Parallel(&d.h, d.deltas), 0)
}

// TestAnAmountMadeMeanwhileIsAdded: a total that another version of the form wrote replaces what its author had seen, and
// nothing else.
func TestAnAmountMadeMeanwhileIsAdded(t *testing.T) {
	var d desk
	seen := d.save(1, 1, nil, op(merge.Increment, "kits_given", int64(5)))
	total := d.save(2, 3, []int{seen}, set("kits_given", int64(40)))
	d.save(3, 2, []int{seen}, op(merge.Increment, "kits_given", int64(300)))
	same(t, "the total and what was given meanwhile", d.merge().Fields["kits_given"].Value, int64(340))
	d.save(1, 4, []int{seen, total}, op(merge.Increment, "kits_given", int64(2000)))
	same(t, "and what was given after", d.merge().Fields["kits_given"].Value, int64(2340))
}

func TestCounterStaysWithinBounds(t *testing.T) {
	var d desk
	for range 3 {
		d.save(1, 1, nil, op(merge.Increment, "kits_given", int64(1<<62)))
	}
	same(t, "too much", d.merge().Fields["kits_given"].Value, int64(1<<63-1))
	for range 3 {
		d.save(2, 1, nil, op(merge.Increment, "kits_given", int64(-1<<62)))
	}
	same(t, "and back", d.merge().Fields["kits_given"].Value, int64(0))
	for range 3 {
		d.save(2, 1, nil, op(merge.Increment, "kits_given", int64(-1<<62)))
	}
	same(t, "too little", d.merge().Fields["kits_given"].Value, int64(-1<<63))
}

// TestRulesThatCannotBeFollowed: consent without an order and an unknown policy keep every value and are reported.
func TestRulesThatCannotBeFollowed(t *testing.T) {
	var d desk
	d.save(1, 1, nil, set("consent", "given"), set("other", "x"))
	d.save(2, 1, nil, set("consent", "refused"), set("other", "x"))
	s := merge.Merge(&d.h, d.deltas, func(path string) (merge.Rule, bool) {
		if path == "consent" {
			return merge.Rule{Policy: merge.RestrictWins}, true
		}
		return merge.Rule{Policy: "sum"}, true
	})
	same(t, "unknown", s.Unknown, []string{"consent", "other"})
	same(t, "siblings", siblingValues(s.Fields["consent"]), []string{`"given"`, `"refused"`})
	same(t, "policy", s.Fields["consent"].Policy, merge.KeepBoth)
}

// TestSameToAPerson: the form says which values are equal; equal siblings are no conflict.
func TestSameToAPerson(t *testing.T) {
	var d desk
	d.save(1, 1, nil, set("name", "Amal"))
	d.save(2, 2, nil, set("name", "AMAL"))
	fold := merge.Rule{Policy: merge.KeepBoth, Equal: func(a, b any) bool {
		x, _ := a.(string)
		y, _ := b.(string)
		return strings.EqualFold(x, y)
	}}
	s := merge.Merge(&d.h, d.deltas, func(string) (merge.Rule, bool) { return fold, true })
	same(t, "conflicts", len(merge.Conflicts(s)), 0)
	same(t, "shown", s.Fields["name"].Value, "Amal")
}

func TestParsePolicy(t *testing.T) {
	if _, err := merge.ParsePolicy("last"); !errors.Is(err, merge.ErrPolicy) {
		t.Fatal(err)
	}
	p, err := merge.ParsePolicy("append")
	if err != nil || p != merge.Appending || p.Exclusive() || !merge.KeepBoth.Exclusive() || !merge.WriteOnce.Exclusive() {
		t.Fatal(p, err)
	}
}

// TestOneChangeSetCannotHideItself: two deltas of one change-set that claim to have seen each other both stay.
func TestOneChangeSetCannotHideItself(t *testing.T) {
	var h causal.History
	h.Add(1, 1, 1, 0)
	all := causal.Context{{Set: 1, Count: causal.All}}
	deltas := []merge.Delta{
		{Dot: causal.Dot{Set: 1, Index: 0}, Context: all, Ops: []merge.Op{set("risk", "low")}},
		{Dot: causal.Dot{Set: 1, Index: 1}, Context: all, Ops: []merge.Op{set("risk", "high")}},
	}
	same(t, "shown", merge.Merge(&h, deltas, storyRules).Fields["risk"].Value, "high")
}

// TestTiesDoNotDependOnArrival: a cloned laptop gives two writes the same author and time; the value decides, down to
// the sign of zero.
func TestTiesDoNotDependOnArrival(t *testing.T) {
	values := []any{nil, false, true, int64(-1), int64(2), math.Copysign(0, -1), 0.0, "a", "b", []string{}, []string{"a"}}
	for i := range values {
		for j := range i {
			var one, two desk
			one.save(1, 1, nil, set("next_contact", values[i]))
			one.save(1, 1, nil, set("next_contact", values[j]))
			two.save(1, 1, nil, set("next_contact", values[j]))
			two.save(1, 1, nil, set("next_contact", values[i]))
			want := fmt.Sprintf("%#v", values[i])
			same(t, "one", fmt.Sprintf("%#v", one.merge().Fields["next_contact"].Value), want)
			same(t, "two", fmt.Sprintf("%#v", two.merge().Fields["next_contact"].Value), want)
		}
	}
}
