package canary

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf16"
)

// The names of encodings in places.
const (
	UTF8      = "utf-8"
	UTF8Lower = "utf-8 lower case"
	UTF8Upper = "utf-8 upper case"
	UTF16LE   = "utf-16le"
	UTF16BE   = "utf-16be"
	Escaped   = `\u escapes`
	Hex       = "hex"
	Base64    = "base64"
	Base64URL = "base64url"
)

// pattern is one marker in one encoding.
type pattern struct {
	marker   int
	encoding string
	bytes    []byte
}

// patternsOf lists the encodings of a marker that differ from each other.
func patternsOf(index int, marker string) []pattern {
	var list []pattern
	seen := map[string]bool{}
	add := func(encoding, s string) {
		if s != "" && !seen[s] {
			seen[s] = true
			list = append(list, pattern{index, encoding, []byte(s)})
		}
	}
	add(UTF8, marker)
	add(UTF8Lower, strings.ToLower(marker))
	add(UTF8Upper, strings.ToUpper(marker))
	add(UTF16LE, wide(marker, binary.LittleEndian))
	add(UTF16BE, wide(marker, binary.BigEndian))
	add(Escaped, escaped(marker, `\u%04x`))
	add(Escaped, escaped(marker, `\u%04X`))
	add(Hex, hex.EncodeToString([]byte(marker)))
	add(Hex, strings.ToUpper(hex.EncodeToString([]byte(marker))))
	for shift := range 3 {
		add(Base64, aligned(marker, shift, base64.StdEncoding))
		add(Base64URL, aligned(marker, shift, base64.URLEncoding))
	}
	return list
}

func wide(marker string, order binary.AppendByteOrder) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune(marker)) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}

// escaped writes what lies outside ASCII as JSON may; a marker within ASCII stays as it is.
func escaped(marker, format string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(marker)) {
		if unit < 0x80 {
			b.WriteByte(byte(unit))
		} else {
			fmt.Fprintf(&b, format, unit)
		}
	}
	return b.String()
}

// aligned returns the characters of base64 that the marker alone decides when shift bytes of a triple precede it.
func aligned(marker string, shift int, encoding *base64.Encoding) string {
	text := encoding.EncodeToString(append(make([]byte, shift), marker...))
	first := (8*shift + 5) / 6
	end := 8 * (shift + len(marker)) / 6
	return text[first:end]
}
