package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"escale/clients/dpo"
	"escale/clients/field"
	"escale/clients/home"
	"escale/clients/hubclient"
	"escale/clients/profile"
	"escale/clients/text"
	"escale/cmd/escale/term"
	"escale/crypto/invite"
	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/crypto/vault"
	"escale/schema/canon"
	"escale/store/audit"
)

// Names under which a profile keeps small secrets, sealed.
const (
	keptInvitation = "invitation" // the code with which it joined
	keptHub        = "hub"        // an officer's hub, before the ledger names it
	keptPlan       = "plan"       // of the founder
	keptPack       = "pack"
	keptAudit      = "audit head"
)

// session is an unlocked profile with its log.
type session struct {
	*program
	n    int
	home *home.Home
	prof *profile.Profile
	log  *audit.Log
	seen audit.Head // newest head that was kept
	gone *goneDoc   // set when the hub took what a revoked laptop had left
}

// unlocked runs a command on the unlocked profile, and locks it afterwards.
func (p *program) unlocked(f func(ctx context.Context, s *session, args []string) error) func(context.Context, []string) error {
	return func(ctx context.Context, args []string) (err error) {
		s, err := p.unlock(ctx)
		if err != nil {
			return err
		}
		defer func() { err = s.leave(errors.Join(err, s.close(ctx))) }()
		if err = s.stands(); err == nil {
			err = f(ctx, s, args)
		}
		switch {
		case refused(err):
			err = errors.Join(err, s.record(audit.Entry{Kind: audit.Refusal, Reason: p.command}))
		case errors.Is(err, profile.ErrNotEnrolled):
			err = s.notEnrolled(ctx, err)
		}
		return err
	}
}

// notEnrolled tells a laptop whose request waits from one that nobody invited.
func (s *session) notEnrolled(ctx context.Context, err error) error {
	v, readErr := s.invitation(ctx)
	if v != nil {
		return errors.Join(errWaiting, err)
	}
	return errors.Join(err, readErr)
}

// unlock asks for the passphrase, unless there is nothing to open with it.
func (p *program) unlock(ctx context.Context) (*session, error) {
	h, err := p.openHome()
	if err != nil {
		return nil, err
	}
	all, err := h.Profiles()
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, home.ErrNoProfile
	}
	secret, err := p.passphrase()
	if err != nil {
		return nil, err
	}
	defer secret.Wipe()
	return p.unlockWith(ctx, secret)
}

func (p *program) unlockWith(ctx context.Context, secret vault.Secret) (*session, error) {
	h, err := p.openHome()
	if err != nil {
		return nil, err
	}
	n, err := p.number(h)
	if err != nil {
		return nil, err
	}
	prof, err := h.Unlock(ctx, n, secret)
	if err != nil {
		return nil, err
	}
	return p.open(ctx, h, n, prof)
}

// create makes a new profile.
func (p *program) create(ctx context.Context, keys profile.Keys) (*session, error) {
	h, err := p.openHome()
	if err != nil {
		return nil, err
	}
	n := max(p.profile, 1)
	if err := p.free(h, n); err != nil {
		return nil, err
	}
	secret, err := p.newPassphrase(p.passphraseName(), true)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe()
	prof, err := h.Create(ctx, n, secret, keys)
	if err != nil {
		return nil, err
	}
	return p.open(ctx, h, n, prof)
}

// free refuses a number that is taken before anybody is asked for a passphrase.
func (p *program) free(h *home.Home, n int) error {
	all, err := h.Profiles()
	if err != nil {
		return err
	}
	for _, taken := range all {
		if taken == n {
			return home.ErrExists
		}
	}
	return nil
}

func (p *program) open(ctx context.Context, h *home.Home, n int, prof *profile.Profile) (*session, error) {
	s := &session{program: p, n: n, home: h, prof: prof}
	if err := s.openLog(ctx); err != nil {
		return nil, errors.Join(err, prof.Close())
	}
	if prof.ReadOnly() {
		if err := s.note(s.say.S(text.LaptopReadOnly)); err != nil {
			return nil, errors.Join(err, s.close(ctx))
		}
	}
	return s, nil
}

func (s *session) openLog(ctx context.Context) error {
	b, err := s.prof.Kept(ctx, keptAudit)
	if err != nil {
		return err
	}
	if b != nil {
		if err := canon.Decode(b, &s.seen); err != nil {
			return fmt.Errorf("kept head of the log: %w", err)
		}
	}
	s.log, err = audit.Open(s.home.AuditPath(s.n), s.seen, logSealer{s.prof.Storage()}, s.clock, s.rand)
	return err
}

// logSealer seals the log's entries with the profile's storage key.
type logSealer struct{ storage *seal.Storage }

func (l logSealer) Seal(plain []byte) ([]byte, error)  { return l.storage.Seal("audit", nil, plain) }
func (l logSealer) Open(sealed []byte) ([]byte, error) { return l.storage.Open("audit", nil, sealed) }

// record adds an entry to the log.
func (s *session) record(e audit.Entry) error {
	e.Time = s.clock()
	if _, err := s.log.Append(e); err != nil {
		return err
	}
	return nil
}

