package people

import "time"

// caseIntake writes a case file. Some people refuse, some were not asked yet: then nothing of their identity is written.
func caseIntake(s *sheet) {
	opened := s.draw.before(s.night, 60)
	s.date("opened_on", opened)
	s.choose("activity", "day_centre", "mobile_clinic", "beach_outreach", "winter_shelter", "womens_health", "squat_support")
	s.consent()
	s.choose("age_band", "a15_17", "a18_24", "a18_24", "a25_59", "a25_59", "a60p", "unknown")
	s.identity()
	s.social()
	s.legal()
	s.protection(opened)
}

func (s *sheet) consent() {
	switch n := s.draw.IntN(100); {
	case n < 9:
		s.put("consent_case", "refused")
	case n < 15:
		s.put("consent_case", "not_asked")
	default:
		s.put("consent_case", "given")
		s.some("consent_scopes", 5)
	}
}

func (s *sheet) identity() {
	if !s.is("consent_case", "given") {
		return
	}
	alias := s.line("alias")
	s.put("alias", alias)
	if s.draw.chance(45) {
		s.put("full_name", s.invented(alias+" "+s.line("family"), "person"))
	}
	if s.draw.chance(70) {
		s.date("birth_date_declared", s.birth())
	}
	if s.draw.chance(75) {
		s.write("safe_contact", "safe_contact", 2)
		s.write("contact_rules", "contact_rules", 2)
	}
}

// birth draws a day that fits the age band.
func (s *sheet) birth() time.Time {
	low, high := 18, 60
	switch {
	case s.is("age_band", "a15_17"):
		low, high = 15, 16
	case s.is("age_band", "a18_24"):
		low, high = 18, 23
	case s.is("age_band", "a25_59"):
		low, high = 25, 58
	case s.is("age_band", "a60p"):
		low, high = 60, 79
	}
	return s.night.AddDate(-s.draw.between(low, high), 0, -s.draw.between(1, 360))
}

func (s *sheet) social() {
	s.choose("gender", "f", "m", "m", "nd")
	s.some("languages", 3, "ar", "ti", "am", "ps", "prs", "so", "om", "vi", "ckb", "bm", "fr", "en")
	s.choose("household", "alone", "couple", "single_parent", "family", "separated")
	if s.is("age_band", "a15_17") {
		s.choose("household", "uam", "separated")
	}
	if s.is("household", "single_parent", "family") {
		s.count("children_count", 1, 5)
	}
	s.choose("living", "street", "camp", "squat", "shelter_msf", "shelter_other", "hotel")
	s.some("needs", 4)
	s.mark("wishes", "wishes", 4)
}

func (s *sheet) legal() {
	if s.draw.chance(40) {
		return
	}
	if s.draw.chance(50) {
		s.put("country_origin", s.draw.of([]string{"ERI", "SDN", "AFG", "ETH", "IRQ", "SYR", "GIN", "MLI", "VNM", "SOM", "CIV"}))
	}
	if s.is("age_band", "a15_17") {
		s.choose("minority_status", "to_be_assessed", "denied", "appeal_judge", "appeal_court", "recognised")
		s.date("hearing_on", s.night.AddDate(0, 0, s.draw.between(5, 90)))
	}
	s.choose("legal_status")
}

func (s *sheet) protection(opened time.Time) {
	s.some("vulnerabilities", 3)
	s.some("risks", 3)
	s.choose("risk_level", "low", "medium", "medium", "high", "extreme")
	if s.is("risk_level", "high", "extreme") || s.draw.chance(30) {
		s.write("safety_plan", "safety_plan", 4)
	}
	if s.draw.chance(70) {
		s.date("next_contact", opened.AddDate(0, 0, s.draw.between(2, 21)))
	}
}

// rescued writes the short file of somebody taken out of the water that night.
func rescued(s *sheet) {
	s.date("opened_on", s.night)
	s.choose("activity", "beach_outreach")
	s.consent()
	s.choose("age_band")
	s.identity()
	s.choose("gender", "f", "m", "m", "m")
	s.some("languages", 2, "ar", "ti", "am", "ps", "vi", "ckb", "en")
	s.choose("household", "alone", "couple", "family")
	s.choose("living", "street", "camp", "hospital")
	s.some("needs", 3, "health", "nfi", "shelter", "mental_health", "family_links")
	s.mark("wishes", "wishes", 1)
	s.put("vulnerabilities", []string{"shipwreck"})
	s.choose("risk_level", "medium", "high", "extreme")
	s.date("next_contact", s.night.AddDate(0, 0, s.draw.between(1, 5)))
}
