package expr

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenNumber
	tokenString
	tokenName     // name, prefix:name, prefix:*
	tokenRef      // ${name}
	tokenOperator // = != < <= > >= + - * | and or div mod, and the punctuation of paths: / // . .. @ :: *
	tokenOpen
	tokenClose
	tokenComma
	tokenSquareOpen
	tokenSquareClose
)

type token struct {
	kind   tokenKind
	text   string
	offset int
	word   bool // an operator that is a word, or "*": where no operator can stand it is a name
}

// lexer cuts the source into tokens, one at a time. Whether a name or "*" is an operator depends on what stands before it,
// as XPath 1.0 §3.7 says.
type lexer struct {
	source string
	pos    int
	last   token
	begun  bool
	prefix bool // what cannot be read ends the expression: it is the text behind it
}

func (l *lexer) next() (token, error) {
	for l.pos < len(l.source) && strings.IndexByte(" \t\r\n", l.source[l.pos]) >= 0 {
		l.pos++
	}
	start := l.pos
	t, err := l.scan()
	if err != nil && l.prefix {
		l.pos, t, err = start, token{kind: tokenEnd, offset: start}, nil
	}
	l.last, l.begun = t, true
	return t, err
}

func (l *lexer) scan() (token, error) {
	if l.pos == len(l.source) {
		return token{kind: tokenEnd, offset: l.pos}, nil
	}
	c := l.source[l.pos]
	switch {
	case c == '\'' || c == '"':
		return l.text(c)
	case c == '$':
		return l.reference()
	case digit(c) || c == '.' && l.pos+1 < len(l.source) && digit(l.source[l.pos+1]):
		return l.number(), nil
	case letter(l.rest()):
		return l.name(), nil
	}
	return l.symbol(c)
}

func (l *lexer) rest() string { return l.source[l.pos:] }

// expectsOperator tells whether an operand has just ended.
func (l *lexer) expectsOperator() bool {
	if !l.begun {
		return false
	}
	switch l.last.kind {
	case tokenNumber, tokenString, tokenName, tokenRef, tokenClose, tokenSquareClose:
		return true
	case tokenOperator:
		return l.last.text == "." || l.last.text == ".." || l.last.text == "*" && !l.last.word
	}
	return false
}

func (l *lexer) take(kind tokenKind, length int) token {
	t := token{kind: kind, text: l.source[l.pos : l.pos+length], offset: l.pos}
	l.pos += length
	return t
}

func (l *lexer) text(quote byte) (token, error) {
	end := strings.IndexByte(l.source[l.pos+1:], quote)
	if end < 0 {
		return token{}, &SyntaxError{Offset: l.pos, Message: "text is not closed by a quote"}
	}
	t := token{kind: tokenString, text: l.source[l.pos+1 : l.pos+1+end], offset: l.pos}
	l.pos += end + 2
	return t, nil
}

func (l *lexer) reference() (token, error) {
	start := l.pos
	rest := l.rest()
	end := strings.IndexByte(rest, '}')
	if !strings.HasPrefix(rest, "${") || end < 0 {
		return token{}, &SyntaxError{Offset: start, Message: "a reference is written ${name}"}
	}
	name := strings.Trim(rest[2:end], " ")
	if !IsName(strings.TrimPrefix(name, LastSaved)) {
		return token{}, &SyntaxError{Offset: start, Message: "a reference needs a field name"}
	}
	l.pos += end + 1
	return token{kind: tokenRef, text: name, offset: start}, nil
}

func (l *lexer) number() token {
	i := l.pos
	i = digits(l.source, i)
	if i < len(l.source) && l.source[i] == '.' {
		i = digits(l.source, i+1)
	}
	if e := digits(l.source, exponent(l.source, i)); e > i && digit(l.source[e-1]) {
		i = e
	}
	return l.take(tokenNumber, i-l.pos)
}

func digits(s string, i int) int {
	for i < len(s) && digit(s[i]) {
		i++
	}
	return i
}

// exponent returns where the digits of an exponent begin, else i itself.
func exponent(s string, i int) int {
	if i+1 >= len(s) || s[i] != 'e' && s[i] != 'E' {
		return i
	}
	if (s[i+1] == '-' || s[i+1] == '+') && i+2 < len(s) && digit(s[i+2]) {
		return i + 2
	}
	if digit(s[i+1]) {
		return i + 1
	}
	return i
}

// name reads a name or a word operator. Where only an operator can stand its letters may touch what follows: "1div1".
func (l *lexer) name() token {
	if l.expectsOperator() {
		for _, op := range [...]string{"and", "or", "div", "mod"} {
			if strings.HasPrefix(l.rest(), op) {
				t := l.take(tokenOperator, len(op))
				t.word = true
				return t
			}
		}
	}
	length := nameLength(l.rest())
	rest := l.rest()[length:]
	if strings.HasPrefix(rest, ":*") {
		return l.take(tokenName, length+2)
	}
	if strings.HasPrefix(rest, ":") && !strings.HasPrefix(rest, "::") {
		if local := nameLength(rest[1:]); local > 0 {
			return l.take(tokenName, length+1+local)
		}
	}
	return l.take(tokenName, length)
}

func (l *lexer) symbol(c byte) (token, error) {
	switch c {
	case '(':
		return l.take(tokenOpen, 1), nil
	case ')':
		return l.take(tokenClose, 1), nil
	case '[':
		return l.take(tokenSquareOpen, 1), nil
	case ']':
		return l.take(tokenSquareClose, 1), nil
	case ',':
		return l.take(tokenComma, 1), nil
	case '*':
		word := l.expectsOperator()
		t := l.take(tokenOperator, 1)
		t.word = word
		return t, nil
	}
	for _, op := range [...]string{"!=", "<=", ">=", "//", "..", "::", "=", "<", ">", "+", "-", "|", "/", ".", "@"} {
		if strings.HasPrefix(l.rest(), op) {
			return l.take(tokenOperator, len(op)), nil
		}
	}
	return token{}, &SyntaxError{Offset: l.pos, Message: "character is not expected here"}
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func letter(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return r == '_' || unicode.IsLetter(r)
}

func nameLength(s string) int {
	for i, r := range s {
		switch {
		case r == '_' || unicode.IsLetter(r):
		case i > 0 && (r == '-' || r == '.' || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Mc, r) || r == '·'):
		default:
			return i
		}
	}
	return len(s)
}

// LastSaved marks a reference to the form as it was saved last time: ${last-saved#name}.
const LastSaved = "last-saved#"

// IsName tells whether s can name a field or a choice list in XML: a letter or "_", then letters, digits, "_", "-" or ".".
func IsName(s string) bool {
	return s != "" && len(s) <= MaxName && letter(s) && nameLength(s) == len(s)
}

// ValidName is the narrower rule for names that travel in paths, tags and file names: ASCII, at most 64 bytes.
func ValidName(s string) bool {
	if len(s) > 64 || !IsName(s) {
		return false
	}
	for _, c := range []byte(s) {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
