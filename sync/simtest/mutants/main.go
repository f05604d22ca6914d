package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		if _, err := fmt.Fprintln(os.Stderr, "mutants:", err); err != nil {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	only  string
	json  string
	check bool
	near  bool
	limit time.Duration
	seeds int
}

func parseOptions(args []string) (o options, err error) {
	f := flag.NewFlagSet("mutants", flag.ContinueOnError)
	f.StringVar(&o.only, "only", "", "try only mutants of this `name`, which may hold * for any letters")
	f.BoolVar(&o.near, "near", false, "run only the nearest tests of each: a quick look")
	f.StringVar(&o.json, "json", "", "write what became of each to this `file` too")
	f.BoolVar(&o.check, "check", false, "only tell whether each old text still occurs once")
	f.DurationVar(&o.limit, "limit", 2*time.Minute, "how long the tests of one folder may take")
	f.IntVar(&o.seeds, "seeds", 50, "how many `lives` the simulation draws")
	err = f.Parse(args)
	if err == nil && f.NArg() > 0 {
		err = fmt.Errorf("%q is no option", f.Arg(0))
	}
	return o, err
}

func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	l, err := parse(shipped)
	if err != nil {
		return err
	}
	if err := l.fresh(root); err != nil {
		return err
	}
	if o.check {
		_, err := fmt.Fprintf(out, "%d mutants, each where the list says\n", len(l.Mutants))
		return err
	}
	if l.Mutants, err = chosen(l.Mutants, o.only); err != nil {
		return err
	}
	return try(ctx, root, l, o, out)
}

func chosen(all []mutant, only string) (out []mutant, err error) {
	if only == "" {
		return all, nil
	}
	for _, m := range all {
		fits, err := path.Match(only, m.Name)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", only, err)
		}
		if fits {
			out = append(out, m)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: none is called %q", errList, only)
	}
	return out, nil
}

// moduleRoot is the nearest folder above that has a go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("not inside a module")
		}
		dir = up
	}
	return "", err
}

// report is what a whole run comes to.
type report struct {
	Mutants  []verdict `json:"mutants"`
	Caught   int       `json:"caught"`
	Survived int       `json:"survived"`
	Unclear  int       `json:"unclear"`
	Seconds  float64   `json:"seconds"`
}

func (r *report) add(v verdict) {
	r.Mutants = append(r.Mutants, v)
	switch v.Result {
	case caught:
		r.Caught++
	case survived:
		r.Survived++
	default:
		r.Unclear++
	}
}

// try goes through the list and closes with its figures. It fails unless all were caught.
func try(ctx context.Context, root string, l *list, o options, out io.Writer) (err error) {
	work, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	r := runner{root: root, work: work, limit: o.limit, seeds: o.seeds, whole: map[step]whole{}}
	rep, start := report{Mutants: []verdict{}}, time.Now()
	p := printer{out: out}
	for i := range l.Mutants {
		m := &l.Mutants[i]
		p.printf("[%*d/%d] %-34s ", digits(len(l.Mutants)), i+1, len(l.Mutants), m.Name)
		steps := l.steps(m)
		if o.near {
			steps = steps[:1]
		}
		v := r.try(ctx, m, steps)
		if ctx.Err() != nil {
			p.printf("stopped\n")
			break
		}
		rep.add(v)
		p.verdict(m, v)
	}
	rep.Seconds = time.Since(start).Seconds()
	if rep.Unclear > 0 {
		p.printf("%d unclear\n", rep.Unclear)
	}
	p.printf("%d caught, %d survived\n", rep.Caught, rep.Survived)
	return errors.Join(p.err, keep(o.json, &rep), rep.fault(ctx, len(l.Mutants)))
}

func (r *report) fault(ctx context.Context, all int) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("stopped after %d of %d", len(r.Mutants), all)
	case r.Survived > 0 || r.Unclear > 0:
		return fmt.Errorf("%d of %d were not caught", r.Survived+r.Unclear, all)
	}
	return nil
}

func keep(file string, rep *report) error {
	if file == "" {
		return nil
	}
	b, err := json.MarshalIndent(rep, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}

func digits(n int) int { return len(fmt.Sprint(n)) }

// printer remembers the first failure to print.
type printer struct {
	out io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(p.out, format, args...); err != nil && p.err == nil {
		p.err = err
	}
}

func (p *printer) verdict(m *mutant, v verdict) {
	switch {
	case v.Result == caught && v.Timeout:
		p.printf("caught by timeout  %s  %.1f s\n", v.By, v.Seconds)
	case v.Result == caught:
		p.printf("caught  %s  %.1f s\n", v.By, v.Seconds)
	case v.Result == survived:
		p.printf("SURVIVED  %.1f s\n        %s: %q -> %q\n        %s\n", v.Seconds, m.File, m.Old, m.New, m.Why)
	default:
		p.printf("unclear  %s  %.1f s\n", v.Error, v.Seconds)
	}
}
