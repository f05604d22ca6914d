package merge

// restriction works out a field of restrict_wins. Every write stays in force until a Widen lifts it, whatever came later.
type restriction struct {
	view
	rule   Rule
	writes []int  // positions of the writes that have a value
	lifted []bool // by position in view.edits
}

// settleRestrictWins shows the meet of all writes that are in force. An emptied value restricts nothing and lifts nothing.
func settleRestrictWins(v view, r Rule, marks []Mark) outcome {
	s := restriction{view: v, rule: r, lifted: make([]bool, len(v.edits))}
	s.writes = v.pick(func(o *Op) bool { return bears(o) && o.Value != nil })
	s.lift()
	out := outcome{unfit: len(v.edits) - len(s.writes)}
	comparable := true
	for _, i := range s.writes {
		if s.lifted[i] {
			continue
		}
		if x := v.edits[i].op().Value; len(out.siblings) == 0 {
			out.value = r.Meet(x, x)
		} else if comparable {
			out.value = r.Meet(out.value, x)
		}
		comparable = comparable && out.value != nil
		out.siblings = append(out.siblings, i)
	}
	out.conflict = !comparable
	if comparable && len(out.siblings) > 1 {
		out.review = s.review(out)
	}
	if marks != nil {
		s.mark(marks, out)
	}
	return out
}

// lift marks what a Widen both names and has seen. Lifting is never undone: a later restriction is a new write.
func (s *restriction) lift() {
	for _, w := range s.writes {
		op := s.edits[w].op()
		if op.Kind != Widen {
			continue
		}
		for _, i := range s.writes {
			if i != w && !s.lifted[i] && op.names(s.edits[i].delta) && s.saw(w, i) {
				s.lifted[i] = true
			}
		}
	}
}

func (o *Op) names(d *Delta) bool {
	for _, l := range o.Lifts {
		if l.Time == d.Time && l.Author == d.Author {
			return true
		}
	}
	return false
}

// review reports whether a write that allowed more than what is shown is the last word that somebody spoke. A person
// has to look at it, and confirms the restriction or lifts it.
func (s *restriction) review(out outcome) bool {
	for _, i := range out.siblings {
		if fate := s.fate(i, out); (fate == NotLifted || fate == Loser) && !s.seenByAny(i, s.writes) {
			return true
		}
	}
	return false
}

func (s *restriction) mark(marks []Mark, out outcome) {
	fill(marks, Unfit)
	for _, i := range s.writes {
		marks[i] = Lifted
	}
	for _, i := range out.siblings {
		marks[i] = s.fate(i, out)
	}
}

// fate tells what became of a write in force.
func (s *restriction) fate(i int, out outcome) Mark {
	value := s.edits[i].op().Value
	if out.conflict || !s.rule.narrows(out.value, value) {
		return Shown
	}
	concurrent := false
	for _, j := range out.siblings {
		if j == i || !s.rule.narrows(s.edits[j].op().Value, value) {
			continue
		}
		switch {
		case s.saw(i, j):
			return NotLifted
		case !s.saw(j, i):
			concurrent = true
		}
	}
	switch {
	case concurrent && s.edits[i].op().Kind == Widen:
		return NotLifted
	case concurrent:
		return Loser
	}
	return Superseded
}
