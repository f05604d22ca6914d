package profile

import (
	"errors"
	"fmt"
	"slices"

	"escale/crypto/envelope"
	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/causal"
)

// errNoKey says that neither an epoch's key nor a key pack that is here opens a change-set.
var errNoKey = errors.New("no key is here that opens it")

// packRow is a key pack that is here.
type packRow struct {
	id    int64
	name  schema.Hash
	scope schema.Scope
	epoch uint32
	whole bool
	made  []byte // its manifest
}

// segmentRef says where the entry keys of a change-set are.
type segmentRef struct {
	pack  int64
	index uint32
	epoch uint32 // that opens it
}

// carriage says, for one scope, which change-sets are carried by the key packs that are here and linked: by the one to
// the newest epoch. It is built when it is first asked for and forgotten when a pack comes or goes.
type carriage map[envelope.SetName]segmentRef

func (p *Profile) loadPacks(tx *agentdb.Tx) error {
	p.packs, p.carriages, p.segment = map[int64]packRow{}, map[schema.Scope]carriage{}, nil
	return tx.Packs(func(r agentdb.Pack) error {
		p.packs[r.ID] = packRow{id: r.ID, name: r.Name, scope: r.Scope, epoch: r.Epoch, whole: r.Whole, made: r.Manifest}
		return nil
	})
}

// packNamed returns a pack that is here by its name.
func (p *Profile) packNamed(name schema.Hash) (packRow, bool) {
	for _, r := range p.packs {
		if r.name == name && !name.IsZero() {
			return r, true
		}
	}
	return packRow{}, false
}

// linked reports whether the ledger names a pack as one to its epoch, and that epoch still stands.
func (p *Profile) linked(r packRow) bool {
	sc, ok := p.log.State().Scope(r.scope)
	if !ok {
		return false
	}
	e, ok := sc.Epoch(r.epoch)
	return ok && e.DestroyedAt == 0 && slices.ContainsFunc(e.Packs, func(l ledger.LinkedPack) bool { return l.Pack == r.name })
}

func (p *Profile) carriageOf(tx *agentdb.Tx, scope schema.Scope) (carriage, error) {
	if c, ok := p.carriages[scope]; ok {
		return c, nil
	}
	c, err := p.carriageTo(tx, scope, ^uint32(0))
	if err == nil {
		p.carriages[scope] = c
	}
	return c, err
}

