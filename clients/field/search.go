package field

import (
	"context"
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// Fold brings text into the form in which it is searched: lower case, without accents, Arabic letters without vowel signs,
// lengthening, hamza seats and final forms that people leave out when they type.
func Fold(s string) string {
	t := transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)), norm.NFC)
	folded, _, err := transform.String(t, s)
	if err != nil {
		folded = s // not valid text: searched as it is
	}
	return strings.ToLower(strings.Map(arabic, folded))
}

func arabic(r rune) rune {
	switch r {
	case 'ـ':
		return -1
	case 'أ', 'إ', 'آ', 'ٱ':
		return 'ا'
	case 'ى', 'ئ':
		return 'ي'
	case 'ؤ':
		return 'و'
	case 'ة':
		return 'ه'
	}
	if r >= '٠' && r <= '٩' {
		return '0' + r - '٠'
	}
	return r
}

// Search returns the records whose shown values contain every word of the query, newest first, without the deleted ones.
func (b *Book) Search(ctx context.Context, query string) ([]*Record, error) {
	return b.search(ctx, query, false)
}

// SearchDeleted searches what was deleted.
func (b *Book) SearchDeleted(ctx context.Context, query string) ([]*Record, error) {
	return b.search(ctx, query, true)
}

func (b *Book) search(ctx context.Context, query string, deleted bool) ([]*Record, error) {
	words := strings.Fields(Fold(query))
	if len(words) == 0 {
		return nil, nil
	}
	all, err := b.list(ctx, "", deleted)
	if err != nil {
		return nil, err
	}
	var out []*Record
	for _, r := range all {
		if r.matches(words) {
			out = append(out, r)
		}
	}
	return out, nil
}

func (r *Record) matches(words []string) bool {
	var text strings.Builder
	text.WriteString(r.ID.String())
	for path, f := range r.Fields {
		if !r.MayShowField(path) {
			continue
		}
		writeText(&text, f.Value)
		for _, s := range f.Siblings {
			writeText(&text, s.Value)
		}
	}
	folded := Fold(text.String())
	for _, w := range words {
		if !strings.Contains(folded, w) {
			return false
		}
	}
	return true
}

func writeText(b *strings.Builder, value any) {
	switch v := value.(type) {
	case string:
		b.WriteString("\n" + v)
	case []string:
		for _, s := range v {
			b.WriteString("\n" + s)
		}
	}
}
