package expr

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
)

const many = 64 // most arguments of a function that takes any number

// function is one entry of the library: how many arguments it takes, how it runs, and for some a special node that does
// part of the work when compiling; build may return nil to say that these arguments allow none.
type function struct {
	min, max int
	build    func(args []node) (node, error)
	eval     func(ctx *Context, args []node) (Value, error)
}

// lookupFunction is a switch and not a table, so that the package has no mutable state.
func lookupFunction(name string) (function, bool) {
	switch name {
	case "today", "now":
		return function{0, 0, nil, clock(name)}, true
	case "true", "false":
		return function{0, 0, nil, constant(Bool(name == "true"))}, true
	case "not", "boolean", "number", "string", "int", "string-length", "count-selected", "date":
		return function{1, 1, nil, unary(name)}, true
	case "round":
		return function{1, 2, nil, strict(roundTo)}, true
	case "contains", "starts-with", "selected":
		return function{2, 2, nil, strict(textTest(name))}, true
	case "regex":
		return function{2, 2, buildRegex, strict(matchRegex)}, true
	case "if":
		return function{3, 3, nil, choose}, true
	case "coalesce":
		return function{1, many, nil, coalesce}, true
	case "concat":
		return function{1, many, nil, strict(concat)}, true
	case "min", "max":
		return function{1, many, nil, strict(extreme(name))}, true
	}
	return function{}, false
}

// strict evaluates all arguments before it calls f.
func strict(f func(args []Value) (Value, error)) func(*Context, []node) (Value, error) {
	return func(ctx *Context, args []node) (Value, error) {
		values := make([]Value, len(args))
		for i, a := range args {
			v, err := a.eval(ctx)
			if err != nil {
				return Value{}, err
			}
			values[i] = v
		}
		return f(values)
	}
}

func constant(v Value) func(*Context, []node) (Value, error) {
	return func(*Context, []node) (Value, error) { return v, nil }
}

func clock(name string) func(*Context, []node) (Value, error) {
	return func(ctx *Context, _ []node) (Value, error) {
		if name == "today" {
			return Date(ctx.Now.Format(time.DateOnly)), nil
		}
		return DateTime(ctx.Now.Format(time.RFC3339), ctx.Now.Location()), nil
	}
}

func unary(name string) func(*Context, []node) (Value, error) {
	return func(ctx *Context, args []node) (Value, error) {
		v, err := args[0].eval(ctx)
		if err != nil {
			return Value{}, err
		}
		return convert(name, v), nil
	}
}

func convert(name string, v Value) Value {
	switch name {
	case "not":
		return Bool(!v.Bool())
	case "boolean":
		return Bool(v.Bool())
	case "number":
		return Number(v.Float())
	case "int":
		return Number(math.Trunc(v.Float()))
	case "string-length":
		return Number(float64(len([]rune(v.Text()))))
	case "count-selected":
		return Number(float64(len(strings.Fields(v.Text()))))
	case "date":
		return toDate(v)
	default: // "string"
		return String(v.Text())
	}
}

// toDate reads an ISO date, the day of a point in time, or a number of days since 1970-01-01.
func toDate(v Value) Value {
	if v.kind == KindString {
		if len(v.str) > len(time.DateOnly) {
			if t, ok := parseDateTime(v.str, time.UTC); ok {
				return Date(t.Format(time.DateOnly))
			}
		}
		return Date(v.str)
	}
	day := math.Floor(v.Float())
	if math.IsNaN(day) || math.Abs(day) > 2_900_000 { // outside the years 0 to 9999 ISO dates need other layouts
		return Missing()
	}
	return Date(time.Unix(int64(day)*86400, 0).UTC().Format(time.DateOnly))
}

func textTest(name string) func(args []Value) (Value, error) {
	return func(args []Value) (Value, error) {
		a, b := args[0].Text(), args[1].Text()
		switch name {
		case "contains":
			return Bool(strings.Contains(a, b)), nil
		case "starts-with":
			return Bool(strings.HasPrefix(a, b)), nil
		default: // "selected"
			return Bool(slices.Contains(strings.Fields(a), strings.TrimSpace(b))), nil
		}
	}
}

// compilePattern wraps the pattern: regex() must match the whole text, as form designers know it.
func compilePattern(pattern string) (*regexp.Regexp, error) {
	if len(pattern) > MaxSource {
		return nil, ErrTooLong
	}
	re, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		return nil, ErrPattern // the cause would quote the pattern, which may come from an answer
	}
	return re, nil
}

// regexNode is a call of regex() with a literal pattern, compiled once.
type regexNode struct {
	pattern *regexp.Regexp
	text    node
}

func (n regexNode) eval(ctx *Context) (Value, error) {
	v, err := n.text.eval(ctx)
	if err != nil {
		return Value{}, err
	}
	return Bool(n.pattern.MatchString(v.Text())), nil
}

func buildRegex(args []node) (node, error) {
	literal, ok := args[1].(literalNode)
	if !ok {
		return nil, nil
	}
	re, err := compilePattern(literal.value.Text())
	if err != nil {
		return nil, err
	}
	return regexNode{pattern: re, text: args[0]}, nil
}

func matchRegex(args []Value) (Value, error) {
	re, err := compilePattern(args[1].Text())
	if err != nil {
		return Value{}, err
	}
	return Bool(re.MatchString(args[0].Text())), nil
}

func choose(ctx *Context, args []node) (Value, error) {
	condition, err := args[0].eval(ctx)
	if err != nil {
		return Value{}, err
	}
	if condition.Bool() {
		return args[1].eval(ctx)
	}
	return args[2].eval(ctx)
}

func coalesce(ctx *Context, args []node) (Value, error) {
	for _, a := range args {
		v, err := a.eval(ctx)
		if err != nil || v.Text() != "" {
			return v, err
		}
	}
	return Missing(), nil
}

func concat(args []Value) (Value, error) {
	var b strings.Builder
	for _, a := range args {
		b.WriteString(a.Text())
		if b.Len() > MaxString {
			return Value{}, ErrTooLong
		}
	}
	return String(b.String()), nil
}

func extreme(name string) func(args []Value) (Value, error) {
	return func(args []Value) (Value, error) {
		best := args[0].Float()
		for _, a := range args[1:] {
			if name == "min" {
				best = math.Min(best, a.Float())
			} else {
				best = math.Max(best, a.Float())
			}
		}
		return Number(best), nil
	}
}

// roundTo rounds half towards positive infinity, as XPath 1.0 says; the second argument gives decimal places.
func roundTo(args []Value) (Value, error) {
	x, scale := args[0].Float(), 1.0
	if len(args) == 2 {
		places := math.Max(-15, math.Min(15, math.Trunc(args[1].Float())))
		scale = math.Pow(10, places)
	}
	if math.IsNaN(x) || math.IsInf(x, 0) || math.IsInf(x*scale, 0) {
		return Number(x), nil
	}
	return Number(math.Floor(x*scale+0.5) / scale), nil
}
