package people

import "slices"

// encounter writes a follow-up note of a discipline whose compartment is open.
func encounter(s *sheet) {
	met := s.draw.before(s.night, 50)
	s.moment("met_at", met)
	s.choose("mode", "outreach", "day_centre", "clinic", "shelter", "phone")
	s.choose("interpreter", "none", "staff", "phone")
	s.put("safe_to_talk", "yes")
	s.some("needs_today", 3)
	s.some("actions_done", 3, "info", "psych_first_aid", "referral", "accompaniment", "nfi", "safety_plan", "shelter")
	s.notes()
	if s.draw.chance(50) {
		s.choose("risk_level")
		s.some("new_risks", 2)
	}
	if s.draw.chance(15) {
		s.choose("report_considered", "none", "team_discussion", "protection_request")
	}
	if s.draw.chance(60) {
		s.count("items_given", 1, 6)
	}
	if s.draw.chance(12) {
		s.put("advocacy_flag", "yes")
		if s.is("advocacy_flag", "yes") {
			s.choose("advocacy_consent", "given", "not_asked", "refused")
		}
	}
	s.date("next_contact", met.AddDate(0, 0, s.draw.between(3, 21)))
	s.put("case_status", "open")
	if s.draw.chance(8) {
		s.put("case_status", "closed")
		s.choose("close_reason", "needs_met", "person_request", "moved")
	}
	s.choose("supervisor_review", "pending", "approved")
}

// notes writes the note of the discipline, which says that the person is invented, and now and then another team's.
func (s *sheet) notes() {
	var open []string
	for _, discipline := range []string{"social", "protection", "medical", "mental_health", "legal"} {
		if _, ok := s.field("note_" + discipline); ok {
			open = append(open, discipline)
		}
	}
	if len(open) == 0 {
		s.choose("discipline")
		return
	}
	main := s.draw.of(open)
	if slices.Contains(open, s.leads) {
		main = s.leads
	}
	s.put("discipline", main)
	for _, discipline := range open {
		note := "note_" + discipline
		if discipline == main {
			s.mark(note, note, 5)
		} else if s.draw.chance(20) {
			s.write(note, note, 2)
		}
	}
}

// referral writes an orientation to another service.
func referral(s *sheet) {
	created := s.draw.before(s.night, 40)
	s.date("created_on", created)
	s.choose("referral_kind", "internal", "external", "emergency")
	s.choose("service_type")
	s.choose("urgency")
	s.mark("reason", "reason", 3)
	s.choose("consent_giver", "person", "minor_assent")
	s.some("consent_recipients", 3, "health", "psychosocial", "shelter", "legal", "protection")
	s.some("info_shared", 3, "alias", "age", "need_only", "contact")
	if s.draw.chance(40) {
		s.write("info_withheld", "withheld", 2)
	}
	s.date("consent_on", created)
	s.choose("transmission")
	if s.draw.chance(40) {
		s.write("safe_contact", "safe_contact", 1)
	}
	s.choose("accompaniment")
	s.choose("status", "sent", "accepted", "refused", "done")
	s.date("sent_on", created)
	if s.is("status", "done") {
		s.date("received_on", created.AddDate(0, 0, s.draw.between(1, 9)))
		s.write("person_feedback", "feedback", 2)
		s.write("outcome_note", "outcome", 2)
	}
	if s.is("status", "refused") {
		s.choose("refusal_reason")
	}
	s.date("follow_up_due", created.AddDate(0, 0, s.draw.between(7, 20)))
	s.evacuation()
}

func (s *sheet) evacuation() {
	if _, held := s.field("evac_programme"); held && s.draw.chance(30) {
		s.put("referral_kind", "evacuation")
		s.choose("evac_programme")
		s.choose("evac_stage")
	}
}
