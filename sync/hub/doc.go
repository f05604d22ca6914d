// Package hub reconciles what devices push, without being able to read it.
//
// It accepts a change-set when its signature, its chain and its bounds hold, recognises duplicates, quarantines what the
// ledger does not permit, gives each scope's log the next number inside the commit, keeps per object and field tag the
// frontier of edits that nobody has seen past, and answers only for what is durable. Whatever is stored was judged by
// package admit; when the ledger grows it is judged again. One bad change-set never stops the others.
//
// A creating delta covers all fields and nothing can supersede it, so the frontier under its reserved all-zero tag is
// the delta itself and is not written down; rows exist for edits only.
//
// While one batch of a push becomes durable, the next is read and checked; batches of several pushes that wait for the disk
// at the same time share one transaction, and if that fails each is tried alone.
//
// The hub keeps nothing in memory that grows with the number of records: the ledger's state, one digest for each scope,
// one contact for each device. It holds no key but its channel key, which signs the time. It declares the store that it
// needs and knows no SQL and no HTTP.
package hub
