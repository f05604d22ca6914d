// Package ledger holds the officers' orders and the organisation's signed log.
//
// The log is a chain of entries. Entry 0 is the genesis; its hash is the organisation's id. Every later entry is a link:
// signed by an enrolled device, naming the hash of the entry before it, and carrying either one order, which a threshold
// of officers signed, or results, which devices state for themselves. An order says what shall hold, never where in the
// log; it takes effect when an officer's device links it, once.
//
// Replaying the log gives a State, and only a log that verifies from genesis to head gives one. An entry that fails a
// check changes nothing. A log is never taken backwards (ErrRollback), and two signed histories are reported with their
// proof (ForkError). Times are recorded and never decide, save that an order's expiry is compared with its link's time.
//
// The package verifies and never opens: it knows public keys and hashes of sealed things, no private KEM key, no name of
// a person or of a place. It does no I/O, reads no clock and starts no goroutine.
package ledger
