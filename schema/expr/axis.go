package expr

import "slices"

type axis uint8

const (
	axisChild axis = iota
	axisSelf
	axisParent
	axisAttribute
	axisNamespace
	axisDescendant
	axisDescendantOrSelf
	axisAncestor
	axisAncestorOrSelf
	axisFollowing
	axisFollowingSibling
	axisPreceding
	axisPrecedingSibling
)

func axisNamed(name string) (axis, bool) {
	names := [...]string{"child", "self", "parent", "attribute", "namespace", "descendant", "descendant-or-self", "ancestor",
		"ancestor-or-self", "following", "following-sibling", "preceding", "preceding-sibling"}
	i := slices.Index(names[:], name)
	return axis(max(i, 0)), i >= 0
}

// flat axes keep the order and the difference of the nodes they start from.
func (a axis) flat() bool {
	return a == axisChild || a == axisSelf || a == axisAttribute || a == axisNamespace
}

// reverse axes count positions away from the node, against the order of the document.
func (a axis) reverse() bool {
	return a == axisAncestor || a == axisAncestorOrSelf || a == axisPreceding || a == axisPrecedingSibling
}

// steps tells whether the axis goes to nodes beside or below, where those that are not relevant are stepped over.
func (a axis) steps() bool {
	return a != axisSelf && a != axisParent && a != axisAncestor && a != axisAncestorOrSelf
}

// from lists the nodes of the axis, nearest first. The slice is the caller's.
func (a axis) from(n *Node) []*Node {
	switch a {
	case axisChild:
		return slices.Clone(n.Children)
	case axisSelf:
		return []*Node{n}
	case axisParent:
		if n.Parent == nil {
			return nil
		}
		return []*Node{n.Parent}
	case axisAttribute:
		return slices.Clone(n.Attributes)
	case axisDescendant:
		return descendants(nil, n)
	case axisDescendantOrSelf:
		return descendants([]*Node{n}, n)
	case axisAncestor, axisAncestorOrSelf:
		return ancestors(n, a == axisAncestorOrSelf)
	case axisFollowing, axisPreceding:
		return beyond(n, a == axisFollowing)
	case axisFollowingSibling, axisPrecedingSibling:
		return siblings(n, a == axisFollowingSibling)
	}
	return nil
}

func descendants(found []*Node, n *Node) []*Node {
	for _, child := range n.Children {
		found = descendants(append(found, child), child)
	}
	return found
}

func ancestors(n *Node, self bool) []*Node {
	var found []*Node
	if self {
		found = append(found, n)
	}
	for p := n.Parent; p != nil; p = p.Parent {
		found = append(found, p)
	}
	return found
}

func siblings(n *Node, following bool) []*Node {
	if n.Parent == nil || n.Kind == Attribute {
		return nil
	}
	if following {
		return slices.Clone(n.Parent.Children[n.index+1:])
	}
	found := slices.Clone(n.Parent.Children[:n.index])
	slices.Reverse(found)
	return found
}

// beyond lists what follows a node, or precedes it, without its ancestors and descendants.
func beyond(n *Node, following bool) []*Node {
	var found []*Node
	if n.Kind == Attribute && following {
		found = descendants(nil, n.Parent)
		n = n.Parent
	} else if n.Kind == Attribute {
		n = n.Parent
	}
	for ; n.Parent != nil; n = n.Parent {
		for _, sibling := range siblings(n, following) {
			part := descendants([]*Node{sibling}, sibling)
			if !following {
				slices.Reverse(part)
			}
			found = append(found, part...)
		}
	}
	return found
}
