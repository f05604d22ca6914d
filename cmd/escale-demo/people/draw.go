package people

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"time"
)

// draw makes all choices of a story from one seed.
type draw struct {
	*rand.Rand
	source *rand.ChaCha8
}

func newDraw(seed uint64, purpose string) *draw {
	key := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("escale-demo/people/"+purpose), seed))
	source := rand.NewChaCha8(key)
	return &draw{rand.New(source), source}
}

// Read lets the draw serve as a source of random bytes; it never fails.
func (d *draw) Read(p []byte) (int, error) { return d.source.Read(p) }

// chance is true in so many of a hundred cases.
func (d *draw) chance(percent int) bool { return d.IntN(100) < percent }

func (d *draw) between(low, high int) int { return low + d.IntN(high-low+1) }

func (d *draw) of(list []string) string { return list[d.IntN(len(list))] }

// several picks up to most different entries, at least one.
func (d *draw) several(list []string, most int) []string {
	order := d.Perm(len(list))
	picked := make([]string, 0, most)
	for _, i := range order[:d.between(1, min(most, len(list)))] {
		picked = append(picked, list[i])
	}
	return picked
}

func (d *draw) weighted(list []Weight) string {
	total := 0
	for _, w := range list {
		total += w.Times
	}
	at := d.IntN(total)
	for _, w := range list {
		if at -= w.Times; at < 0 {
			return w.Name
		}
	}
	return ""
}

// before draws a moment in the last days before t, in working hours.
func (d *draw) before(t time.Time, days int) time.Time {
	day := t.AddDate(0, 0, -d.between(1, days))
	return time.Date(day.Year(), day.Month(), day.Day(), d.between(8, 19), d.between(0, 59), 0, 0, t.Location())
}

// The alphabets of markers: 32 signs each, so that 20 of them are 100 random bits.
const (
	latinSigns  = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	arabicSigns = "ابتثجحخدذرزسشصضطظعغفقكلمنهويءئؤى"
	markerSigns = 20
)

func (d *draw) marker(alphabet string) string {
	signs := []rune(alphabet)
	var b strings.Builder
	for range markerSigns {
		b.WriteRune(signs[d.IntN(len(signs))])
	}
	return b.String()
}
