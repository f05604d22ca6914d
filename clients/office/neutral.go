package office

import (
	"strings"
	"unicode"
)

// Neutralise makes text safe to open in a spreadsheet: an apostrophe is put before whatever would start a formula, at the
// start of the cell and wherever a spreadsheet with another list separator, or one that is confused by a quote, would start
// a cell: after a semicolon or a line break. Restore takes exactly these apostrophes away again.
func Neutralise(s string) string {
	var b strings.Builder
	boundary := true
	for i, r := range s {
		if boundary && runs(s[i:], i == 0) {
			b.WriteByte('\'')
		}
		b.WriteRune(r)
		boundary = endsCell(r)
	}
	return b.String()
}

// Restore returns the text that Neutralise was given.
func Restore(s string) string {
	var b strings.Builder
	boundary, start := true, true
	for i, r := range s {
		if boundary && r == '\'' && runs(s[i+1:], start) {
			boundary, start = false, false
			continue
		}
		b.WriteRune(r)
		boundary, start = endsCell(r), false
	}
	return b.String()
}

func endsCell(r rune) bool { return r == ';' || r == '\n' || r == '\r' }

// runs reports whether a spreadsheet could take the text for a formula. Apostrophes in front are looked through, so that
// the answer is the same before and after one was added.
func runs(s string, start bool) bool {
	if start && strings.ContainsAny(firstOf(strings.TrimLeft(s, "'")), "\t\r\n") {
		return true
	}
	return strings.ContainsAny(firstOf(strings.TrimLeftFunc(s, passedOver)), "=+-@＝＋－＠﹦﹢﹣﹫−")
}

func firstOf(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// passedOver names what a spreadsheet, or what cleans up before it, may drop in front of a formula. After a line break the
// question is asked again, so that it never has to look far.
func passedOver(r rune) bool {
	if r == '\n' || r == '\r' {
		return false
	}
	return r == '\'' || r == '"' || unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}
