package simtest_test

import (
	"fmt"
	"slices"
	"strings"

	"escale/sync/changeset"
	"escale/sync/merge"
)

// paths are the fields of every form of the simulation: two of each policy. The first letter says which.
var paths = []string{"w1", "w2", "l1", "l2", "k1", "k2", "s1", "s2", "a1", "a2", "c1", "c2", "r1", "r2"}

// repeated names a field inside one of two instances of a repeat.
func repeated(path string, instance int) string {
	return fmt.Sprintf("g/%016x/%s", 0xabc0+instance, path)
}

// fieldOf is the field of a path, whichever instance of a repeat it lies in.
func fieldOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// allPaths are all fields with their repeats.
func allPaths() []string {
	out := slices.Clone(paths)
	for _, p := range paths {
		out = append(out, repeated(p, 0), repeated(p, 1))
	}
	return out
}

// elements are what sets and consents consist of.
var elements = []string{"alpha", "beta", "gamma", "delta"}

// ladder orders the consent r2; "other" stands beside it and can be compared with nothing.
var ladder = []string{"refused", "partly", "given"}

// rules is what the form declares.
func rules(path string) (merge.Rule, bool) {
	path = fieldOf(path)
	switch path[0] {
	case 'w':
		return merge.Rule{Policy: merge.WriteOnce}, true
	case 'l':
		return merge.Rule{Policy: merge.LWW}, true
	case 'k':
		r := merge.Rule{Policy: merge.KeepBoth}
		if path == "k2" { // a risk: whatever is higher is shown first
			r.Higher = func(a, b any) bool { x, _ := a.(int64); y, _ := b.(int64); return x > y }
		}
		return r, true
	case 's':
		return merge.Rule{Policy: merge.SetUnion}, true
	case 'a':
		return merge.Rule{Policy: merge.Appending}, true
	case 'c':
		return merge.Rule{Policy: merge.Counter}, true
	case 'r':
		return merge.Rule{Policy: merge.RestrictWins, Meet: meetOf(path)}, true
	}
	return merge.Rule{}, false
}

func meetOf(path string) func(a, b any) any {
	if path == "r1" {
		return meetLists
	}
	return meetSteps
}

// meetLists allows what both lists allow.
func meetLists(a, b any) any {
	x, _ := a.([]string)
	y, _ := b.([]string)
	out := []string{}
	for _, e := range elements {
		if slices.Contains(x, e) && slices.Contains(y, e) {
			out = append(out, e)
		}
	}
	return out
}

// meetSteps allows the lower of two steps.
func meetSteps(a, b any) any {
	x, _ := a.(string)
	y, _ := b.(string)
	i, j := slices.Index(ladder, x), slices.Index(ladder, y)
	switch {
	case x == y:
		return x
	case i < 0 || j < 0:
		return nil
	}
	return ladder[min(i, j)]
}

func classOf(path string) changeset.Class {
	path = fieldOf(path)
	if path[0] == 'w' || path[0] == 'k' {
		return changeset.Exclusive
	}
	return changeset.Mergeable
}
