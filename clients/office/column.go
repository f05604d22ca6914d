package office

import (
	"strconv"
	"strings"

	"escale/schema/form"
)

// column is one column of a table: its name, its HXL tag, and its cell for what the table is about.
type column[T any] struct {
	name, tag string
	cell      func(T) cell
}

// header returns the first two rows. Names stay unique: a field that is called like a column of ours gets a "_" behind.
func header[T any](columns []column[T]) (names, tags []cell) {
	seen := map[string]bool{}
	for _, c := range columns {
		name := c.name
		for seen[name] {
			name += "_"
		}
		seen[name] = true
		names, tags = append(names, textCell(name)), append(tags, textCell(c.tag))
	}
	return names, tags
}

func cellsOf[T any](columns []column[T], about T) []cell {
	out := make([]cell, len(columns))
	for i, c := range columns {
		out[i] = c.cell(about)
	}
	return out
}

// text makes a column of a text.
func text[T any](name, tag string, get func(T) string) column[T] {
	return column[T]{name, tag, func(about T) cell { return textCell(get(about)) }}
}

// count makes a column of a whole number.
func count[T any](name, tag string, get func(T) int) column[T] {
	return column[T]{name, tag, func(about T) cell { return cell{strconv.Itoa(get(about)), true} }}
}

// cellOf writes a value. Members of a set are divided by spaces, which neither a choice nor a word of a set can contain;
// each entry of an append field starts on a line of its own, with when and by whom.
func cellOf(value any) cell {
	switch v := value.(type) {
	case string:
		return textCell(v)
	case int64:
		return cell{strconv.FormatInt(v, 10), true}
	case float64:
		return cell{strconv.FormatFloat(v, 'f', -1, 64), true}
	case bool:
		return textCell(strconv.FormatBool(v))
	case []string:
		return textCell(strings.Join(v, " "))
	case []Entry:
		return textCell(entryLines(v))
	}
	return cell{}
}

func entryLines(entries []Entry) string {
	out := make([]string, len(entries))
	for i, e := range entries {
		out[i] = e.Value
		if e.At != "" {
			out[i] = "[" + e.At + " " + e.Author + "] " + e.Value
		}
	}
	return strings.Join(out, "\n")
}

// labelOf writes the labels of the codes of a select, divided by " | ".
func labelOf(fd *form.Field, value any, language, fallback string) string {
	var codes []string
	switch v := value.(type) {
	case string:
		codes = []string{v}
	case []string:
		codes = v
	}
	labels := make([]string, len(codes))
	for i, code := range codes {
		labels[i] = code
		if choice, ok := fd.Choice(code); ok && choice.Label.In(language, fallback) != "" {
			labels[i] = choice.Label.In(language, fallback)
		}
	}
	return strings.Join(labels, " | ")
}

// tagLabel is the HXL tag of a column of labels.
func tagLabel(tag, language string) string {
	if tag == "" {
		return ""
	}
	return tag + "+label+i_" + language
}
