package expr

import "math"

const many = 1024 // most arguments of a function that takes any number

// function is one entry of the library: how many arguments it takes and how it runs.
type function struct {
	min, max  int
	eval      func(s *scope, args []node) (Value, error)
	odd, even bool // the number of arguments must be odd, or even
}

// lookupFunction is made of switches and not of a table, so that the package has no mutable state.
func lookupFunction(name string) (function, bool) {
	for _, library := range [...]func(string) (function, bool){
		logicFunction, textFunction, numberFunction, mathFunction, dateFunction, nodeFunction, listFunction, geoFunction} {
		if f, ok := library(name); ok {
			return f, true
		}
	}
	return function{}, false
}

// strict evaluates all arguments before it calls f.
func strict(f func(s *scope, args []Value) (Value, error)) func(*scope, []node) (Value, error) {
	return func(s *scope, args []node) (Value, error) {
		values := make([]Value, len(args))
		for i, a := range args {
			v, err := a.eval(s)
			if err != nil {
				return Value{}, err
			}
			values[i] = v
		}
		return f(s, values)
	}
}

// plain adapts a function of values that cannot fail.
func plain(f func(s *scope, args []Value) Value) func(*scope, []node) (Value, error) {
	return strict(func(s *scope, args []Value) (Value, error) { return f(s, args), nil })
}

func constant(v Value) func(*scope, []node) (Value, error) {
	return func(*scope, []node) (Value, error) { return v, nil }
}

func logicFunction(name string) (function, bool) {
	switch name {
	case "true", "false":
		return function{eval: constant(Bool(name == "true"))}, true
	case "not":
		return function{min: 1, max: 1, eval: plain(func(_ *scope, a []Value) Value { return Bool(!a[0].Bool()) })}, true
	case "boolean":
		return function{min: 1, max: 1, eval: plain(func(_ *scope, a []Value) Value { return Bool(a[0].Bool()) })}, true
	case "boolean-from-string":
		return function{min: 1, max: 1, eval: plain(booleanFromString)}, true
	case "if":
		return function{min: 3, max: 3, eval: choose}, true
	case "coalesce":
		return function{min: 1, max: many, eval: coalesce}, true
	case "once":
		return function{min: 1, max: 1, eval: once}, true
	case "checklist":
		return function{min: 2, max: many, eval: strict(checklist)}, true
	case "weighted-checklist":
		return function{min: 2, max: many, eval: strict(weightedChecklist), even: true}, true
	}
	return function{}, false
}

func booleanFromString(s *scope, args []Value) Value {
	text := s.text(args[0])
	return Bool(text == "true" || text == "1")
}

func choose(s *scope, args []node) (Value, error) {
	condition, err := args[0].eval(s)
	if err != nil {
		return Value{}, err
	}
	if condition.Bool() {
		return args[1].eval(s)
	}
	return args[2].eval(s)
}

func coalesce(s *scope, args []node) (Value, error) {
	for _, a := range args {
		v, err := a.eval(s)
		if err != nil || s.text(v) != "" {
			return v, err
		}
	}
	return Missing(), nil
}

// once keeps what the field already holds.
func once(s *scope, args []node) (Value, error) {
	if s.ctx.Node != nil {
		if text := s.nodeText(s.ctx.Node); text != "" {
			return String(text), nil
		}
	}
	v, err := args[0].eval(s)
	return v, err
}

func checklist(s *scope, args []Value) (Value, error) {
	count := 0.0
	for _, a := range args[2:] {
		for _, v := range flatten(a) {
			count += s.weight(v, Number(1))
		}
	}
	return s.within(count, args), nil
}

// weightedChecklist pairs values with weights; where a node-set stands its nodes are paired one by one.
func weightedChecklist(s *scope, args []Value) (Value, error) {
	total := 0.0
	for i := 2; i+1 < len(args); i += 2 {
		values, weights := flatten(args[i]), flatten(args[i+1])
		if len(values) != len(weights) {
			return Value{}, ErrArgument
		}
		for j, v := range values {
			total += s.weight(v, weights[j])
		}
	}
	return s.within(total, args), nil
}

// weight counts v when it is true: a text, or the text of a node, when it is not empty.
func (s *scope) weight(v, weight Value) float64 {
	if v.kind == KindNodes {
		v = String(s.text(v))
	}
	if !v.Bool() {
		return 0
	}
	return s.number(weight)
}

