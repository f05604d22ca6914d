// Command escale-bench measures Escale's speed and size: ratios within one run on one machine, never times. Whatever is
// compared runs in turn with its yardstick, in short rounds, and the median counts.
//
// With -load it puts a hub in a process of its own under the load of many devices, whose change-sets are sealed, signed
// and chained as laptops do it, and lets a newcomer read all of them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"escale/schema/pack"
)

// limit ends a run that hangs.
const limit = 15 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "escale-bench:", err)
		}
		os.Exit(1)
	}
}

type settings struct {
	json, only, pack, dir, hub string

	load    bool
	size    size
	program string
}

func parse(args []string, stderr io.Writer) (s settings, err error) {
	flags := flag.NewFlagSet("escale-bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.json, "json", "", "write the figures to this `file` as JSON")
	flags.StringVar(&s.only, "only", "", "measure only this: "+strings.Join(names(), ", "))
	flags.StringVar(&s.pack, "pack", "schema/pack/starter", "form pack: a `folder` of sheets")
	flags.StringVar(&s.dir, "dir", "", "measure on the disk of this `folder`")
	flags.StringVar(&s.hub, "hub", "", "serve the hub in this `folder` until the input ends, then print the memory that it took")
	flags.BoolVar(&s.load, "load", false, "measure one hub under the load of many devices instead")
	flags.IntVar(&s.size.devices, "devices", 120, "`number` of devices of the load")
	flags.IntVar(&s.size.sets, "changesets", 30_000, "`number` of change-sets of the load")
	flags.IntVar(&s.size.deltas, "deltas", 100, "`number` of deltas in each change-set of the load")
	flags.StringVar(&s.program, "program", "bin/escale-hub", "the `hub` to put under load")
	return s, flags.Parse(args)
}

// bench is what every measurement is given.
type bench struct {
	ctx    context.Context
	dir    string // of its own, empty
	source *pack.Source
	out    *result
}

// measurement is one entry of the list; it may add several figures.
type measurement struct {
	name string
	run  func(*bench) error
}

func measurements() []measurement {
	return []measurement{
		{"push_1000", func(b *bench) error { return b.push(1000, 0.5) }},
		{"push_20", func(b *bench) error { return b.push(20, 0.25) }},
		{"wire_new_one", (*bench).wireNewOne},
		{"wire_extra_compartment", (*bench).wireExtraCompartment},
		{"wire_edit", (*bench).wireEdit},
		{"noop", (*bench).noop},
		{"save_one", (*bench).saveOne},
		{"unlock_20000", (*bench).unlock},
		{"hub_memory", (*bench).hubMemory},
		{"rewrap", (*bench).rewrap},
	}
}

func names() (out []string) {
	for _, m := range measurements() {
		out = append(out, m.name)
	}
	return out
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (err error) {
	set, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if set.hub != "" {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return serveForMemory(ctx, set.hub, stdin, stdout)
	}
	source, err := pack.Build(os.DirFS(set.pack))
	if err != nil {
		return fmt.Errorf("form pack: %w", err)
	}
	dir, err := os.MkdirTemp(set.dir, "escale-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	out := &result{}
	if err := set.measure(ctx, source, dir, out, stdout, stderr); err != nil {
		return err
	}
	if set.json != "" {
		err = errors.Join(err, writeJSON(set.json, out))
	}
	if missed := out.missed(); len(missed) > 0 {
		_, e := fmt.Fprintf(stdout, "\nnot met: %s\n", strings.Join(missed, ", "))
		err = errors.Join(err, e)
	}
	return err
}

// measure fills the result and prints it.
func (set settings) measure(ctx context.Context, source *pack.Source, dir string, out *result, stdout, stderr io.Writer) error {
	if set.load {
		if err := runLoad(ctx, set, source, dir, out, stderr); err != nil {
			return err
		}
		return out.table(stdout)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	found := false
	for _, m := range measurements() {
		if set.only != "" && set.only != m.name {
			continue
		}
		found = true
		begun := time.Now()
		sub, err := os.MkdirTemp(dir, m.name+"-")
		if err != nil {
			return err
		}
		if err := m.run(&bench{ctx: ctx, dir: sub, source: source, out: out}); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		if err := os.RemoveAll(sub); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(stderr, "%s: %.1f s\n", m.name, time.Since(begun).Seconds()); err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("no measurement is called %q; there are %s", set.only, strings.Join(names(), ", "))
	}
	return out.table(stdout)
}

func writeJSON(path string, out *result) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(out.json(f), f.Close())
}
