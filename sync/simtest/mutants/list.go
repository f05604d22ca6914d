package main

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/BurntSushi/toml"
)

//go:embed list.toml
var shipped string

// errList reports an entry that names nothing that can be broken, or a break that does not compile.
var errList = errors.New("list of mutants")

// mutant is one break of one line.
type mutant struct {
	Name  string
	File  string   // slash-separated, relative to the module
	Old   string   // occurs exactly once in the file
	New   string   // takes its place
	Why   string   // what would be lost
	Tests []string // what runs first, if not the tests of the file's folder
}

// list is what list.toml says.
type list struct {
	Suites  map[string][]string // of a folder: the steps that judge a mutant in it
	Mutants []mutant            `toml:"mutant"`
}

// step is one run of one folder's tests.
type step struct {
	folder string
	filter string // of go test -run, or after an exclamation mark of -skip; empty runs all
}

func (s step) String() string { return strings.TrimSpace(s.folder + " " + s.filter) }

func stepOf(text string) step {
	folder, filter, _ := strings.Cut(text, " ")
	return step{folder, filter}
}

// parse reads a list and checks what can be checked without the tree.
func parse(text string) (*list, error) {
	var l list
	meta, err := toml.Decode(text, &l)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errList, err)
	}
	if extra := meta.Undecoded(); len(extra) > 0 {
		return nil, fmt.Errorf("%w: %s means nothing", errList, extra[0])
	}
	names := map[string]bool{}
	var faults []error
	for i := range l.Mutants {
		m := &l.Mutants[i]
		if err := m.check(); err != nil {
			faults = append(faults, fmt.Errorf("%w: %q: %w", errList, m.Name, err))
		}
		if names[m.Name] {
			faults = append(faults, fmt.Errorf("%w: two are called %q", errList, m.Name))
		}
		names[m.Name] = true
		if len(l.Suites[path.Dir(m.File)]) == 0 {
			faults = append(faults, fmt.Errorf("%w: %q: no suite judges %s", errList, m.Name, path.Dir(m.File)))
		}
	}
	return &l, errors.Join(faults...)
}

func (m *mutant) check() error {
	switch {
	case m.Name == "" || m.Why == "" || m.Old == "":
		return errors.New("name, old text and reason are given")
	case m.Old == m.New:
		return errors.New("it changes nothing")
	case !strings.HasSuffix(m.File, ".go") || strings.HasSuffix(m.File, "_test.go"):
		return fmt.Errorf("%s is no file of the program", m.File)
	}
	for _, t := range m.Tests {
		if _, err := regexp.Compile(stepOf(t).filter); err != nil {
			return err
		}
	}
	return nil
}

// steps returns what judges a mutant: its own choice first, then its folder's suite, each once.
func (l *list) steps(m *mutant) (out []step) {
	had := map[step]bool{}
	for _, some := range [][]string{m.Tests, l.Suites[path.Dir(m.File)]} {
		for _, text := range some {
			if s := stepOf(text); !had[s] {
				had[s] = true
				out = append(out, s)
			}
		}
	}
	return out
}

// broken returns the file as the mutant leaves it.
func (m *mutant) broken(root string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(m.File)))
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %w", errList, m.Name, err)
	}
	if n := strings.Count(string(b), m.Old); n != 1 {
		return nil, fmt.Errorf("%w: %q: its old text occurs %d times in %s, not once", errList, m.Name, n, m.File)
	}
	return []byte(strings.Replace(string(b), m.Old, m.New, 1)), nil
}

// fresh reports every mutant that the tree has left behind, and every folder without tests to run.
func (l *list) fresh(root string) error {
	var faults []error
	for i := range l.Mutants {
		m := &l.Mutants[i]
		if _, err := m.broken(root); err != nil {
			faults = append(faults, err)
		}
		for _, s := range l.steps(m) {
			tests, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(s.folder), "*_test.go"))
			if err != nil || len(tests) == 0 {
				faults = append(faults, fmt.Errorf("%w: %q: no tests in %s", errList, m.Name, s.folder))
			}
		}
	}
	return errors.Join(faults...)
}
