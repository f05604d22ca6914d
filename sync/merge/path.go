package merge

import "strings"

// Bounds of paths.
const (
	MaxPath    = 200 // bytes of one path
	MaxRepeats = 4   // repeats that enclose each other
)

const instanceLen = 16 // hexadecimal digits of the id of a repeat instance

// ValidPath reports whether p names a field: name, or repeat/instance/name with up to MaxRepeats repeats around it, where
// an instance is 16 lower-case hexadecimal digits. The reserved path Exists has the same form.
func ValidPath(p string) bool {
	if len(p) > MaxPath {
		return false
	}
	depth := 0
	for {
		name, rest, nested := strings.Cut(p, "/")
		if !validName(name) {
			return false
		}
		if !nested {
			return true
		}
		instance, inner, more := strings.Cut(rest, "/")
		depth++
		if !more || !validInstance(instance) || depth > MaxRepeats {
			return false
		}
		p = inner
	}
}

func validName(s string) bool {
	for i, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		inner := c >= '0' && c <= '9' || c == '-' || c == '.'
		if !letter && (i == 0 || !inner) {
			return false
		}
	}
	return s != ""
}

func validInstance(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(s) == instanceLen
}
