package form

import "slices"

// Compartments lists the compartments that the form has fields in: the anchor first, the rest in order of appearance.
func (f *Form) Compartments() []string {
	names := []string{Anchor}
	for _, field := range f.Fields {
		if !slices.Contains(names, field.Compartment) {
			names = append(names, field.Compartment)
		}
	}
	return names
}

// Split sorts answers, or changes, by compartment. Paths that the form does not know are left out; Validate names them.
func (f *Form) Split(answers Answers) map[string]Answers {
	parts := map[string]Answers{}
	for path, value := range answers {
		field, ok := f.Lookup(path)
		if !ok {
			continue
		}
		if parts[field.Compartment] == nil {
			parts[field.Compartment] = Answers{}
		}
		parts[field.Compartment][path] = value
	}
	return parts
}

// AlwaysParts lists the compartments that every record of the form has a part in: the anchor, and those with a field that
// is required whatever else is answered.
func (f *Form) AlwaysParts() []string {
	parts := []string{Anchor}
	for _, field := range f.Fields {
		always := field.Required && !field.conditional() && len(field.Repeats) == 0
		if always && !slices.Contains(parts, field.Compartment) {
			parts = append(parts, field.Compartment)
		}
	}
	return parts
}
