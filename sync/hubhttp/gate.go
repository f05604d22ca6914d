package hubhttp

import (
	"context"
	"net/http"

	"escale/crypto/channel"
	"escale/crypto/key"
	"escale/schema"
	"escale/sync/wire"
)

// route is what the gate knows of a path.
type route struct {
	path      string
	strangers bool  // takes callers that are not enrolled
	bound     int64 // of the request body, in bytes
	held      int64 // memory that taking the body needs, where that is not twice its size
	reply     int64 // bound of the reply
}

// routes is the whole allow-list. A path that is not spelled exactly like one of these is refused.
func routes() []route {
	const small, list = 4 << 10, 1 << 20
	return []route{
		{path: wire.PathFound, strangers: true, bound: schema.MaxLedgerEntry, reply: small},
		{path: wire.PathJoin, strangers: true, bound: wire.MaxJoin + 64, reply: small},
		{path: wire.PathRequests, bound: small, reply: wire.MaxPending * wire.MaxJoin},
		{path: wire.PathLedger, bound: small, reply: wire.MaxLedger},
		{path: wire.PathAppend, bound: wire.MaxLedger + list, reply: small},
		{path: wire.PathPutBlobs, bound: wire.MaxBody, reply: small},
		{path: wire.PathGetBlobs, bound: list, reply: wire.MaxBody},
		{path: wire.PathSync, bound: small, reply: list},
		{path: wire.PathOffsets, bound: list, reply: list},
		{path: wire.PathPush, bound: wire.MaxPush, held: pushHeld, reply: list},
		{path: wire.PathPull, bound: list, reply: wire.MaxPullPage},
		{path: wire.PathRanges, bound: 2 * small, reply: list},
		{path: wire.PathFetch, bound: list, reply: wire.MaxPullPage + list},
		{path: wire.PathPutOrder, bound: schema.MaxLedgerEntry + small, reply: small},
		{path: wire.PathOrders, bound: small, reply: wire.MaxBody},
		{path: wire.PathQuarantine, bound: small, reply: list},
		{path: wire.PathCheckPack, bound: small, reply: small},
		{path: wire.PathKeys, bound: small, reply: 4 * list},
		{path: wire.PathTraces, bound: list, reply: 4 * list},
	}
}

// pushHeld is what one push holds: a batch of change-sets that waits for its commit, as bytes and parsed.
const pushHeld = 8 * schema.MaxChangeSet

// caller is who stands behind a request that passed the gate.
type caller struct {
	key    key.TLSPublic
	device schema.Device // zero for a stranger
	body   *body
	route  *route
}

type callerKey struct{}

// gate lets through what is spelled right, by whom the ledger knows, within bounds.
type gate struct {
	hub     Hub
	options Options
	routes  map[string]*route
	budget  *budget
	next    http.Handler
}

func newGate(h Hub, o Options) *gate {
	g := &gate{hub: h, options: o, routes: map[string]*route{}, budget: newBudget(&o)}
	for _, r := range routes() {
		g.routes[r.path] = &r
	}
	g.next = newRouter(h, &g.options, g.budget, g.routes)
	return g
}

// ServeHTTP answers one request, and writes one line about it.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := &exchange{w: w, options: &g.options, begun: g.options.Now(), route: "unknown"}
	defer e.end()
	rt, err := g.match(r)
	if err != nil {
		e.fail(err)
		return
	}
	e.route = rt.path
	c, err := g.admit(r, rt)
	if err != nil {
		e.fail(err)
		return
	}
	e.device = c.device
	held, err := g.budget.body(r.Context(), rt, c.device.IsZero(), r.ContentLength)
	if err != nil {
		e.fail(err)
		return
	}
	defer held.shrink(0)
	c.body = &body{pace: newPace(w, &g.options), r: http.MaxBytesReader(w, r.Body, rt.bound)}
	e.body = c.body
	ctx := context.WithValue(r.Context(), callerKey{}, c)
	g.next.ServeHTTP(e, r.WithContext(ctx))
}

// match compares the request with the list as it came over the wire, so that no two readings of one path can differ.
func (g *gate) match(r *http.Request) (*route, error) {
	rt, ok := g.routes[r.RequestURI]
	if !ok || r.URL.EscapedPath() != r.RequestURI || r.URL.Path != r.RequestURI {
		return nil, errNoRoute
	}
	if r.Method != http.MethodPost {
		return nil, errNoRoute
	}
	if r.ContentLength > rt.bound {
		return nil, &http.MaxBytesError{Limit: rt.bound}
	}
	return rt, nil
}

// admit asks who is there.
func (g *gate) admit(r *http.Request, rt *route) (*caller, error) {
	if r.TLS == nil {
		return nil, refuse(wire.CodeNotMember, "no channel key")
	}
	k, err := channel.PeerKey(*r.TLS)
	if err != nil {
		return nil, refuse(wire.CodeNotMember, "no channel key")
	}
	d, enrolled := g.hub.Lookup(k)
	if !enrolled && !rt.strangers {
		return nil, refuse(wire.CodeNotMember, "this device is not enrolled, or no longer")
	}
	return &caller{key: k, device: d, route: rt}, nil
}
