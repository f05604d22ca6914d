package expr_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"escale/schema/expr"
)

// family is a form with a repeat in a repeat, as a tree.
//
//	data: name=Amal; child(age=3, toy=ball, toy=kite), child(age=7), child(age=""); trip/day=2026-03-28
func family() (data *expr.Node, children []*expr.Node) {
	root := expr.NewRoot()
	data = root.Append(expr.NewElement("data", ""))
	data.Append(expr.NewElement("name", "Amal"))
	for _, age := range []string{"3", "7", ""} {
		child := data.Append(expr.NewElement("child", ""))
		child.Append(expr.NewElement("age", age))
		children = append(children, child)
	}
	children[0].Append(expr.NewElement("toy", "ball"))
	children[0].Append(expr.NewElement("toy", "kite"))
	trip := data.Append(expr.NewElement("trip", ""))
	trip.Append(expr.NewElement("day", "2026-03-28"))
	return data, children
}

func towns() *expr.Node {
	root := expr.NewRoot()
	list := root.Append(expr.NewElement("root", ""))
	for _, t := range [][2]string{{"calais", "fr"}, {"tripoli", "ly"}, {"zuwara", "ly"}} {
		item := list.Append(expr.NewElement("item", ""))
		item.Append(expr.NewElement("name", t[0]))
		item.Append(expr.NewElement("country", t[1]))
		item.Append(expr.NewElement("label", "Town of "+t[0]))
	}
	return root
}

func eval(t *testing.T, source string, at *expr.Node) string {
	t.Helper()
	e, err := expr.Compile(source)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	ctx := expr.Context{Node: at, Now: time.Date(2026, 3, 30, 9, 0, 0, 0, paris), Random: bytes.NewReader(make([]byte, 64)),
		Instance:   func(id string) *expr.Node { return map[string]*expr.Node{"towns": towns()}[id] },
		ChoiceName: func(field, value string) string { return field + "=" + value },
		Label:      func(id string) string { return "<" + id + ">" },
	}
	v, err := e.Eval(ctx)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return v.Text()
}

func TestPaths(t *testing.T) {
	data, children := family()
	tests := []struct {
		source string
		at     *expr.Node
		want   string
	}{
		{"/data/name", children[1], "Amal"},
		{"../name", children[1], "Amal"},
		{"age * 2", children[1], "14"},
		{"child/age", data, "3"},
		{"count(child)", data, "3"},
		{"count-non-empty(child/age)", data, "2"},
		{"sum(child[age != '']/age)", data, "10"},
		{"max(child[age != '']/age)", data, "7"},
		{"min(child/age)", data, "NaN"},
		{"child[2]/age", data, "7"},
		{"child[last()]/age", data, ""},
		{"child[position() = 1]/toy[2]", data, "kite"},
		{"child[age > 5]/age", data, "7"},
		{"//toy[. = 'kite']", data, "kite"},
		{"count(//toy | child[1]/toy)", data, "2"},
		{"position(..)", children[1].Children[0], "2"},
		{"position(child[3])", data, "3"},
		{"indexed-repeat(child/age, child, 2)", data, "7"},
		{"indexed-repeat(child/toy, child, 1, child/toy, 2)", data, "kite"},
		{"indexed-repeat(child/age, child, 9)", data, ""},
		{"join(', ', child/toy)", data, "ball, kite"},
		{"concat(child/age)", data, "37"},
		{"child/age = 7 and child/age != 7", data, "true"},
		{"not(child/age = 8)", data, "true"},
		{"nothing = ''", data, "false"},
		{"boolean(nothing)", data, "false"},
		{"instance('towns')/root/item[name = 'tripoli']/label", data, "Town of tripoli"},
		{"count(instance('towns')/root/item[country = 'ly'])", data, "2"},
		{"instance('towns')/root/item[name = current()]/country", expr.NewElement("q", "calais"), "fr"},
		{"count(instance('towns')/root/item[/data/name = 'Amal'])", data, "3"},
		{"count(instance('none')/root/item)", data, "0"},
		{"jr:choice-name('fr', '${country}')", data, "country=fr"},
		{"jr:itext('towns-1')", data, "<towns-1>"},
		{"child[1]/toy[1]/following-sibling::toy", data, "kite"},
		{"name(child[1]/toy[1]/ancestor::*[2])", data, "data"},
		{"string(child/age/preceding::name)", data, "Amal"},
		{"once(7)", children[0].Children[0], "3"},
		{"once(7)", children[2].Children[0], "7"},
		{"self::data/child[1]/*[self::toy][1]", data, "ball"},
	}
	for _, tt := range tests {
		if got := eval(t, tt.source, tt.at); got != tt.want {
			t.Errorf("%s = %q, want %q", tt.source, got, tt.want)
		}
	}
}

