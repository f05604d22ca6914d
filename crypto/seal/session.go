package seal

import (
	"crypto/hmac"
	"crypto/hpke"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"

	"escale/crypto/envelope"
	"escale/crypto/key"
	"escale/schema"
)

// Session seals the change-sets of one sitting in one scope.
type Session struct {
	ID   schema.Hash
	Name EpochName

	key secret
}

func sessionInfo(n EpochName, author schema.Device) []byte {
	return bind("session", n.bytes(), author[:])
}

// NewSession encapsulates to an epoch and returns the session with its header's bytes.
func NewSession(to key.EpochKEM, name EpochName, author schema.Device) (*Session, []byte, error) {
	pub, err := hpke.MLKEM768X25519().NewPublicKey(to[:])
	if err != nil {
		return nil, nil, fmt.Errorf("epoch's public key: %w", err)
	}
	enc, sender, err := hpke.NewSender(pub, hpke.HKDFSHA256(), hpke.ExportOnly(), sessionInfo(name, author))
	if err != nil {
		return nil, nil, fmt.Errorf("encapsulate: %w", err)
	}
	s := &Session{Name: name}
	confirm, err := s.take(sender)
	if err != nil {
		return nil, nil, err
	}
	h := envelope.Session{Suite: schema.Suite, KEM: key.KEM, Scope: name.Scope, Epoch: name.Number, Device: author, Enc: enc, Confirm: confirm}
	b, err := h.Encode()
	if err != nil {
		return nil, nil, err
	}
	s.ID = envelope.SessionID(b)
	return s, b, nil
}

// OpenSession recovers a session from its header with the epoch's private key.
func OpenSession(k EpochPrivate, org schema.Org, header []byte) (*Session, error) {
	h, err := envelope.ParseSession(header)
	if err != nil {
		return nil, err
	}
	s := &Session{ID: envelope.SessionID(header), Name: EpochName{Org: org, Scope: h.Scope, Number: h.Epoch}}
	r, err := hpke.NewRecipient(h.Enc, k.priv, hpke.HKDFSHA256(), hpke.ExportOnly(), sessionInfo(s.Name, h.Device))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWrongKey, err)
	}
	confirm, err := s.take(r)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(confirm, h.Confirm) != 1 {
		return nil, fmt.Errorf("%w: session of epoch %d", ErrWrongKey, h.Epoch)
	}
	return s, nil
}

type exporter interface {
	Export(context string, length int) ([]byte, error)
}

// take exports the session key and returns the confirmation.
func (s *Session) take(e exporter) ([]byte, error) {
	k, err := e.Export("escale/v1/session-key", envelope.SecretSize)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	if s.key, err = secretOf(k); err != nil {
		return nil, err
	}
	confirm, err := e.Export("escale/v1/confirm", envelope.ConfirmSize)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return confirm, nil
}

// Secret returns the session key's bytes. Only a reader may keep them, sealed; a capture-only device never does.
func (s *Session) Secret() []byte { return s.key.bytes() }

// RestoreSession makes a session from the bytes that Secret returned.
func RestoreSession(id schema.Hash, name EpochName, b []byte) (*Session, error) {
	k, err := secretOf(b)
	if err != nil {
		return nil, fmt.Errorf("session key: %w", err)
	}
	return &Session{ID: id, Name: name, key: k}, nil
}

// Place binds a change-set's secret to where it stands.
type Place struct {
	Stream schema.Stream
	Seq    uint64
	Pack   schema.Pack
	Salt   [envelope.SaltSize]byte
}

// ChangeSet seals and opens the deltas of one change-set.
type ChangeSet struct {
	name   EpochName
	place  Place
	secret secret
}

// NewChangeSet draws a change-set's secret and returns it with its wrap.
func (s *Session) NewChangeSet(rand io.Reader, at Place) (*ChangeSet, []byte, error) {
	drawn, err := drawSecret(rand)
	if err != nil {
		return nil, nil, err
	}
	c := &ChangeSet{name: s.Name, place: at, secret: drawn}
	k, aad, err := s.wrapKey(at)
	if err != nil {
		return nil, nil, err
	}
	sealed, err := k.seal(wrapNonce(at), c.secret.p[:], aad)
	if err != nil {
		return nil, nil, err
	}
	return c, append(k.commitment(aad), sealed...), nil
}

