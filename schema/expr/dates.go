package expr

import (
	"fmt"
	"math"
	"strings"
	"time"
)

func dateFunction(name string) (function, bool) {
	switch name {
	case "today":
		return function{eval: func(s *scope, _ []node) (Value, error) { return dateOf(s.ctx.Now), nil }}, true
	case "now":
		return function{eval: func(s *scope, _ []node) (Value, error) { return dateTimeOf(s.ctx.Now), nil }}, true
	case "date":
		return function{min: 1, max: 1, eval: plain(toDate)}, true
	case "date-time":
		return function{min: 1, max: 1, eval: plain(toDateTime)}, true
	case "decimal-date-time":
		return function{min: 1, max: 1, eval: plain(decimalDateTime)}, true
	case "decimal-time":
		return function{min: 1, max: 1, eval: plain(decimalTime)}, true
	case "format-date", "format-date-time":
		return function{min: 2, max: 2, eval: plain(formatDate)}, true
	}
	return function{}, false
}

// moment reads a value as a point in time: a text, or days since 1970-01-01 in UTC.
func (s *scope) moment(v Value) (time.Time, bool) {
	switch v.kind {
	case KindString, KindNodes:
		text := strings.TrimSpace(s.text(v))
		if t, ok := parseDay(text, s.zone()); ok {
			return t, true
		}
		return moment(parseNumber(text), s.zone())
	case KindBool:
		return time.Time{}, false
	default:
		return moment(v.num, s.zone())
	}
}

// toDate keeps the moment as its number: a date made of a date and time is written as the day and compares as the moment.
func toDate(s *scope, args []Value) Value {
	if args[0].kind == KindNumber {
		if day, ok := wholeDay(args[0].num, s.zone()); ok {
			return day
		}
	}
	t, ok := s.moment(args[0])
	if !ok {
		return Missing()
	}
	v := dateOf(t.In(s.zone()))
	v.num = days(t)
	return v
}

func toDateTime(s *scope, args []Value) Value {
	t, ok := s.moment(args[0])
	if !ok {
		return Missing()
	}
	return dateTimeOf(t.In(s.zone()))
}

func decimalDateTime(s *scope, args []Value) Value {
	t, ok := s.moment(args[0])
	if !ok {
		return Number(math.NaN())
	}
	return Number(days(t))
}

// decimalTime is the part of the day that has passed, in the zone of the person who writes.
func decimalTime(s *scope, args []Value) Value {
	text := s.text(args[0])
	var t time.Time
	if moment, ok := parseMoment(text, s.zone()); ok {
		t = moment
	} else if clock, ok := parseClock(text, s.ctx.Now); ok {
		t = clock
	} else {
		return Number(math.NaN())
	}
	t = t.In(s.zone())
	past := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
	return Number(float64(past) / float64(24*time.Hour))
}

// parseClock reads a time of the day; without an offset it is in the zone of the given day.
func parseClock(s string, day time.Time) (time.Time, bool) {
	date := day.Format(time.DateOnly)
	return parseMoment(date+"T"+s, day.Location())
}

// formatDate writes a date, or date and time, by a pattern of %Y %y %m %n %b %d %e %a %H %h %M %S %3.
func formatDate(s *scope, args []Value) Value {
	t, ok := s.moment(args[0])
	if !ok {
		return Missing()
	}
	t = t.In(s.zone())
	var b strings.Builder
	pattern := s.text(args[1])
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '%' || i+1 == len(pattern) {
			b.WriteByte(pattern[i])
			continue
		}
		i++
		b.WriteString(formatPart(t, pattern[i]))
	}
	return String(b.String())
}

func formatPart(t time.Time, c byte) string {
	switch c {
	case 'Y':
		return fmt.Sprintf("%04d", t.Year())
	case 'y':
		return t.Format("06")
	case 'm':
		return t.Format("01")
	case 'n':
		return t.Format("1")
	case 'b':
		return t.Format("Jan")
	case 'B':
		return t.Format("January")
	case 'd':
		return t.Format("02")
	case 'e':
		return t.Format("2")
	case 'a':
		return t.Format("Mon")
	case 'A':
		return t.Format("Monday")
	case 'W':
		_, week := t.ISOWeek()
		return fmt.Sprint(week)
	case 'H':
		return t.Format("15")
	case 'h':
		return fmt.Sprint(t.Hour())
	case 'M':
		return t.Format("04")
	case 'S':
		return t.Format("05")
	case '3':
		return fmt.Sprintf("%03d", t.Nanosecond()/1e6)
	case 'Z':
		return t.Format("Z07:00")
	case '%':
		return "%"
	}
	return "%" + string(rune(c))
}
