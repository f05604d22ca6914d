package merge

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of values.
const (
	MaxText = 64 << 10 // bytes of one text
	MaxList = 1000     // elements of one list
)

// rank orders the kinds of values; ok is false for a Go type that is no value.
func rank(v any) (n int, ok bool) {
	switch v.(type) {
	case nil:
		return 0, true
	case bool:
		return 1, true
	case int64:
		return 2, true
	case float64:
		return 3, true
	case string:
		return 4, true
	case []string:
		return 5, true
	}
	return 6, false
}

// compareValues is a total order of values: first by kind, then by what they say.
func compareValues(a, b any) int {
	ra, _ := rank(a)
	rb, _ := rank(b)
	if ra != rb {
		return cmp.Compare(ra, rb)
	}
	switch x := a.(type) {
	case bool:
		return compareBools(x, b.(bool))
	case int64:
		return cmp.Compare(x, b.(int64))
	case float64:
		y := b.(float64)
		return cmp.Or(cmp.Compare(x, y), compareBools(math.Signbit(y), math.Signbit(x)))
	case string:
		return strings.Compare(x, b.(string))
	case []string:
		return slices.Compare(x, b.([]string))
	}
	return 0
}

// Equal reports whether two values say the same.
func Equal(a, b any) bool { return compareValues(a, b) == 0 }

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// validValue reports whether v is a value within bounds.
func validValue(v any) bool {
	switch x := v.(type) {
	case nil, bool, int64:
		return true
	case float64:
		return !math.IsNaN(x) && !math.IsInf(x, 0)
	case string:
		return validText(x)
	case []string:
		return len(x) <= MaxList && !slices.ContainsFunc(x, func(s string) bool { return !validText(s) })
	}
	return false
}

func validText(s string) bool { return len(s) <= MaxText && utf8.ValidString(s) }

// elements returns the members of a list value. A text stands for a list of one, nil for an empty list.
func elements(v any) ([]string, bool) {
	switch x := v.(type) {
	case nil:
		return nil, true
	case string:
		return []string{x}, true
	case []string:
		return x, true
	}
	return nil, false
}

// sortedSet returns the distinct elements in order; never nil.
func sortedSet(list []string) []string {
	out := append([]string{}, list...)
	slices.Sort(out)
	return slices.Compact(out)
}
