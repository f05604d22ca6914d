package dpo

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"escale/clients/profile"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/canon"
)

// ErrCall reports text that is not an erasure call, or not the whole of one.
var ErrCall = errors.New("the erasure call is damaged")

const (
	callPrefix = "escale-erase1:"
	callLabel  = "escale/v1/erasure-call\x00"
	callSum    = 4
	maxCall    = 8 << 20 // bytes of text
)

// Call is what a reader hands to officers who cannot read: which objects make up records. It holds random names and hashes,
// nothing of what is written there.
type Call struct {
	_       struct{} `cbor:",toarray"`
	Records []CalledRecord
}

// CalledRecord is one record that is to be erased.
type CalledRecord struct {
	_      struct{} `cbor:",toarray"`
	Record schema.Record
	Parts  []profile.Holding
}

// Text returns the call as text.
func (c Call) Text() (string, error) {
	b, err := canon.Encode(c)
	if err != nil {
		return "", err
	}
	return callPrefix + base64.RawURLEncoding.EncodeToString(append(b, callChecksum(b)...)), nil
}

func callChecksum(b []byte) []byte {
	sum := sha256.Sum256(append([]byte(callLabel), b...))
	return sum[:callSum]
}

// ParseCall reads what Text wrote; blanks and line breaks do not matter.
func ParseCall(text string) (c Call, err error) {
	if len(text) > maxCall {
		return c, fmt.Errorf("%w: %d bytes, at most %d", ErrCall, len(text), maxCall)
	}
	encoded, ok := strings.CutPrefix(strings.Join(strings.Fields(text), ""), callPrefix)
	if !ok {
		return c, fmt.Errorf("%w: it does not begin with %s", ErrCall, callPrefix)
	}
	b, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || len(b) < callSum {
		return c, fmt.Errorf("%w: characters", ErrCall)
	}
	content, sum := b[:len(b)-callSum], b[len(b)-callSum:]
	if subtle.ConstantTimeCompare(sum, callChecksum(content)) != 1 {
		return c, fmt.Errorf("%w: checksum", ErrCall)
	}
	if err := canon.Decode(content, &c); err != nil {
		return c, fmt.Errorf("%w: %w", ErrCall, err)
	}
	n := 0
	for _, r := range c.Records {
		n += len(r.Parts)
		for _, h := range r.Parts {
			if h.Object.IsZero() || h.Scope.IsZero() || len(h.Sets) > profile.MaxHeld {
				return c, fmt.Errorf("%w: a part is missing", ErrCall)
			}
		}
	}
	if n == 0 || n > ledger.MaxObjects {
		return c, fmt.Errorf("%w: %d objects, at most %d", ErrCall, n, ledger.MaxObjects)
	}
	return c, nil
}

// Join unites calls by readers of different compartments.
func Join(calls ...Call) Call {
	by := map[schema.Record]map[schema.Object]profile.Holding{}
	for _, c := range calls {
		for _, r := range c.Records {
			if by[r.Record] == nil {
				by[r.Record] = map[schema.Object]profile.Holding{}
			}
			for _, h := range r.Parts {
				if have, ok := by[r.Record][h.Object]; !ok || have.Deltas < h.Deltas {
					by[r.Record][h.Object] = h
				}
			}
		}
	}
	out := Call{Records: []CalledRecord{}}
	for record, parts := range by {
		r := CalledRecord{Record: record, Parts: []profile.Holding{}}
		for _, h := range parts {
			r.Parts = append(r.Parts, h)
		}
		slices.SortFunc(r.Parts, func(a, b profile.Holding) int { return slices.Compare(a.Object[:], b.Object[:]) })
		out.Records = append(out.Records, r)
	}
	slices.SortFunc(out.Records, func(a, b CalledRecord) int { return slices.Compare(a.Record[:], b.Record[:]) })
	return out
}

func (c Call) objects() (out []schema.Object) {
	for _, r := range c.Records {
		for _, h := range r.Parts {
			out = append(out, h.Object)
		}
	}
	slices.SortFunc(out, func(a, b schema.Object) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(out)
}

func (c Call) scopes() (out []schema.Scope) {
	for _, r := range c.Records {
		for _, h := range r.Parts {
			out = append(out, h.Scope)
		}
	}
	slices.SortFunc(out, func(a, b schema.Scope) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(out)
}
