package people

import "escale/schema/form"

// testimony writes an account, after consent purpose by purpose.
func testimony(s *sheet) {
	on := s.draw.before(s.night, 60)
	s.date("collected_on", on)
	s.choose("interpreter", "none", "staff", "phone")
	s.choose("person_status", "adult", "minor_guardian")
	s.put("no_dependency", "yes")
	s.put("safe_setting", "yes")
	s.choose("prior_interview")
	s.choose("reprisal_risk")
	s.some("consent_purposes", 4, "internal_protection", "internal_analysis", "bilateral_advocacy", "public_anonymous", "partner_share")
	s.choose("identity_level", "anonymous", "pseudonymous", "named_internal")
	s.choose("consent_method", "oral_witness", "written")
	s.date("consent_review_on", on.AddDate(1, 0, 0))
	if s.draw.chance(6) {
		s.some("withdrawn_purposes", 1, "public_anonymous", "partner_share")
		s.date("withdrawn_on", on.AddDate(0, 0, s.draw.between(1, 20)))
	}
	if !s.is("identity_level", "anonymous") {
		s.write("recontact", "safe_contact", 1)
		s.put("public_alias", s.line("alias"))
	}
	s.mark("narrative", "narrative", 9)
	s.some("violence_types", 4)
	s.some("perpetrators", 3)
	s.write("facts_area", "facts_area", 2)
	if s.draw.chance(30) {
		s.write("narrative_deid", "incident", 2)
	}
	s.choose("distress", "none", "mild", "strong")
	s.some("support_offered", 3, "info", "psych_first_aid", "referral")
}

// incident writes the report of one team.
func incident(s *sheet) {
	s.moment("occurred_at", s.draw.before(s.night, 40))
	s.choose("time_precision")
	s.put("zone_code", "Z-"+s.slot("nn"))
	if s.draw.chance(50) {
		s.put("location", s.draw.of([]string{"50.97 1.85", "51.04 2.31", "50.72 1.58", "43.30 5.36"}))
	}
	s.some("incident_types", 2)
	s.choose("source_type")
	s.choose("reliability")
	least := s.draw.between(2, 60)
	s.put("persons_min", int64(least))
	s.put("persons_max", int64(least+s.draw.between(0, 12)))
	s.count("women", 0, 9)
	s.count("minors", 0, 9)
	s.count("injured", 0, 5)
	s.count("assisted_count", 1, 40)
	s.count("kits_given", 0, 30)
	s.some("actors_present", 3)
	s.some("acts_observed", 2)
	s.put("narrative", s.invented(s.text("incident", 4), "event"))
	if s.draw.chance(40) {
		s.put("testimony_codes", form.CanonicalSet([]string{s.draw.marker(latinSigns)[:12], s.draw.marker(latinSigns)[:12]}))
	}
	s.choose("advocacy_candidate")
	s.choose("sensitivity")
	s.choose("staff_safety", "ok", "threat")
	s.write("follow_up", "follow_up", 2)
}

// shipwreck writes what one team saw of the night: each counts for itself, the spoken code joins the reports.
func shipwreck(s *sheet, code string, least, kits int64) {
	incident(s)
	s.put("incident_code", code)
	s.moment("occurred_at", s.night)
	s.put("time_precision", "hour")
	s.put("zone_code", "Z-07")
	s.put("incident_types", []string{"beach_return", "shipwreck"})
	s.put("source_type", "direct")
	s.put("persons_min", least)
	s.put("persons_max", least+6)
	s.put("kits_given", kits)
	s.put("assisted_count", kits+9)
	s.put("advocacy_candidate", "yes")
}

// service writes an entry of the directory.
func service(s *sheet) {
	s.put("org_name", s.invented(s.line("organisation_name"), "organisation"))
	s.some("service_types", 3)
	s.put("area_code", "Z-"+s.slot("nn"))
	s.some("populations", 3)
	s.some("languages", 4)
	s.write("access_conditions", "access", 2)
	s.choose("cost", "free", "insurance")
	s.put("opening_hours", s.text("hours", 1))
	s.choose("status", "open", "seasonal")
	s.put("address_public", s.text("address", 1))
	if s.draw.chance(40) {
		s.write("address_confidential", "address", 1)
		s.write("safety_note", "safety_note", 2)
	}
	s.put("phone_public", "01 00 00 "+s.slot("nn")+" "+s.slot("nn"))
	s.put("focal_point", s.invented(s.line("alias"), "person"))
	s.count("capacity", 4, 80)
	s.count("places_free", 0, 9)
	s.choose("agreement")
	s.choose("safety_rating", "green", "amber")
	s.write("patient_feedback", "feedback", 2)
	s.date("verified_on", s.draw.before(s.night, 30))
}
