package hub

import (
	"context"
	"sync"
	"time"

	"escale/schema"
)

// contactEvery is how old a stored contact may become: a commit for each no-op sync would cost more than the sync.
const contactEvery = time.Minute

// contacts remembers when each device was last heard of: one entry for each enrolled device.
type contacts struct {
	mu   sync.Mutex
	now  map[schema.Device]Contact
	kept map[schema.Device]Contact
}

func (c *contacts) load(ctx context.Context, store Store) error {
	c.now, c.kept = map[schema.Device]Contact{}, map[schema.Device]Contact{}
	return store.View(ctx, func(tx Tx) error {
		all, err := tx.Contacts()
		for _, x := range all {
			c.now[x.Device], c.kept[x.Device] = x, x
		}
		return err
	})
}

func (c *contacts) saw(dev schema.Device, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.now[dev]
	x.Device, x.Last = dev, at.UTC().Truncate(time.Millisecond)
	c.now[dev] = x
}

func (c *contacts) mismatch(dev schema.Device) {
	c.change(dev, func(x *Contact) { x.Mismatches++ })
}

func (c *contacts) repaired(dev schema.Device, sets int) {
	if sets > 0 {
		c.change(dev, func(x *Contact) { x.Repairs += int64(sets) })
	}
}

func (c *contacts) change(dev schema.Device, f func(*Contact)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.now[dev]
	x.Device = dev
	f(&x)
	c.now[dev] = x
}

func (c *contacts) agreed(dev schema.Device, height uint64, at time.Time) {
	c.change(dev, func(x *Contact) {
		x.Agreed, x.AgreedAt = max(x.Agreed, height), at.UTC().Truncate(time.Millisecond)
	})
}

// counts are what is written as soon as it changes.
func (c Contact) counts() [3]int64 { return [...]int64{c.Mismatches, c.Repairs, int64(c.Agreed)} }

// all returns the contacts as known now.
func (c *contacts) all() []Contact {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]Contact, 0, len(c.now))
	for _, x := range c.now {
		out = append(out, x)
	}
	return out
}

// stale returns those whose stored form is too old, or all that differ.
func (c *contacts) stale(everything bool) (out []Contact) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for dev, x := range c.now {
		old := c.kept[dev]
		if x != old && (everything || x.counts() != old.counts() || x.Last.Sub(old.Last).Abs() >= contactEvery) {
			out = append(out, x)
		}
	}
	return out
}

func (c *contacts) keptAs(written []Contact) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range written {
		c.kept[x.Device] = x
	}
}

// keepContacts writes what is due. A full disk must not stop a reader from reading, so the caller may go on without.
func (h *Hub) keepContacts(ctx context.Context, everything bool) error {
	due := h.contacts.stale(everything)
	if len(due) == 0 {
		return nil
	}
	err := h.store.Update(ctx, func(tx Tx) error { return putContacts(tx, due) })
	if err == nil {
		h.contacts.keptAs(due)
	}
	return err
}

func putContacts(tx Tx, due []Contact) error {
	for _, x := range due {
		if err := tx.PutContact(x); err != nil {
			return err
		}
	}
	return nil
}

// Close writes the last contacts. The store stays open: who opened it closes it.
func (h *Hub) Close(ctx context.Context) error { return refusal(h.keepContacts(ctx, true)) }
