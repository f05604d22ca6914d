package office

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// hostile draws texts that are rich in what matters here.
func hostile() *rapid.Generator[string] {
	piece := rapid.SampledFrom([]string{"=", "+", "-", "@", "＝", "＠", "\t", "\r", "\n", "\r\n", " ", "\u00a0", "\u3000", "\u200e", "'", "\"", ";", ",", "1+1", "نص", "é", "x"})
	return rapid.Map(rapid.SliceOfN(rapid.OneOf(piece, rapid.String()), 0, 12), func(s []string) string { return strings.ToValidUTF8(strings.Join(s, ""), "") })
}

func TestRestoreUndoesNeutralise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := hostile().Draw(t, "text")
		if got := Restore(Neutralise(s)); got != s {
			t.Fatalf("%q came back as %q", s, got)
		}
	})
}

// TestTableComesBack reads a table with a reader of others.
func TestTableComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(hostile(), 2, 4).Draw(t, "cells")
		var b bytes.Buffer
		w := newTable(&b)
		cells := make([]cell, len(texts))
		for i, s := range texts {
			cells[i] = textCell(s)
		}
		if err := w.row(cells); err != nil {
			t.Fatal(err)
		}
		if err := w.flush(); err != nil {
			t.Fatal(err)
		}
		text, marked := strings.CutPrefix(b.String(), "\xef\xbb\xbf")
		if !marked || !strings.HasSuffix(text, "\r\n") {
			t.Fatalf("no byte order mark, or no CRLF: %q", b.String())
		}
		back, err := csv.NewReader(strings.NewReader(text)).Read()
		if err != nil || len(back) != len(texts) {
			t.Fatalf("%q: %v", text, err)
		}
		for i, s := range back {
			if Restore(s) != oneBreak(texts[i]) {
				t.Fatalf("%q came back as %q", texts[i], Restore(s))
			}
			if strings.IndexAny(s, "\t\r\n") == 0 || strings.IndexAny(strings.TrimLeft(s, " \t\u00a0\u3000\u200e\""), "=+-@＝＠") == 0 {
				t.Fatalf("%q would run", s)
			}
		}
	})
}

func TestNeutralise(t *testing.T) {
	for in, want := range map[string]string{
		"=1+1": "'=1+1", "+33 6": "'+33 6", "-12.5 30": "'-12.5 30", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx", "  =1": "'  =1", "＝1": "'＝1", "\u3000＋1": "'\u3000＋1",
		"'=1": "''=1", "'Nour": "'Nour", "a=1": "a=1", "a - b": "a - b", "a;=cmd": "a;'=cmd", "a\n=cmd": "a\n'=cmd", "a; b": "a; b", "\u200f=1": "'\u200f=1", "": "", "مرحبا": "مرحبا",
	} {
		if got := Neutralise(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	var b bytes.Buffer
	w := newTable(&b)
	if err := w.row([]cell{cellOf(int64(-3)), cellOf(-1.5), textCell("-3")}); err != nil {
		t.Fatal(err)
	}
	if err := w.flush(); err != nil {
		t.Fatal(err)
	}
	if want := "\ufeff-3,-1.5,'-3\r\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

func TestNeutraliseIsFastOnManyBreaks(t *testing.T) {
	s := strings.Repeat("\n", 64<<10) + strings.Repeat(";", 64<<10)
	if Restore(Neutralise(s)) != s {
		t.Error("came back changed")
	}
}
