// Package channel configures the one kind of connection that Escale speaks over: TLS 1.3, key exchange X25519MLKEM768,
// and on both ends an Ed25519 key that the other end knows or learns.
//
// There is no authority, no name and no date in it: a certificate is only the wrapper that TLS wants around a key, valid
// from 1970 to 9999, so that a laptop whose clock is years off still connects. The client pins the hub's key and sends no
// server name, which an observer could read or reset. The server takes any Ed25519 key and hands it up: who may do what
// is decided by the ledger, not here. Sessions are never resumed, so the check of the key is never skipped.
//
// The package knows no address, no route and no member, and holds nothing that opens a sealed message.
package channel

import (
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"time"

	"escale/crypto/key"
)

// Errors that callers decide by.
var (
	// ErrWrongPin reports that the other end is not the hub that the device was invited to.
	ErrWrongPin = errors.New("the hub's key is not a pinned one")
	// ErrPeer reports that the other end did not show exactly one Ed25519 key over the wanted kind of channel.
	ErrPeer = errors.New("the other end does not speak Escale's channel")
	// ErrNoPin reports a client that was given no key to expect.
	ErrNoPin = errors.New("no pinned key")
)

// Protocol is the only application protocol that is offered. HTTP/1.1 gives each push a connection of its own: on a
// lossy link a lost packet then holds up one body, not all, and a deadline on the connection is a deadline on the body.
const Protocol = "http/1.1"

// ServerConfig returns the hub's side. A client must show an Ed25519 key; PeerKey tells which.
func ServerConfig(k key.TLSPrivate) (*tls.Config, error) {
	c, err := config(k)
	if err != nil {
		return nil, err
	}
	c.ClientAuth = tls.RequireAnyClientCert
	c.VerifyConnection = func(s tls.ConnectionState) error {
		_, err := PeerKey(s)
		return err
	}
	return c, nil
}

// ClientConfig returns a laptop's side. Its handshake fails with ErrWrongPin unless the other end proves to hold the
// private half of one of the pins.
func ClientConfig(k key.TLSPrivate, pins []key.TLSPublic) (*tls.Config, error) {
	if len(pins) == 0 {
		return nil, ErrNoPin
	}
	c, err := config(k)
	if err != nil {
		return nil, err
	}
	pins = append([]key.TLSPublic(nil), pins...)
	// The library's own check asks for an authority and a name; VerifyConnection, which also runs on every connection,
	// asks for the pinned key instead.
	c.InsecureSkipVerify = true
	c.VerifyConnection = func(s tls.ConnectionState) error { return checkPin(s, pins) }
	return c, nil
}

func checkPin(s tls.ConnectionState, pins []key.TLSPublic) error {
	shown, err := PeerKey(s)
	if err != nil {
		return err
	}
	for _, pin := range pins {
		if shown == pin {
			return nil
		}
	}
	return fmt.Errorf("%w: it shows %s", ErrWrongPin, shown)
}

// PeerKey returns the key that the other end proved to hold.
func PeerKey(s tls.ConnectionState) (p key.TLSPublic, err error) {
	if s.Version != tls.VersionTLS13 || s.CurveID != tls.X25519MLKEM768 || s.DidResume {
		return p, fmt.Errorf("%w: version %#04x, key exchange %d, resumed %t", ErrPeer, s.Version, s.CurveID, s.DidResume)
	}
	if len(s.PeerCertificates) != 1 {
		return p, fmt.Errorf("%w: %d certificates, want 1", ErrPeer, len(s.PeerCertificates))
	}
	pub, ok := s.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
	if !ok || len(pub) != len(p) {
		return p, fmt.Errorf("%w: the key is not Ed25519", ErrPeer)
	}
	copy(p[:], pub)
	return p, nil
}

func config(k key.TLSPrivate) (*tls.Config, error) {
	cert, err := certificate(k)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		Certificates:           []tls.Certificate{cert},
		MinVersion:             tls.VersionTLS13,
		MaxVersion:             tls.VersionTLS13,
		CurvePreferences:       []tls.CurveID{tls.X25519MLKEM768},
		NextProtos:             []string{Protocol},
		SessionTicketsDisabled: true,
	}, nil
}

// certificate wraps a key. It draws nothing: the same key gives the same bytes, so nothing about it need be stored.
func certificate(k key.TLSPrivate) (tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	signer := k.Signer()
	der, err := x509.CreateCertificate(nil, template, template, signer.Public(), signer)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("wrap the channel key: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: signer}, nil
}
