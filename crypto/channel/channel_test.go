package channel_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"escale/crypto/channel"
	"escale/crypto/key"
)

func tlsKey(t *testing.T, n byte) key.TLSPrivate {
	t.Helper()
	k, err := key.TLSFromSeed(bytes.Repeat([]byte{n}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func server(t *testing.T, k key.TLSPrivate) *tls.Config {
	t.Helper()
	c, err := channel.ServerConfig(k)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func client(t *testing.T, k key.TLSPrivate, pins ...key.TLSPublic) *tls.Config {
	t.Helper()
	c, err := channel.ClientConfig(k, pins)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// meet runs one handshake over a pipe, exchanges a byte, and returns what each side saw.
func meet(t *testing.T, srv, cli *tls.Config) (seen, shown key.TLSPublic, srvErr, cliErr error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	a, b := net.Pipe()
	done := make(chan error, 1)
	go func() {
		defer a.Close()
		s := tls.Server(a, srv)
		err := s.HandshakeContext(ctx)
		if err == nil {
			seen, err = channel.PeerKey(s.ConnectionState())
		}
		if err == nil {
			_, err = s.Write([]byte{1})
		}
		done <- err
	}()
	c := tls.Client(b, cli)
	cliErr = c.HandshakeContext(ctx)
	if cliErr == nil {
		shown, cliErr = channel.PeerKey(c.ConnectionState())
	}
	if cliErr == nil {
		_, cliErr = io.ReadFull(c, make([]byte, 1))
	}
	b.Close()
	srvErr = <-done
	return seen, shown, srvErr, cliErr
}

func TestBothEndsLearnTheKey(t *testing.T) {
	hub, laptop := tlsKey(t, 1), tlsKey(t, 2)
	seen, shown, srvErr, cliErr := meet(t, server(t, hub), client(t, laptop, tlsKey(t, 9).Public(), hub.Public()))
	if srvErr != nil || cliErr != nil {
		t.Fatal(srvErr, cliErr)
	}
	if seen != laptop.Public() || shown != hub.Public() {
		t.Fatalf("keys: server saw %v, client saw %v", seen, shown)
	}
}

func TestWrongPin(t *testing.T) {
	hub, laptop := tlsKey(t, 1), tlsKey(t, 2)
	_, _, _, cliErr := meet(t, server(t, hub), client(t, laptop, laptop.Public()))
	if !errors.Is(cliErr, channel.ErrWrongPin) {
		t.Fatalf("got %v", cliErr)
	}
	if !strings.Contains(cliErr.Error(), hub.Public().String()) {
		t.Fatalf("the error does not tell which key was shown: %v", cliErr)
	}
}

func TestNoPin(t *testing.T) {
	if _, err := channel.ClientConfig(tlsKey(t, 2), nil); !errors.Is(err, channel.ErrNoPin) {
		t.Fatalf("got %v", err)
	}
}

func TestClockYearsOff(t *testing.T) {
	hub, laptop := tlsKey(t, 1), tlsKey(t, 2)
	for _, year := range []int{1971, 2023, 2100, 9998} {
		at := func() time.Time { return time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC) }
		cli, srv := client(t, laptop, hub.Public()), server(t, hub)
		cli.Time, srv.Time = at, at
		if _, _, srvErr, cliErr := meet(t, srv, cli); srvErr != nil || cliErr != nil {
			t.Errorf("in %d: %v, %v", year, srvErr, cliErr)
		}
	}
}

func TestOtherChannelsAreRefused(t *testing.T) {
	hub, laptop := tlsKey(t, 1), tlsKey(t, 2)
	for name, change := range map[string]func(*tls.Config){
		"TLS 1.2":        func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12 },
		"X25519 alone":   func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.X25519} },
		"no certificate": func(c *tls.Config) { c.Certificates = nil },
		"ECDSA key":      func(c *tls.Config) { c.Certificates = []tls.Certificate{ecdsaCert(t)} },
		"other protocol": func(c *tls.Config) { c.NextProtos = []string{"h2"} },
		"two certificates": func(c *tls.Config) {
			one := c.Certificates[0]
			one.Certificate = append(one.Certificate[:1:1], one.Certificate[0])
			c.Certificates = []tls.Certificate{one}
		},
	} {
		t.Run(name, func(t *testing.T) {
			cli := client(t, laptop, hub.Public())
			change(cli)
			if _, _, srvErr, _ := meet(t, server(t, hub), cli); srvErr == nil {
				t.Fatal("accepted")
			}
		})
	}
}

func ecdsaCert(t *testing.T) tls.Certificate {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: k}
}

func TestCertificateIsDeterministicAndNameless(t *testing.T) {
	a, b := server(t, tlsKey(t, 1)), server(t, tlsKey(t, 1))
	if !bytes.Equal(a.Certificates[0].Certificate[0], b.Certificates[0].Certificate[0]) {
		t.Fatal("two certificates of one key differ")
	}
	cert, err := x509.ParseCertificate(a.Certificates[0].Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	if cert.Subject.String() != "" || len(cert.DNSNames) != 0 || cert.NotBefore.Unix() != 0 || cert.NotAfter.Year() != 9999 {
		t.Fatalf("certificate says too much: %q %v %v %v", cert.Subject, cert.DNSNames, cert.NotBefore, cert.NotAfter)
	}
}

func TestSessionsAreNotResumed(t *testing.T) {
	hub, laptop := tlsKey(t, 1), tlsKey(t, 2)
	srv, cli := server(t, hub), client(t, laptop, hub.Public())
	cli.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	cli.ServerName = "same"
	for range 2 {
		if _, _, srvErr, cliErr := meet(t, srv, cli); srvErr != nil || cliErr != nil {
			t.Fatal(srvErr, cliErr)
		}
	}
	if s, ok := cli.ClientSessionCache.Get("same"); ok && s != nil {
		t.Fatal("the server gave a session to resume")
	}
}
