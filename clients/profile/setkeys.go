package profile

import (
	"context"
	"errors"
	"fmt"

	"escale/crypto/envelope"
	"escale/crypto/seal"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/causal"
	"escale/sync/changeset"
)

// setHead is what opens a change-set's secret: all of its header that this takes, and the wrap. It is kept apart from the
// sealed deltas, so that re-wrapping keys never reads a body.
type setHead struct {
	session schema.Hash
	salt    [envelope.SaltSize]byte
	pack    schema.Pack
	wrap    []byte // empty if it was erased
}

// setHeadSize is the length of an encoded head whose wrap is there.
const setHeadSize = len(schema.Hash{}) + envelope.SaltSize + len(schema.Pack{}) + envelope.WrapSize

func (h *setHead) encode() []byte {
	b := make([]byte, 0, setHeadSize)
	b = append(append(append(b, h.session[:]...), h.salt[:]...), h.pack[:]...)
	return append(b, h.wrap...)
}

func decodeSetHead(b []byte) (h setHead, err error) {
	if len(b) != setHeadSize && len(b) != setHeadSize-envelope.WrapSize {
		return h, fmt.Errorf("%w: head of a change-set of %d bytes", agentdb.ErrDamaged, len(b))
	}
	b = b[copy(h.session[:], b):]
	b = b[copy(h.salt[:], b):]
	h.wrap = b[copy(h.pack[:], b):]
	return h, nil
}

// keepSetKeys stores what re-wrapping will need of a change-set.
func keepSetKeys(tx *agentdb.Tx, id causal.Set, set *changeset.Set) error {
	h := setHead{session: set.Header.Session, salt: set.Header.Salt, pack: set.Header.Pack, wrap: set.Wrap}
	seen := make(map[schema.Object]bool, len(set.Deltas))
	objects := make([]byte, 0, 16*len(set.Deltas))
	for i := range set.Deltas {
		d := &set.Deltas[i]
		if d.Erased || seen[d.Object] {
			continue
		}
		seen[d.Object] = true
		objects = append(objects, d.Object[:]...)
	}
	return tx.PutSetKeys(agentdb.SetKeys{Set: id, Head: h.encode(), Objects: objects})
}

func objectNames(b []byte) ([]schema.Object, error) {
	if len(b)%16 != 0 {
		return nil, fmt.Errorf("%w: objects of a change-set", agentdb.ErrDamaged)
	}
	out := make([]schema.Object, len(b)/16)
	for i := range out {
		copy(out[i][:], b[16*i:])
	}
	return out, nil
}

// metaKeyed says that everything stored has its set keys.
const metaKeyed = "set keys"

// keyStored brings a store of an earlier release up to date, once: it reads every stored change-set.
func (p *Profile) keyStored(ctx context.Context) error {
	for more := true; more; {
		err := p.db.Update(ctx, func(tx *agentdb.Tx) error {
			if _, err := tx.Meta(metaKeyed); !errors.Is(err, agentdb.ErrNotFound) {
				more = false
				return err
			}
			ids, err := tx.Unkeyed(1000)
			if err != nil {
				return err
			}
			if len(ids) == 0 {
				return tx.PutMeta(metaKeyed, bytesOf(1))
			}
			return keySome(tx, ids)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func keySome(tx *agentdb.Tx, ids []causal.Set) error {
	for _, id := range ids {
		raw, err := tx.Raw(id)
		if err != nil {
			return err
		}
		set, err := changeset.Parse(raw)
		if err != nil {
			return fmt.Errorf("%w: %w", agentdb.ErrDamaged, err)
		}
		if err := keepSetKeys(tx, id, set); err != nil {
			return err
		}
	}
	return nil
}

// place is where a change-set's secret is bound to.
func (p *Profile) placeOf(id causal.Set, h *setHead) seal.Place {
	info := p.sets[id]
	return seal.Place{Stream: p.streams[info.stream].Name, Seq: info.seq, Pack: h.pack, Salt: h.salt}
}
