// Package expr compiles and evaluates the expression language of XLSForm sheets: XPath 1.0 operators and conversions,
// ${name} references, "." for the value of the field itself, and the functions listed in functions.go.
//
// Invariants: an expression is compiled once and is immutable afterwards; Eval is deterministic, because the clock comes
// with the Context; sizes and nesting are bounded both when compiling and when evaluating; errors carry positions and names
// of functions, never values.
//
// The package does not know what a form is, where an answer is stored or who asks.
package expr
