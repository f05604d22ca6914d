// Package hubhttp serves a hub over HTTP/1.1 inside the pinned channel.
//
// One gate stands in front of everything. It knows each route by its exact spelling on the wire and refuses any other
// before a router sees it; it takes the caller's key from the channel, asks the ledger who that is, bounds the body, and
// keeps within a budget of memory. What passes is handed to echo, whose part is small on purpose: version 4 of echo, which
// this release is asked to use, is supported until 2026-12-31, and earlier ones than the newest disagreed with themselves
// about encoded paths. Nothing outside this package imports echo, and nothing inside trusts its routing.
//
// HTTP/2 is not offered. Its streams share one connection, so on a lossy link one lost packet holds up all of them, and
// one client could open hundreds of streams; with HTTP/1.1 a deadline on a connection is a deadline on one body.
//
// Nothing personal is logged or counted: no address, no body, no key; devices appear as a short hash of their pseudonym.
// Replies are not compressed: sealed bytes do not shrink. The package holds no rule about what a hub accepts.
package hubhttp
