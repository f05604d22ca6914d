package seal

import (
	"crypto/hpke"
	"crypto/subtle"
	"fmt"

	"escale/crypto/envelope"
	"escale/crypto/key"
	"escale/schema"
)

// CustodyPrivate opens what was wrapped for the organisation's recovery key. Nobody keeps it: it exists while it is split,
// and while k custodians sit together.
type CustodyPrivate struct{ kemPrivate }

// CustodyFromSeed restores the recovery key.
func CustodyFromSeed(b []byte) (CustodyPrivate, error) {
	k, err := kemFromSeed(b)
	return CustodyPrivate{k}, err
}

// Public returns the recovery key's public half.
func (k CustodyPrivate) Public() (p key.CustodyKEM) {
	copy(p[:], k.priv.PublicKey().Bytes())
	return p
}

// UnwrapEpochFromCustody opens an epoch key that was wrapped for the recovery key, and refuses it unless its public half
// is the one in the ledger.
func UnwrapEpochFromCustody(c CustodyPrivate, name EpochName, order schema.Order, want key.EpochKEM, wrap []byte) (EpochPrivate, error) {
	return unwrapFrom(c.kemPrivate, bind("epoch-custody", name.bytes(), order[:]), want, wrap)
}

// unwrapFrom opens a wrap and compares what comes out with the ledger.
func unwrapFrom(k kemPrivate, info []byte, want key.EpochKEM, wrap []byte) (EpochPrivate, error) {
	if len(wrap) != envelope.KeyWrapSize {
		return EpochPrivate{}, fmt.Errorf("%w: wrap of %d bytes", ErrDamaged, len(wrap))
	}
	seed, err := hpke.Open(k.priv, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), info, wrap)
	if err != nil {
		return EpochPrivate{}, fmt.Errorf("%w: epoch wrap", ErrWrongKey)
	}
	e, err := EpochFromSeed(seed)
	if err != nil {
		return EpochPrivate{}, err
	}
	got := e.Public()
	if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
		return EpochPrivate{}, fmt.Errorf("%w: the wrapped key is not the epoch's in the ledger", ErrWrongKey)
	}
	return e, nil
}

// ShareName says what a sealed share is bound to.
type ShareName struct {
	Org        schema.Org
	Commitment schema.Hash // of the share, in the ledger
	To         schema.Device
}

func (n ShareName) bytes() []byte {
	return append(append(append([]byte(nil), n.Org[:]...), n.Commitment[:]...), n.To[:]...)
}

// SealShare seals a share of the recovery key to one device.
func SealShare(share []byte, name ShareName, to key.DeviceKEM) ([]byte, error) {
	pub, err := hpke.MLKEM768X25519().NewPublicKey(to[:])
	if err != nil {
		return nil, fmt.Errorf("custodian's key: %w", err)
	}
	out, err := hpke.Seal(pub, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), bind("custody-share", name.bytes()), share)
	if err != nil {
		return nil, fmt.Errorf("seal a share: %w", err)
	}
	return out, nil
}

// OpenShare opens a share that was sealed to this device.
func OpenShare(d DevicePrivate, name ShareName, sealed []byte) ([]byte, error) {
	b, err := hpke.Open(d.priv, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), bind("custody-share", name.bytes()), sealed)
	if err != nil {
		return nil, fmt.Errorf("%w: share of the recovery key", ErrWrongKey)
	}
	return b, nil
}
