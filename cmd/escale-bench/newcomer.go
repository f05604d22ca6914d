package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"escale/clients/profile"
	"escale/store/agentdb"
	"escale/store/bare"
	"escale/sync/replica"
)

// readTarget is how many records a newcomer should read, of those that bare inserts of the same rows would keep.
const readTarget = 0.4

// newcomer reads everything as the first exchange of a laptop that was just enrolled does: it follows the ledger, takes its
// keys, verifies, opens and keeps every change-set, and ends when both digests agree.
func (l *load) newcomer(*program) (err error) {
	f := l.fresh
	if err := f.unlock(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.p.Close()) }()
	if err := f.connect(); err != nil {
		return err
	}
	defer f.hub.Close()
	next := time.Now().Add(time.Second)
	var said error
	progress := func(step replica.Step, done, _ int) {
		if step == replica.StepPull && time.Now().After(next) {
			next = time.Now().Add(5 * time.Second)
			said = errors.Join(said, l.say("newcomer has read %d of %d change-sets", done, l.size.sets))
		}
	}
	begun := time.Now()
	rep, err := replica.New(profile.Exchange{Profile: f.p, Blobs: f.hub}, f.hub, progress).Run(l.ctx)
	took := time.Since(begun)
	if err = errors.Join(err, said); err != nil {
		return fmt.Errorf("newcomer: %w", err)
	}
	if !rep.Synced || rep.Received < l.size.sets {
		return fmt.Errorf("newcomer: %d change-sets came, synced %v", rep.Received, rep.Synced)
	}
	sum, err := f.p.Summary(l.ctx)
	if err != nil {
		return err
	}
	if sum.Waiting > 0 || sum.Quarantined > 0 {
		return fmt.Errorf("newcomer: %d change-sets could not be opened, %d do not count", sum.Waiting, sum.Quarantined)
	}
	l.cold = took
	return l.say("newcomer holds everything after %.1f s", took.Seconds())
}

// ratioOfRows keeps the newcomer's rows once more in a file of the same tables, as bare inserts, and compares.
func (l *load) ratioOfRows() (err error) {
	from, err := agentdb.Open(l.ctx, l.fresh.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := bare.OpenAgent(l.ctx, filepath.Join(l.dir, "bare-agent.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	c := copier{ctx: l.ctx, from: from, to: to}
	if err := c.run(); err != nil {
		return fmt.Errorf("bare rows: %w", err)
	}
	records := float64(c.parts)
	l.out.tell("load_cold_pull", records/l.cold.Seconds(), fmt.Sprintf("records a second, %d records in %.1f s", c.parts, l.cold.Seconds()))
	l.out.tell("load_bare_rows", records/c.took.Seconds(), "records a second, bare inserts of the same rows")
	l.out.add("load_cold_pull_ratio", c.took.Seconds()/l.cold.Seconds(), "× bare inserts of the same rows", atLeast(readTarget))
	return nil
}

// copier carries the rows of one agent's file into another; the clock runs for the inserts alone.
type copier struct {
	ctx   context.Context
	from  *agentdb.DB
	to    *bare.Agent
	parts int
	took  time.Duration
	batch bare.AgentRows
	bytes int
}

// run copies change-sets and parts side by side, as much in one transaction as one page of a pull brings.
func (c *copier) run() error {
	err := c.from.Update(c.ctx, func(tx *agentdb.Tx) error {
		return tx.Sets(func(s agentdb.Set) error {
			raw, err := tx.Raw(s.ID)
			if err != nil {
				return err
			}
			c.batch.Sets = append(c.batch.Sets, bare.AgentSet{Set: s, Raw: raw})
			return c.add(len(raw))
		})
	})
	if err != nil {
		return err
	}
	err = c.from.Update(c.ctx, func(tx *agentdb.Tx) error {
		return tx.Parts(func(p agentdb.Part) error {
			c.parts++
			c.batch.Parts = append(c.batch.Parts, p)
			return c.add(len(p.Sealed))
		})
	})
	return errors.Join(err, c.flush())
}

// pageBytes is about what one transaction of a newcomer keeps.
const pageBytes = 4 << 20

func (c *copier) add(n int) error {
	if c.bytes += n; c.bytes < pageBytes {
		return nil
	}
	return c.flush()
}

func (c *copier) flush() error {
	begun := time.Now()
	if err := c.to.Add(c.ctx, &c.batch); err != nil {
		return err
	}
	c.took += time.Since(begun)
	c.batch, c.bytes = bare.AgentRows{}, 0
	return nil
}
