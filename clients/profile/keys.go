package profile

import (
	"fmt"
	"io"

	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema"
	"escale/schema/canon"
)

// Keys is what a member's vault holds. Nothing of it lies anywhere else.
type Keys struct {
	_       struct{} `cbor:",toarray"`
	Org     schema.Org
	Member  schema.Member
	Device  schema.Device
	Sign    []byte
	KEM     []byte
	TLS     []byte
	Officer []byte // empty unless the member is an officer
	Storage []byte
}

// NewKeys draws the keys of a new profile; officer says whether it is an officer's.
func NewKeys(rand io.Reader, officer bool) (k Keys, err error) {
	if k.Member, err = schema.NewMember(rand); err != nil {
		return k, err
	}
	if k.Device, err = schema.NewDevice(rand); err != nil {
		return k, err
	}
	sign, err := key.NewSign(rand)
	if err != nil {
		return k, err
	}
	tls, err := key.NewTLS(rand)
	if err != nil {
		return k, err
	}
	kem, err := seal.NewDevice(rand)
	if err != nil {
		return k, err
	}
	k.Sign, k.TLS, k.KEM, k.Officer = sign.Seed(), tls.Seed(), kem.Seed(), []byte{}
	if officer {
		o, err := key.NewOfficer(rand)
		if err != nil {
			return k, err
		}
		k.Officer = o.Seed()
	}
	k.Storage, err = seal.NewStorageKey(rand)
	return k, err
}

// Encode returns what goes into the vault.
func (k Keys) Encode() ([]byte, error) { return canon.Encode(k) }

// Public returns the keys that the ledger enters for the device.
func (k Keys) Public() (out ledger.DeviceKeys, err error) {
	o, err := k.open(nil)
	if err != nil {
		return out, err
	}
	return ledger.DeviceKeys{Sign: o.sign.Public(), KEM: o.kem.Public(), TLS: o.tls.Public()}, nil
}

// DecodeKeys reads what came out of the vault.
func DecodeKeys(b []byte) (k Keys, err error) {
	if err := canon.Decode(b, &k); err != nil {
		return k, fmt.Errorf("vault's content: %w", err)
	}
	return k, nil
}

// Format keeps the keys out of every printing verb.
func (Keys) Format(f fmt.State, _ rune) {
	if _, err := io.WriteString(f, "keys (redacted)"); err != nil {
		return // a failing writer is its owner's affair
	}
}

// opened are the keys in use while a profile is unlocked.
type opened struct {
	sign    key.SignPrivate
	tls     key.TLSPrivate
	kem     seal.DevicePrivate
	officer *key.OfficerPrivate
	storage *seal.Storage
}

func (k Keys) open(rand io.Reader) (o opened, err error) {
	if o.sign, err = key.SignFromSeed(k.Sign); err != nil {
		return o, err
	}
	if o.tls, err = key.TLSFromSeed(k.TLS); err != nil {
		return o, err
	}
	if o.kem, err = seal.DeviceFromSeed(k.KEM); err != nil {
		return o, err
	}
	if len(k.Officer) > 0 {
		p, err := key.OfficerFromSeed(k.Officer)
		if err != nil {
			return o, err
		}
		o.officer = &p
	}
	o.storage, err = seal.NewStorage(k.Storage, rand)
	return o, err
}
