package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"escale/schema/expr"
)

// expressionFile is a file of expressions with their documents.
type expressionFile struct {
	About struct {
		Timezone string `json:"timezone"`
	} `json:"about"`
	Docs  map[string]string `json:"docs"`
	Cases []expressionCase  `json:"cases"`
}

type expressionCase struct {
	ID               string        `json:"id"`
	Source           string        `json:"source"`
	Profile          string        `json:"profile"`
	Area             string        `json:"area"`
	Expr             string        `json:"expr"`
	Context          string        `json:"context"`
	Doc              string        `json:"doc"`
	Want             string        `json:"want"`
	Functions        []string      `json:"functions"`
	Nondeterministic any           `json:"nondeterministic"`
	Expected         expectedValue `json:"expected"`
}

type expectedValue struct {
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value"`
}

type expectedNode struct {
	Path string `json:"path"`
	Text string `json:"text"`
}

func runExpressions(dir, profile string, t *tally) error {
	var file expressionFile
	if err := readJSON(dir, "expressions.json", &file); err != nil {
		return err
	}
	zone, err := time.LoadLocation(file.About.Timezone)
	if err != nil {
		return fmt.Errorf("time zone of the cases: %w", err)
	}
	for _, c := range file.Cases {
		if c.Nondeterministic != nil || c.Profile != "" && c.Profile != profile {
			continue
		}
		root, err := parseDocument(file.Docs[c.Doc])
		if err != nil {
			return err
		}
		problem := c.problem(root, zone)
		if problem != "" {
			problem = c.Expr + " at " + c.Context + ": " + problem
		}
		t.add(c.area(), c.ID, problem)
	}
	return nil
}

// area is what the case says, else the first function it calls.
func (c expressionCase) area() string {
	switch {
	case c.Area != "":
		return c.Area
	case len(c.Functions) > 0:
		return c.Functions[0]
	default:
		return "operators and paths"
	}
}

// now is the moment of cases that depend on none; those that do are marked.
func now(zone *time.Location) time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, zone) }

func (c expressionCase) problem(root *expr.Node, zone *time.Location) string {
	at, err := find(root, c.Context)
	if err != nil {
		return err.Error()
	}
	detach(root)
	ctx := expr.Context{Node: at, Now: now(zone), Namespace: namespaceOf, Instance: instanceOf(root)}
	e, err := expr.Parse(c.Expr)
	var v expr.Value
	var number float64
	if err == nil {
		v, err = e.Eval(ctx)
	}
	if err == nil && c.Want == "number" {
		number, err = e.Number(ctx)
	}
	if c.Expected.Type == "error" {
		if err == nil {
			return "no error"
		}
		return ""
	}
	if err != nil {
		return err.Error()
	}
	if c.Want != "number" {
		number = v.Float()
	}
	return c.Expected.differs(v, number)
}

func find(root *expr.Node, path string) (*expr.Node, error) {
	e, err := expr.Compile(path)
	if err != nil {
		return nil, fmt.Errorf("context: %w", err)
	}
	v, err := e.Eval(expr.Context{Node: root})
	if err != nil {
		return nil, fmt.Errorf("context: %w", err)
	}
	if len(v.Set()) == 0 {
		return nil, errors.New("the context is not in the document")
	}
	return v.Set()[0], nil
}

// namespaceOf knows the prefixes that forms and these documents use.
func namespaceOf(prefix string) (string, bool) {
	spaces := map[string]string{
		"xhtml": "http://www.w3.org/1999/xhtml", "h": "http://www.w3.org/1999/xhtml", "xf": "http://www.w3.org/2002/xforms",
		"jr": "http://openrosa.org/javarosa", "odk": "http://www.opendatakit.org/xforms", "orx": "http://openrosa.org/xforms",
		"enk": "http://enketo.org/xforms", "ev": "http://some-namespace.com/nss", "OpenClinica": "http://openclinica.com/odm",
		"xml": "http://www.w3.org/XML/1998/namespace",
	}
	space, ok := spaces[prefix]
	return space, ok
}

// detach makes the primary instance of a whole XForm a tree of its own: that is where absolute paths of a form begin.
func detach(root *expr.Node) {
	const primary = "/h:html/h:head/*[local-name() = 'model']/*[local-name() = 'instance'][1]"
	if instance, err := find(root, primary); err == nil {
		instance.Parent = nil
	}
}

// instanceOf finds the element instance with an id.
func instanceOf(root *expr.Node) func(string) *expr.Node {
	return func(id string) *expr.Node {
		e, err := expr.Compile("//*[local-name() = 'instance']")
		if err != nil {
			return nil
		}
		v, err := e.Eval(expr.Context{Node: root})
		if err != nil {
			return nil
		}
		for _, n := range v.Set() {
			for _, a := range n.Attributes {
				if a.Name == "id" && a.Value == id {
					return n
				}
			}
		}
		return nil
	}
}

// differs compares a result with what is expected; "" when they agree.
func (e expectedValue) differs(v expr.Value, number float64) string {
	switch e.Type {
	case "boolean":
		return differ(fmt.Sprint(v.Bool()), string(e.Value))
	case "string":
		var want string
		if err := json.Unmarshal(e.Value, &want); err != nil {
			return err.Error()
		}
		return differ(v.Text(), want)
	case "number":
		return differNumber(number, e.Value)
	case "nodes", "first-node":
		return e.differNodes(v.Set())
	}
	return "the case expects an unknown type " + e.Type
}

func differ(got, want string) string {
	if got == want {
		return ""
	}
	return fmt.Sprintf("%q, expected %q", got, want)
}

func differNumber(got float64, expected json.RawMessage) string {
	var name string
	if err := json.Unmarshal(expected, &name); err == nil {
		return differ(expr.Number(got).Text(), name)
	}
	var want float64
	if err := json.Unmarshal(expected, &want); err != nil {
		return err.Error()
	}
	if math.Abs(got-want) <= 1e-9*math.Max(1, math.Abs(want)) {
		return ""
	}
	return fmt.Sprintf("%v, expected %v", got, want)
}

// cut keeps as much of a text as the cases record.
func cut(text string) string {
	const recorded = 200 // characters
	runes := []rune(text)
	return strings.TrimSpace(string(runes[:min(len(runes), recorded)]))
}

func (e expectedValue) differNodes(got []*expr.Node) string {
	var want []expectedNode
	if err := json.Unmarshal(e.Value, &want); err != nil {
		return err.Error()
	}
	if e.Type == "first-node" && len(got) > 1 {
		got = got[:1]
	}
	if len(got) != len(want) {
		return fmt.Sprintf("%d nodes, expected %d", len(got), len(want))
	}
	for i, n := range got {
		if path := pathOf(n); path != want[i].Path {
			return fmt.Sprintf("node %s, expected %s", path, want[i].Path)
		}
		if text := n.StringValue(); n.Kind != expr.Root && cut(text) != cut(want[i].Text) {
			return fmt.Sprintf("text %q, expected %q", text, want[i].Text)
		}
	}
	return ""
}
