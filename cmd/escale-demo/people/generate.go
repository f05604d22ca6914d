package people

import (
	"errors"
	"fmt"

	"escale/schema/form"
	"escale/schema/pack"
)

// ErrPlan reports a plan that cannot be told with this pack.
var ErrPlan = errors.New("people: plan does not fit the pack")

// The numbers of the night.
const (
	nightPeople = 54
	nightParts  = 2 // teams that report it
)

// builder writes one form into a sheet.
type builder func(*sheet)

func builders() map[string]builder {
	return map[string]builder{
		"case_intake": caseIntake, "encounter": encounter, "referral": referral, "consult_sgbv": consultation,
		"shelter_admission": stay, "testimony": testimony, "incident_report": incident, "service_directory": service,
	}
}

// generator holds what a story is made of while it is made.
type generator struct {
	source  *pack.Source
	tables  *pack.Tables
	plan    Plan
	draw    *draw
	words   map[string]words
	number  map[string]int      // records so far, by post
	parents map[string][]parent // case files so far, by post
	batches map[string]*Batch
	spoken  map[string]string // language by ref
}

// parent is a case file that follow-up notes may belong to, with the language spoken there.
type parent struct{ ref, language string }

func newGenerator(source *pack.Source, plan Plan, seed uint64, purpose string) (*generator, error) {
	hq, err := source.Bundle(pack.Headquarters)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPlan, err)
	}
	all, err := loadWords()
	if err != nil {
		return nil, err
	}
	return &generator{source: source, tables: &hq.Tables, plan: plan, draw: newDraw(seed, purpose), words: all,
		number: map[string]int{}, parents: map[string][]parent{}, batches: map[string]*Batch{}, spoken: map[string]string{}}, nil
}

// Generate tells a story of so many records.
func Generate(source *pack.Source, plan Plan, seed uint64, records int) (*Story, error) {
	if records < MinRecords || records > MaxRecords {
		return nil, fmt.Errorf("%w: %d, want %d to %d", ErrRecords, records, MinRecords, MaxRecords)
	}
	g, err := newGenerator(source, plan, seed, "story")
	if err != nil {
		return nil, err
	}
	story := &Story{}
	for _, step := range []func(*Story) error{g.open, g.shipwreck, func(*Story) error { return g.everyday(records) }} {
		if err := step(story); err != nil {
			return nil, err
		}
	}
	for _, post := range plan.Posts {
		if b := g.batches[post.Name]; b != nil {
			story.Batches = append(story.Batches, *b)
		}
	}
	return story, g.plant(story)
}

// sheet opens a record of a form at a post.
func (g *generator) sheet(post Post, formID, language string) (*sheet, error) {
	bundle, err := g.source.BundleOf(post.Site)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPlan, err)
	}
	f, ok := bundle.Form(formID)
	if !ok {
		return nil, fmt.Errorf("%w: no form %q", ErrPlan, formID)
	}
	s := &sheet{voice: voice{g.draw, language, g.words[language]}, form: f, night: g.plan.Night, leads: post.Discipline,
		closed: g.plan.closed(g.tables, post, f), values: map[string]any{}}
	if s.closed[form.Anchor] {
		return nil, fmt.Errorf("%w: %s may not write %s", ErrPlan, post.Name, formID)
	}
	s.put("site_code", post.Site)
	return s, nil
}

// record fills a sheet and gives it a name.
func (g *generator) record(post Post, formID, language string, fill builder) (Record, error) {
	s, err := g.sheet(post, formID, language)
	if err != nil {
		return Record{}, err
	}
	fill(s)
	g.number[post.Name]++
	r := Record{Ref: fmt.Sprintf("%s-%05d", post.Name, g.number[post.Name]), Form: formID, Values: s.values}
	g.spoken[r.Ref] = language
	if formID == "case_intake" {
		g.parents[post.Name] = append(g.parents[post.Name], parent{r.Ref, language})
	}
	return r, nil
}

func (g *generator) batch(post Post) *Batch {
	if g.batches[post.Name] == nil {
		g.batches[post.Name] = &Batch{Post: post}
	}
	return g.batches[post.Name]
}

// everyday shares what is left of the records out among the posts.
func (g *generator) everyday(records int) error {
	left, shares := records, 0
	for _, n := range g.number {
		left -= n
	}
	for _, post := range g.plan.Posts {
		shares += post.Share
	}
	for _, post := range g.plan.Posts {
		if post.Share == 0 {
			continue
		}
		part := left * post.Share / shares // of what is left, so that rounding loses none
		left, shares = left-part, shares-post.Share
		for range part {
			if err := g.capture(post); err != nil {
				return err
			}
		}
	}
	return nil
}

// capture adds one everyday record; the first of a post's follow-up notes needs a case file before it.
func (g *generator) capture(post Post) error {
	formID, language, parentRef := g.draw.weighted(post.Forms), g.draw.weighted(post.Spoken), ""
	b := g.batch(post)
	if g.isChild(formID) {
		own := g.inBatch(post)
		if len(own) == 0 {
			formID = "case_intake"
		} else {
			p := own[g.draw.IntN(len(own))]
			parentRef, language = p.ref, p.language
		}
	}
	fill, ok := builders()[formID]
	if !ok {
		return fmt.Errorf("%w: no builder for %q", ErrPlan, formID)
	}
	r, err := g.record(post, formID, language, fill)
	if err != nil {
		return err
	}
	r.Parent = parentRef
	b.Records = append(b.Records, r)
	return nil
}

// inBatch lists the case files of the post's own batch; the opening case went before it.
func (g *generator) inBatch(post Post) []parent {
	own := g.parents[post.Name]
	if post.Name == g.plan.SharedBy && len(own) > 0 {
		return own[1:]
	}
	return own
}

func (g *generator) isChild(formID string) bool {
	hq, err := g.source.Bundle(pack.Headquarters)
	if err != nil {
		return false
	}
	f, ok := hq.Form(formID)
	return ok && f.ParentKind != ""
}

// Records draws many records of one form as a post at Calais could write them if every compartment were open to it, each with
// its own texts. Forms that need a parent come without one.
func Records(source *pack.Source, seed uint64, formID string, count int) ([]Record, error) {
	g, err := newGenerator(source, DefaultPlan(), seed, "records/"+formID)
	if err != nil {
		return nil, err
	}
	fill, ok := builders()[formID]
	if !ok || count < 0 || count > MaxRecords {
		return nil, fmt.Errorf("%w: %d records of form %q", ErrRecords, count, formID)
	}
	bundle, err := source.BundleOf("calais")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPlan, err)
	}
	f, ok := bundle.Form(formID)
	if !ok {
		return nil, fmt.Errorf("%w: no form %q", ErrPlan, formID)
	}
	records := make([]Record, count)
	for i := range records {
		language := g.draw.of(languages())
		s := &sheet{voice: voice{g.draw, language, g.words[language]}, form: f, night: g.plan.Night, values: map[string]any{}}
		s.put("site_code", "calais")
		fill(s)
		records[i] = Record{Ref: fmt.Sprintf("%s-%07d", formID, i+1), Form: formID, Values: s.values}
	}
	return records, nil
}
