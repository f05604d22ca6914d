package replica

import (
	"context"
	"errors"
	"fmt"

	"escale/schema"
	"escale/sync/wire"
)

// pull reads the readable scopes among the wanted to the end of their logs.
func (r *Replica) pull(ctx context.Context, wanted map[schema.Scope]bool, rep *Report) error {
	own := false
	for {
		scopes, _, err := r.store.Local(ctx)
		if err != nil {
			return err
		}
		ask := wire.PullAsk{Own: own}
		for _, s := range scopes {
			if wanted[s.Scope] {
				ask.Cursors = append(ask.Cursors, wire.Cursor{Scope: s.Scope, Number: s.Number, Running: s.Running})
			}
		}
		if len(ask.Cursors) == 0 {
			return nil
		}
		rep.RoundTrips++
		reply, err := r.transport.Pull(ctx, ask)
		if err != nil {
			return fmt.Errorf("pull: %w", err)
		}
		again, err := r.take(ctx, &reply, rep)
		switch {
		case errors.Is(err, ErrRestored) && !own:
			if err := r.store.Restart(ctx); err != nil {
				return err
			}
			own, again = true, true
		case err != nil:
			return err
		}
		if !again {
			return nil
		}
	}
}

// take stores one reply; again says that there is more to ask for.
func (r *Replica) take(ctx context.Context, reply *wire.PullReply, rep *Report) (again bool, err error) {
	for _, page := range reply.Scopes {
		if page.Reset {
			if err := r.store.ResetCursor(ctx, page.Scope); err != nil {
				return false, err
			}
			again = true
		}
		if len(page.Items) == 0 {
			continue
		}
		if err := r.store.Receive(ctx, page); err != nil {
			return false, err
		}
		rep.Pulled += len(page.Items)
		r.progress(StepPull, rep.Pulled, 0)
	}
	return again || reply.More, nil
}
