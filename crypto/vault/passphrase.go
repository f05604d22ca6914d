package vault

import (
	"fmt"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Bounds of a passphrase. Characters are counted after normalisation; blanks do not count.
const (
	MinPassphrase      = 8    // characters
	MaxPassphraseBytes = 1024 // as typed
)

// CheckPassphrase reports ErrWeakPassphrase or ErrLongPassphrase. It is asked when a passphrase is chosen, never when one
// is tried: the answer would tell a guesser something.
func CheckPassphrase(passphrase Secret) error {
	words, err := normalise(passphrase)
	if err != nil {
		return err
	}
	defer words.Wipe()
	count := 0
	for _, r := range string(words.Bytes()) {
		if !unicode.IsSpace(r) {
			count++
		}
	}
	if count < MinPassphrase {
		return fmt.Errorf("%w: at least %d characters", ErrWeakPassphrase, MinPassphrase)
	}
	return nil
}

// normalise gives the same bytes for the same characters, whichever keyboard typed them (NFC).
func normalise(passphrase Secret) (Secret, error) {
	if len(passphrase.Bytes()) > MaxPassphraseBytes {
		return Secret{}, fmt.Errorf("%w: at most %d bytes", ErrLongPassphrase, MaxPassphraseBytes)
	}
	return NewSecret(norm.NFC.Append(nil, passphrase.Bytes()...)), nil
}
