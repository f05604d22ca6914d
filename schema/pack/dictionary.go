package pack

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/klauspost/compress/zstd"

	"escale/schema/form"
)

// MaxDictionary is the size of a compression dictionary in bytes.
const MaxDictionary = 64 << 10

// The dictionary is made for payloads of 50 to 400 bytes: what one save writes in one compartment, a header that names the form
// and the parts or the record, then operations. It is composed of the
// forms of the bundle alone, never of records, and its entropy tables are trained on answers drawn from the same forms.

const samplesPerPart = 8 // training payloads for each form and compartment

// makeDictionary composes the dictionary of a bundle. The same forms give the same bytes.
func makeDictionary(forms []*form.Form) ([]byte, error) {
	history, err := makeHistory(forms)
	if err != nil {
		return nil, err
	}
	samples, err := drawSamples(forms)
	if err != nil {
		return nil, err
	}
	// One byte of id in each frame, so that a wrong dictionary is mostly noticed; which one is right, the pack hash says.
	id := 1 + uint32(sha256.Sum256(history)[0])%255
	d, err := zstd.BuildDict(zstd.BuildDictOptions{ID: id, Contents: samples, History: history, Offsets: [3]int{1, 4, 8},
		Level: zstd.SpeedBetterCompression})
	if err != nil {
		return nil, fmt.Errorf("train dictionary: %w", err)
	}
	if len(d) > MaxDictionary {
		return nil, fmt.Errorf("%w: dictionary of %d bytes, at most %d", ErrLimit, len(d), MaxDictionary)
	}
	return d, nil
}

func checkDictionary(d []byte) error {
	if _, err := zstd.InspectDictionary(d); err != nil {
		return fmt.Errorf("%w: dictionary: %w", ErrFormat, err)
	}
	return nil
}

// makeHistory lists every operation once, rare ones first: what comes last is reached with the shortest offsets. Parts that
// every record makes come last, each as it is written most often: in the order of the form, required fields without gaps.
func makeHistory(forms []*form.Form) ([]byte, error) {
	p := payload{seen: map[string]bool{}}
	for _, f := range forms {
		for _, compartment := range f.Compartments() {
			for _, field := range fieldsOf(f, compartment) {
				for _, value := range slices.Backward(allValues(field)) {
					p.operation(field, value)
				}
			}
		}
	}
	p.seen = nil
	for _, f := range forms {
		p.bytes([]any{f.ID, f.AlwaysParts()})
		p.bytes([]any{f.ID, make([]byte, 16)})
		for _, compartment := range slices.Backward(f.Compartments()) {
			for _, field := range fieldsOf(f, compartment) {
				if field.Required {
					p.operation(field, usualValue(field))
				}
			}
		}
	}
	return p.data, p.err
}

func fieldsOf(f *form.Form, compartment string) []*form.Field {
	return slices.DeleteFunc(slices.Clone(f.Fields), func(field *form.Field) bool { return field.Compartment != compartment })
}

// allValues lists what may follow the name of a field: each choice, or the start that values of the type have in common.
func allValues(f *form.Field) []any {
	if !f.Type.IsSelect() {
		return []any{usualValue(f)}
	}
	values := make([]any, 0, len(f.Choices))
	for _, c := range f.Choices {
		if f.IsSet() {
			values = append(values, []string{c.Name})
		} else {
			values = append(values, c.Name)
		}
	}
	return values
}

func usualValue(f *form.Field) any {
	switch {
	case f.Type == form.TypeSelectMultiple:
		return []string{f.Choices[0].Name}
	case f.Type == form.TypeSelectOne:
		return f.Choices[0].Name
	case f.IsSet():
		return []string{}
	case f.Type == form.TypeInteger:
		return int64(1)
	case f.Type == form.TypeDecimal:
		return 1.0
	case f.Type == form.TypeDate:
		return "2026-01-01"
	case f.Type == form.TypeDateTime:
		return "2026-01-01T10:00:00+01:00"
	default:
		return ""
	}
}
