package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	"escale/cmd/escale-hub/serve"
	"escale/cmd/escale-hub/text"
	"escale/store/migrate"
	"escale/sync/hub"
)

// Exit codes.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitDiverged = 3
	exitLocked   = 4
)

// Wrong uses that a sentence of their own explains.
var (
	errOrg      = errors.New("--org is not an organisation")
	errPostgres = errors.New("PostgreSQL is not in this release")
	errStore    = errors.New("unknown store")
	errDiverged = errors.New("checks failed") // told already
)

// ranError is an error of a command that was well used.
type ranError struct{ error }

func (e *ranError) Unwrap() error { return e.error }

// failure is what to say of an error, and with which exit code to end.
type failure struct {
	err  error
	say  string
	code int
}

func failures() []failure {
	return []failure{
		{errOrg, "err_org", exitUsage},
		{errPostgres, "err_postgres", exitUsage},
		{errStore, "err_store", exitUsage},
		{serve.ErrOps, "err_ops", exitUsage},
		{serve.ErrInUse, "err_in_use", exitLocked},
		{serve.ErrKeyFile, "err_key", exitLocked},
		{serve.ErrExists, "err_exists", exitFailed},
		{serve.ErrNotEmpty, "err_not_empty", exitFailed},
		{serve.ErrTaken, "err_backup_exists", exitFailed},
		{migrate.ErrNewer, "err_newer", exitFailed},
		{hub.ErrFull, "err_full", exitFailed},
		{serve.ErrBackup, "err_backup_bad", exitFailed},
		{serve.ErrMissing, "err_missing", exitFailed},
		{serve.ErrListen, "err_listen", exitFailed},
		{hub.ErrReadOnly, "err_read_only", exitLocked},
		{fs.ErrPermission, "err_permission", exitLocked},
		{syscall.EROFS, "err_read_only", exitLocked},
		{syscall.ENOSPC, "err_full", exitFailed},
		{syscall.EDQUOT, "err_full", exitFailed},
		{syscall.EFBIG, "err_full", exitFailed},
	}
}

// exit says what went wrong, if anything did, and returns the exit code.
func (p *program) exit(err error) int {
	var ran *ranError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errDiverged):
		return exitDiverged
	case !errors.As(err, &ran):
		return p.tell("err_usage", text.Values{"Detail": err.Error()}, exitUsage)
	}
	values := text.Values{
		"Data": p.data, "KeyFile": filepath.Join(p.data, serve.KeyFile), "Detail": err.Error(), "File": "", "Addr": "",
	}
	var at *atError
	if errors.As(err, &at) {
		values["File"], values["Addr"] = at.place, at.place
	}
	for _, f := range failures() {
		if errors.Is(err, f.err) {
			return p.tell(f.say, values, f.code)
		}
	}
	return p.tell("err_failed", values, exitFailed)
}

// atError adds the file or the address that the operator named.
type atError struct {
	place string
	error
}

func (e *atError) Unwrap() error { return e.error }

func at(place string, err error) error {
	if err == nil {
		return nil
	}
	return &atError{place, err}
}

func (p *program) tell(id string, v text.Values, code int) int {
	sentence := p.say.Say(id, v)
	if _, err := fmt.Fprintln(p.stderr, sentence); err != nil {
		return code // nobody listens
	}
	if p.json && !p.wrote {
		if err := json.NewEncoder(p.stdout).Encode(map[string]string{"error": id, "text": sentence}); err != nil {
			return code
		}
	}
	return code
}
