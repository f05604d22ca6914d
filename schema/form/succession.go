package form

import (
	"fmt"
	"strconv"
	"strings"
)

// Succession lists what keeps a form from following an earlier version of itself. A record keeps the version that it was
// written with, so removed fields and choices harm nothing. But a field that goes on must mean the same to those who read
// records of both versions: its type may change only where the column was says how earlier answers are read, its compartment and
// its policy not at all.
func (f *Form) Succession(earlier *Form) Faults {
	var faults Faults
	add := func(p *part, column, message, hint string) {
		faults = append(faults, Fault{Name: p.item.Name, Path: p.path, Column: column, Message: message, Hint: hint})
	}
	for _, field := range f.Fields {
		old, ok := earlier.byPath[field.Path]
		if !ok {
			continue
		}
		if _, known := field.mapping(old.Type); old.Type != field.Type && !known {
			add(field.part, "type", fmt.Sprintf("was %s in version %s and is %s now", old.Type, earlier.Version, field.Type),
				fmt.Sprintf("give it a new name, or write %q into the column was", old.Type))
		}
		if old.Compartment != field.Compartment {
			add(field.part, "compartment", fmt.Sprintf("was %s in version %s", old.Compartment, earlier.Version), "give it a new name")
		}
		if old.Merge != field.Merge {
			add(field.part, "merge", fmt.Sprintf("was %s in version %s", old.Merge, earlier.Version), "give it a new name")
		}
	}
	return faults
}

// mapping reads the column was for an earlier type: "select_one: oui=yes, non=no; text". It returns the names to translate, and
// whether the earlier type is named at all.
func (i Item) mapping(earlier Type) (map[string]string, bool) {
	for entry := range strings.SplitSeq(i.Was, ";") {
		name, pairs, _ := strings.Cut(entry, ":")
		if Type(strings.TrimSpace(name)) != earlier {
			continue
		}
		names := map[string]string{}
		for pair := range strings.SplitSeq(pairs, ",") {
			if from, to, ok := strings.Cut(pair, "="); ok {
				names[strings.TrimSpace(from)] = strings.TrimSpace(to)
			}
		}
		return names, true
	}
	return nil, false
}

// validWas tells whether the column was can be read.
func (i Item) validWas() bool {
	for entry := range strings.SplitSeq(i.Was, ";") {
		name, _, _ := strings.Cut(entry, ":")
		if !Type(strings.TrimSpace(name)).Supported() {
			return false
		}
	}
	return true
}

// Upgrade reads answers of an earlier version as this one writes them. What has no place here, or no value of the new type, is
// returned apart and never lost: the record itself keeps it as it was written.
func (f *Form) Upgrade(earlier *Form, answers Answers) (upgraded, apart Answers) {
	upgraded, apart = Answers{}, Answers{}
	for path, value := range answers {
		old, known := earlier.Lookup(path)
		field, goesOn := f.Lookup(path)
		if known && goesOn {
			if v, ok := field.fromEarlier(old, value); ok {
				upgraded[path] = v
				continue
			}
		}
		apart[path] = value
	}
	return upgraded, apart
}

// fromEarlier converts a value of an earlier type; false when it is no value of this one.
func (f *Field) fromEarlier(old *Field, value any) (any, bool) {
	names, _ := f.mapping(old.Type)
	converted, check := f.parse(translated(value, names))
	if check == "" && converted != nil {
		check, _ = f.check(converted)
	}
	return converted, check == "" && converted != nil
}

// translated writes a value as text, its names mapped.
func translated(value any, names map[string]string) string {
	replace := func(s string) string {
		if to, ok := names[s]; ok {
			return to
		}
		return s
	}
	switch v := value.(type) {
	case int64:
		return replace(strconv.FormatInt(v, 10))
	case float64:
		return replace(strconv.FormatFloat(v, 'f', -1, 64))
	case []string:
		all := make([]string, len(v))
		for i, s := range v {
			all[i] = replace(s)
		}
		return strings.Join(all, " ")
	case string:
		return replace(v)
	}
	return ""
}
