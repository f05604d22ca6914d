package people

// consultation writes a medical consultation; violence only where the person spoke of it.
func consultation(s *sheet) {
	on := s.draw.before(s.night, 45)
	s.date("consult_on", on)
	s.some("consent_steps", 4, "history", "physical", "certificate", "share_social")
	s.choose("age_band", "a15_17", "a18_24", "a25_59")
	s.choose("gender", "f", "f", "m")
	s.some("reasons", 3)
	if s.draw.chance(60) {
		s.write("allergies", "allergies", 2)
	}
	if s.is("gender", "f") {
		s.choose("pregnancy")
		s.some("srh_care", 2, "anc", "contraception", "sti", "gynae", "pnc")
	}
	s.violence()
	s.mark("findings", "findings", 3)
	s.choose("ip_consistency", "consistent", "highly", "typical")
	s.choose("certificate")
	s.choose("mh_distress", "none", "mild", "strong")
	s.choose("suicide_risk", "low", "medium")
	s.some("tb_screen", 2, "cough2w", "fever", "none")
	s.date("followup_on", on.AddDate(0, 0, s.draw.between(3, 30)))
}

func (s *sheet) violence() {
	s.choose("violence_disclosed", "yes", "no", "unknown")
	s.some("vaccines", 2)
	if !s.is("violence_disclosed", "yes") {
		return
	}
	s.choose("gbv_type")
	s.choose("delay_band")
	s.some("perpetrators", 2, "smuggler", "armed_group", "private_person", "unknown")
	s.choose("sti_treatment")
	if s.is("delay_band", "h72") {
		s.choose("pep")
	}
	if s.is("delay_band", "h72", "h120") {
		s.choose("emergency_contraception")
	}
}

// stay writes an admission to the shelter.
func stay(s *sheet) {
	in := s.draw.before(s.night, 30)
	s.moment("admitted_at", in)
	s.put("unit_code", s.draw.of([]string{"A", "B", "C"})+s.slot("nn"))
	s.choose("referred_by", "msf_medical", "msf_outreach", "other", "self")
	s.some("criteria", 3)
	s.count("women", 0, 3)
	s.count("men", 0, 2)
	s.count("girls", 0, 3)
	s.count("boys", 0, 3)
	s.count("infants", 0, 1)
	s.choose("uam_alert")
	s.some("access_needs", 2, "ground_floor", "baby_bed", "women_only", "diet")
	s.choose("consent_register", "given", "given", "refused")
	s.put("rules_explained", "yes")
	s.put("safeguarding_brief", "yes")
	s.put("complaint_channel", "yes")
	nights := s.draw.between(1, 12)
	s.put("bed_nights", int64(nights))
	s.count("kits_given", 0, 5)
	s.some("incidents", 1, "none", "medical", "intrusion")
	s.mark("oncall_note", "oncall", 3)
	if s.draw.chance(50) {
		s.date("exited_on", in.AddDate(0, 0, nights))
		s.choose("exit_to", "msf_housing", "state", "partner", "left")
		s.choose("exit_reason", "end_stay", "solution")
	}
}