// TestFunctions holds the examples of the specification's texts, and edges of them.
func TestFunctions(t *testing.T) {
	data, _ := family()
	tests := map[string]string{
		"substr('hello', 1, 3)": "el", "substr('hello', -2)": "lo", "substring('12345', 2, 3)": "234",
		"substring-before('a/b', '/')": "a", "substring-after('a/b', '/')": "b", "substring-after('ab', '/')": "",
		"translate('bar', 'abc', 'AB')": "BAr", "normalize-space('  a   b ')": "a b", "ends-with('abc', 'bc')": "true",
		"selected-at('a b c', 1)": "b", "selected-at('a b c', 3)": "", "selected-at('a b', -1)": "",
		"boolean-from-string('1')": "true", "boolean-from-string('yes')": "false",
		"checklist(1, 2, 1, '', 1)": "true", "checklist(-1, 1, 1, 1)": "false", "weighted-checklist(2, 3, 1, 2, 0, 5)": "true",
		"int(-7.9)": "-7", "abs(-2)": "2", "pow(2, 10)": "1024", "round(25, -1)": "30", "round(1.005, 1)": "1",
		"decimal-time('12:00:00')": "0.5", "format-date('2026-03-05', '%e/%n/%y %a %b')": "5/3/26 Thu Mar",
		"format-date-time('2026-03-05T07:08:09.010+01:00', '%H:%M:%S.%3')": "07:08:09.010",
		"date('2026-03-05T23:30:00Z')":                                     "2026-03-06",                                               // in Paris it is the next day
		"date(date('2026-03-28') + 1)":                                     "2026-03-29", "date(date('2026-03-28') + 2)": "2026-03-30", // the clocks change on the 29th
		"date('2026-03-30') - date('2026-03-28')": "2", "today() - trip/day": "2", "trip/day < today()": "true",
		"number('1970-01-02T00:00:00Z')": "1", "'2026-03-05' = '2026-03-05T00:00:00+01:00'": "true",
		"digest('abc', 'SHA-1', 'hex')": "a9993e364706816aba3e25717850c26c9cd0d89d",
		"digest('', 'MD5')":             "1B2M2Y8AsgTpgAmY7PhCfg==", "base64-decode('w6l0w6k=')": "été",
		"area('0 0;0 1;1 1;1 0;0 0')": "12391256135.81", "distance('0 0;0 90')": "10018696.05",
		"geofence('0.5 0.5', '0 0;0 1;1 1;1 0;0 0')": "true", "geofence('2 2', '0 0;0 1;1 1;1 0;0 0')": "false",
		"uuid()": "00000000-0000-4000-8000-000000000000", "uuid(5)": "00000", "random()": "0",
		"string-length(uuid(7))": "7", "coalesce(nothing, name)": "Amal",
		"if(name = 'Amal', 1, 2)": "1", "1 != 1 or not(2 >= 3)": "true", "1div2": "0.5", "- 3 mod 2": "-1",
	}
	for source, want := range tests {
		if got := eval(t, source, data); got != want {
			t.Errorf("%s = %q, want %q", source, got, want)
		}
	}
}

func TestAbsentAndSealed(t *testing.T) {
	data, children := family()
	children[1].Absent = true
	if got := eval(t, "count(child)", data); got != "2" {
		t.Errorf("a node that is not relevant was counted: %s", got)
	}
	data.Children[0].Sealed = true
	for source, want := range map[string]error{"name = 'x'": expr.ErrSealed, "name": expr.ErrSealed, "1 = 1 or name = 'x'": nil, "boolean(name)": nil} {
		e, err := expr.Compile(source)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Eval(expr.Context{Node: data}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", source, err, want)
		}
	}
}

func TestParseIsLazy(t *testing.T) {
	e, err := expr.Parse("true() or mystery(1)")
	if err != nil {
		t.Fatal(err)
	}
	if v, err := e.Eval(expr.Context{}); err != nil || v.Text() != "true" {
		t.Errorf("%v %v", v, err)
	}
	if e, err = expr.Parse("false() or mystery(1)"); err != nil {
		t.Fatal(err)
	}
	var syntax *expr.SyntaxError
	if _, err := e.Eval(expr.Context{}); !errors.As(err, &syntax) || syntax.Function != "mystery" {
		t.Errorf("%v", err)
	}
}

func TestReads(t *testing.T) {
	e, err := expr.Compile("/data/a + ../b[c = 1] + ${d}/../e + instance('l')/root/item[name = current()/../f]/label + count(//g)")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range e.Paths() {
		s := [...]string{"", "root", "ref:", "instance:"}[p.Start] + p.Name
		for _, st := range p.Steps {
			switch {
			case st.Up:
				s += "/.."
			case st.Deep:
				s += "//" + st.Name
			default:
				s += "/" + st.Name
			}
		}
		got = append(got, s)
	}
	slices.Sort(got)
	want := []string{"/../b", "/../b/c", "/../f", "instance:l/root/item/label", "instance:l/root/item/name", "ref:d/../e", "root/data/a", "root//*/g"}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("reads\n%q\nwant\n%q", got, want)
	}
}

// TestShuffleKeepsItems: a shuffle loses nothing and depends on the seed alone.
func TestShuffleKeepsItems(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.SliceOfN(rapid.Int(), 0, 40).Draw(t, "items")
		seed := rapid.Int64().Draw(t, "seed")
		once, again := expr.Shuffle(items, seed), expr.Shuffle(items, seed)
		if !slices.Equal(once, again) {
			t.Fatal("two orders for one seed")
		}
		slices.Sort(once)
		if want := slices.Sorted(slices.Values(items)); !slices.Equal(once, want) {
			t.Fatal("items were lost")
		}
	})
}

// TestWorkIsBounded: an expression that would walk the tree for each of its nodes, over and over, ends with an error.
func TestWorkIsBounded(t *testing.T) {
	root := expr.NewRoot()
	data := root.Append(expr.NewElement("data", ""))
	for range 300 {
		data.Append(expr.NewElement("x", "a"))
	}
	for _, source := range []string{"count(//*[count(//*[count(//*) > 0]) > 0])", "count(//*[count(//*[regex('a', string(.))]) > 0])"} {
		e, err := expr.Compile(source)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Eval(expr.Context{Node: data}); !errors.Is(err, expr.ErrTooMuch) {
			t.Errorf("%s: %v", source, err)
		}
	}
}
