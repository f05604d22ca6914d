// Package admit decides which change-sets count, given a ledger. The hub and every client share it.
//
// Admission is a pure function of (change-sets, ledger): two sides that hold the same of both decide alike, in whatever
// order things reached them, and decide again when the ledger grows. A change-set that cannot be proved genuine is an
// error and occupies no place. A genuine one that may not count is quarantined: it keeps its place in its chain, and its
// successors go on. The package does no I/O, reads no clock and opens nothing.
package admit
