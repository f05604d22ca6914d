package form

import (
	"fmt"
	"io"
	"strings"
)

// codeAlphabet leaves out I, L, O and U, which are misread or misheard.
const codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewCode draws a record's own code: 60 random bits in three blocks of four letters, which say nothing about the record.
func NewCode(random io.Reader) (string, error) {
	var raw [12]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("draw code: %w", err)
	}
	var b strings.Builder
	for i, c := range raw {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(codeAlphabet[c%32])
	}
	return b.String(), nil
}

// NewSpokenCode draws a code that teams say to each other over a bad line: four syllables of sounds that French, English and
// Arabic share, and four digits; about 34 random bits.
func NewSpokenCode(random io.Reader) (string, error) {
	const consonants, vowels, digits = "bdfhklmnrstwyz", "aiu", "0123456789"
	var raw [12]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("draw code: %w", err)
	}
	var b strings.Builder
	for i := range 4 {
		if i == 2 {
			b.WriteByte('-')
		}
		b.WriteByte(consonants[int(raw[2*i])%len(consonants)])
		b.WriteByte(vowels[int(raw[2*i+1])%len(vowels)])
	}
	b.WriteByte('-')
	for _, c := range raw[8:] {
		b.WriteByte(digits[int(c)%len(digits)])
	}
	return b.String(), nil
}

// CanonicalKey is the form in which keys are stored and compared: trimmed, lower case, inner space as one "-".
func CanonicalKey(s string) string {
	return strings.Join(strings.Fields(strings.ToLower(s)), "-")
}
