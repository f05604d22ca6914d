// Package merge turns the opened edits of one part of a record into what is shown: one value or several siblings per
// field, what became of every write, and whether the record still exists.
//
// The result is a pure function of the set of edits, their causal history and the form's rules: the order of arrival,
// repeated delivery and the numbers that a replica gave its change-sets change nothing. Clocks choose what is shown where
// a policy says so, and never what is kept. DESIGN.md states what each policy promises.
//
// The package does no I/O, reads no clock and holds no key. It knows nothing of forms beyond the rules that it is given,
// and the hub never links it.
package merge
