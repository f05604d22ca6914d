package canon_test

import (
	"errors"
	"testing"

	"escale/schema"
	"escale/schema/canon"
)

type sample struct {
	_    struct{} `cbor:",toarray"`
	Hash schema.Hash
	N    uint64
	Ids  []schema.Stream
}

func TestRoundTripAndRefusals(t *testing.T) {
	if _, err := canon.New(); err != nil {
		t.Fatal(err)
	}
	in := sample{Hash: schema.Hash{1}, N: 7, Ids: []schema.Stream{{2}}}
	b, err := canon.Encode(in)
	if err != nil {
		t.Fatal(err)
	}
	if b[1] != 0x58 || b[2] != 32 {
		t.Fatalf("a hash is not a byte string: % x", b[:4])
	}
	var out sample
	if err := canon.Decode(b, &out); err != nil || out.Hash != in.Hash || out.Ids[0] != in.Ids[0] {
		t.Fatalf("round trip: %v %v", out, err)
	}
	for name, bad := range map[string][]byte{
		"trailing":       append(append([]byte{}, b...), 0),
		"short":          b[:len(b)-1],
		"wrong id size":  append([]byte{0x83, 0x41, 1, 7}, b[len(b)-18:]...),
		"long integer":   append(append(append([]byte{}, b[:35]...), 0x18, 7), b[36:]...),
		"indefinite":     append(append([]byte{0x9f}, b[1:]...), 0xff),
		"missing fields": {0x80},
	} {
		var v sample
		if err := canon.Decode(bad, &v); !errors.Is(err, canon.ErrFormat) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
