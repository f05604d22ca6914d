package profile

import (
	"errors"
	"runtime"
	"sync"

	"escale/crypto/seal"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/causal"
	"escale/sync/changeset"
	"escale/sync/merge"
	"escale/sync/shorthand"
)

// inbox takes change-sets in, within one transaction. Their deltas are opened beside it, on every processor, while it
// writes what was opened before: this is what a newcomer waits for. What is opened is entered in the order in which the
// change-sets came, so the outcome is the same as if nothing ran beside anything.
type inbox struct {
	p  *Profile
	as map[schema.Hash]causal.Set // numbers that returning change-sets had before

	at      int // which of the items is being taken
	failed  int // how many items were good when entering failed
	opening []*opening
	running sync.WaitGroup
	slots   chan struct{} // one for each processor

	parts   map[schema.Object]*Part // entered and not written yet
	order   []schema.Object
	known   map[schema.Object]*Part // what lies on the disk of objects that were asked for together; nil if nothing
	sealing *sealing                // what is written next; nil if nothing
}

// sealing is a batch of parts on its way to the disk. Nobody changes them any more.
type sealing struct {
	parts map[schema.Object]*Part
	rows  []partRow
	errs  []error
	done  sync.WaitGroup
}

// opening is one change-set whose deltas are being opened.
type opening struct {
	at     int
	id     causal.Set
	set    *changeset.Set
	deltas []openedDelta
	done   sync.WaitGroup
}

// openedDelta is one delta that was opened, or why it was not.
type openedDelta struct {
	entry   *seal.Entry
	plain   []byte
	payload *merge.Payload
	err     error
}

// Bounds of what runs at once: deltas that one goroutine opens (fewer would not pay for its start), and parts that are
// written together.
const (
	openedAtOnce  = 32
	writtenAtOnce = 1024
)

func newInbox(p *Profile) *inbox {
	return &inbox{
		p: p, slots: make(chan struct{}, runtime.GOMAXPROCS(0)),
		parts: map[schema.Object]*Part{}, known: map[schema.Object]*Part{},
	}
}

// open begins to open every delta of a change-set, or leaves it waiting for a key or a form bundle.
func (w *inbox) open(tx *agentdb.Tx, id causal.Set, set *changeset.Set) error {
	scribe, ok, err := w.p.scribe(set.Header.Pack)
	if err != nil || !ok {
		return err
	}
	keys, err := w.p.openKeys(tx, set)
	switch {
	case errors.Is(err, errNotYet):
		return nil
	case err != nil:
		return err
	}
	o := &opening{at: w.at, id: id, set: set, deltas: make([]openedDelta, len(set.Deltas))}
	w.opening = append(w.opening, o)
	for from := 0; from < len(o.deltas); from += openedAtOnce {
		o.done.Add(1)
		w.running.Go(func() {
			defer o.done.Done()
			w.slots <- struct{}{}
			defer func() { <-w.slots }()
			for i := from; i < min(from+openedAtOnce, len(o.deltas)); i++ {
				o.deltas[i] = openOne(&set.Deltas[i], uint32(i), keys, scribe)
			}
		})
	}
	return nil
}

// wait lets nothing run on that was begun.
func (w *inbox) wait() { w.running.Wait() }

func openOne(d *changeset.Delta, index uint32, keys entrySource, scribe *shorthand.Scribe) (o openedDelta) {
	if d.Erased {
		return o
	}
	if o.entry, o.err = keys.Entry(d.Object); o.err != nil {
		return o
	}
	padded, err := o.entry.Open(index, d.Sealed)
	if err != nil {
		o.err = unreadable(err)
		return o
	}
	if o.payload, o.plain, err = scribe.Unpack(padded); err != nil {
		o.payload, o.err = nil, unreadable(err)
	}
	return o
}

// flush enters and writes everything that was begun.
func (w *inbox) flush(tx *agentdb.Tx) error {
	entered := len(w.opening) > 0
	for i, o := range w.opening {
		o.done.Wait()
		if err := w.enterAll(tx, o); err != nil {
			w.failed = o.at
			return err
		}
		w.opening[i] = nil
		if len(w.order) >= writtenAtOnce {
			if err := w.write(tx); err != nil {
				return err
			}
		}
	}
	w.opening = nil
	if !entered {
		return nil
	}
	if err := errors.Join(w.write(tx), w.put(tx)); err != nil {
		return err
	}
	return tx.PutMeta(metaTime, bytesOf(uint64(w.p.last)))
}

