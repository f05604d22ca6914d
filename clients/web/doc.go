// Package web is the laptop's own page: pages that the client program serves to the browser on the same laptop, rendered here,
// without script, in French, English and Arabic.
//
// It holds these invariants. It answers only the address that it listens on, by that very name, and only the browser that
// opened the one-time address from the terminal. The cookie belongs to a path that nobody else knows, because browsers
// send a cookie of 127.0.0.1 to every port, and another port may be another person's. Nothing is posted without the token
// of the sitting. No answer may be stored by a browser. No address holds anything of a record: records and forms are named
// by words that mean nothing after the sitting. Nothing is logged. When nobody has used it for a while, it locks.
//
// The package knows no commands, no hub and no folder: whoever serves it passes a Laptop. It decides nothing about who may
// read what: clients/field does.
package web
