package expr

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// digest is for comparing texts, as forms do it; nothing is protected by it, so that the old algorithms do no harm.
func digest(s *scope, args []Value) (Value, error) {
	text := []byte(s.text(args[0]))
	var sum []byte
	switch strings.ToUpper(s.text(args[1])) {
	case "MD5":
		h := md5.Sum(text)
		sum = h[:]
	case "SHA-1":
		h := sha1.Sum(text)
		sum = h[:]
	case "SHA-256":
		h := sha256.Sum256(text)
		sum = h[:]
	case "SHA-384":
		h := sha512.Sum384(text)
		sum = h[:]
	case "SHA-512":
		h := sha512.Sum512(text)
		sum = h[:]
	default:
		return Value{}, ErrArgument
	}
	if len(args) < 3 {
		return String(base64.StdEncoding.EncodeToString(sum)), nil
	}
	switch s.text(args[2]) {
	case "hex":
		return String(hex.EncodeToString(sum)), nil
	case "base64":
		return String(base64.StdEncoding.EncodeToString(sum)), nil
	}
	return Value{}, ErrArgument
}

func decodeBase64(s *scope, args []Value) (Value, error) {
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(s.text(args[0])))
	if err != nil || !utf8.Valid(decoded) {
		return Missing(), nil
	}
	return String(string(decoded)), nil
}

// draw reads random bytes. Without a source nothing is random: evaluation says so instead of returning a constant.
func (s *scope) draw(b []byte) error {
	if s.ctx.Random == nil {
		return ErrNoRandom
	}
	if _, err := io.ReadFull(s.ctx.Random, b); err != nil {
		return fmt.Errorf("draw for an expression: %w", err)
	}
	return nil
}

func (s *scope) drawFloat() (float64, error) {
	var b [8]byte
	if err := s.draw(b[:]); err != nil {
		return 0, err
	}
	return float64(binary.BigEndian.Uint64(b[:])>>11) / (1 << 53), nil
}

func random(s *scope, _ []node) (Value, error) {
	x, err := s.drawFloat()
	return Number(x), err
}

const maxUUID = 4096 // characters

// uuid makes a version 4 UUID, or as many random characters as the argument says.
func uuid(s *scope, args []Value) (Value, error) {
	if len(args) == 1 {
		n := s.number(args[0])
		if math.IsNaN(n) || n < 0 || n > maxUUID {
			return Value{}, ErrArgument
		}
		b := make([]byte, (int(n)+1)/2)
		if err := s.draw(b); err != nil {
			return Value{}, err
		}
		return String(hex.EncodeToString(b)[:int(n)]), nil
	}
	var b [16]byte
	if err := s.draw(b[:]); err != nil {
		return Value{}, err
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return String(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])), nil
}
