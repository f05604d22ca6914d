package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"
	"strings"

	"escale/schema/expr"
)

// parseDocument makes a tree of nodes of an XML text.
func parseDocument(text string) (*expr.Node, error) {
	d := xml.NewDecoder(strings.NewReader(strings.TrimSpace(text)))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	root := expr.NewRoot()
	at, spaces := root, []map[string]string{{"xml": "http://www.w3.org/XML/1998/namespace"}}
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return root, nil
		}
		if err != nil {
			return nil, fmt.Errorf("parse document: %w", err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			spaces = append(spaces, declared(spaces[len(spaces)-1], t.Attr))
			at = openElement(at, t, spaces[len(spaces)-1])
		case xml.EndElement:
			if at.Parent != nil {
				at, spaces = at.Parent, spaces[:len(spaces)-1]
			}
		default:
			addLeaf(at, t)
		}
	}
}

// addLeaf adds what is no element.
func addLeaf(at *expr.Node, t xml.Token) {
	switch t := t.(type) {
	case xml.CharData:
		if at.Kind == expr.Element {
			at.Append(&expr.Node{Kind: expr.Text, Value: string(t)})
		}
	case xml.Comment:
		at.Append(&expr.Node{Kind: expr.Comment, Value: string(t)})
	case xml.ProcInst:
		at.Append(&expr.Node{Kind: expr.Instruction, Name: t.Target, Value: string(t.Inst)})
	}
}

// declared returns the namespaces in force inside an element, by prefix.
func declared(outer map[string]string, attributes []xml.Attr) map[string]string {
	spaces := maps.Clone(outer)
	for _, a := range attributes {
		switch {
		case a.Name.Space == "xmlns":
			spaces[a.Name.Local] = a.Value
		case a.Name.Space == "" && a.Name.Local == "xmlns" && a.Value != "": // serialisers write xmlns="" where nothing is undeclared
			spaces[""] = a.Value
		}
	}
	return spaces
}

func openElement(at *expr.Node, t xml.StartElement, spaces map[string]string) *expr.Node {
	n := at.Append(&expr.Node{Name: t.Name.Local, Prefix: t.Name.Space, Space: spaces[t.Name.Space]})
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			continue
		}
		added := n.SetAttribute(a.Name.Local, a.Value)
		if added.Prefix = a.Name.Space; added.Prefix != "" {
			added.Space = spaces[added.Prefix]
		}
	}
	return n
}

// pathOf names a node as the cases do: positions only among several siblings of one name.
func pathOf(n *expr.Node) string {
	if n.Parent == nil {
		return "/"
	}
	above := strings.TrimSuffix(pathOf(n.Parent), "/")
	switch n.Kind {
	case expr.Attribute:
		return above + "/@" + qualified(n)
	case expr.Text:
		return above + "/text()" + place(n)
	case expr.Comment:
		return above + "/comment()" + place(n)
	case expr.Instruction:
		return above + "/processing-instruction()" + place(n)
	}
	return above + "/" + qualified(n) + place(n)
}

func qualified(n *expr.Node) string {
	if n.Prefix == "" {
		return n.Name
	}
	return n.Prefix + ":" + n.Name
}

func place(n *expr.Node) string {
	same, at := 0, 0
	for _, sibling := range n.Parent.Children {
		if sibling.Kind != n.Kind || n.Kind == expr.Element && qualified(sibling) != qualified(n) {
			continue
		}
		if same++; sibling == n {
			at = same
		}
	}
	if same < 2 {
		return ""
	}
	return "[" + strconv.Itoa(at) + "]"
}
