// Command escale-demo plays the four-port story with real processes, real TLS and real files, and judges it: nothing
// acknowledged is lost, the hub cannot read a word, everybody agrees. All people in it are invented.
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
	"path/filepath"
	"syscall"
	"time"

	"escale/cmd/escale-demo/people"
	"escale/schema/pack"
)

// limit ends a demonstration that hangs.
const limit = 10 * time.Minute

var errBroken = errors.New("a promise was broken, see above")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "escale-demo:", err)
		}
		os.Exit(1)
	}
}

type settings struct {
	json, keep, pack string
	seed             uint64
	records          int
	verbose          bool
}

func parse(args []string, stderr io.Writer) (s settings, err error) {
	flags := flag.NewFlagSet("escale-demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.json, "json", "", "write the result to this `file` as JSON")
	flags.StringVar(&s.keep, "keep", "", "keep everything in this `folder`, which must not exist yet")
	flags.StringVar(&s.pack, "pack", "schema/pack/starter", "form pack: a `folder` of sheets or a file")
	flags.Uint64Var(&s.seed, "seed", 1, "draw other people")
	flags.IntVar(&s.records, "records", 400, "how many records are captured")
	flags.BoolVar(&s.verbose, "v", false, "print every command with its duration")
	return s, flags.Parse(args)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	set, err := parse(args, stderr)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	started := time.Now()
	p, err := prepare(ctx, set, stdout, stderr, started)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.cleanUp(set.keep != "")) }()
	for _, act := range p.acts() {
		if err := act(); err != nil {
			return err
		}
	}
	p.account()
	p.outcome.Seconds = time.Since(started).Seconds()
	if err := p.tell(stdout, set); err != nil {
		return err
	}
	if !p.outcome.kept() {
		return errBroken
	}
	return nil
}

func prepare(ctx context.Context, set settings, stdout, stderr io.Writer, started time.Time) (*play, error) {
	source, err := readPack(set.pack)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dir, err := folder(set.keep)
	if err != nil {
		return nil, err
	}
	packPath, err := filepath.Abs(set.pack)
	if err != nil {
		return nil, err
	}
	s := &stage{ctx: ctx, dir: dir, bin: filepath.Dir(self), pack: packPath, verbose: io.Discard}
	if set.verbose {
		s.verbose = stderr
	}
	if s.line, err = newLine(ctx); err != nil {
		return nil, err
	}
	p := &play{stage: s, source: source, plan: people.DefaultPlan(), acks: map[string]acked{}, sent: map[string]sent{}, read: readings{}, keys: readings{}}
	p.say = func(format string, args ...any) error {
		_, err := fmt.Fprintf(stdout, "%5.1fs  "+format+"\n", append([]any{time.Since(started).Seconds()}, args...)...)
		return err
	}
	if p.story, err = people.Generate(source, p.plan, set.seed, set.records); err != nil {
		return nil, err
	}
	p.seats()
	return p, s.passphrase()
}

func readPack(path string) (*pack.Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return pack.Build(os.DirFS(path))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	source, err := pack.ReadFile(f)
	return source, errors.Join(err, f.Close())
}

func folder(keep string) (string, error) {
	if keep == "" {
		return os.MkdirTemp("", "escale-demo-")
	}
	if err := os.Mkdir(keep, 0o700); err != nil {
		return "", err
	}
	return filepath.Abs(keep)
}

func (p *play) cleanUp(keep bool) error {
	var errs []error
	if p.hub != nil {
		select {
		case err := <-p.hub.done:
			p.hub.done <- err // it ended already, as the story wanted
		default:
			errs = append(errs, p.hub.stop(syscall.SIGKILL))
		}
	}
	errs = append(errs, p.line.close())
	if !keep {
		errs = append(errs, os.RemoveAll(p.dir))
	}
	return errors.Join(errs...)
}

func (p *play) tell(stdout io.Writer, set settings) error {
	if _, err := fmt.Fprintln(stdout); err != nil {
		return err
	}
	if err := p.outcome.print(stdout); err != nil {
		return err
	}
	if set.keep != "" {
		if _, err := fmt.Fprintf(stdout, "\neverything is kept in %s; the passphrase of all laptops is in the file passphrase\n", p.dir); err != nil {
			return err
		}
	}
	if set.json == "" {
		return nil
	}
	b, err := json.MarshalIndent(p.outcome, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(set.json, append(b, '\n'), 0o644)
}
