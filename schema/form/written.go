package form

import (
	"math"
	"strconv"
	"strings"
	"time"

	"escale/schema/expr"
)

// normal writes an answer as the type has it: numbers and points in one form, several choices with one space between them.
func (p *part) normal(text string) string {
	trimmed := strings.TrimSpace(text)
	switch t := p.item.Type; {
	case t == TypeInteger, t == TypeRange && !p.item.fractional():
		if n, err := strconv.ParseInt(trimmed, 10, 64); err == nil {
			return strconv.FormatInt(n, 10)
		}
		return trimmed
	case t == TypeDecimal, t == TypeRange:
		if x, err := strconv.ParseFloat(trimmed, 64); err == nil && !math.IsNaN(x) && !math.IsInf(x, 0) {
			return strconv.FormatFloat(x, 'f', -1, 64)
		}
		return trimmed
	case t == TypeGeopoint, t == TypeGeotrace, t == TypeGeoshape:
		return normalPoints(trimmed)
	case t == TypeSelectMultiple, t == TypeRank:
		return strings.Join(strings.Fields(text), " ")
	case t == TypeText || t == TypeHidden || t == TypeBarcode || t == TypeCalculate:
		return text
	}
	return trimmed
}

// normalPoints writes each point as latitude, longitude, altitude and accuracy.
func normalPoints(text string) string {
	if text == "" {
		return ""
	}
	var points []string
	for point := range strings.SplitSeq(strings.TrimRight(text, "; "), ";") {
		fields := strings.Fields(point)
		if len(fields) < 2 || len(fields) > 4 {
			return text
		}
		for len(fields) < 4 {
			fields = append(fields, "0")
		}
		for i, f := range fields {
			x, err := strconv.ParseFloat(f, 64)
			if err != nil {
				return text
			}
			if fields[i] = strconv.FormatFloat(x, 'f', -1, 64); !strings.Contains(fields[i], ".") {
				fields[i] += ".0"
			}
		}
		points = append(points, strings.Join(fields, " "))
	}
	return strings.Join(points, "; ")
}

// fractional tells whether a range has steps that are no whole numbers.
func (i Item) fractional() bool {
	for _, key := range []string{"start", "end", "step", "tick_interval", "placeholder"} {
		if x, err := strconv.ParseFloat(i.Parameters[key], 64); err == nil && x != math.Trunc(x) {
			return true
		}
	}
	return false
}

// fromValue writes the result of an expression as the type of the question has it.
func (p *part) fromValue(v expr.Value, zone *time.Location) string {
	text := v.Text()
	switch p.item.Type {
	case TypeInteger:
		if x := v.Float(); !math.IsNaN(x) && !math.IsInf(x, 0) {
			return strconv.FormatFloat(math.Trunc(x), 'f', -1, 64)
		}
		return ""
	case TypeDecimal, TypeRange:
		if x := v.Float(); math.IsNaN(x) {
			return ""
		}
	case TypeDate:
		return dayOf(text, zone)
	case TypeDateTime:
		if t, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
			return t.Format(expr.ISO)
		}
	}
	if v.Kind() == expr.KindNumber && math.IsNaN(v.Float()) {
		return ""
	}
	return text
}

// dayOf keeps the day of a moment, in the zone.
func dayOf(text string, zone *time.Location) string {
	if day := expr.DateTime(text, zone); day.Kind() == expr.KindDateTime {
		t := time.UnixMilli(int64(math.Round(day.Float() * 86400 * 1000))).In(zone)
		return t.Format(time.DateOnly)
	}
	return text
}
