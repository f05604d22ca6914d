package expr

import (
	"slices"
	"strings"
)

// NodeKind is the sort of a Node.
type NodeKind uint8

// The kinds of nodes, as XPath 1.0 has them. Namespace nodes are left out: no form reads them.
const (
	Element NodeKind = iota
	Root
	Attribute
	Text
	Comment
	Instruction
)

// Node is one node of a tree that expressions read. The owner of the tree changes it; while an expression runs nobody does.
type Node struct {
	Kind   NodeKind
	Name   string // local name
	Prefix string
	Space  string // namespace
	// Value is the content of an attribute, a text, a comment, an instruction, or of an element without children.
	Value string
	// Absent nodes are not relevant: paths step over them.
	Absent bool
	// Sealed nodes hold a value that the reader may not see: an expression that needs one is left undecided.
	Sealed bool

	// Owner is whatever the owner of the tree knows the node by.
	Owner any

	Parent     *Node
	Children   []*Node
	Attributes []*Node

	index int // among the parent's children or attributes
}

// NewRoot makes the root of a tree.
func NewRoot() *Node { return &Node{Kind: Root} }

// NewElement makes an element without a parent.
func NewElement(name, value string) *Node { return &Node{Name: name, Value: value} }

// Append adds a child at the end.
func (n *Node) Append(child *Node) *Node {
	child.Parent, child.index = n, len(n.Children)
	n.Children = append(n.Children, child)
	return child
}

// Insert adds a child at a place.
func (n *Node) Insert(at int, child *Node) {
	n.Children = slices.Insert(n.Children, at, child)
	child.Parent = n
	n.renumber(at)
}

// Remove takes a child out.
func (n *Node) Remove(at int) {
	n.Children = slices.Delete(n.Children, at, at+1)
	n.renumber(at)
}

func (n *Node) renumber(from int) {
	for i := from; i < len(n.Children); i++ {
		n.Children[i].index = i
	}
}

// SetAttribute adds an attribute.
func (n *Node) SetAttribute(name, value string) *Node {
	a := &Node{Kind: Attribute, Name: name, Value: value, Parent: n, index: len(n.Attributes)}
	n.Attributes = append(n.Attributes, a)
	return a
}

// Index is the place among the parent's children, or attributes.
func (n *Node) Index() int { return n.index }

// Position counts from 1 among the siblings of the same name.
func (n *Node) Position() int {
	position := 1
	if n.Parent == nil || n.Kind != Element {
		return position
	}
	for _, sibling := range n.Parent.Children[:n.index] {
		if sibling.Kind == Element && sibling.Name == n.Name && sibling.Prefix == n.Prefix {
			position++
		}
	}
	return position
}

// StringValue is the string value of XPath 1.0.
func (n *Node) StringValue() string {
	if len(n.Children) == 0 {
		return n.Value
	}
	var b strings.Builder
	n.writeText(&b)
	return b.String()
}

func (n *Node) writeText(b *strings.Builder) {
	if b.Len() > MaxString {
		return
	}
	if n.Kind == Text || n.Kind == Element && len(n.Children) == 0 {
		b.WriteString(n.Value)
	}
	for _, child := range n.Children {
		if child.Kind == Element || child.Kind == Text {
			child.writeText(b)
		}
	}
}

func (n *Node) top() *Node {
	for n.Parent != nil {
		n = n.Parent
	}
	return n
}

func (n *Node) depth() int {
	d := 0
	for p := n.Parent; p != nil; p = p.Parent {
		d++
	}
	return d
}

// before tells whether a stands before b in the document. Attributes stand after their element and before its children.
func before(a, b *Node) int {
	if a == b {
		return 0
	}
	da, db := a.depth(), b.depth()
	x, y := a, b
	for ; da > db; da-- {
		x = x.Parent
	}
	for ; db > da; db-- {
		y = y.Parent
	}
	if x == y { // one is the ancestor of the other
		return a.depth() - b.depth()
	}
	for x.Parent != y.Parent {
		x, y = x.Parent, y.Parent
	}
	if (x.Kind == Attribute) != (y.Kind == Attribute) {
		if x.Kind == Attribute {
			return -1
		}
		return 1
	}
	return x.index - y.index
}

// inOrder sorts nodes as the document has them and keeps each once.
func inOrder(nodes []*Node) []*Node {
	slices.SortStableFunc(nodes, before)
	return slices.Compact(nodes)
}
