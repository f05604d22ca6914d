package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"escale/clients/home"
	"escale/clients/text"
	"escale/cmd/escale/term"
	"escale/crypto/vault"
)

// program is one call of the command.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	clock          func() time.Time
	rand           io.Reader
	say            *text.Printer
	term           *term.Terminal

	json           bool
	home           string
	profile        int
	passphraseFile string
	kdfMemory      uint

	command string // the words of the command that runs, for telling how to use it
	wrote   bool   // a JSON document is on stdout
}

// run carries out one command line and returns its exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{stdin: stdin, stdout: stdout, stderr: stderr, getenv: os.Getenv, clock: time.Now, rand: rand.Reader,
		term: term.New(stdin, stderr), json: wantsJSON(args)}
	lang, err := text.Negotiate(language(args), p.getenv)
	p.say = text.New(lang)
	if err != nil {
		err = about(err, "lang", language(args))
	} else {
		err = p.execute(ctx, args)
	}
	if ctx.Err() != nil && err != nil {
		err = errors.Join(errInterrupted, err)
	}
	return p.exit(err)
}

func (p *program) execute(ctx context.Context, args []string) error {
	root := p.root()
	root.SetArgs(args)
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	c, err := root.ExecuteContextC(ctx)
	p.command = c.CommandPath()
	return err
}

// language must be known before the flags are read: their help is in it.
func language(args []string) string {
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "--lang="); ok {
			return v
		}
		if a == "--lang" && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}

// wantsJSON must be known before the flags are read: their errors are told in it.
func wantsJSON(args []string) bool {
	for _, a := range args {
		if a == "--" {
			return false
		}
		if a == "--json" || a == "--json=true" {
			return true
		}
	}
	return false
}

func (p *program) root() *cobra.Command {
	root := p.group("", "escale")
	flags := root.PersistentFlags()
	flags.BoolVar(&p.json, "json", p.json, p.say.S(text.FlagJson))
	flags.StringVar(&p.home, "home", "", p.say.S(text.FlagHome))
	flags.IntVar(&p.profile, "profile", 0, p.say.S(text.FlagProfile))
	flags.StringVar(&p.passphraseFile, "passphrase-file", "", p.say.S(text.FlagPassphraseFile))
	flags.String("lang", "", p.say.S(text.FlagLang))
	flags.BoolP("help", "h", false, p.say.S(text.FlagHelp))
	root.SetHelpFunc(p.help)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return flagError(err) })
	root.SetHelpCommand(p.helpCommand())
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(p.orgCommand(), p.joinCommand(), p.recordCommand(), p.conflictsCommand(), p.resolveCommand(), p.formCommand(), p.syncCommand(),
		p.exportCommand(), p.statusCommand(), p.lockCommand(), p.passwdCommand(), p.wipeCommand(), p.verifyCommand(),
		p.quarantineCommand(), p.auditCommand(), p.keyCommand(), p.eraseCommand(), p.uiCommand())
	return root
}

// group is a command that only holds others: named alone, it shows its help; with an unknown word, it is wrongly used.
func (p *program) group(words, name string, children ...*cobra.Command) *cobra.Command {
	key := text.ForCommand(words)
	if words == "" {
		key = text.HelpEscale
	}
	c := &cobra.Command{Use: name, Short: p.say.S(key), Args: cobra.NoArgs, SilenceUsage: true, SilenceErrors: true,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(children...)
	return c
}

// leaf is a command that does something. words are its name with those of its groups.
func (p *program) leaf(words, arguments string, args cobra.PositionalArgs, act func(ctx context.Context, args []string) error) *cobra.Command {
	name := words[strings.LastIndexByte(words, ' ')+1:]
	c := &cobra.Command{Use: strings.TrimSpace(name + " " + arguments), Short: p.say.S(text.ForCommand(words)), Args: args,
		SilenceUsage: true, SilenceErrors: true}
	c.RunE = func(c *cobra.Command, args []string) error {
		p.command = c.CommandPath()
		if err := act(c.Context(), args); err != nil {
			return &ranError{err}
		}
		return nil
	}
	return c
}

// ranError is an error of a command line that was understood.
type ranError struct{ error }

func (e *ranError) Unwrap() error { return e.error }

// flagError keeps the name of a flag and drops what was typed for it.
func flagError(err error) error {
	var bad *pflag.InvalidValueError
	var lacks *pflag.ValueRequiredError
	switch {
	case errors.As(err, &bad):
		return &wrongUse{text.ErrBadFlag, "--" + bad.GetFlag().Name}
	case errors.As(err, &lacks):
		return &wrongUse{text.ErrMissingFlag, "--" + lacks.GetSpecifiedName()}
	}
	return errUsage
}

// openHome returns the client's folder.
func (p *program) openHome() (*home.Home, error) {
	dir := p.home
	if dir == "" {
		dir = p.getenv("ESCALE_HOME")
	}
	if dir == "" {
		base, err := os.UserConfigDir()
		if err != nil {
			return nil, missing("--home")
		}
		dir = filepath.Join(base, "escale")
	}
	p.home = dir
	params := vault.Default()
	if p.kdfMemory != 0 {
		if p.kdfMemory < vault.MinMemoryKiB>>10 || p.kdfMemory > vault.MaxMemoryKiB>>10 {
			return nil, &wrongUse{text.ErrBadFlag, "--kdf-memory"}
		}
		params.MemoryKiB = uint32(p.kdfMemory) << 10
	}
	return &home.Home{Dir: dir, Params: params, Clock: p.clock, Rand: p.rand}, nil
}

// number is the profile that a command is about: the one named, the only one, or the first.
func (p *program) number(h *home.Home) (int, error) {
	if p.profile < 0 {
		return 0, &wrongUse{text.ErrBadFlag, "--profile"}
	}
	if p.profile > 0 {
		return p.profile, nil
	}
	all, err := h.Profiles()
	if err != nil {
		return 0, err
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return 1, nil
}
