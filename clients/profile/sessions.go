package profile

import (
	"errors"
	"fmt"
	"time"

	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema"
	"escale/store/agentdb"
)

// sessionLife is how long a reader keeps a session.
const sessionLife = 7 * 24 * time.Hour

// sessionFor returns the sitting's session in a scope. A new one comes with its header, which the change-set carries.
// A reader keeps sessions for some days; of a capture-only scope the session key stays in memory.
func (p *Profile) sessionFor(tx *agentdb.Tx, scope schema.Scope, epoch ledger.Epoch) (*seal.Session, []byte, error) {
	name := seal.EpochName{Org: p.Keys.Org, Scope: scope, Number: epoch.Number}
	if p.Reads(scope) {
		now := p.opts.Clock() // a session of a clock that was ahead would live until then
		kept, err := tx.KeptSession(scope, epoch.Number, now.Add(-sessionLife).Unix(), now.Add(time.Hour).Unix())
		if err == nil {
			return p.restoreSession(name, kept)
		}
		if !errors.Is(err, agentdb.ErrNotFound) {
			return nil, nil, err
		}
	} else {
		for _, s := range p.sessions {
			if s.Name == name {
				return s, nil, nil
			}
		}
	}
	s, header, err := seal.NewSession(epoch.Public, name, p.Keys.Device)
	if err != nil {
		return nil, nil, err
	}
	row := agentdb.Session{ID: s.ID, Scope: scope, Epoch: epoch.Number, Header: header, Made: p.opts.Clock().Unix()}
	if p.Reads(scope) {
		if row.SealedKey, err = p.keys.storage.Seal("session", s.ID[:], s.Secret()); err != nil {
			return nil, nil, err
		}
	}
	p.sessions[s.ID] = s
	return s, header, tx.PutSession(row)
}

func (p *Profile) restoreSession(name seal.EpochName, kept agentdb.Session) (*seal.Session, []byte, error) {
	if s, ok := p.sessions[kept.ID]; ok {
		return s, nil, nil
	}
	secret, err := p.keys.storage.Open("session", kept.ID[:], kept.SealedKey)
	if err != nil {
		return nil, nil, fmt.Errorf("kept session: %w", err)
	}
	s, err := seal.RestoreSession(kept.ID, name, secret)
	if err != nil {
		return nil, nil, err
	}
	p.sessions[s.ID] = s
	return s, nil, nil
}
