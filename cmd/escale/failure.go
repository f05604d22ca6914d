package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"syscall"

	"escale/clients/caption"
	"escale/clients/dpo"
	"escale/clients/field"
	"escale/clients/home"
	"escale/clients/hubclient"
	"escale/clients/office"
	"escale/clients/profile"
	"escale/clients/text"
	"escale/cmd/escale/term"
	"escale/crypto/custody"
	"escale/crypto/invite"
	"escale/crypto/ledger"
	"escale/crypto/vault"
	"escale/schema/form"
	"escale/schema/pack"
	"escale/store/agentdb"
	"escale/store/audit"
	"escale/store/migrate"
	"escale/sync/horizon"
	"escale/sync/merge"
	"escale/sync/replica"
	"escale/sync/wire"
)

// Exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitPerson      = 3
	exitLocked      = 4
	exitUnreachable = 5
)

// Errors of the command line itself.
var (
	errUsage       = errors.New("wrong use")
	errInterrupted = errors.New("interrupted")
	errNoHub       = errors.New("the hub is not known yet")
	errDiffer      = errors.New("the passphrases differ")
	errNoFile      = errors.New("file is missing")
	errBadFile     = errors.New("file cannot be read")
	errForms       = errors.New("forms are not valid")
	errFileExists  = errors.New("file exists")
	errNoConflict  = errors.New("no such conflict")
	errNoOrder     = errors.New("no such order")
	errNoRequest   = errors.New("no such request")
	errOtherInvite = errors.New("this profile has another invitation")
	errWaiting     = errors.New("waiting for approval")
	errStopped     = errors.New("stopped by the user")
	errNotAside    = errors.New("no such quarantined change-set")
	// errNotConfirmed: the word before an order that cannot be taken back was not typed.
	errNotConfirmed = errors.New("not confirmed")
)

// wrongUse is a flag that is missing or cannot be used; what was typed is not in it.
type wrongUse struct {
	key  text.Key
	flag string
}

func (w *wrongUse) Error() string { return string(w.key) + " " + w.flag }

func missing(flag string) error { return &wrongUse{text.ErrMissingFlag, flag} }

// aboutError adds what a sentence shows.
type aboutError struct {
	error
	values map[string]any
}

func (e *aboutError) Unwrap() error { return e.error }

// about adds name, value pairs to an error.
func about(err error, pairs ...any) error {
	if err == nil {
		return nil
	}
	v := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return &aboutError{err, v}
}

func valuesOf(err error) map[string]any {
	out := map[string]any{}
	for e := err; e != nil; {
		var a *aboutError
		if !errors.As(e, &a) {
			break
		}
		inner := maps.Clone(a.values)
		maps.Copy(inner, out) // what was said nearer to the command holds
		out, e = inner, a.error
	}
	if errors.Is(err, profile.ErrScopeClosed) {
		out["part"], out["roles"] = "?", "?" // not a record's part: the directory's or the roster's
	}
	return out
}

// toldError ends a command that has already said everything.
type toldError struct{ code int }

