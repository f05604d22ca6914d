package main

import (
	"crypto/rand"
	"errors"
	"fmt"

	"escale/clients/profile"
	"escale/schema"
)

// One device in ten reads its site's scope as well as it writes it.
const readersShare = 10

// found makes an organisation of a few sites and enrols everybody: a keeper who makes the epochs, the devices, and the
// newcomer, whose keys are wrapped but whose laptop is not there yet. The hub of this process ends here.
func (l *load) found() (err error) {
	sites, err := l.sites()
	if err != nil {
		return err
	}
	sites = sites[:min(4, len(sites))]
	if l.rig, err = l.newRig("load", sites...); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.rig.close()) }()
	keeper, err := l.rig.join("keeper", terms{role: role, read: services(sites...), write: services(sites...)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, keeper.close()) }()
	keys := make([][]profile.Keys, len(sites))
	for i, s := range sites {
		n := (l.size.devices - i + len(sites) - 1) / len(sites)
		if keys[i], err = l.rig.staff(s, n); err != nil {
			return err
		}
	}
	fresh, err := l.rig.staffOf(terms{role: role, read: services(sites...), write: none}, 1)
	if err != nil {
		return err
	}
	l.fresh = &laptop{r: l.rig, path: l.rig.dir + "/fresh.db", keys: fresh[0]}
	if err := settle(keeper); err != nil { // wraps the keys for those who read
		return err
	}
	if _, err := l.rig.desk.Sync(l.ctx); err != nil {
		return err
	}
	return l.authorsOf(sites, keys)
}

// services are the scopes that everybody at some sites writes: the anchors of the one-compartment form.
func services(sites ...string) func(schema.ScopeName) bool {
	return func(n schema.ScopeName) bool {
		for _, s := range sites {
			if n == (schema.ScopeName{Site: s, Kind: "service", Compartment: schema.Anchor}) {
				return true
			}
		}
		return false
	}
}

// atOnce is how many devices one order enrols: an entry of the ledger has its bound.
const atOnce = 40

// staffOf draws the keys of devices and enrols them.
func (r *rig) staffOf(t terms, n int) ([]profile.Keys, error) {
	keys := make([]profile.Keys, n)
	for i := range keys {
		var err error
		if keys[i], err = profile.NewKeys(rand.Reader, false); err != nil {
			return nil, err
		}
		keys[i].Org = r.boss.keys.Org
	}
	for from := 0; from < n; from += atOnce {
		if err := r.enrol(t, keys[from:min(from+atOnce, n)]...); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// staff enrols the devices of one site, the readers first.
func (r *rig) staff(name string, n int) ([]profile.Keys, error) {
	of := services(name)
	readers, err := r.staffOf(terms{role: role, read: of, write: of}, (n+readersShare-1)/readersShare)
	if err != nil {
		return nil, err
	}
	writers, err := r.staffOf(terms{role: "outreach", read: none, write: of}, n-len(readers))
	return append(readers, writers...), err
}

// authorsOf begins the stream of every device.
func (l *load) authorsOf(sites []string, keys [][]profile.Keys) error {
	d := l.rig.boss.p.Directory()
	for i, s := range sites {
		bundle, err := l.source.BundleOf(s)
		if err != nil {
			return err
		}
		w, err := l.inventWords(bundle, d.Bundles[d.BundleOf[s]].Pack)
		if err != nil {
			return err
		}
		scope, err := l.rig.scopeOf(services(s))
		if err != nil {
			return err
		}
		for k := range keys[i] {
			a, err := l.rig.newAuthor(keys[i][k], scope, w, l.rig.boss.p.Log())
			if err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
			a.reads = k < (len(keys[i])+readersShare-1)/readersShare
			l.authors = append(l.authors, a)
		}
	}
	return nil
}
