package vault

import (
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"

	"escale/schema"
)

// lock seals payload under passphrase and returns the bytes of the file.
func lock(passphrase, payload Secret, p Params, rand io.Reader) ([]byte, error) {
	if len(payload.Bytes()) > MaxPayload {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(payload.Bytes()), MaxPayload)
	}
	if err := p.Check(); err != nil {
		return nil, err
	}
	f := file{
		Magic: magic, Suite: schema.Suite,
		Time: p.Time, MemoryKiB: p.MemoryKiB, Threads: p.Threads,
		Salt: make([]byte, saltSize), Nonce: make([]byte, chacha20poly1305.NonceSizeX),
	}
	for _, b := range [][]byte{f.Salt, f.Nonce} {
		if _, err := io.ReadFull(rand, b); err != nil {
			return nil, fmt.Errorf("draw salt and nonce: %w", err)
		}
	}
	k, err := f.derive(passphrase)
	if err != nil {
		return nil, err
	}
	defer k.wipe()
	aead, err := chacha20poly1305.NewX(k.seal.Bytes())
	if err != nil {
		return nil, fmt.Errorf("vault cipher: %w", err)
	}
	f.Commitment = k.commitment
	f.Sealed = aead.Seal(nil, f.Nonce, payload.Bytes(), f.bound("/seal"))
	return f.encode()
}

// unlock checks the commitment and opens the payload.
func (f file) unlock(passphrase Secret) (Secret, error) {
	k, err := f.derive(passphrase)
	if err != nil {
		return Secret{}, err
	}
	defer k.wipe()
	if subtle.ConstantTimeCompare(k.commitment, f.Commitment) != 1 {
		return Secret{}, ErrWrongPassphrase
	}
	aead, err := chacha20poly1305.NewX(k.seal.Bytes())
	if err != nil {
		return Secret{}, fmt.Errorf("vault cipher: %w", err)
	}
	plain, err := aead.Open(nil, f.Nonce, f.Sealed, f.bound("/seal"))
	if err != nil {
		return Secret{}, fmt.Errorf("%w: seal", ErrDamaged)
	}
	return NewSecret(plain), nil
}

// keys is what one passphrase gives: a commitment that may be written down, and the key.
type keys struct {
	commitment []byte
	seal       Secret
}

func (k keys) wipe() { k.seal.Wipe() }

func (f file) derive(passphrase Secret) (keys, error) {
	words, err := normalise(passphrase)
	if err != nil {
		return keys{}, err
	}
	defer words.Wipe()
	root := NewSecret(argon2.IDKey(words.Bytes(), f.Salt, f.Time, f.MemoryKiB, f.Threads, keySize))
	defer root.Wipe()
	commitment, err := hkdf.Key(sha256.New, root.Bytes(), nil, string(f.bound("/commitment")), keySize)
	if err != nil {
		return keys{}, fmt.Errorf("derive commitment: %w", err)
	}
	seal, err := hkdf.Key(sha256.New, root.Bytes(), nil, string(f.bound("/key")), keySize)
	if err != nil {
		return keys{}, fmt.Errorf("derive key: %w", err)
	}
	return keys{commitment, NewSecret(seal)}, nil
}