func (e *toldError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// refused reports whether a command was not permitted, which the log notes.
func refused(err error) bool {
	return errors.Is(err, profile.ErrNotPermitted) || errors.Is(err, field.ErrReadOnly) || errors.Is(err, dpo.ErrNotOfficer) || errors.Is(err, office.ErrNotPermitted) || lockedOut(err)
}

// lockedOut reports a laptop that may only exchange.
func lockedOut(err error) bool {
	return errors.Is(err, profile.ErrRevoked) || errors.Is(err, profile.ErrContractEnded) || errors.Is(err, profile.ErrLeaseLapsed)
}

// failure is what to say of an error, and with which exit code to end.
type failure struct {
	err  error
	key  text.Key
	code int
}

// failures are the errors that have a sentence, the telling ones first.
func failures() []failure {
	return slices.Concat(custodyFailures(), laptopFailures(), hubFailures(), workFailures())
}

func custodyFailures() []failure {
	wrong := &custody.WrongShareError{}
	return []failure{
		{dpo.ErrNothingToErase, text.ErrNothingToErase, exitFailed},
		{dpo.ErrNoReader, text.ErrNoReader, exitPerson},
		{dpo.ErrNoErasure, text.ErrNoErasure, exitUsage},
		{dpo.ErrCall, text.ErrCallDamaged, exitUsage},
		{wrong, text.ErrShareWrong, exitPerson},
		{custody.ErrShare, text.ErrShareDamaged, exitPerson},
		{custody.ErrTooFew, text.ErrSharesFew, exitPerson},
		{custody.ErrPolicy, text.ErrSharePolicy, exitUsage},
		{profile.ErrNoShare, text.ErrNoShare, exitLocked},
	}
}

func laptopFailures() []failure {
	return []failure{
		{profile.ErrRevoked, text.ErrRevoked, exitLocked},
		{profile.ErrContractEnded, text.ErrContractEnded, exitLocked},
		{profile.ErrLeaseLapsed, text.ErrLeaseLapsed, exitLocked},
		{errInterrupted, text.ErrInterrupted, exitFailed},
		{text.ErrLanguage, text.ErrUnknownLanguage, exitUsage},
		{term.ErrNobody, text.ErrNoPassphrase, exitLocked},
		{errDiffer, text.ErrPassphrasesDiffer, exitUsage},
		{vault.ErrWrongPassphrase, text.ErrWrongPassphrase, exitLocked},
		{vault.ErrLongPassphrase, text.ErrLongPassphrase, exitUsage},
		{vault.ErrSuite, text.ErrNewerVersion, exitFailed},
		{vault.ErrDamaged, text.ErrVaultDamaged, exitFailed},
		{vault.ErrParams, text.ErrVaultDamaged, exitFailed},
		{vault.ErrOldRemains, text.LaptopPasswdOldRemains, exitPerson},
		{home.ErrNoProfile, text.ErrNotJoined, exitLocked},
		{home.ErrExists, text.ErrAlreadyJoined, exitFailed},
		{agentdb.ErrInUse, text.ErrBusy, exitLocked},
		{agentdb.ErrFull, text.ErrDiskFull, exitFailed},
		{agentdb.ErrReadOnly, text.ErrReadOnlyFolder, exitLocked},
		{agentdb.ErrDamaged, text.ErrDatabaseDamaged, exitFailed},
		{migrate.ErrNewer, text.ErrNewerVersion, exitFailed},
		{audit.ErrCut, text.AuditCut, exitPerson},
		{errNoFile, text.ErrFileMissing, exitFailed},
		{errFileExists, text.ErrFileExists, exitFailed},
		{errBadFile, text.ErrFileUnreadable, exitFailed},
		{errForms, text.ErrFormsRefused, exitFailed},
		{horizon.ErrStatement, text.ErrBackupStatement, exitFailed},
		{dpo.ErrNotWhole, text.ErrBackupStatement, exitFailed},
		{dpo.ErrForeignBackup, text.ErrBackupForeign, exitPerson},
		{dpo.ErrOtherDigest, text.ErrBackupDigest, exitPerson},
		{fs.ErrPermission, text.ErrReadOnlyFolder, exitLocked},
		{syscall.EROFS, text.ErrReadOnlyFolder, exitLocked},
		{syscall.ENOSPC, text.ErrDiskFull, exitFailed},
		{syscall.EDQUOT, text.ErrDiskFull, exitFailed},
		{syscall.EFBIG, text.ErrDiskFull, exitFailed},
	}
}

func hubFailures() []failure {
	return []failure{
		{ledger.ErrFork, text.OrgFork, exitPerson},
		{ledger.ErrRollback, text.OrgRollback, exitPerson},
		{replica.ErrDiverged, text.SyncDiverged, exitPerson},
		{replica.ErrRefused, text.ErrHubRefused, exitPerson},
		{errWaiting, text.ErrWaitingApproval, exitLocked},
		{profile.ErrNotEnrolled, text.ErrNotJoined, exitLocked},
		{errNoHub, text.ErrHubUnknown, exitUsage},
		{dpo.ErrUnfounded, text.ErrHubUnknown, exitUsage},
		{dpo.ErrNotOfficer, text.ErrNotPermitted, exitLocked},
		{dpo.ErrWaits, text.ErrOrderWaits, exitPerson},
		{dpo.ErrUnknownRole, text.ErrUnknownRole, exitUsage},
		{dpo.ErrUnknownSite, text.ErrUnknownSite, exitUsage},
		{dpo.ErrSpent, text.JoinSpent, exitPerson},
		{dpo.ErrNoDevice, text.ErrNoDevice, exitFailed},
		{dpo.ErrRevoked, text.ErrRevokedBefore, exitFailed},
		{dpo.ErrNobody, text.ErrSiteEmpty, exitFailed},
		{dpo.ErrCard, text.ErrCardDamaged, exitFailed},
		{dpo.ErrNoScope, text.ErrUnknownScope, exitUsage},
		{errNotAside, text.ErrNotAside, exitFailed},
		{errNotConfirmed, text.KeyStopped, exitFailed},
		{profile.ErrPackWrong, text.ErrPackWrong, exitPerson},
		{profile.ErrPackIncomplete, text.ErrPackIncomplete, exitPerson},
		{pack.ErrNoBundle, text.ErrUnknownSite, exitUsage},
		{errNoOrder, text.ErrNoOrder, exitFailed},
		{errNoRequest, text.ErrNoRequest, exitFailed},
		{errOtherInvite, text.ErrAlreadyJoined, exitFailed},
		{invite.ErrExpired, text.ErrInvitationExpired, exitFailed},
		{invite.ErrVersion, text.ErrNewerVersion, exitFailed},
		{invite.ErrDamaged, text.ErrInvitationDamaged, exitFailed},
		{invite.ErrInvalid, text.ErrInvitationDamaged, exitFailed},
		{invite.ErrBound, text.ErrInvitationDamaged, exitFailed},
		{hubclient.ErrWrongPin, text.ErrWrongPin, exitLocked},
		{hubclient.ErrUnreachable, text.ErrHubUnreachable, exitUnreachable},
		{hubclient.ErrProtocol, text.ErrHubRefused, exitFailed},
	}
}

func workFailures() []failure {
	return []failure{
		{field.ErrNoForm, text.ErrNoForm, exitFailed},
		{field.ErrNoRecord, text.ErrNoRecord, exitFailed},
		{field.ErrAmbiguous, text.ErrAmbiguousId, exitUsage},
		{field.ErrReadOnly, text.ErrNotPermitted, exitLocked},
		{field.ErrDeleted, text.ErrDeleted, exitFailed},
		{field.ErrNoQuery, text.ErrNoQuestion, exitFailed},
		{field.ErrWhy, text.ConflictWhyNeeded, exitUsage},
		{field.ErrLine, text.ErrImportLine, exitFailed},
		{field.ErrLongLine, text.ErrLongLine, exitFailed},
		{field.ErrEncoding, text.ErrEncoding, exitFailed},
		{office.ErrNotPermitted, text.ExportNotPermitted, exitLocked},
		{office.ErrFormat, text.ErrUnknownFormat, exitUsage},
		{office.ErrFolder, text.ErrFolderTaken, exitFailed},
		{errNoConflict, text.ErrNoConflict, exitFailed},
		{merge.ErrWidening, text.ErrWidening, exitPerson},
		{merge.ErrWriteOnce, text.ErrWrittenOnce, exitFailed},
		{merge.ErrValue, text.FormSyntax, exitFailed},
		{profile.ErrScopeClosed, text.ErrScopeClosed, exitLocked},
		{profile.ErrNotPermitted, text.ErrNotPermitted, exitLocked},
		{profile.ErrUnknownScope, text.ErrNotPermitted, exitLocked},
		{profile.ErrTooLarge, text.ErrTooLarge, exitFailed},
		{errStopped, text.LaptopWipeStopped, exitFailed},
		{context.Canceled, text.ErrInterrupted, exitFailed},
	}
}

// told is an error as a person and a machine hear it. Neither holds what somebody typed into a field.
type told struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Field   string `json:"field,omitempty"`
	exit    int
}

