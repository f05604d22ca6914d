package expr

import (
	"math"
	"regexp"
	"strings"
	"unicode/utf8"
)

func textFunction(name string) (function, bool) {
	switch name {
	case "string":
		return function{max: 1, eval: stringOf}, true
	case "concat":
		return function{max: many, eval: strict(concat)}, true
	case "join":
		return function{min: 1, max: many, eval: strict(join)}, true
	case "substr":
		return function{min: 2, max: 3, eval: plain(substr)}, true
	case "substring":
		return function{min: 2, max: 3, eval: plain(substring)}, true
	case "contains", "starts-with", "ends-with":
		return function{min: 2, max: 2, eval: plain(textTest(name))}, true
	case "substring-before", "substring-after":
		return function{min: 2, max: 2, eval: plain(textPart(name))}, true
	case "translate":
		return function{min: 3, max: 3, eval: plain(translate)}, true
	case "string-length":
		return function{max: 1, eval: onText(func(t string) Value { return Number(float64(utf8.RuneCountInString(t))) })}, true
	case "normalize-space":
		return function{max: 1, eval: onText(func(t string) Value { return String(strings.Join(strings.FieldsFunc(t, space), " ")) })}, true
	case "regex":
		return function{min: 2, max: 2, eval: matchRegex}, true
	case "uuid":
		return function{max: 1, eval: strict(uuid)}, true
	case "digest":
		return function{min: 2, max: 3, eval: strict(digest)}, true
	case "base64-decode":
		return function{min: 1, max: 1, eval: strict(decodeBase64)}, true
	}
	return function{}, false
}

func space(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' }

func stringOf(s *scope, args []node) (Value, error) {
	if len(args) == 0 {
		return String(s.nodeText(s.node)), nil
	}
	v, err := args[0].eval(s)
	return String(s.text(v)), err
}

// onText takes the text of the node itself when there is no argument.
func onText(f func(string) Value) func(*scope, []node) (Value, error) {
	return func(s *scope, args []node) (Value, error) {
		v, err := stringOf(s, args)
		if err != nil {
			return Value{}, err
		}
		return f(v.str), nil
	}
}

// texts converts all arguments, node by node.
func (s *scope) texts(args []Value) []string {
	var all []string
	for _, a := range args {
		for _, v := range flatten(a) {
			all = append(all, s.text(v))
		}
	}
	return all
}

func concat(s *scope, args []Value) (Value, error) { return s.bounded(s.texts(args), "") }

func join(s *scope, args []Value) (Value, error) {
	return s.bounded(s.texts(args[1:]), s.text(args[0]))
}

func (s *scope) bounded(parts []string, separator string) (Value, error) {
	size := len(separator) * len(parts)
	for _, p := range parts {
		size += len(p)
	}
	if size > MaxString {
		return Value{}, ErrTooLong
	}
	return String(strings.Join(parts, separator)), s.visit(size / bytesAVisit)
}

// substr counts from 0 and ends before the third argument; negative places count from the end.
func substr(s *scope, args []Value) Value {
	runes := []rune(s.text(args[0]))
	place := func(v Value) int {
		x := s.number(v)
		if math.IsNaN(x) {
			return 0
		}
		if x < 0 {
			x += float64(len(runes))
		}
		return int(math.Max(0, math.Min(float64(len(runes)), math.Trunc(x))))
	}
	from, to := place(args[1]), len(runes)
	if len(args) == 3 {
		to = place(args[2])
	}
	if from >= to {
		return Missing()
	}
	return String(string(runes[from:to]))
}

// substring is that of XPath 1.0: it counts from 1, and rounds.
func substring(s *scope, args []Value) Value {
	from := math.Floor(s.number(args[1]) + 0.5)
	to := math.Inf(1)
	if len(args) == 3 {
		to = from + math.Floor(s.number(args[2])+0.5)
	}
	var b strings.Builder
	i := 0.0
	for _, r := range s.text(args[0]) {
		if i++; i >= from && i < to {
			b.WriteRune(r)
		}
	}
	return String(b.String())
}

func textTest(name string) func(*scope, []Value) Value {
	return func(s *scope, args []Value) Value {
		a, b := s.text(args[0]), s.text(args[1])
		switch name {
		case "contains":
			return Bool(strings.Contains(a, b))
		case "starts-with":
			return Bool(strings.HasPrefix(a, b))
		default:
			return Bool(strings.HasSuffix(a, b))
		}
	}
}

func textPart(name string) func(*scope, []Value) Value {
	return func(s *scope, args []Value) Value {
		left, right, found := strings.Cut(s.text(args[0]), s.text(args[1]))
		switch {
		case !found:
			return Missing()
		case name == "substring-before":
			return String(left)
		default:
			return String(right)
		}
	}
}

func translate(s *scope, args []Value) Value {
	from, to := []rune(s.text(args[1])), []rune(s.text(args[2]))
	table := map[rune]rune{}
	for i, r := range from {
		if _, taken := table[r]; taken {
			continue
		}
		table[r] = -1 // strings.Map leaves it out
		if i < len(to) {
			table[r] = to[i]
		}
	}
	return String(strings.Map(func(r rune) rune {
		if t, ok := table[r]; ok {
			return t
		}
		return r
	}, s.text(args[0])))
}

// compilePattern wraps the pattern: regex() must match the whole text, as form designers know it.
func compilePattern(pattern string) (*regexp.Regexp, error) {
	if len(pattern) > maxPattern {
		return nil, ErrTooLong
	}
	re, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		return nil, ErrPattern // the cause would quote the pattern, which may come from an answer
	}
	return re, nil
}

const maxPattern = 4096 // bytes

// regexNode is a call of regex() with a literal pattern, compiled once.
type regexNode struct {
	pattern *regexp.Regexp
	text    node
}

func (n regexNode) eval(s *scope) (Value, error) {
	v, err := n.text.eval(s)
	if err != nil {
		return Value{}, err
	}
	return Bool(n.pattern.MatchString(s.text(v))), nil
}

func matchRegex(s *scope, args []node) (Value, error) {
	text, err := args[0].eval(s)
	if err != nil {
		return Value{}, err
	}
	pattern, err := args[1].eval(s)
	if err != nil {
		return Value{}, err
	}
	if err := s.visit(patternCost); err != nil {
		return Value{}, err
	}
	re, err := compilePattern(s.text(pattern))
	if err != nil {
		return Value{}, err
	}
	return Bool(re.MatchString(s.text(text))), nil
}
