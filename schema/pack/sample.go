package pack

import (
	"math/rand/v2"
	"strings"
	"time"

	"escale/schema/canon"
	"escale/schema/form"
)

// payload collects operations in the encoding that deltas carry: arrays of kind, field name and value.
type payload struct {
	data []byte
	err  error
	seen map[string]bool // when not nil, the same bytes are not added twice
}

// Kinds of operations, as deltas number them.
const (
	opSet       = 0
	opAdd       = 1
	opIncrement = 3
	opAppend    = 4
)

func (p *payload) operation(f *form.Field, value any) {
	kind := opSet
	switch f.Merge {
	case form.SetUnion:
		kind = opAdd
	case form.Counter:
		kind = opIncrement
	case form.Append:
		kind = opAppend
	}
	p.bytes([]any{kind, f.Name, value})
}

func (p *payload) bytes(value any) {
	encoded, err := canon.Encode(value)
	if err != nil {
		p.err = err
		return
	}
	if p.seen[string(encoded)] {
		return
	}
	if p.seen != nil {
		p.seen[string(encoded)] = true
	}
	p.data = append(p.data, encoded...)
}

// drawSamples invents answers for training. The seed is fixed and free text is cut from the labels of the same bundle, so
// that nothing comes in which the bundle does not hold.
func drawSamples(forms []*form.Form) ([][]byte, error) {
	random := rand.New(rand.NewPCG(1, 2))
	var samples [][]byte
	for _, f := range forms {
		words := wordsOf(f)
		for _, compartment := range f.Compartments() {
			for range samplesPerPart {
				var p payload
				p.bytes([]any{f.ID, f.AlwaysParts()})
				for _, field := range fieldsOf(f, compartment) {
					if field.Required || random.IntN(3) == 0 {
						p.operation(field, drawValue(field, words, random))
					}
				}
				if p.err != nil {
					return nil, p.err
				}
				samples = append(samples, p.data)
			}
		}
	}
	return samples, nil
}

func wordsOf(f *form.Form) []string {
	var words []string
	for _, field := range f.Fields {
		for _, language := range []string{"fr", "en", "ar"} {
			words = append(words, strings.Fields(field.Label[language])...)
		}
	}
	if len(words) == 0 {
		return []string{f.ID}
	}
	return words
}

func drawValue(f *form.Field, words []string, random *rand.Rand) any {
	switch {
	case f.Type == form.TypeSelectOne:
		return f.Choices[random.IntN(len(f.Choices))].Name
	case f.Type == form.TypeSelectMultiple:
		var names []string
		for range 1 + random.IntN(3) {
			names = append(names, f.Choices[random.IntN(len(f.Choices))].Name)
		}
		return form.CanonicalSet(names)
	case f.Type == form.TypeInteger:
		return int64(random.IntN(20))
	case f.Type == form.TypeDecimal:
		return float64(random.IntN(1000)) / 10
	case f.Type == form.TypeDate:
		return drawTime(random).Format(time.DateOnly)
	case f.Type == form.TypeDateTime:
		return drawTime(random).Format(time.RFC3339)
	case f.Generate != "":
		return drawCode(random)
	case f.IsSet():
		return []string{drawCode(random)}
	default:
		start := random.IntN(len(words))
		return strings.Join(words[start:min(len(words), start+1+random.IntN(12))], " ")
	}
}

func drawTime(random *rand.Rand) time.Time {
	return time.Date(2025, 11, 1, 6, 0, 0, 0, time.FixedZone("", 3600)).Add(time.Duration(random.IntN(500*24*60)) * time.Minute)
}

func drawCode(random *rand.Rand) string {
	const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	var b strings.Builder
	for i := range 12 {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(letters[random.IntN(len(letters))])
	}
	return b.String()
}
