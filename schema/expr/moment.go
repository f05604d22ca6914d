package expr

import (
	"math"
	"time"
)

const secondsOfDay = 86400

// maxOffset is the widest offset from UTC that XML Schema knows, in seconds.
const maxOffset = 14 * 3600

// maxDays keeps points in time within the years 0 to 9999: outside them ISO dates need other layouts.
const maxDays = 2_900_000

// days counts from 1970-01-01 in UTC, as the specification says for numbers made of dates.
func days(t time.Time) float64 {
	return (float64(t.Unix()) + float64(t.Nanosecond())/1e9) / secondsOfDay
}

// moment is the inverse of days.
func moment(d float64, zone *time.Location) (time.Time, bool) {
	if math.IsNaN(d) || math.Abs(d) > maxDays {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(math.Round(d * secondsOfDay * 1000))).In(orUTC(zone)), true
}

func momentLayouts() []string {
	return []string{"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05.999999999Z07", "2006-01-02T15:04Z07"}
}

func localLayouts() []string { return []string{"2006-01-02T15:04:05.999999999", "2006-01-02T15:04"} }

// parseMoment reads an ISO date and time; without an offset it is in the zone.
func parseMoment(s string, zone *time.Location) (time.Time, bool) {
	if len(s) < len("2006-01-02T15:04") || s[10] != 'T' {
		return time.Time{}, false
	}
	for _, layout := range momentLayouts() {
		if t, err := time.Parse(layout, s); err == nil {
			_, offset := t.Zone()
			return t, offset >= -maxOffset && offset <= maxOffset
		}
	}
	for _, layout := range localLayouts() {
		if t, err := time.ParseInLocation(layout, s, orUTC(zone)); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// parseDay reads an ISO date, or date and time.
func parseDay(s string, zone *time.Location) (time.Time, bool) {
	if len(s) == len(time.DateOnly) {
		t, err := time.ParseInLocation(time.DateOnly, s, orUTC(zone))
		return t, err == nil
	}
	return parseMoment(s, zone)
}

func dateOf(t time.Time) Value {
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
	return Value{kind: KindDate, str: day.Format(time.DateOnly), num: days(day)}
}

// ISO is how moments are written: milliseconds and offset included.
const ISO = "2006-01-02T15:04:05.000Z07:00"

func dateTimeOf(t time.Time) Value {
	return Value{kind: KindDateTime, str: t.Format(ISO), num: days(t)}
}

// wholeDay tells which civil day a number of days means that came from a date: the midnight of some day in the zone, counted
// with the offset that held there. Days added across a change of the clocks keep the offset of where they started.
func wholeDay(d float64, zone *time.Location) (Value, bool) {
	t, ok := moment(d, zone)
	if !ok {
		return Value{}, false
	}
	const halfYear = 182 * 24 * time.Hour
	for _, near := range [...]time.Time{t, t.Add(halfYear), t.Add(-halfYear)} {
		_, offset := near.Zone()
		local := t.Unix() + int64(offset)
		if local%secondsOfDay == 0 && t.Nanosecond() == 0 {
			day := time.Unix(local, 0).UTC()
			return dateOf(time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, orUTC(zone))), true
		}
	}
	return Value{}, false
}

// dayOnly reads a date without a time of the day, as the number of civil days since 1970-01-01.
func dayOnly(s string) (float64, bool) {
	t, err := time.Parse(time.DateOnly, s)
	return float64(t.Unix()) / secondsOfDay, err == nil
}
