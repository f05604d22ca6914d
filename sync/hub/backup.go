package hub

import (
	"bytes"
	"context"
	"slices"

	"escale/sync/horizon"
	"escale/sync/wire"
)

// Statement says what this hub holds, for an officer to sign. It is worth signing only of a backup that Verify found whole.
func (h *Hub) Statement(ctx context.Context) (*horizon.File, error) {
	state, err := h.state()
	if err != nil {
		return nil, err
	}
	s := horizon.Statement{Org: h.id.Org, HubEpoch: h.id.Epoch, Ledger: headOf(state.Head())}
	var scopes []horizon.Holding
	err = h.store.View(ctx, func(tx Tx) error {
		rows, err := tx.Scopes()
		if err != nil {
			return err
		}
		slices.SortFunc(rows, func(a, b ScopeRow) int { return bytes.Compare(a.Scope[:], b.Scope[:]) })
		for _, r := range rows {
			if r.Number == 0 {
				continue
			}
			tips, err := tx.Tips(r.ID)
			if err != nil {
				return err
			}
			scopes = append(scopes, horizon.Holding{State: stateOf(r), Tips: tips})
		}
		return nil
	})
	if err != nil {
		return nil, refusal(err)
	}
	f, err := horizon.New(s, scopes, h.opts.Clock())
	return f, refusal(err)
}

func stateOf(r ScopeRow) wire.ScopeState {
	return wire.ScopeState{Scope: r.Scope, Number: r.Number, Running: r.Running}
}
