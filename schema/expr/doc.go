// Package expr compiles and evaluates the expression language of XLSForm sheets: XPath 1.0 with the functions that the ODK
// XForms specification adds, and ${name} references.
//
// What an expression reads is a tree of Nodes: the answers of a form, a list of choices. Invariants: an expression is compiled
// once and is immutable afterwards; Eval is deterministic, because clock, randomness and labels come with the Context; sizes,
// nesting and the number of nodes visited are bounded; errors carry positions and names of functions, never values.
//
// The package does not know what a form is, where an answer is stored or who asks.
package expr
