// Command escale-conformance runs the form reader, the expression language and the running form against a folder of cases:
// forms that must be refused or accepted, expressions with their values, and recorded walks through real forms. It prints
// what passed for each kind and area, and each failure in one line.
//
// It holds no case itself and judges by the files alone; what a case leaves open it does not judge.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// errFailed says that cases failed; the report has told which.
var errFailed = errors.New("cases failed")

func main() {
	err := run(os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, errFailed):
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, "escale-conformance:", err)
		os.Exit(2)
	}
}

// run returns errFailed when a case failed and the caller asked for all to pass.
func run(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("escale-conformance", flag.ContinueOnError)
	flags.SetOutput(stderr)
	out := flags.String("json", "", "write the totals to this file")
	profile := flags.String("profile", "core", "count only cases of this profile")
	strict := flags.Bool("strict", false, "fail when a case fails")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("name one folder of cases")
	}
	r := newReport()
	dir := flags.Arg(0)
	for _, kind := range []struct {
		name string
		run  func(dir, profile string, t *tally) error
	}{{"reject", runReject}, {"accept", runAccept}, {"expressions", runExpressions}, {"walks", runWalks}} {
		if err := kind.run(dir, *profile, r.kind(kind.name)); err != nil {
			return fmt.Errorf("%s: %w", kind.name, err)
		}
	}
	if err := r.print(stdout); err != nil {
		return err
	}
	if err := r.write(*out); err != nil {
		return err
	}
	if *strict && r.failed() {
		return errFailed
	}
	return nil
}

// readJSON decodes a file of the folder. A folder need not hold every kind of cases: a file that is missing changes nothing.
func readJSON(dir, name string, into any) error {
	data, err := os.ReadFile(filepath.Join(dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read cases: %w", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
