package expr

import (
	"math"
	"strings"
)

func nodeFunction(name string) (function, bool) {
	switch name {
	case "count":
		return function{min: 1, max: 1, eval: strict(onNodes(func(_ *scope, nodes []*Node) Value { return Number(float64(len(nodes))) }))}, true
	case "count-non-empty":
		return function{min: 1, max: 1, eval: strict(onNodes(countNonEmpty))}, true
	case "position":
		return function{max: 1, eval: position}, true
	case "last":
		return function{eval: func(s *scope, _ []node) (Value, error) { return Number(float64(s.size)), nil }}, true
	case "instance":
		return function{min: 1, max: 1, eval: plain(instance)}, true
	case "current":
		return function{eval: func(s *scope, _ []node) (Value, error) { return Nodes(s.ctx.Node), nil }}, true
	case "randomize":
		return function{min: 1, max: 2, eval: strict(randomize)}, true
	case "indexed-repeat":
		return function{min: 3, max: 13, eval: strict(indexedRepeat), odd: true}, true
	case "id":
		return function{min: 1, max: 1, eval: plain(byID)}, true
	case "name", "local-name", "namespace-uri":
		return function{max: 1, eval: nameOf(name)}, true
	case "lang":
		return function{min: 1, max: 1, eval: plain(inLanguage)}, true
	case "jr:choice-name":
		return function{min: 2, max: 2, eval: plain(choiceName)}, true
	case "jr:itext":
		return function{min: 1, max: 1, eval: plain(label)}, true
	case "version":
		return function{eval: func(s *scope, _ []node) (Value, error) { return String(s.ctx.Version), nil }}, true
	}
	return function{}, false
}

func onNodes(f func(s *scope, nodes []*Node) Value) func(*scope, []Value) (Value, error) {
	return func(s *scope, args []Value) (Value, error) {
		if args[0].kind != KindNodes {
			return Value{}, ErrNoNodes
		}
		return f(s, args[0].nodes), nil
	}
}

func countNonEmpty(s *scope, nodes []*Node) Value {
	count := 0
	for _, n := range nodes {
		if s.nodeText(n) != "" {
			count++
		}
	}
	return Number(float64(count))
}

// position tells with an argument which instance of its repeat a node is, without one which of the nodes at hand.
func position(s *scope, args []node) (Value, error) {
	if len(args) == 0 {
		return Number(float64(s.position)), nil
	}
	v, err := args[0].eval(s)
	switch {
	case err != nil:
		return Value{}, err
	case v.kind != KindNodes:
		return Value{}, ErrNoNodes
	case len(v.nodes) == 0:
		return Number(math.NaN()), nil
	}
	return Number(float64(v.nodes[0].Position())), nil
}

func instance(s *scope, args []Value) Value {
	if s.ctx.Instance != nil {
		if root := s.ctx.Instance(s.text(args[0])); root != nil {
			return Nodes(root)
		}
	}
	return Nodes()
}

// indexedRepeat keeps the nodes that lie in the named instance of each repeat.
func indexedRepeat(s *scope, args []Value) (Value, error) {
	if args[0].kind != KindNodes {
		return Value{}, ErrNoNodes
	}
	kept := args[0].nodes
	for i := 1; i+1 < len(args); i += 2 {
		if args[i].kind != KindNodes {
			return Value{}, ErrNoNodes
		}
		chosen := map[*Node]bool{}
		index := s.number(args[i+1])
		for _, repeat := range args[i].nodes {
			chosen[repeat] = float64(repeat.Position()) == index
		}
		var inside []*Node
		for _, n := range kept {
			if within(n, chosen) {
				inside = append(inside, n)
			}
		}
		kept = inside
	}
	return Value{kind: KindNodes, nodes: kept, flag: len(kept) == 0}, s.visit(len(args[0].nodes))
}

func within(n *Node, chosen map[*Node]bool) bool {
	for ; n != nil; n = n.Parent {
		if chosen[n] {
			return true
		}
	}
	return false
}

func byID(s *scope, args []Value) Value {
	wanted := map[string]bool{}
	for _, text := range s.texts(args) {
		for _, id := range strings.Fields(text) {
			wanted[id] = true
		}
	}
	var found []*Node
	if s.node == nil || len(wanted) == 0 {
		return Nodes()
	}
	for _, n := range descendants(nil, s.documentRoot()) {
		for _, a := range n.Attributes {
			if a.Name == "id" && a.Prefix == "" && wanted[a.Value] {
				found = append(found, n)
			}
		}
	}
	return Nodes(found...)
}

func nameOf(function string) func(*scope, []node) (Value, error) {
	return func(s *scope, args []node) (Value, error) {
		v := Nodes(s.node)
		if len(args) == 1 {
			var err error
			if v, err = args[0].eval(s); err != nil {
				return Value{}, err
			}
			if v.kind != KindNodes {
				return Value{}, ErrNoNodes
			}
		}
		if len(v.nodes) == 0 || v.nodes[0] == nil {
			return Missing(), nil
		}
		n := v.nodes[0]
		switch {
		case function == "namespace-uri":
			return String(n.Space), nil
		case function == "local-name" || n.Prefix == "":
			return String(n.Name), nil
		}
		return String(n.Prefix + ":" + n.Name), nil
	}
}

func inLanguage(s *scope, args []Value) Value {
	wanted := strings.ToLower(s.text(args[0]))
	for n := s.node; n != nil; n = n.Parent {
		for _, a := range n.Attributes {
			if a.Name == "lang" && a.Prefix == "xml" {
				have := strings.ToLower(a.Value)
				return Bool(have == wanted || strings.HasPrefix(have, wanted+"-"))
			}
		}
	}
	return Bool(false)
}

func choiceName(s *scope, args []Value) Value {
	if s.ctx.ChoiceName == nil {
		return Missing()
	}
	field := s.text(args[1])
	if name, ok := quotedReference(field); ok {
		field = name
	}
	return String(s.ctx.ChoiceName(field, s.text(args[0])))
}

func label(s *scope, args []Value) Value {
	if s.ctx.Label == nil {
		return Missing()
	}
	return String(s.ctx.Label(s.text(args[0])))
}
