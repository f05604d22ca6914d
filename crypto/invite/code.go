package invite

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
)

// A code is the prefix and then, in an alphabet without letters that look like digits, the length of the content in two
// bytes, the content, and four bytes of its hash. The length tells a cut code from a mistyped one.
const (
	alphabet  = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	prefix    = "ESCALE"
	version   = '1'
	groupSize = 5
	lengthLen = 2
	sumLen    = 4
	labelCode = "escale/v1/invitation\x00"
)

func encoding() *base32.Encoding {
	return base32.NewEncoding(alphabet).WithPadding(base32.NoPadding)
}

func checksum(b []byte) []byte {
	sum := sha256.Sum256(append([]byte(labelCode), b...))
	return sum[:sumLen]
}

// write returns the characters of a code without prefix and groups.
func write(content []byte) string {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(content)))
	b = append(b, content...)
	return encoding().EncodeToString(append(b, checksum(content)...))
}

func group(chars string) string {
	var out strings.Builder
	out.WriteString(prefix + string(version))
	for len(chars) > 0 {
		n := min(groupSize, len(chars))
		out.WriteString("-" + chars[:n])
		chars = chars[n:]
	}
	return out.String()
}

// plain drops what people and mail programs put between characters, and undoes what the eye confuses.
func plain(code string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\r', '\n', '-', '\u00a0', '\u2010', '\u2011', '\u2013', '\u2014', '\u200b', '\u200e', '\u200f', '\ufeff':
			return -1
		case 'o', 'O':
			return '0'
		case 'i', 'I', 'l', 'L':
			return '1'
		}
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, code)
}

func read(code string) ([]byte, error) {
	if len(code) > MaxCode {
		return nil, fmt.Errorf("%w: code of %d bytes, at most %d", ErrBound, len(code), MaxCode)
	}
	text := plain(code)
	head := plain(prefix)
	if len(text) <= len(head) && strings.HasPrefix(head, text) {
		return nil, ErrTruncated
	}
	rest, ok := strings.CutPrefix(text, head)
	if !ok {
		return nil, ErrMistyped
	}
	if rest[0] != version {
		return nil, fmt.Errorf("%w: it begins %s%c", ErrVersion, prefix, rest[0])
	}
	return content(rest[1:])
}

func content(chars string) ([]byte, error) {
	if i := strings.IndexFunc(chars, func(r rune) bool { return !strings.ContainsRune(alphabet, r) }); i >= 0 {
		return nil, fmt.Errorf("%w, at character %d", ErrMistyped, i+1)
	}
	b, err := encoding().DecodeString(chars)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if len(b) < lengthLen {
		return nil, ErrTruncated
	}
	n := int(binary.BigEndian.Uint16(b))
	b = b[lengthLen:]
	if len(b) < n+sumLen {
		return nil, ErrTruncated
	}
	if string(b[n:]) != string(checksum(b[:n])) || write(b[:n]) != chars {
		return nil, ErrMistyped
	}
	return b[:n], nil
}
