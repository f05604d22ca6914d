// Package invite holds the two messages by which a laptop joins: the invitation, a code that an officer hands over as
// text or QR, and the request, with which the laptop answers through the hub.
//
// An invitation pins what the laptop must not take from the hub: the organisation, the ledger's head, the hub's channel
// keys. Its one-time secret authenticates the request, so the hub cannot put its own keys in place of the laptop's; the
// fingerprint lets two people check the same by voice. Whoever reads the code may ask to join and can open nothing: an
// officer decides.
//
// The package knows no name of a person: a name travels only as bytes that were sealed elsewhere. It does no I/O, reads
// no clock, and never prints the secret.
package invite
