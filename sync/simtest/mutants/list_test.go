package main

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// TestListFitsTheTree fails as soon as a change of the code leaves a mutant behind: give it the line's new text.
func TestListFitsTheTree(t *testing.T) {
	l, err := parse(shipped)
	if err != nil {
		t.Fatal(err)
	}
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.fresh(root); err != nil {
		t.Error(err)
	}
}

// TestListCoversWhatLosesNothing names the folders on which the first promise rests.
func TestListCoversWhatLosesNothing(t *testing.T) {
	l, err := parse(shipped)
	if err != nil {
		t.Fatal(err)
	}
	in := map[string]int{}
	for _, m := range l.Mutants {
		in[path.Dir(m.File)]++
	}
	for _, folder := range []string{
		"sync/merge", "sync/causal", "sync/changeset", "sync/admit", "sync/hub", "sync/replica", "sync/wire",
		"store/hubsqlite", "store/agentdb", "clients/profile", "crypto/ledger", "crypto/seal",
	} {
		if in[folder] < 2 {
			t.Errorf("%s has %d mutants", folder, in[folder])
		}
	}
	if len(l.Mutants) < 45 {
		t.Errorf("%d mutants", len(l.Mutants))
	}
}

func entry(name, file, old, new, why string) string {
	return "[[mutant]]\nname = '" + name + "'\nfile = '" + file + "'\nold = '" + old + "'\nnew = '" + new + "'\nwhy = '" + why + "'\n"
}

const suites = "[suites]\n'a' = ['a']\n"

func TestEntriesThatBreakNothingAreRefused(t *testing.T) {
	good := entry("one", "a/a.go", "x", "y", "w")
	if _, err := parse(suites + good); err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{
		"no name":         entry("", "a/a.go", "x", "y", "w"),
		"no reason":       entry("one", "a/a.go", "x", "y", ""),
		"no old text":     entry("one", "a/a.go", "", "y", "w"),
		"nothing changes": entry("one", "a/a.go", "x", "x", "w"),
		"a test":          entry("one", "a/a_test.go", "x", "y", "w"),
		"no suite":        entry("one", "b/b.go", "x", "y", "w"),
		"twice":           good + good,
		"a filter":        good + "tests = ['a [']\n",
		"a word unknown":  good + "because = 'w'\n",
		"no TOML":         good + "[[",
	} {
		if _, err := parse(suites + text); !errors.Is(err, errList) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// inModule writes the files of a module into a new folder and returns it.
func inModule(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	files["go.mod"] = "module invented\n\ngo 1.24\n"
	for name, text := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestStaleEntriesAreNamed(t *testing.T) {
	root := inModule(t, map[string]string{"a/a.go": "package a\n\nvar x, y = 1, 1\n", "a/a_test.go": "package a\n"})
	for what, text := range map[string]string{
		"gone":   entry("one", "a/a.go", "z", "y", "w"),
		"twice":  entry("one", "a/a.go", "1", "2", "w"),
		"moved":  entry("one", "a/b.go", "x", "y", "w"),
		"untold": entry("one", "a/a.go", "x,", "z,", "w") + "tests = ['nowhere']\n",
	} {
		l, err := parse(suites + text)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.fresh(root); !errors.Is(err, errList) || !strings.Contains(err.Error(), `"one"`) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestStepsRunOnceAndTheNearestFirst(t *testing.T) {
	l, err := parse("[suites]\na = ['a', 'b !Slow']\n" + entry("one", "a/a.go", "x", "y", "w") + "tests = ['b TestOne', 'a']\n")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range l.steps(&l.Mutants[0]) {
		got = append(got, s.String())
	}
	if want := "b TestOne, a, b !Slow"; strings.Join(got, ", ") != want {
		t.Errorf("%s, want %s", strings.Join(got, ", "), want)
	}
}
