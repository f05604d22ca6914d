package expr_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"escale/schema/expr"
)

func context(self string) expr.Context {
	answers := map[string]expr.Value{
		"consent": expr.String("given"), "count": expr.Number(5), "needs": expr.List([]string{"food", "health"}),
		"born": expr.Date("1999-12-31", nil), "at": expr.DateTime("2026-01-05T18:00:00+01:00", nil),
	}
	return expr.Context{
		Node: expr.NewElement("self", self), Now: time.Date(2026, 1, 5, 23, 30, 0, 0, time.FixedZone("", 3600)),
		Lookup: func(ref expr.Reference) expr.Value { return answers[ref.Name] },
	}
}

func TestEval(t *testing.T) {
	tests := []struct{ source, want string }{
		{"1 + 2 * 3 - 4 div 2", "5"},
		{"(1 + 2) * 3", "9"},
		{"7 mod 3", "1"},
		{"-7 mod 3", "-1"},
		{"--3", "3"},
		{"2 - -2", "4"},
		{"1 div 0", "Infinity"},
		{"-1 div 0", "-Infinity"},
		{"0 div 0", "NaN"},
		{".5 + 1.25", "1.75"},
		{"1 = 1.0", "true"},
		{"'1' = 1", "true"},
		{"'a' = 'a' and not('a' != 'a')", "true"},
		{"true() = 'x'", "true"},
		{"true() or 1 div 0", "true"},
		{"1 < 2 = true()", "true"},
		{"3 > 2 > 1", "false"},
		{"1 or 0 and 0", "true"},
		{"'' = ${nothing}", "true"},
		{"${nothing} >= 0", "false"},
		{"${count} = ''", "false"},
		{"${count} >= 5 and ${count} <= 5", "true"},
		{"${consent}='given'", "true"},
		{"${consent}!='given' or ${count} = 5", "true"},
		{"selected(${needs}, 'food')", "true"},
		{"selected(${needs}, 'foo')", "false"},
		{"count-selected(${needs})", "2"},
		{"count-selected(${nothing})", "0"},
		{"if(${consent} = 'given', 'a', 'b')", "a"},
		{"coalesce(${nothing}, ${count}, 3)", "5"},
		{"coalesce('', '')", ""},
		{"string-length('été')", "3"},
		{"contains('abc', 'b') and starts-with('abc', 'ab')", "true"},
		{"concat('a', 1, true())", "a1true"},
		{"number('12') + number(' 3 ')", "15"},
		{"number('1e3')", "NaN"},
		{"number('0x1')", "NaN"},
		{"boolean('') or boolean('0')", "true"},
		{"int(-2.7)", "-2"},
		{"round(-2.5)", "-2"},
		{"round(2.5)", "3"},
		{"round(2.345, 2)", "2.35"},
		{"min(3, 1, 2)", "1"},
		{"max(3, 1, 2)", "3"},
		{"today()", "2026-01-05"},
		{"now()", "2026-01-05T23:30:00.000+01:00"},
		{"now() > today()", "true"},
		{"${born} < today()", "true"},
		{"${at} >= today() and ${at} < today() + 1", "true"},
		{"date('2026-01-06') > today()", "true"},
		{"date(today() + 1)", "2026-01-06"},
		{"date('2026-01-06T09:00:00+01:00')", "2026-01-06"},
		{"date('nonsense')", ""},
		{"regex('FRA', '^[A-Z]{3}$')", "true"},
		{"regex('FRAN', '[A-Z]{3}')", "false"},
		{"regex('ab', concat('a', 'b|c'))", "true"},
		{"\"it's\"", "it's"},
		{"string(0.1 + 0.2 > 0.3)", "true"},
		{"string(-0)", "0"},
	}
	for _, tt := range tests {
		e, err := expr.Compile(tt.source)
		if err != nil {
			t.Errorf("%s: %v", tt.source, err)
			continue
		}
		got, err := e.Eval(context(""))
		if err != nil || got.Text() != tt.want {
			t.Errorf("%s = %q, %v; want %q", tt.source, got.Text(), err, tt.want)
		}
	}
}

