package dpo

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"escale/clients/profile"
)

func newCard(t testing.TB) (Card, string) {
	t.Helper()
	keys, err := profile.NewKeys(rand.Reader, true)
	if err != nil {
		t.Fatal(err)
	}
	c, err := CardOf(keys)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Text()
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

func TestCardSurvivesCopying(t *testing.T) {
	c, s := newCard(t)
	got, err := ParseCard("  " + s[:40] + "\n" + s[40:] + "\r\n")
	if err != nil || got != c {
		t.Fatalf("%v, %v", got == c, err)
	}
}

func TestCardTellsEveryMistypedCharacter(t *testing.T) {
	_, s := newCard(t)
	for _, i := range []int{0, len(cardPrefix), len(cardPrefix) + 7, len(s) / 2, len(s) - 2} {
		other := byte('A')
		if s[i] == other {
			other = 'B'
		}
		if _, err := ParseCard(s[:i] + string(other) + s[i+1:]); !errors.Is(err, ErrCard) {
			t.Errorf("character %d: %v", i, err)
		}
	}
	for _, bad := range []string{"", cardPrefix, s[:len(s)-6], s + "AAAA", strings.Repeat("a", maxCard+1)} {
		if _, err := ParseCard(bad); !errors.Is(err, ErrCard) {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
}

func FuzzParseCard(f *testing.F) {
	_, s := newCard(f)
	f.Add(s)
	f.Add(s[:len(s)-1])
	f.Add(cardPrefix)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCard(text)
		if err != nil {
			return
		}
		again, err := c.Text()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := ParseCard(again); err != nil || back != c {
			t.Fatalf("%v", err)
		}
	})
}
