package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExpressions runs cases of our own: two that hold, one that does not, one of another profile, one that is drawn.
func TestExpressions(t *testing.T) {
	dir := t.TempDir()
	cases := `{"about": {"timezone": "Europe/Paris"}, "docs": {"d": "<data><a id='x'>1</a><a>2</a></data>"}, "cases": [
	 {"id": "sum", "area": "math", "expr": "sum(/data/a)", "context": "/", "doc": "d", "want": "number", "expected": {"type": "number", "value": 3}},
	 {"id": "node", "area": "paths", "expr": "a[2]", "context": "/data", "doc": "d", "want": "nodes",
	  "expected": {"type": "nodes", "value": [{"path": "/data/a[2]", "text": "2"}]}},
	 {"id": "wrong", "area": "paths", "expr": "a[1]", "context": "/data", "doc": "d", "want": "string", "expected": {"type": "string", "value": "2"}},
	 {"id": "error", "area": "paths", "expr": "ceiling(1, 2)", "context": "/data", "doc": "d", "want": "any", "expected": {"type": "error", "value": ""}},
	 {"id": "other", "profile": "more", "expr": "1", "context": "/", "doc": "d", "want": "any", "expected": {"type": "number", "value": 2}},
	 {"id": "drawn", "nondeterministic": true, "expr": "random()", "context": "/", "doc": "d", "want": "any", "expected": {"type": "number", "value": 2}}]}`
	if err := os.WriteFile(filepath.Join(dir, "expressions.json"), []byte(cases), 0o600); err != nil {
		t.Fatal(err)
	}
	out, totals := &bytes.Buffer{}, filepath.Join(dir, "totals.json")
	if err := run([]string{"-json", totals, dir}, out, out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`FAIL expressions paths wrong: a[1] at /data: "1", expected "2"`, "expressions      3/4     75.0 %", "paths"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, out)
		}
	}
	written, err := os.ReadFile(totals)
	if err != nil || !strings.Contains(string(written), `"passed": 3`) {
		t.Errorf("%s %v", written, err)
	}
	if err := run([]string{"-strict", dir}, out, out); err == nil {
		t.Error("a failed case did not fail a strict run")
	}
}