// OpenChangeSet recovers a change-set's secret from its wrap.
func (s *Session) OpenChangeSet(at Place, wrap []byte) (*ChangeSet, error) {
	if len(wrap) != envelope.WrapSize {
		return nil, fmt.Errorf("%w: wrap of %d bytes", ErrDamaged, len(wrap))
	}
	k, aad, err := s.wrapKey(at)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(k.commitment(aad), wrap[:envelope.CommitmentSize]) {
		return nil, fmt.Errorf("%w: wrap of change-set %d", ErrWrongKey, at.Seq)
	}
	b, err := k.open(wrapNonce(at), wrap[envelope.CommitmentSize:], aad)
	if err != nil {
		return nil, fmt.Errorf("wrap of change-set %d: %w", at.Seq, err)
	}
	k, err = secretOf(b)
	if err != nil {
		return nil, err
	}
	return &ChangeSet{name: s.Name, place: at, secret: k}, nil
}

func (s *Session) wrapKey(at Place) (secret, []byte, error) {
	aad := bind("wrap", s.Name.bytes(), s.ID[:], at.Stream[:], u64(at.Seq), at.Pack[:], at.Salt[:])
	k, err := s.key.derive("wrap-key", at.Salt[:])
	return k, aad, err
}

func wrapNonce(at Place) []byte {
	return append(append([]byte(nil), at.Salt[:]...), u64(^uint64(0))...)
}

// Entry returns the key of one object's deltas in this change-set.
func (c *ChangeSet) Entry(o schema.Object) (*Entry, error) {
	k, err := c.secret.derive("entry", o[:])
	if err != nil {
		return nil, err
	}
	return &Entry{name: c.name, place: c.place, object: o, key: k}, nil
}

// Entry seals and opens the deltas of one object in one change-set.
type Entry struct {
	name   EpochName
	place  Place
	object schema.Object
	key    secret
}

// Secret returns the entry key's bytes: what a key pack re-wraps.
func (e *Entry) Secret() []byte { return e.key.bytes() }

// delta returns key, nonce and AAD of one delta. The AAD leaves the epoch out, so that rotation leaves bodies alone.
func (e *Entry) delta(index uint32) (secret, []byte, []byte, error) {
	k, err := e.key.derive("delta", u32(index))
	nonce := append(append([]byte(nil), e.place.Salt[:]...), u64(uint64(index))...)
	aad := bind("delta", []byte{schema.Suite}, e.name.Org[:], e.name.Scope[:], e.object[:], e.place.Stream[:], u64(e.place.Seq), u32(index), e.place.Pack[:])
	return k, nonce, aad, err
}

// Seal seals one delta's padded plaintext.
func (e *Entry) Seal(index uint32, plain []byte) ([]byte, error) {
	k, nonce, aad, err := e.delta(index)
	if err != nil {
		return nil, err
	}
	return k.seal(nonce, plain, aad)
}

// Open opens one delta.
func (e *Entry) Open(index uint32, sealed []byte) ([]byte, error) {
	k, nonce, aad, err := e.delta(index)
	if err != nil {
		return nil, err
	}
	return k.open(nonce, sealed, aad)
}

// Tagger makes the keyed names of an object's fields. It comes from the entry key of the creating change-set.
type Tagger struct{ key secret }

// Tagger returns the maker of field tags; e must be the entry that created the object.
func (e *Entry) Tagger() (Tagger, error) {
	k, err := e.key.derive("tags")
	return Tagger{k}, err
}

// TaggerFromSecret restores a tagger from the bytes that Secret returned.
func TaggerFromSecret(b []byte) (Tagger, error) {
	k, err := secretOf(b)
	return Tagger{k}, err
}

// Secret returns the tag key's bytes, to be kept sealed.
func (t Tagger) Secret() []byte { return t.key.bytes() }

// Tag names a field path.
func (t Tagger) Tag(path string) (out schema.Tag) {
	m := hmac.New(sha256.New, t.key.p[:])
	m.Write([]byte(path))
	copy(out[:], m.Sum(nil))
	return out
}
