package term

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestLineAnswersOnceForEachQuestion(t *testing.T) {
	var out bytes.Buffer
	term := New(strings.NewReader("yes\r\n no \nlast"), &out)
	for i, want := range []string{"yes", "no", "last", ""} {
		got, err := term.Line("? ")
		if err != nil || got != want {
			t.Errorf("answer %d: %q, %v", i, got, err)
		}
	}
	if out.String() != "? ? ? ? " {
		t.Errorf("asked %q", out.String())
	}
}

func TestNoPassphraseFromAPipe(t *testing.T) {
	var out bytes.Buffer
	if _, err := New(strings.NewReader("correct horse battery\n"), &out).Secret("? "); !errors.Is(err, ErrNobody) {
		t.Errorf("%v", err)
	}
	if out.Len() > 0 {
		t.Errorf("asked %q where nobody sits", out.String())
	}
}

func TestTrimTakesOneLineEnd(t *testing.T) {
	for in, want := range map[string]string{"a b\n": "a b", "a\r\n": "a", "a\n\n": "a\n", " a ": " a ", "": ""} {
		if got := string(Trim([]byte(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
