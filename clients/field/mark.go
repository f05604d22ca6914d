package field

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"escale/clients/profile"
	"escale/schema"
	"escale/store/agentdb"
)

// mark is the name under which a save leaves its record's id, in its own transaction: found again, it says that the save
// was made, whatever happened to the process that made it. The empty mark leaves nothing.
type mark string

// markOf hides the key, which its author chose and which may name somebody.
func (b *Book) markOf(key string) (mark, error) {
	if key == "" {
		return "", nil
	}
	name, err := b.p.Storage().Name("import", []byte(key))
	return mark("import " + base64.RawStdEncoding.EncodeToString(name)), err
}

func (m mark) of(id schema.Record) []profile.Secret {
	if m == "" {
		return nil
	}
	return []profile.Secret{{Name: string(m), Value: id[:]}}
}

// marked returns what was saved under a mark. Its code is told where this member can read it: it is not kept beside, since
// a laptop that only writes must not hold what it wrote.
func (b *Book) marked(ctx context.Context, m mark) (s Saved, found bool, err error) {
	if m == "" {
		return s, false, nil
	}
	id, err := b.p.Kept(ctx, string(m))
	if err != nil || id == nil {
		return s, false, err
	}
	if err := s.ID.UnmarshalBinary(id); err != nil {
		return s, false, fmt.Errorf("%w: mark of an import: %w", agentdb.ErrDamaged, err)
	}
	r, err := b.Get(ctx, s.ID.String())
	if errors.Is(err, ErrNoRecord) {
		return s, true, nil
	}
	if err == nil {
		s.Code, s.Form = r.Code, r.FormID
	}
	return s, true, err
}
