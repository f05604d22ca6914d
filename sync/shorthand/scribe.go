package shorthand

import (
	"fmt"

	"escale/crypto/seal"
	"escale/schema/pack"
	"escale/sync/merge"
)

// Scribe makes of payloads what is sealed, with the words and the dictionaries of one form bundle, and reads it back.
type Scribe struct {
	codec   *seal.Codec
	lexicon *Lexicon
}

// NewScribe returns the scribe of a bundle; that of the directory has none, which is nil.
func NewScribe(b *pack.Bundle) (*Scribe, error) {
	s := &Scribe{lexicon: NewLexicon(nil)}
	var dictionaries [][]byte
	if b != nil {
		s.lexicon, dictionaries = NewLexicon(b.Definitions()), b.Dictionaries()
	}
	var err error
	s.codec, err = seal.NewCodec(dictionaries...)
	return s, err
}

// Pack returns a payload as it is sealed. What the bundle has no words for goes in its plain form.
func (s *Scribe) Pack(p *merge.Payload) ([]byte, error) {
	if head, text, ok := s.lexicon.Write(p); ok {
		return s.codec.Pack(seal.Plain{Short: true, Head: head, Text: text})
	}
	plain, err := p.Encode()
	if err != nil {
		return nil, err
	}
	return s.codec.Pack(seal.Plain{Text: plain})
}

// Unpack undoes Pack. It returns the payload and its plain form.
func (s *Scribe) Unpack(padded []byte) (*merge.Payload, []byte, error) {
	p, err := s.codec.Unpack(padded)
	if err != nil {
		return nil, nil, err
	}
	if !p.Short {
		payload, err := merge.DecodePayload(p.Text)
		return payload, p.Text, err
	}
	payload, err := s.lexicon.Read(p.Head, p.Text)
	if err != nil {
		return nil, nil, err
	}
	plain, err := payload.Encode()
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return payload, plain, nil
}
