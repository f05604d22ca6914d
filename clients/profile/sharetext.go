package profile

import (
	"encoding/base64"
	"fmt"
	"strings"

	"escale/crypto/custody"
	"escale/schema/canon"
)

const (
	sharePrefix  = "escale-share1:"
	maxShareText = 8 << 10
)

// Text returns the share as text; whoever carries it cannot open it.
func (h HandedShare) Text() (string, error) {
	b, err := canon.Encode(h)
	return sharePrefix + base64.RawURLEncoding.EncodeToString(b), err
}

// ParseShare reads what Text wrote; blanks and line breaks do not matter. A mistyped share does not open, which names it.
func ParseShare(text string) (h HandedShare, err error) {
	encoded, ok := strings.CutPrefix(strings.Join(strings.Fields(text), ""), sharePrefix)
	if !ok || len(text) > maxShareText {
		return h, custody.ErrShare
	}
	b, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return h, fmt.Errorf("%w: characters", custody.ErrShare)
	}
	if err := canon.Decode(b, &h); err != nil {
		return h, fmt.Errorf("%w: %w", custody.ErrShare, err)
	}
	return h, nil
}
