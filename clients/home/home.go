// Package home is the client's folder on a laptop: one numbered profile for each member who shares it, each with a vault, a
// store and a log of its own. Numbers, not names, so that the folder says nothing about anybody.
package home

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"escale/clients/profile"
	"escale/crypto/vault"
	"escale/store/agentdb"
)

// Errors that callers decide by.
var (
	ErrNoProfile = errors.New("there is no profile in this folder yet")
	ErrExists    = errors.New("this profile exists already")
)

// Home is a client's folder.
type Home struct {
	Dir    string
	Params vault.Params // for new vaults
	Clock  func() time.Time
	Rand   io.Reader
}

// Profiles lists the numbers of the profiles in the folder.
func (h *Home) Profiles() ([]int, error) {
	entries, err := os.ReadDir(h.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the folder: %w", err)
	}
	var out []int
	for _, e := range entries {
		n, err := strconv.Atoi(e.Name())
		if err != nil || !e.IsDir() {
			continue
		}
		if _, err := os.Stat(h.vault(n)); err == nil {
			out = append(out, n)
		}
	}
	return out, nil
}

func (h *Home) dir(n int) string   { return filepath.Join(h.Dir, strconv.Itoa(n)) }
func (h *Home) vault(n int) string { return filepath.Join(h.dir(n), "vault") }

// StorePath returns where a profile's store lies.
func (h *Home) StorePath(n int) string { return filepath.Join(h.dir(n), "store") }

// AuditPath returns where a profile's log of openings lies.
func (h *Home) AuditPath(n int) string { return filepath.Join(h.dir(n), "log") }

// Create makes a profile: its keys go into a vault under the passphrase before anything else exists.
func (h *Home) Create(ctx context.Context, n int, passphrase vault.Secret, keys profile.Keys) (*profile.Profile, error) {
	if err := vault.CheckPassphrase(passphrase); err != nil {
		return nil, err
	}
	if _, err := h.setAside(n); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(h.dir(n), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder: %w", classify(err))
	}
	b, err := keys.Encode()
	if err != nil {
		return nil, err
	}
	err = vault.Create(h.vault(n), passphrase, vault.NewSecret(b), h.Params, h.Rand)
	if errors.Is(err, fs.ErrExist) {
		return nil, ErrExists
	}
	if err != nil {
		return nil, classify(err)
	}
	return h.open(ctx, n, keys)
}

// Retire destroys a profile's vault and keeps its store beside, under the name that it returns: what lies there can be opened
// by nobody here, and change-sets that never left are still sealed to those who may read them.
func (h *Home) Retire(n int) (left string, err error) {
	if err := vault.Destroy(h.vault(n), h.Rand); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", classify(err)
	}
	return h.setAside(n)
}

// setAside renames what a broken-off wipe left: without its vault nothing of it can be opened, and new keys would not fit.
func (h *Home) setAside(n int) (left string, err error) {
	if _, err := os.Stat(h.vault(n)); err == nil {
		return "", nil // Create will say that it exists
	}
	if _, err := os.Stat(h.StorePath(n)); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	for i := 1; ; i++ {
		left := fmt.Sprintf("%s.left-%d", h.dir(n), i)
		if _, err := os.Lstat(left); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := os.Rename(h.dir(n), left); err != nil {
			return "", fmt.Errorf("set aside what a wipe left: %w", classify(err))
		}
		return left, nil
	}
}

// Unlock opens a profile with its passphrase.
func (h *Home) Unlock(ctx context.Context, n int, passphrase vault.Secret) (*profile.Profile, error) {
	secret, err := vault.Open(h.vault(n), passphrase)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoProfile
	}
	if err != nil {
		return nil, classify(err)
	}
	defer secret.Wipe()
	keys, err := profile.DecodeKeys(secret.Bytes())
	if err != nil {
		return nil, err
	}
	p, err := h.open(ctx, n, keys)
	if err != nil {
		return nil, err
	}
	if err := h.renew(ctx, n, p, passphrase); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// renew puts a renewed KEM key into the vault in place of the old one, which is gone then.
func (h *Home) renew(ctx context.Context, n int, p *profile.Profile, passphrase vault.Secret) error {
	keys, due := p.RenewedKeys()
	if !due {
		return nil
	}
	b, err := keys.Encode()
	if err != nil {
		return err
	}
	payload := vault.NewSecret(b)
	defer payload.Wipe()
	if err := vault.Replace(h.vault(n), passphrase, payload, h.Rand); err != nil {
		return classify(err) // also where old bytes remain: the old key counts as destroyed only when they do not
	}
	return p.KeysKept(ctx)
}

func (h *Home) open(ctx context.Context, n int, keys profile.Keys) (*profile.Profile, error) {
	db, err := agentdb.Open(ctx, h.StorePath(n))
	if err != nil {
		return nil, classify(err)
	}
	p, err := profile.Open(ctx, db, keys, profile.Options{Clock: h.Clock, Rand: h.Rand})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return p, nil
}

// ChangePassphrase seals a profile's keys under a new passphrase.
func (h *Home) ChangePassphrase(n int, old, new vault.Secret) error {
	if err := vault.CheckPassphrase(new); err != nil {
		return err
	}
	return classify(vault.Change(h.vault(n), old, new, h.Rand))
}

// Wipe destroys a profile: its vault first, so that nothing of the rest can be opened, whatever happens next.
func (h *Home) Wipe(n int) error {
	if err := vault.Destroy(h.vault(n), h.Rand); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return classify(err)
	}
	if err := os.RemoveAll(h.dir(n)); err != nil {
		return fmt.Errorf("remove the folder: %w", err)
	}
	return nil
}

// classify gives the file system's errors the names that the store uses.
func classify(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, errReadOnly):
		return fmt.Errorf("%w: %w", agentdb.ErrReadOnly, err)
	case errors.Is(err, errNoSpace):
		return fmt.Errorf("%w: %w", agentdb.ErrFull, err)
	}
	return err
}
