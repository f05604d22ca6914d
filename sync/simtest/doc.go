// Package simtest plays an organisation's life from one number: laptops, people, clocks, lines, disks, crashes, copies and
// restored backups, against the real hub, exchange, profiles and stores, one event at a time, and then compares what
// every laptop shows with what a naive model says must be visible.
//
// Every laptop and the hub have a disk of store/faultdisk of their own: the power goes at any write, and what was not synced
// is lost, kept or torn as drawn. All of it lies in test files, so that no program links it. What is drawn follows from the
// seed alone, with two exceptions: HPKE draws from the system, so sealed bytes and the hashes of change-sets differ between
// two runs of a seed, and with them, now and then, the number of a write; and Go's maps are walked in any order.
//
// The model knows the written rules (what each merge policy promises) and which edits were on the author's screen. It
// knows neither change-sets nor streams, contexts or hashes, and must not learn them. An edit counts as acknowledged from
// the moment at which its save returned, and as lost only if every disk that surely held it was thrown away.
package simtest
