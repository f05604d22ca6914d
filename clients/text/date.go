package text

import (
	"fmt"
	"time"
)

// Date returns the day in words, in the time's own zone. Digits are the Western ones in all three languages, as codes and
// ids have them.
func (p *Printer) Date(t time.Time) string {
	key := DateDay
	if t.Day() == 1 {
		key = DateDayFirst
	}
	return p.plain(key, map[string]string{
		"day": fmt.Sprint(t.Day()), "month": p.plain(month(t.Month()), nil), "year": fmt.Sprint(t.Year()),
	})
}

// DateTime returns day, hour and minute.
func (p *Printer) DateTime(t time.Time) string {
	return p.plain(DateMoment, map[string]string{"date": p.Date(t), "time": t.Format("15:04")})
}

// plain inserts without isolates: parts of a date belong to the language already.
func (p *Printer) plain(key Key, v map[string]string) string { return p.say(key, nil, v) }

func month(m time.Month) Key { return Key(fmt.Sprintf("date.month_%02d", int(m))) }
