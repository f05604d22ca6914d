package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"

	"escale/crypto/envelope"
	"escale/schema"
)

// SealSegment seals the entry keys of one segment of a key pack: 32 bytes for each pair, in the order of the pairs.
func (s *Session) SealSegment(rand io.Reader, index uint32, sets []envelope.PackedSet, keys []byte) ([]byte, error) {
	seg := envelope.Segment{Pairs: envelope.EncodePairs(sets), Nonce: make([]byte, envelope.NonceSize)}
	if _, err := io.ReadFull(rand, seg.Nonce); err != nil {
		return nil, fmt.Errorf("draw a nonce: %w", err)
	}
	k, aad, err := s.segmentKey(index, seg.Pairs)
	if err != nil {
		return nil, err
	}
	sealed, err := k.seal(seg.Nonce, keys, aad)
	if err != nil {
		return nil, err
	}
	seg.Keys = append(k.commitment(aad), sealed...)
	return seg.Encode()
}

// OpenSegment returns the entry keys of a segment, 32 bytes for each of its pairs.
func (s *Session) OpenSegment(index uint32, seg *envelope.Segment) ([]byte, error) {
	k, aad, err := s.segmentKey(index, seg.Pairs)
	if err != nil {
		return nil, err
	}
	if len(seg.Keys) < envelope.CommitmentSize || !hmac.Equal(k.commitment(aad), seg.Keys[:envelope.CommitmentSize]) {
		return nil, fmt.Errorf("%w: segment %d of a key pack", ErrWrongKey, index)
	}
	return k.open(seg.Nonce, seg.Keys[envelope.CommitmentSize:], aad)
}

func (s *Session) segmentKey(index uint32, pairs []byte) (secret, []byte, error) {
	sum := sha256.Sum256(pairs)
	aad := bind("pack-segment", s.Name.bytes(), s.ID[:], u32(index), sum[:])
	k, err := s.key.derive("pack-segment", u32(index))
	return k, aad, err
}

// RestoreEntry makes an entry from the bytes that Secret returned. A delta's seal binds organisation, scope and place, not
// the epoch, so the epoch that carried the key does not matter.
func RestoreEntry(org schema.Org, scope schema.Scope, at Place, object schema.Object, key []byte) (*Entry, error) {
	k, err := secretOf(key)
	if err != nil {
		return nil, fmt.Errorf("entry key: %w", err)
	}
	return &Entry{name: EpochName{Org: org, Scope: scope}, place: at, object: object, key: k}, nil
}

// EntryKeys returns the entry keys of objects, one after the other: what a segment of a key pack seals. They are those of
// Entry. The first block of HKDF-Expand is all of a key, so one keyed hash serves all objects; a rotation derives millions.
func (c *ChangeSet) EntryKeys(objects []schema.Object) ([]byte, error) {
	prk, err := hkdf.Extract(sha256.New, c.secret.p[:], nil)
	if err != nil {
		return nil, fmt.Errorf("derive entry keys: %w", err)
	}
	m := hmac.New(sha256.New, prk)
	label, first := bind("entry"), []byte{1}
	out := make([]byte, 0, len(objects)*envelope.SecretSize)
	for i := range objects {
		m.Reset()
		m.Write(label)
		m.Write(objects[i][:])
		m.Write(first)
		out = m.Sum(out)
	}
	return out, nil
}