// close keeps the log's head, signs what is open and locks.
func (s *session) close(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx) // an interrupted command still locks properly
	var err error
	if head := s.log.Head(); head != s.seen && !s.prof.ReadOnly() { // an older head stays a true one
		var b []byte
		if b, err = canon.Encode(head); err == nil {
			err = s.prof.Keep(ctx, keptAudit, b)
		}
	}
	return errors.Join(err, s.log.Close(), s.prof.Close())
}

// book returns the member's records.
func (s *session) book() (*field.Book, error) { return field.Open(s.prof) }

// invitation returns the invitation with which this profile joined, or nil.
func (s *session) invitation(ctx context.Context) (*invite.Invitation, error) {
	b, err := s.prof.Kept(ctx, keptInvitation)
	if err != nil || b == nil {
		return nil, err
	}
	return invite.Parse(string(b), time.Time{}) // its expiry counted when it was used
}

// contact returns where the hub is: what the ledger says, else what the invitation or the officer said.
func (s *session) contact(ctx context.Context) (ledger.HubEntry, error) {
	if log := s.prof.Log(); log != nil {
		if hub, ok := log.State().Hub(); ok {
			return hub, nil
		}
	}
	v, err := s.invitation(ctx)
	if err != nil {
		return ledger.HubEntry{}, err
	}
	if v != nil {
		return ledger.HubEntry{Address: v.Address, Pins: v.Pins}, nil
	}
	var hub ledger.HubEntry
	b, err := s.prof.Kept(ctx, keptHub)
	if err != nil {
		return hub, err
	}
	if b == nil {
		return hub, errNoHub
	}
	return hub, canon.Decode(b, &hub)
}

func (s *session) keepHub(ctx context.Context, hub ledger.HubEntry) error {
	b, err := canon.Encode(hub)
	if err != nil {
		return err
	}
	return s.prof.Keep(ctx, keptHub, b)
}

// dial returns a client of the hub; it opens no connection yet.
func (s *session) dial(ctx context.Context) (*hubclient.Client, error) {
	hub, err := s.contact(ctx)
	if err != nil {
		return nil, err
	}
	return s.dialAt(hub)
}

func (s *session) dialAt(hub ledger.HubEntry) (*hubclient.Client, error) {
	return hubclient.New(hub.Address, s.prof.TLS(), hub.Pins, hubclient.Options{Org: s.prof.Keys.Org, Device: s.prof.Keys.Device, Now: s.clock})
}

// desk returns the officer's desk, after an exchange: what an officer decides is decided on what is true now.
func (s *session) desk(ctx context.Context) (*dpo.Desk, *hubclient.Client, error) {
	c, err := s.dial(ctx)
	if err != nil {
		return nil, nil, err
	}
	d, err := dpo.New(s.prof, c)
	if err != nil {
		return nil, nil, err
	}
	if _, err := s.exchange(ctx, c); err != nil {
		return nil, nil, err
	}
	return d, c, nil
}

// officer runs a command at the officer's desk.
func (p *program) officer(f func(ctx context.Context, s *session, d *dpo.Desk, args []string) error) func(context.Context, []string) error {
	return p.unlocked(func(ctx context.Context, s *session, args []string) error {
		if _, ok := s.prof.Officer(); !ok {
			return dpo.ErrNotOfficer
		}
		d, c, err := s.desk(ctx)
		if err != nil {
			return err
		}
		defer c.Close()
		return f(ctx, s, d, args)
	})
}

// passphrase returns the passphrase that unlocks.
func (p *program) passphrase() (vault.Secret, error) {
	if name := p.passphraseName(); name != "" {
		return readPassphrase(name)
	}
	return p.term.Secret(p.say.S(text.PromptPassphrase))
}

func (p *program) passphraseName() string {
	if p.passphraseFile != "" {
		return p.passphraseFile
	}
	return p.getenv("ESCALE_PASSPHRASE_FILE")
}

// newPassphrase returns a passphrase to be: from a file, or asked for twice.
func (p *program) newPassphrase(name string, first bool) (vault.Secret, error) {
	if name != "" {
		return readPassphrase(name)
	}
	question := text.PromptPassphraseNew
	if first {
		question = text.PromptPassphrase
	}
	a, err := p.term.Secret(p.say.S(question))
	if err != nil {
		return a, err
	}
	if err := vault.CheckPassphrase(a); err != nil {
		return vault.Secret{}, err
	}
	b, err := p.term.Secret(p.say.S(text.PromptPassphraseAgain))
	if err != nil {
		return b, err
	}
	defer b.Wipe()
	if string(a.Bytes()) != string(b.Bytes()) {
		return vault.Secret{}, errDiffer
	}
	return a, nil
}

func readPassphrase(name string) (vault.Secret, error) {
	info, err := os.Stat(name)
	if err == nil && info.Size() > vault.MaxPassphraseBytes+2 {
		return vault.Secret{}, vault.ErrLongPassphrase
	}
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return vault.Secret{}, about(errNoFile, "file", name)
	}
	if err != nil {
		return vault.Secret{}, about(errBadFile, "file", name, "kind", "UTF-8")
	}
	return vault.NewSecret(term.Trim(b)), nil
}

func parsePin(s string) (k key.TLSPublic, err error) {
	if err := k.UnmarshalText([]byte(s)); err != nil || k.IsZero() {
		return k, &wrongUse{text.ErrBadFlag, "--pin"}
	}
	return k, nil
}
