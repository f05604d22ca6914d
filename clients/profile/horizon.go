package profile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"escale/crypto/envelope"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/canon"
	"escale/store/agentdb"
	"escale/sync/admit"
	"escale/sync/causal"
	"escale/sync/horizon"
	"escale/sync/wire"
)

// metaHorizon names the row that holds the newest confirmed backup's statement, with the lists of the scopes that this
// laptop holds something of.
const metaHorizon = "horizon"

// maxLists bounds the lists that are asked for in one message.
const maxLists = 64

// PutHorizon puts a statement and its lists beside the ledger and links what an officer's device says: this backup was
// read back.
func (x Exchange) PutHorizon(ctx context.Context, f *horizon.File, s *horizon.Statement) error {
	if err := x.PutBeside(ctx, append(slices.Clone(f.Tips), f.Statement)); err != nil {
		return err
	}
	return x.Link(ctx, ledger.Results{f.Result(s)})
}

// takeHorizon fetches the statement of the newest confirmed backup, and the lists that this laptop needs of it. A hub that
// does not have them keeps nobody from exchanging: what is not known to be in a backup counts as not in it.
func (x Exchange) takeHorizon(ctx context.Context) (bool, error) {
	signed, ok := x.log.State().Horizon()
	if !ok {
		return false, nil
	}
	f, s, err := x.horizon(ctx)
	if err != nil {
		return false, err
	}
	if f == nil || horizon.Digest(f.Statement) != signed.Digest {
		b, err := x.getBlobs(ctx, wire.BlobNames{Names: []schema.Hash{signed.Digest}})
		if err != nil || len(b[0]) == 0 {
			return false, err
		}
		if horizon.Digest(b[0]) != signed.Digest {
			return false, fmt.Errorf("%w: statement of a backup", ErrBlob)
		}
		if s, err = horizon.ParseStatement(b[0]); err != nil {
			return false, err
		}
		f = &horizon.File{Statement: b[0], Tips: slices.Repeat([][]byte{{}}, len(s.Scopes))}
	}
	want := x.missingLists(f, s)
	if len(want) == 0 && x.keeps(ctx, f) {
		return false, nil
	}
	got, err := x.takeLists(ctx, f, s, want)
	if err != nil || !got && x.keeps(ctx, f) {
		return false, err
	}
	return true, x.keepHorizon(ctx, f)
}

// keeps reports whether the statement is the one that is stored.
func (x Exchange) keeps(ctx context.Context, f *horizon.File) bool {
	have, _, err := x.horizon(ctx)
	return err == nil && have != nil && bytes.Equal(have.Statement, f.Statement)
}

// missingLists returns the positions of the scopes of which this laptop may hold something, and whose list is not here.
func (p *Profile) missingLists(f *horizon.File, s *horizon.Statement) (out []int) {
	mine := map[schema.Scope]bool{}
	for _, list := range [][]schema.Scope{admit.Readable(p.log.State(), p.Keys.Device), admit.WriteOnly(p.log.State(), p.Keys.Device)} {
		for _, scope := range list {
			mine[scope] = true
		}
	}
	for _, stream := range p.streams {
		mine[stream.Scope] = true
	}
	for i := range s.Scopes {
		if mine[s.Scopes[i].Scope] && len(f.Tips[i]) == 0 {
			out = append(out, i)
		}
	}
	return out
}

func (x Exchange) takeLists(ctx context.Context, f *horizon.File, s *horizon.Statement, want []int) (got bool, err error) {
	for len(want) > 0 {
		n := min(len(want), maxLists)
		names := make([]schema.Hash, n)
		for i, at := range want[:n] {
			names[i] = s.Scopes[at].Tips
		}
		lists, err := x.getBlobs(ctx, wire.BlobNames{Names: names})
		if err != nil {
			return got, err
		}
		for i, at := range want[:n] {
			switch {
			case len(lists[i]) == 0:
				continue
			case envelope.BlobID(lists[i]) != names[i]:
				return got, fmt.Errorf("%w: list of a backup", ErrBlob)
			}
			f.Tips[at], got = lists[i], true
		}
		want = want[n:]
	}
	return got, nil
}

func (p *Profile) keepHorizon(ctx context.Context, f *horizon.File) error {
	b, err := f.Encode()
	if err != nil {
		return err
	}
	return p.db.Update(ctx, func(tx *agentdb.Tx) error { return tx.PutMeta(metaHorizon, b) })
}

