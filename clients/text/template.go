package text

import (
	"fmt"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n/template"
)

// A sentence of the catalogue has two kinds of marks and no code, so that no slip of a translator can break the program:
// {name} is replaced by a value, `command {name}` is set in the quotation marks of the language.

// style is how a language sets what is inserted.
type style struct {
	rtl         bool
	open, close string // around a command
}

func styleOf(lang string) style {
	switch lang {
	case French:
		return style{open: "«\u00a0", close: "\u00a0»"}
	case Arabic:
		return style{rtl: true, open: "«" + leftToRight, close: popIsolate + "»"}
	default:
		return style{open: "“", close: "”"}
	}
}

// filling is what a template is executed with.
type filling struct {
	values map[string]string
	style  style
}

type pieceKind uint8

const (
	literal pieceKind = iota
	placeholder
	command
)

type piece struct {
	kind pieceKind
	text string
}

// parsed is a sentence in pieces.
type parsed []piece

// parser reads the two marks. It implements the catalogue library's template parser.
type parser struct{}

// Cacheable says that a parsed sentence can be used again.
func (parser) Cacheable() bool { return true }

// Parse cuts a sentence into pieces. It accepts every string: what is no mark is text.
func (parser) Parse(src, _, _ string) (template.ParsedTemplate, error) { return cut(src), nil }

func cut(src string) parsed {
	var out parsed
	for src != "" {
		i := strings.IndexAny(src, "{`")
		if i < 0 {
			return append(out, piece{literal, src})
		}
		if i > 0 {
			out = append(out, piece{literal, src[:i]})
		}
		p, rest := mark(src[i:])
		out, src = append(out, p), rest
	}
	return out
}

// mark reads what begins with { or `.
func mark(src string) (piece, string) {
	end, kind := "}", placeholder
	if src[0] == '`' {
		end, kind = "`", command
	}
	inner, rest, found := strings.Cut(src[1:], end)
	if !found || inner == "" || kind == placeholder && !isName(inner) {
		return piece{literal, src[:1]}, src[1:]
	}
	return piece{kind, inner}, rest
}

func isName(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && r != '_' {
			return false
		}
	}
	return true
}

// Execute fills in the values.
func (t parsed) Execute(data any) (string, error) {
	f, ok := data.(filling)
	if !ok {
		return "", fmt.Errorf("sentence filled with %T", data)
	}
	return t.fill(f), nil
}

func (t parsed) fill(f filling) string {
	var b strings.Builder
	for _, p := range t {
		b.WriteString(f.render(p))
	}
	return b.String()
}

func (f filling) render(p piece) string {
	switch p.kind {
	case placeholder:
		if v, ok := f.values[p.text]; ok {
			return v
		}
		return "{" + p.text + "}"
	case command:
		inner := cut(p.text)
		return f.style.open + inner.fill(f) + f.style.close
	default:
		return p.text
	}
}
