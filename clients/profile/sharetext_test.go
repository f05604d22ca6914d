package profile_test

import (
	"testing"

	"escale/clients/profile"
	"escale/schema"
)

func FuzzParseShare(f *testing.F) {
	s, err := profile.HandedShare{Commitment: schema.Hash{1}, To: schema.Device{2}, Sealed: []byte("sealed")}.Text()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s)
	f.Add(s[:20])
	f.Fuzz(func(t *testing.T, text string) {
		h, err := profile.ParseShare(text)
		if err != nil {
			return
		}
		again, err := h.Text()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := profile.ParseShare(again); err != nil {
			t.Fatal(err)
		}
	})
}
