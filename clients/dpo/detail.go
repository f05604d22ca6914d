package dpo

import (
	"context"
	"slices"

	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
)

// Enrolment is a device that an order would enrol, as an officer must see it before signing: nobody signs blind.
type Enrolment struct {
	Device      schema.Device
	Role        string
	Sites       []string // codes
	Name        string   // from the roster; empty where the request is not at the hub any more
	Fingerprint string   // that the joiner reads; of the keys alone where the request is not at the hub any more
	Proved      bool     // the request is at the hub, made with the invitation's secret, and holds these keys
	Reads       int      // scopes
	Writes      int
}

// Enrolments returns the devices that an order would enrol.
func (d *Desk) Enrolments(ctx context.Context, p Pending) ([]Enrolment, error) {
	bodies, err := p.Order.Decode()
	if err != nil {
		return nil, err
	}
	requests, _, err := d.Requests(ctx)
	if err != nil {
		return nil, err
	}
	var out []Enrolment
	for _, b := range bodies {
		entry, ok := b.(*ledger.DeviceEntry)
		if !ok {
			continue
		}
		e := Enrolment{Device: entry.Device, Role: entry.Role, Sites: d.siteCodes(entry.Sites), Reads: len(entry.Read), Writes: len(entry.Write),
			Fingerprint: key.Fingerprint(entry.Keys.Sign[:], entry.Keys.KEM[:], entry.Keys.TLS[:])}
		i := slices.IndexFunc(requests, func(r Request) bool {
			return r.Request.Device == entry.Device && r.Request.Member == entry.Member && r.Request.Keys == entry.Keys
		})
		if i >= 0 {
			e.Name, e.Fingerprint, e.Proved = requests[i].Name, requests[i].Request.Fingerprint(), true
		}
		out = append(out, e)
	}
	return out, nil
}

func (d *Desk) siteCodes(ids []ledger.Site) []string {
	out := []string{}
	for code, id := range d.p.Directory().Sites {
		if slices.Contains(ids, id) {
			out = append(out, code)
		}
	}
	slices.Sort(out)
	return out
}
