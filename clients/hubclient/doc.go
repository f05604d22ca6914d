// Package hubclient carries the exchange with a hub over HTTP inside the pinned channel.
//
// It moves messages and tells four kinds of failure apart, because the caller does something else for each: the hub was
// not reached, what answered is not the pinned hub, the hub refused and said why, or it spoke nonsense. Whatever was cut
// is safe to ask for again. It is made for links that stall: nothing has a total time limit, everything has one without
// progress.
//
// The package holds no opinion about what to send when, opens nothing, and knows neither store nor ledger.
package hubclient