// carriageTo reads the names in all linked packs of a scope to epochs up to a number.
func (p *Profile) carriageTo(tx *agentdb.Tx, scope schema.Scope, last uint32) (carriage, error) {
	c := carriage{}
	for _, r := range p.packs {
		if r.scope != scope || !r.whole || r.epoch > last || !p.linked(r) {
			continue
		}
		if _, held := p.heldKey(scope, r.epoch); !held {
			continue
		}
		err := tx.Segments(r.id, func(index uint32, b []byte) error {
			_, sets, err := envelope.ParseSegment(b)
			if err != nil {
				return fmt.Errorf("%w: %w", agentdb.ErrDamaged, err)
			}
			for i := range sets {
				if have, ok := c[sets[i].Set]; !ok || have.epoch < r.epoch {
					c[sets[i].Set] = segmentRef{r.id, index, r.epoch}
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

// openedSegment is one segment with its keys in memory: change-sets come in runs, so one is enough.
type openedSegment struct {
	at   segmentRef
	sets map[envelope.SetName]entryKeys
}

// entryKeys are the keys of the objects of one change-set.
type entryKeys map[schema.Object][]byte

func (p *Profile) openSegment(tx *agentdb.Tx, at segmentRef) (*openedSegment, error) {
	if p.segment != nil && p.segment.at == at {
		return p.segment, nil
	}
	b, err := tx.Segment(at.pack, at.index)
	if err != nil {
		return nil, err
	}
	seg, sets, err := envelope.ParseSegment(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", agentdb.ErrDamaged, err)
	}
	session, err := p.packSession(p.packs[at.pack])
	if err != nil {
		return nil, err
	}
	keys, err := session.OpenSegment(at.index, seg)
	if err != nil {
		return nil, err
	}
	o := &openedSegment{at: at, sets: make(map[envelope.SetName]entryKeys, len(sets))}
	for i := range sets {
		of := make(entryKeys, len(sets[i].Objects))
		for _, name := range sets[i].Objects {
			of[name], keys = keys[:envelope.SecretSize], keys[envelope.SecretSize:]
		}
		o.sets[sets[i].Set] = of
	}
	p.segment = o
	return o, nil
}

// packSession opens the session that seals a pack's segments.
func (p *Profile) packSession(r packRow) (*seal.Session, error) {
	m, err := envelope.ParseKeyPack(r.made)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", agentdb.ErrDamaged, err)
	}
	id := envelope.SessionID(m.Session)
	if s, ok := p.sessions[id]; ok {
		return s, nil
	}
	k, held := p.heldKey(r.scope, r.epoch)
	if !held {
		return nil, errNoKey
	}
	s, err := seal.OpenSession(k, p.Keys.Org, m.Session)
	if err == nil {
		p.sessions[id] = s
	}
	return s, err
}

// carriedKeys returns the entry keys of a change-set from the pack that carries it.
func (p *Profile) carriedKeys(tx *agentdb.Tx, c carriage, set schema.Hash) (entryKeys, error) {
	at, ok := c[envelope.NameOf(set)]
	if !ok {
		return nil, errNoKey
	}
	o, err := p.openSegment(tx, at)
	if err != nil {
		return nil, err
	}
	return o.sets[envelope.NameOf(set)], nil
}

// rewrapper gives the entry keys of stored change-sets of one scope without reading their deltas.
type rewrapper struct {
	p     *Profile
	tx    *agentdb.Tx
	scope schema.Scope
	from  carriage // where an epoch's own key is not here any more
}

// keys returns the entry keys of a change-set, in the order of its objects; erased objects are left out. A change-set
// whose secret does not open with the right key has none, and fails with seal.ErrWrongKey or seal.ErrDamaged.
func (w *rewrapper) keys(row agentdb.SetKeys) (objects []schema.Object, keys []byte, err error) {
	names, err := objectNames(row.Objects)
	if err != nil {
		return nil, nil, err
	}
	state := w.p.log.State()
	names = slices.DeleteFunc(names, func(o schema.Object) bool { _, gone := state.Erased(o); return gone })
	info := w.p.sets[row.Set]
	if _, held := w.p.heldKey(w.scope, info.epoch); held {
		keys, err = w.derive(row, info, names)
		return names, keys, err
	}
	of, err := w.p.carriedKeys(w.tx, w.from, info.hash)
	if err != nil {
		return nil, nil, err
	}
	if len(of) == 0 && len(names) > 0 {
		return nil, nil, fmt.Errorf("%w: nobody could open it", seal.ErrDamaged)
	}
	for _, o := range names {
		k, ok := of[o]
		if !ok {
			return nil, nil, errNoKey
		}
		keys = append(keys, k...)
	}
	return names, keys, nil
}

func (w *rewrapper) derive(row agentdb.SetKeys, info setInfo, names []schema.Object) ([]byte, error) {
	head, err := decodeSetHead(row.Head)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	session, err := w.p.sessionOf(w.tx, w.scope, info.epoch, head.session)
	if err != nil {
		return nil, err
	}
	set, err := session.OpenChangeSet(w.p.placeOf(row.Set, &head), head.wrap)
	if err != nil {
		return nil, err
	}
	return set.EntryKeys(names)
}

// sessionOf returns a session of an epoch whose key is here, or errNoKey.
func (p *Profile) sessionOf(tx *agentdb.Tx, scope schema.Scope, epoch uint32, id schema.Hash) (*seal.Session, error) {
	if s, ok := p.sessions[id]; ok {
		return s, nil
	}
	priv, held := p.heldKey(scope, epoch)
	if !held {
		return nil, errNoKey
	}
	header, err := tx.SessionHeader(id)
	if errors.Is(err, agentdb.ErrNotFound) {
		return nil, errNoKey
	}
	if err != nil {
		return nil, err
	}
	s, err := seal.OpenSession(priv, p.Keys.Org, header)
	if err == nil {
		p.sessions[id] = s
	}
	return s, err
}

// unopenable reports that a change-set was sealed so that nobody can open it.
func unopenable(err error) bool {
	return errors.Is(err, seal.ErrWrongKey) || errors.Is(err, seal.ErrDamaged)
}

// leftBehind returns, for each scope whose newest epoch is not its first, the older change-sets at the hub that count.
func (p *Profile) leftBehind() map[schema.Scope][]causal.Set {
	newest := map[schema.Scope]uint32{}
	for _, sc := range p.log.State().Scopes() {
		if cur, ok := sc.Current(); ok && cur.Number > 1 {
			newest[sc.ID] = cur.Number
		}
	}
	out := map[schema.Scope][]causal.Set{}
	if len(newest) == 0 {
		return out
	}
	for id, info := range p.sets {
		scope := p.streams[info.stream].Scope
		if info.epoch < newest[scope] && info.verdict == "" && info.state == agentdb.AtHub {
			out[scope] = append(out[scope], id)
		}
	}
	for _, ids := range out {
		slices.Sort(ids)
	}
	return out
}
