package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"escale/cmd/escale-hub/text"
)

// program is one call of the command.
type program struct {
	stdout, stderr io.Writer
	say            *text.Catalogue

	json  bool
	data  string
	wrote bool // a JSON document is on stdout
}

// run carries out one command line and returns its exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{stdout: stdout, stderr: stderr}
	var err error
	if p.say, err = text.New(language(args)); err == nil {
		root := p.root()
		root.SetArgs(args)
		root.SetIn(stdin)
		root.SetOut(stdout)
		root.SetErr(stderr)
		err = root.ExecuteContext(ctx)
	}
	return p.exit(err)
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
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			return v
		}
	}
	return ""
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use: "escale-hub", Short: p.say.Say("root_short", nil), Long: p.say.Say("root_long", nil),
		SilenceUsage: true, SilenceErrors: true, Args: cobra.NoArgs,
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	flags := root.PersistentFlags()
	flags.BoolVar(&p.json, "json", false, p.say.Say("flag_json", nil))
	flags.StringVar(&p.data, "data", "", p.say.Say("flag_data", nil))
	flags.String("lang", "", p.say.Say("flag_lang", nil))
	root.AddCommand(p.initCommand(), p.serveCommand(), p.statusCommand(), p.verifyCommand(), p.backupCommand(), p.restoreCommand())
	return root
}

// act runs a command that needs the data folder, and marks its errors as more than a wrong use.
func (p *program) act(f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		if p.data == "" {
			return fmt.Errorf("--data DIR")
		}
		if err := f(c.Context(), args); err != nil {
			return &ranError{err}
		}
		return nil
	}
}

// print writes a result: one JSON document, or a sentence.
func (p *program) print(doc any, id string, v text.Values) error {
	if p.json {
		p.wrote = true
		if err := json.NewEncoder(p.stdout).Encode(doc); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
		return nil
	}
	if _, err := fmt.Fprintln(p.stdout, p.say.Say(id, v)); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}
