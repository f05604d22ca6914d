package replica

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"escale/schema"
	"escale/sync/wire"
)

// pullAll reads the wanted scopes. A laptop that never read the first of its scopes, on which the others depend, reads that
// one by itself and takes its keys before it goes on: else it would keep everything sealed and open it all afterwards.
func (r *Replica) pullAll(ctx context.Context, wanted map[schema.Scope]bool, rep *Report) (fault, err error) {
	scopes, _, err := r.store.Local(ctx)
	if err != nil {
		return nil, err
	}
	if len(scopes) > 1 && scopes[0].Number == 0 && wanted[scopes[0].Scope] {
		for _, only := range []map[schema.Scope]bool{{}, {scopes[0].Scope: true}} { // keys first, then what they open
			f, err := r.pull(ctx, only, rep)
			fault = errors.Join(fault, f)
			if err != nil {
				return fault, err
			}
			if _, err := r.store.Attend(ctx); err != nil {
				fault = errors.Join(fault, err)
			}
		}
		delete(wanted, scopes[0].Scope)
	}
	f, err := r.pull(ctx, wanted, rep)
	return errors.Join(fault, f), err
}

// pull reads the readable scopes among the wanted to the end of their logs. A log that cannot be taken is a fault; the
// other scopes go on.
func (r *Replica) pull(ctx context.Context, wanted map[schema.Scope]bool, rep *Report) (fault, err error) {
	p := puller{r: r, rep: rep, wanted: wanted, reset: map[schema.Scope]bool{}}
	for more := true; more; {
		asked, err := p.ask(ctx)
		if err != nil || len(asked.Cursors) == 0 {
			return p.fault, err
		}
		rep.RoundTrips++
		reply, err := r.transport.Pull(ctx, asked)
		if err != nil {
			return p.fault, fmt.Errorf("pull: %w", err)
		}
		if more, err = p.take(ctx, asked.Cursors, &reply); err != nil {
			return p.fault, err
		}
	}
	return p.fault, nil
}

// puller is one pull over several pages.
type puller struct {
	r      *Replica
	rep    *Report
	wanted map[schema.Scope]bool
	reset  map[schema.Scope]bool // read from the start in this pull
	own    bool                  // the own work is asked for, because not all of it is here
	fault  error
}

func (p *puller) ask(ctx context.Context) (ask wire.PullAsk, err error) {
	scopes, _, err := p.r.store.Local(ctx)
	ask.Own = p.own
	for _, s := range scopes {
		if p.wanted[s.Scope] && len(ask.Cursors) < wire.MaxRefs {
			ask.Cursors = append(ask.Cursors, wire.Cursor{Scope: s.Scope, Number: s.Number, Running: s.Running})
		}
	}
	return ask, err
}

// take stores one reply; more says that there is more to ask for. Each reply has to bring something, or the hub would
// keep this laptop asking for ever.
func (p *puller) take(ctx context.Context, asked []wire.Cursor, reply *wire.PullReply) (more bool, err error) {
	moved := false
	for i := range reply.Scopes {
		page := &reply.Scopes[i]
		if !slices.ContainsFunc(asked, func(c wire.Cursor) bool { return c.Scope == page.Scope }) {
			return false, fmt.Errorf("%w: the hub sends a scope that was not asked for", ErrDiverged)
		}
		if !p.wanted[page.Scope] {
			continue
		}
		before := p.rep.Pulled
		err := p.page(ctx, page)
		switch {
		case errors.Is(err, ErrRestored) && !p.own:
			p.own = true
			return true, p.r.store.Restart(ctx)
		case ctx.Err() != nil:
			return false, ctx.Err()
		case err != nil:
			p.rep.catch(err)
			p.fault = errors.Join(p.fault, err)
			delete(p.wanted, page.Scope)
		}
		moved = moved || page.Reset || p.rep.Pulled > before || err != nil
	}
	return reply.More && moved, nil
}

// page stores one scope's run of the log.
func (p *puller) page(ctx context.Context, page *wire.ScopePage) error {
	if page.Reset {
		if p.reset[page.Scope] {
			return fmt.Errorf("%w: the hub's log does not fit what it sent before", ErrDiverged)
		}
		p.reset[page.Scope] = true
		if err := p.r.store.ResetCursor(ctx, page.Scope); err != nil {
			return err
		}
	}
	if len(page.Items) == 0 {
		return nil
	}
	if err := p.r.store.Receive(ctx, *page); err != nil {
		return err
	}
	p.rep.Pulled += len(page.Items)
	for _, item := range page.Items {
		if len(item.Raw) > 0 {
			p.rep.Received++
		}
	}
	p.r.progress(StepPull, p.rep.Pulled, 0)
	return nil
}
