// Package simtest plays an organisation's life from one number: laptops, people, clocks, lines, crashes, copies and
// restored backups, against the real hub, exchange, profiles and stores, one event at a time, and then compares what
// every laptop shows with what a naive model says must be visible.
//
// All of it lies in test files, so that no program links it. What is drawn follows from the seed alone, with two
// exceptions: HPKE draws from the system, so sealed bytes and the hashes of change-sets differ between two runs of a seed;
// and Go's maps are walked in any order. Neither chooses an event.
//
// The model knows the written rules (what each merge policy promises) and which edits were on the author's screen. It
// knows neither change-sets nor streams, contexts or hashes, and must not learn them.
package simtest
