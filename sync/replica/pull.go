package replica

import (
	"context"
	"errors"
	"fmt"

	"escale/sync/wire"
)

// pull reads every readable scope to the end of its log.
func (r *Replica) pull(ctx context.Context, rep *Report) error {
	own := false
	for {
		scopes, _, err := r.store.Local(ctx)
		if err != nil || len(scopes) == 0 {
			return err
		}
		ask := wire.PullAsk{Own: own}
		for _, s := range scopes {
			ask.Cursors = append(ask.Cursors, wire.Cursor{Scope: s.Scope, Number: s.Number, Running: s.Running})
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
			continue
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