// tell turns an error into a sentence.
func (p *program) tell(err error) told {
	var problems form.Problems
	var one form.Problem
	var use *wrongUse
	switch {
	case errors.As(err, &problems) && len(problems) > 0:
		return p.tellProblems(err, problems)
	case errors.As(err, &one):
		return p.tellProblems(err, form.Problems{one})
	case errors.As(err, &use):
		return told{Code: codeOf(use.key), Message: p.say.S(use.key, "flag", use.flag), Field: use.flag, exit: exitUsage}
	case errors.Is(err, field.ErrNoSite):
		return p.tell(missing("--site"))
	case errors.Is(err, field.ErrNoParent):
		return p.tell(missing("--parent"))
	case errors.Is(err, field.ErrNoSibling):
		return p.tell(&wrongUse{text.ErrBadFlag, "--take"})
	case errors.Is(err, vault.ErrWeakPassphrase):
		return told{Code: codeOf(text.ErrWeakPassphrase), Message: p.say.N(text.ErrWeakPassphrase, vault.MinPassphrase), exit: exitUsage}
	}
	if t, ok := p.tellRefusal(err); ok {
		return t
	}
	return p.tellKnown(err)
}

func (p *program) tellKnown(err error) told {
	values := valuesOf(err)
	p.nameReaders(err, values)
	if _, ok := values["folder"]; !ok {
		values["folder"] = p.home
	}
	values["command"] = p.command
	for _, f := range failures() {
		if errors.Is(err, f.err) {
			t := told{Code: codeOf(f.key), exit: f.code}
			if f.key == text.SyncDiverged {
				t.Message = p.say.N(f.key, 1)
			} else {
				t.Message = p.say.S(f.key, p.filled(f.key, values, err))
			}
			return t
		}
	}
	var ran *ranError
	if !errors.As(err, &ran) {
		return told{Code: codeOf(text.ErrUsage), Message: p.say.S(text.ErrUsage, values), exit: exitUsage}
	}
	return told{Code: codeOf(text.ErrUnexpected), Message: p.say.S(text.ErrUnexpected, "code", shortError(err)), exit: exitFailed}
}

