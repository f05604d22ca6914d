package main

import (
	"errors"
	"fmt"

	"escale/clients/profile"
	"escale/schema"
	"escale/schema/pack"
	"escale/sync/merge"
)

// The two sizes between which an exchange that finds nothing must not differ.
const (
	fewScopes, fewRecords   = 3, 10
	manyScopes, manyRecords = 250, 100_000
	noopTarget              = 200 // bytes of a body
)

// noop measures an exchange where both sides hold the same.
func (b *bench) noop() error {
	sites, err := b.sites()
	if err != nil {
		return err
	}
	few, err := b.noopWith("few", fewScopes, fewRecords, []string{site})
	if err != nil {
		return err
	}
	many, err := b.noopWith("many", manyScopes, manyRecords, sites)
	if err != nil {
		return err
	}
	b.out.add("noop_round_trips", float64(max(few.requests, many.requests)), "requests of the whole exchange", atMost(1))
	b.out.add("noop_request", float64(max(few.sent, many.sent)), "B", atMost(noopTarget))
	b.out.add("noop_reply", float64(max(few.received, many.received)), "B", atMost(noopTarget))
	grown := many.sent + many.received - few.sent - few.received
	b.out.add("noop_growth", float64(grown), fmt.Sprintf("B more with %d records in %d scopes than with %d in %d", manyRecords, manyScopes, fewRecords, fewScopes), atMost(0))
	return nil
}

// sites lists every site of the pack.
func (b *bench) sites() (out []string, err error) {
	hq, err := b.source.Bundle(pack.Headquarters)
	if err != nil {
		return nil, err
	}
	for _, s := range hq.Tables.Sites {
		out = append(out, s.Name)
	}
	return out, nil
}

func (b *bench) noopWith(name string, scopes, records int, sites []string) (t traffic, err error) {
	r, err := b.newRig(name, sites...)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	left := scopes - 1 // the directory is one as well
	some := func(schema.ScopeName) bool { left--; return left >= 0 }
	l, err := r.join("laptop", terms{role: role, read: some, write: none})
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	if err := l.scatter(scopes-1, records); err != nil {
		return t, err
	}
	if _, err := l.sync(); err != nil {
		return t, err
	}
	rep, pushes, others, err := l.meteredSync()
	if err == nil && pushes.requests > 0 {
		err = fmt.Errorf("an exchange with nothing to do pushed %d times (%+v)", pushes.requests, rep)
	}
	return others, err
}

// scatter saves small records over all scopes that the laptop reads, save the directory.
func (l *laptop) scatter(want, records int) error {
	self, err := l.p.Self()
	if err != nil {
		return err
	}
	scopes := []schema.Scope{}
	for _, s := range self.Now().Read {
		if s != l.p.Directory().Scope {
			scopes = append(scopes, s)
		}
	}
	if len(scopes) != want {
		return fmt.Errorf("the laptop reads %d scopes beside the directory, want %d", len(scopes), want)
	}
	for i, s := range scopes {
		if err := l.small(s, records*(i+1)/len(scopes)-records*i/len(scopes)); err != nil {
			return err
		}
	}
	return nil
}

// small saves records of one short field in one transaction.
func (l *laptop) small(scope schema.Scope, count int) error {
	if count == 0 {
		return nil
	}
	list := make([]profile.Edit, count)
	for i := range list {
		seed, _, err := l.p.NewObject(scope)
		if err != nil {
			return err
		}
		op := merge.Op{Kind: merge.Set, Path: "note", Value: fmt.Sprint("invented ", i)}
		list[i] = profile.Edit{Scope: scope, Seed: &seed, Payload: merge.Payload{Form: "note", Ops: []merge.Op{op}}}
	}
	_, err := l.p.Save(l.r.b.ctx, list)
	return err
}
