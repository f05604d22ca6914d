package people

import (
	"fmt"
	"maps"

	"escale/schema/form"
)

// open writes the case that two posts will edit, and their edits: first different fields, then the same one.
func (g *generator) open(story *Story) error {
	post, ok := g.plan.Post(g.plan.SharedBy)
	if !ok {
		return fmt.Errorf("%w: no post %q", ErrPlan, g.plan.SharedBy)
	}
	if _, ok := g.plan.Post(g.plan.SharedWith); !ok {
		return fmt.Errorf("%w: no post %q", ErrPlan, g.plan.SharedWith)
	}
	r, err := g.record(post, "case_intake", g.draw.weighted(post.Spoken), func(s *sheet) {
		caseIntake(s)
		maps.Copy(s.values, map[string]any{
			"consent_case": "given", "consent_scopes": []string{"msf_medical", "msf_social", "statistics"},
			"household": "separated", "living": "camp", "needs": []string{"food", "shelter"}, "risk_level": "medium",
		})
	})
	if err != nil {
		return err
	}
	story.Opening = Batch{Post: post, Records: []Record{r}}
	first, second := g.plan.SharedBy, g.plan.SharedWith
	story.Edits = []Edit{
		{first, r.Ref, map[string]any{"living": "shelter_msf", "needs": []string{"food", "legal", "shelter"}}},
		{second, r.Ref, map[string]any{"household": "family", "needs": []string{"family_links", "food", "shelter"}}},
		{first, r.Ref, map[string]any{"consent_scopes": []string{"msf_social", "statistics"}}},
		{second, r.Ref, map[string]any{"consent_scopes": []string{"msf_medical", "msf_social"}}},
		{first, r.Ref, map[string]any{"risk_level": "high"}},
		{second, r.Ref, map[string]any{"risk_level": "extreme"}},
	}
	story.Merged = map[string]any{"living": "shelter_msf", "household": "family",
		"needs": []string{"family_links", "food", "legal", "shelter"}, "consent_scopes": []string{"msf_social"}}
	story.Conflict = Conflict{Ref: r.Ref, Field: "risk_level", Values: []any{"high", "extreme"}, Shown: "extreme"}
	return nil
}

// shipwreck takes in the people of the night at one post; two teams report it and say its code to each other.
func (g *generator) shipwreck(story *Story) error {
	code, err := form.NewSpokenCode(g.draw)
	if err != nil {
		return fmt.Errorf("people: %w", err)
	}
	story.Night.Code = code
	if err := g.rescue(story); err != nil {
		return err
	}
	numbers := [nightParts]struct{ least, kits int64 }{{50, 18}, {54, 23}}
	for i, name := range g.plan.NightReports {
		post, ok := g.plan.Post(name)
		if !ok || i == nightParts {
			return fmt.Errorf("%w: night report by %q", ErrPlan, name)
		}
		seen := numbers[i]
		r, err := g.record(post, "incident_report", g.draw.weighted(post.Spoken), func(s *sheet) {
			shipwreck(s, code, seen.least, seen.kits)
		})
		if err != nil {
			return err
		}
		b := g.batch(post)
		b.Records = append(b.Records, r)
		story.Night.Reports = append(story.Night.Reports, r.Ref)
		story.Night.KitsGiven += seen.kits
		story.Night.PersonsMins = append(story.Night.PersonsMins, seen.least)
	}
	return nil
}

func (g *generator) rescue(story *Story) error {
	post, ok := g.plan.Post(g.plan.NightPost)
	if !ok {
		return fmt.Errorf("%w: no post %q", ErrPlan, g.plan.NightPost)
	}
	b := g.batch(post)
	for range nightPeople {
		r, err := g.record(post, "case_intake", g.draw.weighted(post.Spoken), rescued)
		if err != nil {
			return err
		}
		b.Records = append(b.Records, r)
		story.Night.People = append(story.Night.People, r.Ref)
	}
	return nil
}