func TestSelf(t *testing.T) {
	tests := []struct {
		source string
		self   string
		want   bool
	}{
		{".='yes'", "yes", true},
		{". != 'capacity_doubt'", "adult", true},
		{". >= 0 and . <= 15", "16", false},
		{". >= 0 and (${nothing}='' or . >= ${nothing})", "3", true},
		{". <= today()", "2026-01-05", true},
		{". <= today()", "2026-01-06", false},
		{". > ${born}", "2000-01-01", true},
	}
	for _, tt := range tests {
		e, err := expr.Compile(tt.source)
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.Test(context(tt.self))
		if err != nil || got != tt.want || !e.UsesSelf() {
			t.Errorf("%s: %v, %v; want %v", tt.source, got, err, tt.want)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	tests := []struct {
		source, function string
		offset           int
	}{
		{"", "", 0},
		{"1 +", "", 3},
		{"1 2", "", 2},
		{"1 + pulldata('x')", "pulldata", 4},
		{"today(1)", "today", 0},
		{"if(1, 2)", "if", 0},
		{"not 1", "", 4},
		{"'open", "", 0},
		{"${a", "", 0},
		{"${a b}", "", 0},
		{"$a", "", 0},
		{"(1", "", 2},
		{"concat(1 2)", "", 9},
		{"1 # 2", "", 2},
		{"‘given’", "", 0},
		{"! 1", "", 0},
		{"checklist(1)", "checklist", 0},
		{"weighted-checklist(1, 1, 1)", "weighted-checklist", 0},
		{"indexed-repeat(a, b)", "indexed-repeat", 0},
		{"a[1", "", 3},
		{"a/", "", 2},
		{"regex(., '[')", "", 0},
		{strings.Repeat("(", 200) + "1" + strings.Repeat(")", 200), "", expr.MaxDepth},
		{strings.Repeat("-", 200) + "1", "", expr.MaxDepth},
		{"1" + strings.Repeat("[1", 500), "", 2*expr.MaxDepth + 1},
		{"'" + strings.Repeat("x", expr.MaxSource) + "'", "", expr.MaxSource},
	}
	for _, tt := range tests {
		_, err := expr.Compile(tt.source)
		var syntax *expr.SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%.40q: error %v, want a SyntaxError", tt.source, err)
			continue
		}
		if syntax.Offset != tt.offset || syntax.Function != tt.function {
			t.Errorf("%.40q: %+v, want offset %d, function %q", tt.source, syntax, tt.offset, tt.function)
		}
	}
}

func TestEvalBounds(t *testing.T) {
	big := context(strings.Repeat("x", expr.MaxString))
	for source, want := range map[string]error{"concat(., .)": expr.ErrTooLong, "regex('a', .)": expr.ErrTooLong, "regex('a', concat('[', ''))": expr.ErrPattern} {
		e, err := expr.Compile(source)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Eval(big); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", source, err, want)
		}
	}
}

func TestRefs(t *testing.T) {
	e, err := expr.Compile("${b} = ${a} or ${b} = 1")
	if err != nil {
		t.Fatal(err)
	}
	if got := e.Refs(); !slices.Equal(got, []string{"a", "b"}) || e.UsesSelf() {
		t.Errorf("refs %v, self %v", got, e.UsesSelf())
	}
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		"${consent_case}='given'", ". >= 0 and (${persons_min}='' or . >= ${persons_min})", "regex(., '^[A-Z]{3}$')",
		". <= today()", "${delay_band}='h72' or ${delay_band}='h120'", "if(selected(., 'a'), -1 div 2, round(3.5))", "((", "${", ".5.", "/a/b[position() = last()]/../c | //d", "ancestor-or-self::*[@id][2]",
		"indexed-repeat(${a}, ${r}, position(..) - 1)", "instance('l')/root/item[name = current()/../x]/label", "1div2mod3",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		e, err := expr.Compile(source)
		if err != nil {
			return
		}
		ctx := context("x y")
		first, err1 := e.Eval(ctx)
		again, err2 := e.Eval(ctx)
		if first.Text() != again.Text() || (err1 == nil) != (err2 == nil) {
			t.Errorf("%q is not deterministic", source)
		}
	})
}
