package expr

import "strings"

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenNumber
	tokenString
	tokenName     // function name or word operator
	tokenRef      // ${name}
	tokenOperator // = != < <= > >= + - *
	tokenSelf     // .
	tokenOpen
	tokenClose
	tokenComma
)

type token struct {
	kind   tokenKind
	text   string
	offset int
}

// lexer cuts the source into tokens, one at a time.
type lexer struct {
	source string
	pos    int
}

func (l *lexer) next() (token, error) {
	for l.pos < len(l.source) && strings.IndexByte(" \t\r\n", l.source[l.pos]) >= 0 {
		l.pos++
	}
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
	case letter(c):
		return l.name(), nil
	}
	return l.symbol(c)
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
	rest := l.source[start:]
	end := strings.IndexByte(rest, '}')
	if !strings.HasPrefix(rest, "${") || end < 0 {
		return token{}, &SyntaxError{Offset: start, Message: "a reference is written ${name}"}
	}
	name := strings.Trim(rest[2:end], " ")
	if !ValidName(name) {
		return token{}, &SyntaxError{Offset: start, Message: "a reference needs a field name"}
	}
	l.pos += end + 1
	return token{kind: tokenRef, text: name, offset: start}, nil
}

func (l *lexer) number() token {
	end, dots := l.pos, 0
	for end < len(l.source) && (digit(l.source[end]) || l.source[end] == '.' && dots == 0) {
		if l.source[end] == '.' {
			dots++
		}
		end++
	}
	return l.take(tokenNumber, end-l.pos)
}

func (l *lexer) name() token {
	end := l.pos
	for end < len(l.source) && nameByte(l.source[end]) {
		end++
	}
	return l.take(tokenName, end-l.pos)
}

func (l *lexer) symbol(c byte) (token, error) {
	switch c {
	case '(':
		return l.take(tokenOpen, 1), nil
	case ')':
		return l.take(tokenClose, 1), nil
	case ',':
		return l.take(tokenComma, 1), nil
	case '.':
		return l.take(tokenSelf, 1), nil
	case '=', '+', '-', '*':
		return l.take(tokenOperator, 1), nil
	}
	rest := l.source[l.pos:]
	for _, op := range []string{"!=", "<=", ">=", "<", ">"} {
		if strings.HasPrefix(rest, op) {
			return l.take(tokenOperator, len(op)), nil
		}
	}
	return token{}, &SyntaxError{Offset: l.pos, Message: "character is not part of the language"}
}

// ValidName tells whether s can name a field: a letter or underscore, then letters, digits, "_", "-" or ".", at most 64 bytes.
func ValidName(s string) bool {
	if s == "" || len(s) > 64 || !letter(s[0]) {
		return false
	}
	for _, c := range []byte(s) {
		if !nameByte(c) && c != '.' {
			return false
		}
	}
	return true
}

func digit(c byte) bool    { return c >= '0' && c <= '9' }
func letter(c byte) bool   { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
func nameByte(c byte) bool { return letter(c) || digit(c) || c == '-' }
