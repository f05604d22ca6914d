package form

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Answers maps field paths to values; see the package documentation.
type Answers map[string]any

// Apply returns before with the changes made: nil removes an answer. Neither argument is changed.
func Apply(before, changes Answers) Answers {
	after := make(Answers, len(before)+len(changes))
	maps.Copy(after, before)
	for path, value := range changes {
		if value == nil {
			delete(after, path)
		} else {
			after[path] = value
		}
	}
	return after
}

// Changed lists the paths at which two answer sets differ, sorted.
func Changed(before, after Answers) []string {
	var paths []string
	for path, value := range after {
		if !reflect.DeepEqual(before[path], value) {
			paths = append(paths, path)
		}
	}
	for path, value := range before {
		if _, kept := after[path]; !kept && value != nil {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// CanonicalSet sorts names and keeps each once. The result is never nil.
func CanonicalSet(names []string) []string {
	set := slices.Sorted(slices.Values(names))
	if set == nil {
		return []string{}
	}
	return slices.Compact(set)
}

// SortedPaths orders paths as the form does: by field, instances of a repeat side by side, unknown paths last.
func (f *Form) SortedPaths(answers Answers) []string {
	paths := slices.Collect(maps.Keys(answers))
	index := make(map[string]int, len(paths))
	prefix := make(map[string]string, len(paths))
	first := f.firstInRepeat()
	for _, s := range paths {
		index[s] = len(f.Fields)
		if p, ok := parsePath(s); ok && f.byPath[p.template] != nil {
			index[s], prefix[s] = f.byPath[p.template].Index, p.prefix()
		}
	}
	slices.SortFunc(paths, func(a, b string) int {
		blockA, blockB := first[index[a]], first[index[b]]
		if blockA != blockB {
			return blockA - blockB
		}
		if c := strings.Compare(prefix[a], prefix[b]); c != 0 {
			return c
		}
		if c := index[a] - index[b]; c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	return paths
}

// firstInRepeat gives for each field the index of the first field of its outermost repeat, else its own.
func (f *Form) firstInRepeat() []int {
	block := make([]int, len(f.Fields)+1)
	start := map[string]int{}
	for i, field := range f.Fields {
		block[i] = i
		if len(field.Repeats) == 0 {
			continue
		}
		if _, seen := start[field.Repeats[0]]; !seen {
			start[field.Repeats[0]] = i
		}
		block[i] = start[field.Repeats[0]]
	}
	block[len(f.Fields)] = len(f.Fields)
	return block
}
