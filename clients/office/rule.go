package office

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const maxBands = 32

// rule is what the pack says about a field in de-identified exports.
type rule struct {
	text  string
	do    ruleKind
	bands []band
}

type ruleKind int

const (
	drop ruleKind = iota
	keep
	pseudonymise
	toDay
	toWeek
	toMonth
	toCountry
	toBand
)

// band is a range of numbers, both ends included, and the words that stand for it.
type band struct {
	name      string
	low, high float64
}

// parseRule reads one cell of the column export. A reason is given for whatever is dropped.
func parseRule(text string) (r rule, reason string) {
	r.text = text
	simple := map[string]ruleKind{"keep": keep, "pseudonymise": pseudonymise, "day": toDay, "week": toWeek, "month": toMonth, "coarse:country": toCountry}
	if kind, ok := simple[text]; ok {
		r.do = kind
		return r, ""
	}
	head, rest, _ := strings.Cut(text, ":")
	switch {
	case text == "drop":
		return r, DroppedByRule
	case text == "redact":
		return r, DroppedUnreviewed
	case head == "coarse":
		return r, DroppedNoMapping
	case head == "band":
		if bands, ok := parseBands(rest); ok {
			r.do, r.bands = toBand, bands
			return r, ""
		}
	}
	return r, DroppedUnknownRule
}

// strictest joins the rules of several versions of a form: whatever restricts beats keep, and two different restrictions
// leave nothing that would satisfy both.
func strictest(texts []string) (r rule, reason string) {
	r, reason = parseRule("")
	first := true
	for _, text := range texts {
		if text == "keep" && !first {
			continue
		}
		if !first && r.do != keep {
			return rule{text: strings.Join(texts, " | ")}, DroppedDisagree
		}
		r, reason = parseRule(text)
		first = false
	}
	return r, reason
}

// parseBands reads "0,1-2,3+".
func parseBands(text string) ([]band, bool) {
	names := strings.Split(text, ",")
	if len(names) > maxBands {
		return nil, false
	}
	var out []band
	for _, name := range names {
		name = strings.TrimSpace(name)
		b, ok := parseBand(name)
		if !ok {
			return nil, false
		}
		out = append(out, b)
	}
	return out, true
}

func parseBand(name string) (band, bool) {
	if low, ok := strings.CutSuffix(name, "+"); ok {
		x, err := strconv.ParseFloat(low, 64)
		return band{name, x, math.Inf(1)}, err == nil
	}
	low, high, ranged := strings.Cut(strings.ReplaceAll(name, "–", "-"), "-")
	if !ranged {
		high = low
	}
	x, errLow := strconv.ParseFloat(low, 64)
	y, errHigh := strconv.ParseFloat(high, 64)
	return band{name, x, y}, errLow == nil && errHigh == nil && x <= y
}

func (r rule) band(value any) (any, bool) {
	var x float64
	switch v := value.(type) {
	case int64:
		x = float64(v)
	case float64:
		x = v
	default:
		return nil, false
	}
	for _, b := range r.bands {
		if x >= b.low && x <= b.high {
			return b.name, true
		}
	}
	return nil, false
}

// truncate makes a date, or a date and time, the first day of its day, ISO week or month.
func (r rule) truncate(value any) (any, bool) {
	s, ok := value.(string)
	if !ok || len(s) < len(time.DateOnly) {
		return nil, false
	}
	day, err := time.Parse(time.DateOnly, s[:len(time.DateOnly)])
	if err != nil {
		return nil, false
	}
	switch r.do {
	case toWeek:
		day = day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	case toMonth:
		day = day.AddDate(0, 0, 1-day.Day())
	}
	return day.Format(time.DateOnly), true
}

// tag returns a column's HXL tag; a coarsened date says how coarse it is.
func (r rule) tag(hxl string) string {
	suffix := map[ruleKind]string{toWeek: "+week", toMonth: "+month"}[r.do]
	if hxl == "" || suffix == "" {
		return hxl
	}
	return fmt.Sprint(hxl, suffix)
}