// nameReaders calls a part that nobody can read, and the roles that could, by their labels.
func (p *program) nameReaders(err error, values map[string]any) {
	var closed *field.NoReaderError
	if !errors.As(err, &closed) {
		return
	}
	roles := make([]string, len(closed.Roles))
	for i, r := range closed.Roles {
		roles[i] = caption.Or(closed.RoleLabels[r], p.say.Lang(), r)
	}
	values["part"], values["roles"] = caption.Or(closed.PartLabel, p.say.Lang(), closed.Part), strings.Join(roles, caption.Mark(p.say))
}

// filled adds the check that failed, where the sentence names one.
func (p *program) filled(k text.Key, values map[string]any, err error) map[string]any {
	if k == text.ErrHubRefused {
		values["check"] = shortError(err)
	}
	return values
}

// shortError is the chain of an error for whoever helps by phone. Errors of this program name forms, fields and checks,
// never values.
func shortError(err error) string {
	const limit = 240
	s := text.Clean(err.Error())
	if len(s) > limit {
		s = s[:limit]
	}
	return s
}

// tellRefusal tells the hub's own refusals apart.
func (p *program) tellRefusal(err error) (told, bool) {
	var r *hubclient.Refused
	if !errors.As(err, &r) {
		return told{}, false
	}
	key, exit := text.ErrHubRefused, exitFailed
	switch r.Code {
	case wire.CodeNotMember:
		key, exit = text.ErrRevoked, exitLocked
	case wire.CodeNotYours:
		key, exit = text.ErrNotPermitted, exitLocked
	case wire.CodeEnded:
		key, exit = text.ErrContractEnded, exitLocked
	case wire.CodeFull:
		key = text.ErrHubFull
	case wire.CodeForeign:
		key, exit = text.ErrInvitationOtherOrg, exitLocked
	}
	return told{Code: codeOf(key), Message: p.say.S(key, "check", r.Code+": "+r.Detail), exit: exit}, true
}

// tellProblems names every answer that was not accepted, by the label of its field.
func (p *program) tellProblems(err error, all form.Problems) told {
	t := told{Code: string(all[0].Check), Field: all[0].Path, exit: exitFailed}
	var labels *labelled
	if !errors.As(err, &labels) {
		labels = &labelled{}
	}
	for i, one := range all {
		if i > 0 {
			t.Message += "\n"
		}
		title, label := labels.of(p.say.Lang(), one)
		t.Message += p.say.S(text.ForCheck(string(one.Check)), "form", title, "field", label, "limit", one.Limit)
	}
	return t
}

// labelled is an error about answers of a form that is known.
type labelled struct {
	error
	form *form.Form
}

func (l *labelled) Unwrap() error { return l.error }

// withForm lets an error name fields by their labels.
func withForm(err error, f *form.Form) error {
	if err == nil || f == nil {
		return err
	}
	return &labelled{err, f}
}

func (l *labelled) of(lang string, one form.Problem) (title, label string) {
	if l.form == nil {
		return one.Form, one.Path
	}
	title, label = caption.Title(l.form, lang), one.Path
	if f, ok := l.form.Lookup(one.Path); ok {
		label = caption.Field(l.form, f, lang)
	}
	return title, label
}

// codeOf is the stable name of a sentence, for machines.
func codeOf(k text.Key) string {
	for i := len(k) - 1; i >= 0; i-- {
		if k[i] == '.' {
			return string(k[i+1:])
		}
	}
	return string(k)
}

// exit says what went wrong, if anything did, and returns the exit code.
func (p *program) exit(err error) int {
	if err == nil {
		return exitDone
	}
	var end *toldError
	if errors.As(err, &end) {
		return end.code
	}
	t := p.tell(err)
	if _, err := fmt.Fprintln(p.stderr, t.Message); err != nil {
		return t.exit // nobody listens
	}
	if p.json && !p.wrote {
		e := json.NewEncoder(p.stdout)
		e.SetEscapeHTML(false)
		if err := e.Encode(map[string]told{"error": t}); err != nil {
			return t.exit
		}
	}
	return t.exit
}
