package people

import (
	"fmt"
	"strconv"
	"strings"
)

// voice speaks one language with a draw.
type voice struct {
	draw     *draw
	language string
	words    words
}

// line draws one line of a section and fills its slots.
func (v voice) line(section string) string { return v.fill(v.draw.of(v.words[section])) }

// text joins several different lines of a section.
func (v voice) text(section string, most int) string {
	lines := v.draw.several(v.words[section], most)
	for i := range lines {
		lines[i] = v.fill(lines[i])
	}
	return capital(strings.Join(lines, " "))
}

// fill replaces {n}, {m}, {nn}, {hour} by drawn numbers and every other {slot} by a line of the section of that name.
func (v voice) fill(line string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(line, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		slot, after, _ := strings.Cut(rest, "}")
		b.WriteString(v.slot(slot))
		line = after
	}
}

func (v voice) slot(name string) string {
	switch name {
	case "n":
		return strconv.Itoa(v.draw.between(5, 45))
	case "m":
		return strconv.Itoa(v.draw.between(3, 9))
	case "nn":
		return fmt.Sprintf("%02d", v.draw.IntN(100))
	case "hour":
		return fmt.Sprintf("%02d:%02d", v.draw.between(6, 23), 5*v.draw.IntN(12))
	default:
		return v.line(name)
	}
}

// invented adds what says that nobody of the text exists.
func (v voice) invented(text, mark string) string { return text + " " + v.words[mark][0] }

// capital writes the first letter large where the script has such.
func capital(s string) string {
	for i, r := range s {
		return strings.ToUpper(string(r)) + s[i+len(string(r)):]
	}
	return s
}