// horizon returns the stored statement; nil while there is none.
func (p *Profile) horizon(ctx context.Context) (f *horizon.File, s *horizon.Statement, err error) {
	var b []byte
	err = p.db.Update(ctx, func(tx *agentdb.Tx) error {
		b, err = tx.Meta(metaHorizon)
		if errors.Is(err, agentdb.ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil || b == nil {
		return nil, nil, err
	}
	f, s, err = horizon.ParseFile(b)
	if err != nil {
		err = fmt.Errorf("%w: %w", agentdb.ErrDamaged, err)
	}
	return f, s, err
}

// backedUp returns the change-sets that are known to be in the newest confirmed backup, and the time of that. One is in
// it if it comes before a tip that the signed statement names, or is one; a tip that is not here proves nothing.
func (p *Profile) backedUp(ctx context.Context) (covered map[causal.Set]bool, at int64, err error) {
	covered = map[causal.Set]bool{}
	f, s, err := p.horizon(ctx)
	if err != nil || f == nil || p.log == nil {
		return covered, 0, err
	}
	signed, ok := p.log.State().Horizon()
	if !ok || horizon.Digest(f.Statement) != signed.Digest {
		return covered, 0, nil // a newer one was signed, and did not come yet
	}
	for i := range s.Scopes {
		if len(f.Tips[i]) == 0 {
			continue
		}
		tips, err := admit.ParseCut(f.Tips[i])
		if err != nil {
			return covered, 0, err
		}
		for _, t := range tips {
			for id := p.byHash[t.Set]; id != 0 && !covered[id]; id = p.history.Parent(id) {
				covered[id] = true
			}
		}
	}
	return covered, signed.Time, nil
}

// Standing is what keeps a laptop from being wiped without loss, in one scope, in change-sets; and when both sides' digests
// of the scope were last the same.
type Standing struct {
	Scope    schema.Scope
	Held     int
	Open     int   // still being written
	Unsent   int   // not known to be at the hub
	AtRisk   int   // at the hub, and not known to be in a confirmed backup
	AgreedAt int64 // Unix milliseconds of the hub's clock; 0: never
	Differs  bool  // at the newest exchange
}

// Safe reports whether nothing of the scope is on this laptop alone, or on it and the hub alone.
func (s *Standing) Safe() bool { return s.Open+s.Unsent+s.AtRisk == 0 }

// Standings returns every scope of which this laptop holds something or which it compares with the hub, sorted, and when
// the newest confirmed backup was read back (Unix seconds; 0: none is known here).
func (p *Profile) Standings(ctx context.Context) (out []Standing, backup int64, err error) {
	covered, backup, err := p.backedUp(ctx)
	if err != nil {
		return nil, 0, err
	}
	agreed, err := p.agreement(ctx)
	if err != nil {
		return nil, 0, err
	}
	by := map[schema.Scope]*Standing{}
	for _, a := range agreed {
		by[a.Scope] = &Standing{Scope: a.Scope, AgreedAt: a.At, Differs: a.Differs}
	}
	for id, info := range p.sets {
		scope := p.streams[info.stream].Scope
		if by[scope] == nil {
			by[scope] = &Standing{Scope: scope}
		}
		s := by[scope]
		s.Held++
		switch {
		case info.state == agentdb.Writing:
			s.Open++
		case info.state == agentdb.Ready:
			s.Unsent++
		case !covered[id]:
			s.AtRisk++
		}
	}
	for _, s := range by {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Standing) int { return bytes.Compare(a.Scope[:], b.Scope[:]) })
	return out, backup, nil
}

// BehindHorizon returns the scopes of which a hub holds less than the newest confirmed backup: it was restored from an
// older one, or replaced by an empty one.
func (p *Profile) BehindHorizon(ctx context.Context, hub []wire.ScopeState) (out []schema.Scope, err error) {
	_, s, err := p.horizon(ctx)
	if err != nil || s == nil {
		return nil, err
	}
	backed := map[schema.Scope]*horizon.Scope{}
	for i := range s.Scopes {
		backed[s.Scopes[i].Scope] = &s.Scopes[i]
	}
	for _, h := range hub {
		if b := backed[h.Scope]; b != nil && (h.Number < b.Number || h.Number == b.Number && h.Running != b.Running) {
			out = append(out, h.Scope)
		}
	}
	return out, nil
}

// metaAgreement names the row that says of each scope when both digests were last the same.
const metaAgreement = "agreement"

type agreedScope struct {
	_       struct{} `cbor:",toarray"`
	Scope   schema.Scope
	At      int64
	Differs bool
}

func (p *Profile) agreement(ctx context.Context) (out []agreedScope, err error) {
	err = p.db.Update(ctx, func(tx *agentdb.Tx) error {
		b, err := tx.Meta(metaAgreement)
		if errors.Is(err, agentdb.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := canon.Decode(b, &out); err != nil {
			return fmt.Errorf("%w: agreement: %w", agentdb.ErrDamaged, err)
		}
		return nil
	})
	return out, err
}

// Compared keeps in which scopes both digests were the same at an exchange, and in which not, by the hub's clock.
func (p *Profile) Compared(ctx context.Context, hubTime int64, same, differ []schema.Scope) error {
	all, err := p.agreement(ctx)
	if err != nil {
		return err
	}
	by := map[schema.Scope]agreedScope{}
	for _, a := range all {
		by[a.Scope] = a
	}
	for _, s := range same {
		by[s] = agreedScope{Scope: s, At: hubTime}
	}
	for _, s := range differ {
		by[s] = agreedScope{Scope: s, At: by[s].At, Differs: true}
	}
	next := []agreedScope{}
	for _, a := range by {
		next = append(next, a)
	}
	slices.SortFunc(next, func(a, b agreedScope) int { return bytes.Compare(a.Scope[:], b.Scope[:]) })
	b, err := canon.Encode(next)
	if err != nil {
		return err
	}
	return p.db.Update(ctx, func(tx *agentdb.Tx) error { return tx.PutMeta(metaAgreement, b) })
}

// comparedScopes are all scopes of which this laptop and the hub compare something.
func (p *Profile) comparedScopes() []schema.Scope {
	if p.log == nil {
		return nil
	}
	return append(admit.Readable(p.log.State(), p.Keys.Device), admit.WriteOnly(p.log.State(), p.Keys.Device)...)
}