func (s *scope) within(count float64, args []Value) Value {
	low, high := s.number(args[0]), s.number(args[1])
	return Bool((low < 0 || count >= low) && (high < 0 || count <= high))
}

// flatten takes a node-set apart.
func flatten(v Value) []Value {
	if v.kind != KindNodes {
		return []Value{v}
	}
	values := make([]Value, len(v.nodes))
	for i, n := range v.nodes {
		values[i] = Nodes(n)
	}
	return values
}

func numberFunction(name string) (function, bool) {
	switch name {
	case "number":
		return function{max: 1, eval: numberOf}, true
	case "int":
		return function{min: 1, max: 1, eval: plain(func(s *scope, a []Value) Value { return Number(math.Trunc(s.number(a[0]))) })}, true
	case "round":
		return function{min: 1, max: 2, eval: plain(roundTo)}, true
	case "min", "max":
		return function{min: 1, max: many, eval: plain(extreme(name == "min"))}, true
	case "sum":
		return function{min: 1, max: 1, eval: strict(sum)}, true
	case "random":
		return function{eval: random}, true
	case "pow":
		return function{min: 2, max: 2, eval: plain(func(s *scope, a []Value) Value { return Number(math.Pow(s.number(a[0]), s.number(a[1]))) })}, true
	case "atan2":
		return function{min: 2, max: 2, eval: plain(func(s *scope, a []Value) Value { return Number(math.Atan2(s.number(a[0]), s.number(a[1]))) })}, true
	case "pi":
		return function{eval: constant(Number(math.Pi))}, true
	}
	return function{}, false
}

func mathFunction(name string) (function, bool) {
	var f func(float64) float64
	switch name {
	case "floor":
		f = math.Floor
	case "ceiling":
		f = math.Ceil
	case "abs":
		f = math.Abs
	case "sqrt":
		f = math.Sqrt
	case "exp":
		f = math.Exp
	case "exp10":
		f = func(x float64) float64 { return math.Pow(10, x) }
	case "log":
		f = math.Log
	case "log10":
		f = math.Log10
	case "sin":
		f = math.Sin
	case "cos":
		f = math.Cos
	case "tan":
		f = math.Tan
	case "asin":
		f = math.Asin
	case "acos":
		f = math.Acos
	case "atan":
		f = math.Atan
	default:
		return function{}, false
	}
	return function{min: 1, max: 1, eval: plain(func(s *scope, a []Value) Value { return Number(f(s.number(a[0]))) })}, true
}

func numberOf(s *scope, args []node) (Value, error) {
	v := Nodes(s.node)
	if len(args) == 1 {
		var err error
		if v, err = args[0].eval(s); err != nil {
			return Value{}, err
		}
	}
	return Number(s.number(v)), nil
}

// numbers converts all arguments, node by node.
func (s *scope) numbers(args []Value) []float64 {
	var all []float64
	for _, a := range args {
		for _, v := range flatten(a) {
			all = append(all, s.number(v))
		}
	}
	return all
}

// extreme is NaN when there is nothing to compare, or something that is no number.
func extreme(least bool) func(s *scope, args []Value) Value {
	return func(s *scope, args []Value) Value {
		numbers := s.numbers(args)
		if len(numbers) == 0 {
			return Number(math.NaN())
		}
		best := numbers[0]
		for _, x := range numbers[1:] {
			if least {
				best = math.Min(best, x)
			} else {
				best = math.Max(best, x)
			}
		}
		return Number(best)
	}
}

func sum(s *scope, args []Value) (Value, error) {
	if args[0].kind != KindNodes {
		return Value{}, ErrNoNodes
	}
	total := 0.0
	for _, x := range s.numbers(args) {
		total += x
	}
	return Number(total), nil
}

// roundTo rounds half towards positive infinity, as XPath 1.0 says; the second argument gives decimal places.
func roundTo(s *scope, args []Value) Value {
	x, scale := s.number(args[0]), 1.0
	if len(args) == 2 {
		places := math.Max(-15, math.Min(15, math.Trunc(s.number(args[1]))))
		if math.IsNaN(places) {
			return Number(math.NaN())
		}
		scale = math.Pow(10, math.Abs(places))
		if places < 0 {
			return Number(math.Floor(x/scale+0.5) * scale)
		}
	}
	if math.IsNaN(x) || math.IsInf(x, 0) || math.IsInf(x*scale, 0) {
		return Number(x)
	}
	return Number(math.Floor(x*scale+0.5) / scale)
}
