package people

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"escale/schema/form"
)

// The canaries of a story; one in arabicEvery is written in Arabic letters.
const (
	canaryCount = 200
	arabicEvery = 10
	shortest    = 20 // letters of a text that can hide a marker; shorter ones are names and codes
)

// ErrCanaries reports a story with too few texts for its canaries.
var ErrCanaries = errors.New("people: too few texts for the canaries")

// place is a text that may hold a canary, and who reads it.
type place struct {
	record Record
	text   string
	canary Canary
}

// plant types the canaries into texts: by turns into each compartment of each form at each post, so that none is left out.
func (g *generator) plant(story *Story) error {
	places, err := g.places(story)
	if err != nil {
		return err
	}
	sections := slices.Sorted(maps.Keys(places))
	for _, section := range sections {
		list := places[section]
		g.draw.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	for len(story.Canaries) < canaryCount {
		before := len(story.Canaries)
		for _, section := range sections {
			if list := places[section]; len(list) > 0 && len(story.Canaries) < canaryCount {
				story.Canaries = append(story.Canaries, g.hide(list[0], len(story.Canaries)))
				places[section] = list[1:]
			}
		}
		if len(story.Canaries) == before {
			return fmt.Errorf("%w: %d of %d", ErrCanaries, before, canaryCount)
		}
	}
	return nil
}

// places lists the texts that somebody may read and export whole, by post, form and compartment.
func (g *generator) places(story *Story) (map[string][]place, error) {
	all := map[string][]place{}
	for _, b := range append([]Batch{story.Opening}, story.Batches...) {
		bundle, err := g.source.BundleOf(b.Post.Site)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrPlan, err)
		}
		for _, r := range b.Records {
			f, ok := bundle.Form(r.Form)
			if !ok {
				return nil, fmt.Errorf("%w: no form %q", ErrPlan, r.Form)
			}
			for _, p := range g.placesOf(b.Post, r, f) {
				section := b.Post.Name + "/" + r.Form + "/" + p.canary.Compartment
				all[section] = append(all[section], p)
			}
		}
	}
	return all, nil
}

func (g *generator) placesOf(post Post, r Record, f *form.Form) []place {
	var list []place
	for _, field := range f.Fields {
		text, ok := r.Values[field.Name].(string)
		if !ok || !hides(field) || utf8.RuneCountInString(text) < shortest {
			continue
		}
		readers := g.plan.readers(g.tables, post, f.RecordKind, field.Compartment)
		if len(readers) == 0 {
			continue
		}
		list = append(list, place{record: r, text: text, canary: Canary{Post: post.Name, Site: post.Site, Ref: r.Ref, Form: r.Form,
			Field: field.Name, Compartment: field.Compartment, Readers: readers}})
	}
	return list
}

// hides tells whether a field takes free text of a person: not the coordination's, not a code, nothing that must match.
func hides(f *form.Field) bool {
	return f.Type == form.TypeText && f.Compartment != form.Anchor && !f.IsSet() && !f.ReadOnly && f.Constraint == ""
}

// hide types a new marker before or after the text.
func (g *generator) hide(p place, number int) Canary {
	text := p.text
	alphabet := latinSigns
	if number%arabicEvery == 0 {
		alphabet = arabicSigns
	}
	p.canary.Marker = g.draw.marker(alphabet)
	said := strings.ReplaceAll(g.draw.of(g.words[g.spoken[p.canary.Ref]]["agreed"]), "{token}", p.canary.Marker)
	if g.draw.chance(50) {
		text = text + " " + said
	} else {
		text = said + " " + text
	}
	p.record.Values[p.canary.Field] = text
	return p.canary
}
