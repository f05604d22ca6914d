package expr

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Kind is the type of a Value.
type Kind uint8

// The kinds. Date and DateTime extend XPath 1.0: as numbers they are days since 1970-01-01 in UTC, as strings ISO 8601.
const (
	KindString Kind = iota
	KindNumber
	KindBool
	KindDate
	KindDateTime
	KindNodes
)

// Value is one XPath value. The zero Value is the empty string, which is also how an unanswered field reads.
type Value struct {
	kind  Kind
	str   string
	num   float64
	flag  bool
	nodes []*Node
}

// Missing is the value of an unanswered field.
func Missing() Value { return Value{} }

// String makes a string value.
func String(s string) Value { return Value{kind: KindString, str: s} }

// Number makes a number value.
func Number(f float64) Value { return Value{kind: KindNumber, num: f} }

// Bool makes a boolean value.
func Bool(b bool) Value { return Value{kind: KindBool, flag: b} }

// Nodes makes a node-set. The nodes are in document order, each once.
func Nodes(nodes ...*Node) Value { return Value{kind: KindNodes, nodes: nodes} }

// List makes the value of a multiple choice: names separated by spaces.
func List(names []string) Value { return String(strings.Join(names, " ")) }

// Date makes a date from an ISO date: the midnight with which the day begins in the zone. Text that is none becomes a string.
func Date(iso string, zone *time.Location) Value {
	t, err := time.ParseInLocation(time.DateOnly, iso, orUTC(zone))
	if err != nil {
		return String(iso)
	}
	return Value{kind: KindDate, str: iso, num: days(t)}
}

// DateTime makes a point in time from ISO 8601, offset included or not; text that is none becomes a string.
func DateTime(iso string, zone *time.Location) Value {
	t, ok := parseMoment(iso, orUTC(zone))
	if !ok {
		return String(iso)
	}
	return Value{kind: KindDateTime, str: iso, num: days(t)}
}

func orUTC(zone *time.Location) *time.Location {
	if zone == nil {
		return time.UTC
	}
	return zone
}

// Kind returns the type of v.
func (v Value) Kind() Kind { return v.kind }

// Set returns the nodes of a node-set.
func (v Value) Set() []*Node { return v.nodes }

// Text converts to a string as XPath 1.0 string() does.
func (v Value) Text() string {
	switch v.kind {
	case KindNumber:
		return formatNumber(v.num)
	case KindBool:
		return strconv.FormatBool(v.flag)
	case KindNodes:
		if len(v.nodes) == 0 {
			return ""
		}
		return v.nodes[0].StringValue()
	default:
		return v.str
	}
}

// Float converts to a number as XPath 1.0 number() does; NaN when there is none. Within an expression, texts that are dates
// convert as well: see number().
func (v Value) Float() float64 {
	switch v.kind {
	case KindString:
		return parseNumber(v.str)
	case KindNodes:
		return parseNumber(v.Text())
	case KindBool:
		if v.flag {
			return 1
		}
		return 0
	default:
		return v.num
	}
}

// Bool converts to a boolean as XPath 1.0 boolean() does.
func (v Value) Bool() bool {
	switch v.kind {
	case KindBool:
		return v.flag
	case KindNumber:
		return v.num != 0 && !math.IsNaN(v.num)
	case KindNodes:
		return len(v.nodes) > 0
	default:
		return v.str != ""
	}
}

func (v Value) numeric() bool {
	return v.kind == KindNumber || v.kind == KindDate || v.kind == KindDateTime
}

func formatNumber(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case f == 0:
		return "0" // XPath has no negative zero in text
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// parseNumber reads XPath's Number production with an optional minus, not Go's wider syntax (no exponent, no hex).
func parseNumber(s string) float64 {
	s = strings.Trim(s, " \t\r\n")
	digits, dots := 0, 0
	for i, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == '.':
			dots++
		case c == '-' && i == 0:
		default:
			return math.NaN()
		}
	}
	if digits == 0 || dots > 1 {
		return math.NaN()
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return math.NaN()
	}
	return f
}
