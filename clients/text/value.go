package text

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/bidi"
)

// Directional isolates (Unicode UAX #9): what lies between them cannot turn the text around them.
const (
	firstStrong = "\u2068"
	leftToRight = "\u2066"
	popIsolate  = "\u2069"
)

// value turns what a caller gives into what may stand in a sentence.
func (p *Printer) value(v any) string {
	s := ""
	if t, ok := v.(time.Time); ok {
		s = p.DateTime(t)
	} else {
		s = fmt.Sprint(v)
	}
	return p.isolate(Clean(s))
}

// isolate wraps a value whose direction may differ from the sentence's.
func (p *Printer) isolate(s string) string {
	if s == "" || !p.style.rtl && !hasRTL(s) {
		return s
	}
	return firstStrong + s + popIsolate
}

func hasRTL(s string) bool {
	for _, r := range s {
		props, _ := bidi.LookupRune(r)
		if c := props.Class(); c == bidi.R || c == bidi.AL || c == bidi.AN {
			return true
		}
	}
	return false
}

// Clean replaces line breaks and tabs by blanks and removes what could drive a terminal or turn the rest of a line:
// control characters, embeddings, overrides and unpaired isolates. Marks that Arabic and Persian need stay.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.IsControl(r):
			return -1
		case r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, s)
}
