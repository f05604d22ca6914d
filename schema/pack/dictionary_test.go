package pack

import (
	"bytes"
	"testing"

	"github.com/klauspost/compress/zstd"

	"escale/schema/canon"
	"escale/schema/form"
)

// payloads encodes answers as deltas carry them, one payload for each part.
func payloads(t *testing.T, f *form.Form, answers form.Answers) [][]byte {
	t.Helper()
	var list [][]byte
	for _, part := range f.Split(answers) {
		operations := []any{uint64(1) << 50, []any{f.ID, f.AlwaysParts()}}
		for _, path := range f.SortedPaths(part) {
			operations = append(operations, []any{opSet, path, part[path]})
		}
		b, err := canon.Encode(operations)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, b)
	}
	return list
}

func coder(t *testing.T, options ...zstd.EOption) *zstd.Encoder {
	t.Helper()
	z, err := zstd.NewWriter(nil, append(options, zstd.WithEncoderCRC(false), zstd.WithEncoderLevel(zstd.SpeedBestCompression))...)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestDictionaryHelpsSmallPayloads(t *testing.T) {
	b := bundle(t, starter(t), "fr")
	f, _ := b.Form("encounter")
	answers := form.Answers{"case_code": "K7QM-2F9X-R3TD", "met_at": "2026-02-11T09:30:00+01:00", "site_code": "calais",
		"mode": "outreach", "discipline": "social", "staff_code": "C-017", "interpreter": "staff", "safe_to_talk": "yes",
		"case_status": "open", "needs_today": []string{"food", "shelter"}, "actions_done": []string{"info", "nfi"},
		"risk_level": "medium", "new_risks": []string{"eviction"}}
	if problems := f.Validate(answers, form.Options{}); len(problems) > 0 {
		t.Fatal(problems)
	}
	plain, trained := coder(t), coder(t, zstd.WithEncoderDict(b.Dictionary()))
	reader, err := zstd.NewReader(nil, zstd.WithDecoderDicts(b.Dictionary()))
	if err != nil {
		t.Fatal(err)
	}
	var without, with int
	for _, p := range payloads(t, f, answers) {
		small := trained.EncodeAll(p, nil)
		back, err := reader.DecodeAll(small, nil)
		if err != nil || !bytes.Equal(back, p) {
			t.Fatalf("a payload does not come back: %v", err)
		}
		without += len(plain.EncodeAll(p, nil))
		with += len(small)
	}
	if with*10 > without*6 {
		t.Errorf("%d bytes with the dictionary, %d without: it should save 40 %%", with, without)
	}
}

func TestDictionaryBounds(t *testing.T) {
	s := starter(t)
	for _, name := range s.Names() {
		d := bundle(t, s, name).Dictionary()
		if len(d) > MaxDictionary || checkDictionary(d) != nil {
			t.Errorf("%s: dictionary of %d bytes", name, len(d))
		}
	}
}
