package hub

import (
	"context"
	"fmt"

	"escale/crypto/envelope"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/sync/changeset"
	"escale/sync/wire"
)

// packed is what key packs say in clear: of each change-set, the objects whose keys they carry.
type packed map[envelope.SetName][]schema.Object

// read adds a pack and the packs to the same epoch that it adds to. A blob that is not here carries nothing.
func (p packed) read(tx Tx, name schema.Hash) error {
	for range ledger.MaxKeyPacks {
		manifest, err := keyPack(tx, name)
		if err != nil || manifest == nil {
			return err
		}
		for i := range manifest.Segments {
			if err := p.segment(tx, manifest.Segments[i].Blob); err != nil {
				return err
			}
		}
		if name = manifest.Before; name.IsZero() {
			return nil
		}
	}
	return nil
}

// keyPack returns a manifest, or nil if it is not here.
func keyPack(tx Tx, name schema.Hash) (*envelope.KeyPack, error) {
	b, found, err := tx.Blob(name)
	if err != nil || !found {
		return nil, err
	}
	m, err := envelope.ParseKeyPack(b)
	if err != nil {
		return nil, refuse(wire.CodeMalformed, "key pack %s: %v", name, err)
	}
	return m, nil
}

func (p packed) segment(tx Tx, name schema.Hash) error {
	b, found, err := tx.Blob(name)
	if err != nil || !found {
		return err
	}
	_, sets, err := envelope.ParseSegment(b)
	if err != nil {
		return refuse(wire.CodeMalformed, "segment %s of a key pack: %v", name, err)
	}
	for _, s := range sets {
		p[s.Set] = append(p[s.Set], s.Objects...)
		if p[s.Set] == nil {
			p[s.Set] = []schema.Object{}
		}
	}
	return nil
}

// CheckPack tells a writer, before it announces a pack, whether the names in it are those of all older change-sets that
// count here, and up to which number of the scope's log. It proves nothing to anybody else: readers confirm packs.
func (h *Hub) CheckPack(ctx context.Context, dev schema.Device, ask wire.PackCheck) (out wire.PackChecked, err error) {
	state, err := h.member(dev)
	if err != nil {
		return out, err
	}
	err = h.store.View(ctx, func(tx Tx) error {
		manifest, err := keyPack(tx, ask.Pack)
		if err != nil {
			return err
		}
		if manifest == nil {
			return refuse(wire.CodeMalformed, "the key pack %s is not here: put it first", ask.Pack)
		}
		names := packed{}
		if err := names.read(tx, ask.Pack); err != nil {
			return err
		}
		rows, err := rowsByScope(tx)
		if err != nil {
			return err
		}
		out, err = checkLog(tx, state, rows[manifest.Scope], manifest.Epoch, names)
		return err
	})
	return out, refusal(err)
}

func checkLog(tx Tx, state *ledger.State, row ScopeRow, epoch uint32, names packed) (out wire.PackChecked, err error) {
	err = tx.Log(row.ID, 0, func(e LogEntry) (bool, error) {
		complete := true
		if e.Epoch < epoch && e.Reason == "" {
			objects, err := objectsOf(tx, state, e.ID)
			if err != nil {
				return false, err
			}
			complete = names.holds(e.Hash, objects)
		}
		switch {
		case !complete:
			out.Missing++
		case out.Missing == 0:
			out.Number = e.Number
		}
		return true, nil
	})
	return out, err
}

// holds reports whether a change-set is named with all of its objects, or as one that nobody can open.
func (p packed) holds(set schema.Hash, objects map[schema.Object]bool) bool {
	listed, ok := p[envelope.NameOf(set)]
	if !ok || len(listed) == 0 {
		return ok
	}
	found := 0
	for _, o := range listed {
		if objects[o] {
			found++
		}
	}
	return found >= len(objects)
}

// objectsOf returns the objects of a stored change-set that officers did not erase.
func objectsOf(tx Tx, state *ledger.State, id int64) (map[schema.Object]bool, error) {
	raw, err := tx.Raw(id)
	if err != nil {
		return nil, err
	}
	set, err := changeset.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("stored change-set: %w", err)
	}
	out := map[schema.Object]bool{}
	for i := range set.Deltas {
		d := &set.Deltas[i]
		if _, gone := state.Erased(d.Object); !d.Erased && !gone {
			out[d.Object] = true
		}
	}
	return out, nil
}

// Keys tells an officer's device, for each scope, what is still under which epoch, and which devices were heard from.
func (h *Hub) Keys(ctx context.Context, dev schema.Device) (wire.KeyReport, error) {
	out := wire.KeyReport{Scopes: []wire.ScopeKeys{}, Contacts: []wire.DeviceContact{}}
	state, err := h.officer(dev)
	if err != nil {
		return out, err
	}
	err = h.store.View(ctx, func(tx Tx) error {
		rows, err := rowsByScope(tx)
		if err != nil {
			return err
		}
		for _, sc := range state.Scopes() {
			s, err := scopeKeys(tx, state, sc, rows[sc.ID])
			if err != nil {
				return err
			}
			out.Scopes = append(out.Scopes, s)
		}
		return nil
	})
	for _, c := range h.contacts.all() {
		out.Contacts = append(out.Contacts, wire.DeviceContact{Device: c.Device, Last: c.Last.UnixMilli(), Agreed: c.Agreed})
	}
	return out, refusal(err)
}

// scopeKeys counts a scope's change-sets under each epoch, and those that no pack to the newest one carries.
func scopeKeys(tx Tx, state *ledger.State, sc *ledger.Scope, row ScopeRow) (wire.ScopeKeys, error) {
	out := wire.ScopeKeys{Scope: sc.ID, Number: row.Number, Epochs: []wire.EpochCount{}}
	cur, ok := sc.Current()
	if !ok || row.ID == 0 {
		return out, nil
	}
	names := packed{}
	for _, p := range cur.Packs {
		if err := names.read(tx, p.Pack); err != nil {
			return out, err
		}
	}
	at := map[uint32]int{}
	err := tx.Log(row.ID, 0, func(e LogEntry) (bool, error) {
		i, ok := at[e.Epoch]
		if !ok {
			i = len(out.Epochs)
			at[e.Epoch] = i
			out.Epochs = append(out.Epochs, wire.EpochCount{Epoch: e.Epoch})
		}
		n := &out.Epochs[i]
		n.Sets++
		if e.Reason != "" {
			n.Aside++
			return true, nil
		}
		if _, carried := names[envelope.NameOf(e.Hash)]; carried || e.Epoch >= cur.Number {
			return true, nil
		}
		n.Left++
		objects, err := objectsOf(tx, state, e.ID)
		n.LeftObjects += uint64(len(objects))
		return true, err
	})
	return out, err
}
