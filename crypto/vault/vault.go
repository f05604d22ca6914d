// Package vault keeps one small secret payload on a laptop's disk under a passphrase: device keys, the storage key.
//
// The file is deterministic CBOR: magic, suite, Argon2id parameters, salt, key commitment, nonce, sealed payload and a
// checksum. Argon2id and HKDF-SHA256 make two values from the passphrase: the commitment, which is compared first and in
// constant time, and the XChaCha20-Poly1305 key. Parameters and salt are authenticated. Weak or absurd parameters are
// refused before anything is derived, so that neither a swapped file nor a damaged one costs memory or safety.
//
// The checksum protects against nobody. It only tells a damaged file from a wrong passphrase, because a person who
// is told the wrong one of the two does the wrong thing next.
//
// The package knows nothing of what the payload means, counts no tries, asks nobody for a passphrase and takes no lock:
// its caller holds the folder's lock. Overwriting old bytes is best effort; flash memory may keep them.
package vault

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// MaxPayload is the largest payload, in bytes.
const MaxPayload = 64 << 10

// Errors that a caller acts on.
var (
	ErrWrongPassphrase = errors.New("wrong passphrase")
	ErrDamaged         = errors.New("vault is damaged")
	ErrParams          = errors.New("vault parameters out of bounds")
	ErrSuite           = errors.New("unknown vault suite")
	ErrTooLarge        = errors.New("vault payload too large")
	ErrWeakPassphrase  = errors.New("passphrase too weak")
	ErrLongPassphrase  = errors.New("passphrase too long")
	// ErrOldRemains says that Change succeeded, but could not overwrite what the old passphrase still opens.
	ErrOldRemains = errors.New("passphrase changed, old vault not overwritten")
)

// Create writes a new vault with mode 0600. An existing file is left alone and reported as fs.ErrExist. A crash in the
// middle leaves a file that Open reports as ErrDamaged; nothing can depend on it yet, and Destroy removes it.
func Create(path string, passphrase, payload Secret, p Params, rand io.Reader) error {
	if err := CheckPassphrase(passphrase); err != nil {
		return err
	}
	b, err := lock(passphrase, payload, p, rand)
	if err != nil {
		return err
	}
	return writeNew(path, b)
}

// Open returns the payload; the caller wipes it. Errors: ErrWrongPassphrase, ErrLongPassphrase, ErrDamaged, ErrParams,
// ErrSuite, or what the file system says.
func Open(path string, passphrase Secret) (Secret, error) {
	f, err := read(path)
	if err != nil {
		return Secret{}, err
	}
	return f.unlock(passphrase)
}

// Change seals the same payload with the same parameters under a new passphrase. The file is replaced whole or not at all.
func Change(path string, old, new Secret, rand io.Reader) error {
	if err := CheckPassphrase(new); err != nil {
		return err
	}
	f, err := read(path)
	if err != nil {
		return err
	}
	payload, err := f.unlock(old)
	if err != nil {
		return err
	}
	defer payload.Wipe()
	b, err := lock(new, payload, f.params(), rand)
	if err != nil {
		return err
	}
	return replace(path, b, rand)
}

// Destroy overwrites the vault and whatever a broken-off Change left beside it, and removes both. A file that is not there
// counts as destroyed, so that a broken-off wipe can be run again.
func Destroy(path string, rand io.Reader) error {
	return errors.Join(shred(path, rand), shred(path+tempSuffix, rand), syncDir(path))
}

func read(path string) (file, error) {
	r, err := os.Open(path)
	if err != nil {
		return file{}, fmt.Errorf("open vault: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err := errors.Join(err, r.Close()); err != nil {
		return file{}, fmt.Errorf("read vault: %w", err)
	}
	return parse(b)
}

// Replace seals another payload with the same parameters under the same passphrase. The file is replaced whole or not at
// all, and the old bytes are overwritten.
func Replace(path string, passphrase, payload Secret, rand io.Reader) error {
	f, err := read(path)
	if err != nil {
		return err
	}
	old, err := f.unlock(passphrase)
	if err != nil {
		return err
	}
	old.Wipe()
	b, err := lock(passphrase, payload, f.params(), rand)
	if err != nil {
		return err
	}
	return replace(path, b, rand)
}
