package ledger

import (
	"fmt"

	"escale/schema/canon"
)

// ResultKind says what a device states. Numbers are never reused.
type ResultKind uint8

// The kinds of results.
const (
	ResultEpoch        ResultKind = 1
	ResultGrant        ResultKind = 2
	ResultKEMSuccessor ResultKind = 3
	ResultConfirm      ResultKind = 4
	ResultAttest       ResultKind = 5
	ResultHorizon      ResultKind = 6
	ResultKeyPack      ResultKind = 7
)

// Result is what a device states for itself, without officers. Its types are the pointers to the structs of this package.
type Result interface {
	Kind() ResultKind
	check() error
	apply(*State, event) error
}

// Results are what one link carries: all by the link's device, applied together or not at all.
type Results []Result

// RawResult is an encoded result; its kind says which type.
type RawResult struct {
	_     struct{} `cbor:",toarray"`
	Kind  ResultKind
	Bytes []byte
}

func newResult(k ResultKind) (Result, error) {
	switch k {
	case ResultEpoch:
		return new(EpochResult), nil
	case ResultGrant:
		return new(GrantResult), nil
	case ResultKEMSuccessor:
		return new(KEMSuccessor), nil
	case ResultConfirm:
		return new(Confirm), nil
	case ResultAttest:
		return new(Attest), nil
	case ResultHorizon:
		return new(Horizon), nil
	case ResultKeyPack:
		return new(KeyPack), nil
	}
	return nil, fmt.Errorf("%w: result %d", ErrUnknownKind, k)
}

// encode checks the results and returns the payload of their link.
func (r Results) encode() ([]byte, error) {
	if len(r) == 0 {
		return nil, fmt.Errorf("%w: no results", ErrInvalid)
	}
	if err := atMost("results of a link", len(r), MaxResults); err != nil {
		return nil, err
	}
	raw := make([]RawResult, 0, len(r))
	for i, x := range r {
		if err := x.check(); err != nil {
			return nil, fmt.Errorf("result %d: %w", i, err)
		}
		b, err := canon.Encode(x)
		if err != nil {
			return nil, err
		}
		raw = append(raw, RawResult{Kind: x.Kind(), Bytes: b})
	}
	return canon.Encode(raw)
}

func decodeResults(b []byte) (Results, error) {
	var raw []RawResult
	if err := canon.Decode(b, &raw); err != nil {
		return nil, fmt.Errorf("results: %w", err)
	}
	if len(raw) == 0 {
		return nil, fmt.Errorf("%w: no results", ErrInvalid)
	}
	if err := atMost("results of a link", len(raw), MaxResults); err != nil {
		return nil, err
	}
	out := make(Results, 0, len(raw))
	for i, x := range raw {
		r, err := x.decode()
		if err != nil {
			return nil, fmt.Errorf("result %d: %w", i, err)
		}
		out = append(out, r)
	}
	return out, nil
}

func (x RawResult) decode() (Result, error) {
	r, err := newResult(x.Kind)
	if err != nil {
		return nil, err
	}
	if err := canon.Decode(x.Bytes, r); err != nil {
		return nil, err
	}
	return r, r.check()
}
