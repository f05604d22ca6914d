package form

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"escale/schema/expr"
)

// Bounds of answers.
const (
	MaxAnswers  = 4096     // paths of one answer set
	MaxText     = 64 << 10 // bytes of one text
	MaxSelected = 512      // names of one set
	MaxName     = 255      // bytes of an attachment's name
	maxInteger  = 1 << 53  // beyond it JSON readers round
)

// check tells which rule a single value breaks on its own; "" when it is well formed.
func (f *Field) check(value any) (Check, int) {
	if f.IsSet() {
		return f.checkSet(value)
	}
	kind := f.Type
	if kind == TypeRange {
		kind = TypeInteger
		if f.fractional() {
			kind = TypeDecimal
		}
	}
	switch kind {
	case TypeInteger:
		n, ok := value.(int64)
		return failUnless(ok && n <= maxInteger && n >= -maxInteger, CheckType), 0
	case TypeDecimal:
		x, ok := value.(float64)
		return failUnless(ok && !math.IsNaN(x) && !math.IsInf(x, 0), CheckType), 0
	}
	s, ok := value.(string)
	if !ok || s == "" {
		return CheckType, 0
	}
	if f.Type == TypeSelectOne && f.listed() {
		_, exists := f.Choice(s)
		return failUnless(exists, CheckChoice), 0
	}
	return f.checkText(s)
}

// listed tells whether the choices stand in the form, and do not come from answers or from a file.
func (f *Field) listed() bool { return f.part == nil || f.part.list != nil }

func failUnless(ok bool, c Check) Check {
	if ok {
		return ""
	}
	return c
}

func (f *Field) checkText(s string) (Check, int) {
	limit := MaxText
	if f.Type != TypeText {
		limit = MaxName
	}
	if len(s) > limit {
		return CheckTooLong, limit
	}
	if !printable(s) {
		return CheckType, 0
	}
	if f.Key {
		return failUnless(s == CanonicalKey(s) && len(s) <= maxToken, CheckType), 0
	}
	return failUnless(f.wellFormed(s), CheckType), 0
}

func (f *Field) wellFormed(s string) bool {
	switch f.Type {
	case TypeDate:
		return parses(s, time.DateOnly)
	case TypeTime:
		return parses(s, "15:04", "15:04:05", "15:04:05.999", "15:04:05Z07:00", "15:04:05.999Z07:00")
	case TypeDateTime:
		return parses(s, time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04")
	case TypeGeopoint:
		return validGeopoint(s)
	default:
		return !f.Type.IsMedia() || !strings.ContainsAny(s, "/\\\n\r\t")
	}
}

func parses(s string, layouts ...string) bool {
	return slices.ContainsFunc(layouts, func(layout string) bool {
		_, err := time.Parse(layout, s)
		return err == nil
	})
}

func printable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' })
}

// validGeopoint reads "latitude longitude [altitude [accuracy]]" in degrees and metres.
func validGeopoint(s string) bool {
	parts := strings.Fields(s)
	if len(parts) < 2 || len(parts) > 4 {
		return false
	}
	limits := [...]float64{90, 180, 1e5, 1e7}
	for i, part := range parts {
		x, err := strconv.ParseFloat(part, 64)
		if err != nil || math.IsNaN(x) || math.Abs(x) > limits[i] {
			return false
		}
	}
	return true
}

const maxToken = 64 // bytes of one entry of a set of texts, or of a key

func (f *Field) checkSet(value any) (Check, int) {
	set, ok := value.([]string)
	if !ok {
		return CheckType, 0
	}
	if len(set) > MaxSelected {
		return CheckTooMany, MaxSelected
	}
	for i, name := range set {
		if i > 0 && set[i-1] >= name {
			return CheckType, 0
		}
		if f.Type == TypeSelectMultiple && f.listed() {
			if _, exists := f.Choice(name); !exists {
				return CheckChoice, 0
			}
			continue
		}
		if len(name) > maxToken {
			return CheckTooLong, maxToken
		}
		if name == "" || !printable(name) || strings.ContainsFunc(name, unicode.IsSpace) {
			return CheckType, 0
		}
	}
	return "", 0
}

// answered tells whether a value counts as an answer. The empty set does for restrict_wins: "nothing is allowed" is what a
// person said, and must be savable.
func (f *Field) answered(value any) bool {
	if set, ok := value.([]string); ok {
		return len(set) > 0 || f.inclusive()
	}
	return value != nil
}

// operand converts an answer for expressions. A value of the wrong Go type reads as missing; check reports it.
func (f *Field) operand(value any, zone *time.Location) expr.Value {
	switch v := value.(type) {
	case int64:
		return expr.Number(float64(v))
	case float64:
		return expr.Number(v)
	case []string:
		return expr.List(v)
	case string:
		switch f.Type {
		case TypeDate:
			return expr.Date(v, zone)
		case TypeDateTime:
			return expr.DateTime(v, zone)
		}
		return expr.String(v)
	}
	return expr.Missing()
}
