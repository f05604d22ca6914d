// Package pack holds form packs: one versioned set of forms and the tables that rule them (compartments, roles, record
// access, merge policies, retention, sites).
//
// A Source is a pack with all its bundles; a Bundle is what the laptops of one country get. What a bundle does not hold, not
// one byte of its encoding or of its compression dictionary shows: that a choice exists may endanger people. Therefore a pack
// is read from a folder or a file and is embedded in no program. The folder starter holds the sheets of the starter pack.
//
// Encoding is deterministic, so that the hash of a bundle in the ledger names its content. Decoding is bounded.
//
// The package knows no keys and no people: Access says what the tables allow, whoever asks.
package pack
