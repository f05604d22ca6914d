package people

import (
	"slices"
	"time"

	"escale/schema/form"
	"escale/schema/pack"
)

// Post is one member at one laptop: who captures, in what role, for which site.
type Post struct {
	Name   string   // of the post; unique in a plan
	Laptop string   // several posts may share one laptop
	Role   string   // of roles.csv
	Site   string   // where the records belong that are captured here
	Covers []string // sites whose records the member may be granted; none means Site
	Share  int      // of the records, relative to the other posts
	Forms  []Weight // what is captured
	Spoken []Weight // languages: fr, en, ar
	// Discipline is what the post writes its follow-up notes as; none means whichever its role may write.
	Discipline string
}

// Weight says how often a form or language occurs, relative to its neighbours.
type Weight struct {
	Name  string
	Times int
}

// Plan is who takes part in the story, and when its night is.
type Plan struct {
	Night time.Time // the shipwreck
	Posts []Post
	// NightPost takes in the rescued people; NightReports tell of the same incident.
	NightPost    string
	NightReports []string
	// SharedBy opens the case that it and SharedWith edit at the same time.
	SharedBy, SharedWith string
}

// DefaultPlan is the four ports: two laptops at Calais, with a second profile each for the outreach night; Dunkerque with a
// clinician and a psychologist; Marseille; Tripoli, which collects testimonies that it cannot read; and in Paris the data
// manager and the protection lead, who read and capture nothing.
func DefaultPlan() Plan {
	social := []Weight{{"case_intake", 8}, {"encounter", 9}, {"referral", 4}, {"shelter_admission", 3}, {"service_directory", 1}}
	care := []Weight{{"case_intake", 5}, {"encounter", 4}, {"consult_sgbv", 8}, {"referral", 2}}
	talk := []Weight{{"case_intake", 1}, {"encounter", 6}}
	sites := []string{"calais", "dunkerque", "idf", "marseille", "tripoli", "zuwara", "tunis"}
	north := []Weight{{"fr", 55}, {"en", 20}, {"ar", 25}}
	return Plan{
		Night: time.Date(2026, 11, 20, 3, 40, 0, 0, time.FixedZone("", 3600)),
		Posts: []Post{
			{Name: "calais-1", Laptop: "calais-1", Role: "social_worker", Site: "calais", Share: 25, Forms: social, Spoken: north},
			{Name: "calais-2", Laptop: "calais-2", Role: "social_supervisor", Site: "calais", Share: 20, Forms: social, Spoken: north},
			{Name: "calais-1-outreach", Laptop: "calais-1", Role: "outreach", Site: "calais", Spoken: north},
			{Name: "calais-2-outreach", Laptop: "calais-2", Role: "outreach", Site: "calais", Spoken: north},
			{Name: "dunkerque", Laptop: "dunkerque", Role: "clinician", Site: "dunkerque", Share: 18, Forms: care,
				Discipline: "medical", Spoken: []Weight{{"fr", 60}, {"en", 30}, {"ar", 10}}},
			{Name: "dunkerque-psychologist", Laptop: "dunkerque", Role: "psychologist", Site: "dunkerque", Share: 7, Forms: talk,
				Discipline: "mental_health", Spoken: []Weight{{"fr", 70}, {"en", 30}}},
			{Name: "marseille", Laptop: "marseille", Role: "social_worker", Site: "marseille", Share: 18, Forms: social,
				Spoken: []Weight{{"fr", 60}, {"en", 5}, {"ar", 35}}},
			{Name: "tripoli", Laptop: "tripoli", Role: "outreach", Site: "tripoli", Share: 12, Forms: []Weight{{"testimony", 1}},
				Spoken: []Weight{{"fr", 10}, {"en", 30}, {"ar", 60}}},
			{Name: "paris", Laptop: "paris", Role: "data_manager", Site: "paris", Covers: sites},
			{Name: "paris-protection", Laptop: "paris-protection", Role: "protection_lead", Site: "paris", Covers: sites},
		},
		NightPost: "calais-1", NightReports: []string{"calais-1-outreach", "calais-2-outreach"},
		SharedBy: "calais-1", SharedWith: "calais-2",
	}
}

// Without returns the plan without some posts. Scopes that only they could read are closed, and nothing is written there.
func (p Plan) Without(names ...string) Plan {
	gone := func(name string) bool { return slices.Contains(names, name) }
	p.Posts = slices.DeleteFunc(slices.Clone(p.Posts), func(post Post) bool { return gone(post.Name) })
	p.NightReports = slices.DeleteFunc(slices.Clone(p.NightReports), gone)
	return p
}

// Post returns the named post.
func (p Plan) Post(name string) (Post, bool) {
	i := slices.IndexFunc(p.Posts, func(post Post) bool { return post.Name == name })
	if i < 0 {
		return Post{}, false
	}
	return p.Posts[i], true
}

func (p Post) covers(site string) bool {
	if len(p.Covers) == 0 {
		return p.Site == site
	}
	return slices.Contains(p.Covers, site)
}

// closed lists the compartments of a form that the post cannot write, or that nobody of the plan may read: such a scope gets
// no key, so nothing can be sealed to it.
func (p Plan) closed(tables *pack.Tables, post Post, f *form.Form) map[string]bool {
	hidden := map[string]bool{}
	for _, compartment := range f.Compartments() {
		read := slices.ContainsFunc(p.Posts, func(other Post) bool {
			return other.covers(post.Site) && tables.Access(other.Role, f.RecordKind, compartment).Read
		})
		if !read || !tables.Access(post.Role, f.RecordKind, compartment).Write {
			hidden[compartment] = true
		}
	}
	return hidden
}

// readers lists the posts to which the program shows the texts of a part that post wrote. "own" shows what one captured; a
// testimony is the responsible lead's own, whoever collected it, for collectors never see it again.
func (p Plan) readers(tables *pack.Tables, post Post, kind, compartment string) []string {
	const testimony = "testimony"
	var names []string
	for _, other := range p.Posts {
		access := tables.Access(other.Role, kind, compartment)
		shown := access.Scope == "site" || access.Scope == "own" && (other.Name == post.Name || kind == testimony)
		if access.Read && shown && other.covers(post.Site) {
			names = append(names, other.Name)
		}
	}
	return names
}
