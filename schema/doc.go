// Package schema holds the nouns of Escale: identifiers, scopes' names, compartments, and the bounds that every
// message obeys. It imports nothing of ours, does no I/O and keeps no state, so that every other package may use it.
//
// Identifiers are fixed-size byte arrays. They encode as CBOR byte strings and as lower-case hexadecimal text, and
// refuse any other length when they are decoded.
package schema