// enterAll enters what could be opened of a change-set: one delta that was sealed wrongly does not hide the others.
func (w *inbox) enterAll(tx *agentdb.Tx, o *opening) error {
	if err := w.prefetch(tx, o); err != nil {
		return err
	}
	whole := true
	for i := range o.deltas {
		d := &o.deltas[i]
		switch {
		case errors.Is(d.err, errNotYet):
			whole = false
		case d.err != nil:
			return d.err
		case d.payload != nil:
			if err := w.enter(tx, o.id, o.set, uint32(i), d); err != nil {
				return err
			}
		}
	}
	if !whole {
		return nil
	}
	info := w.p.sets[o.id]
	info.opened = agentdb.Done
	w.p.sets[o.id] = info
	delete(w.p.waiting, o.id)
	return tx.MarkOpened(o.id, agentdb.Done)
}

// prefetch reads the parts that a change-set's opened deltas belong to, all at once.
func (w *inbox) prefetch(tx *agentdb.Tx, of *opening) error {
	var ask []schema.Object
	for i := range of.deltas {
		o := of.set.Deltas[i].Object
		_, here := w.parts[o]
		_, asked := w.known[o]
		if of.deltas[i].payload == nil || here || asked || w.p.inMemory(o) || w.sealing.holds(o) {
			continue
		}
		w.known[o] = nil
		ask = append(ask, o)
	}
	return tx.PartsAt(ask, func(row agentdb.Part) error {
		part, err := w.p.openPart(row)
		w.known[row.Object] = part
		return err
	})
}

func (w *inbox) part(tx *agentdb.Tx, o schema.Object, scope schema.Scope) (*Part, error) {
	if part, ok := w.parts[o]; ok {
		return part, nil
	}
	part, asked := w.known[o]
	switch {
	case asked:
		delete(w.known, o)
	case w.sealing.holds(o):
		part = w.sealing.parts[o].copy()
	default:
		var err error
		if part, err = w.p.loadPart(tx, o); err != nil && !errors.Is(err, agentdb.ErrNotFound) {
			return nil, err
		}
	}
	if part == nil {
		part = &Part{Object: o, Scope: scope}
	}
	w.parts[o] = part
	w.order = append(w.order, o)
	return part, nil
}

// write begins to seal the parts that were entered, and writes those that were begun before.
func (w *inbox) write(tx *agentdb.Tx) error {
	reads := map[schema.Scope]bool{}
	next := &sealing{parts: w.parts, rows: make([]partRow, 0, len(w.order))}
	for _, o := range w.order {
		part := w.parts[o]
		if _, ok := reads[part.Scope]; !ok {
			reads[part.Scope] = w.p.Reads(part.Scope)
		}
		if !reads[part.Scope] && !w.p.mayKeep(part) {
			w.p.unsealed[o] = part
			delete(w.parts, o)
			continue
		}
		row, err := w.p.prepareRow(part)
		if err != nil {
			return err
		}
		next.rows = append(next.rows, row)
	}
	w.begin(next)
	w.parts, w.order = map[schema.Object]*Part{}, nil
	clear(w.known)
	if err := w.put(tx); err != nil {
		return err
	}
	w.sealing = next
	return nil
}

// begin waits for no slot: what is opened last would keep what was opened first from being written.
func (w *inbox) begin(s *sealing) {
	s.errs = make([]error, (len(s.rows)+openedAtOnce-1)/openedAtOnce)
	for n := range s.errs {
		s.done.Add(1)
		w.running.Go(func() {
			defer s.done.Done()
			rows := s.rows[n*openedAtOnce : min((n+1)*openedAtOnce, len(s.rows))]
			for i := range rows {
				s.errs[n] = errors.Join(s.errs[n], rows[i].seal())
			}
		})
	}
}

// put writes the batch that is being sealed.
func (w *inbox) put(tx *agentdb.Tx) error {
	s := w.sealing
	w.sealing = nil
	if s == nil {
		return nil
	}
	s.done.Wait()
	if err := errors.Join(s.errs...); err != nil {
		return err
	}
	return putRows(tx, s.rows)
}

func (s *sealing) holds(o schema.Object) bool {
	if s == nil {
		return false
	}
	_, ok := s.parts[o]
	return ok
}
