package vault

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestSecretRedacts(t *testing.T) {
	s := secret("canary")
	b, err := json.Marshal(map[string]any{"a": s, "b": &s})
	if err != nil {
		t.Fatal(err)
	}
	holder := struct{ S Secret }{s}
	out := string(b) + fmt.Sprintf("%v %+v %#v %s %q %x %d %v %+v %#v", s, s, s, s, s, s, s, holder, holder, &holder)
	for _, leak := range []string{"canary", fmt.Sprintf("%x", "canary"), "99 97 110"} {
		if strings.Contains(out, leak) {
			t.Errorf("leaks as %q", leak)
		}
	}
	if !strings.Contains(out, redacted) {
		t.Error("prints nothing at all")
	}
}

func TestSecretWipe(t *testing.T) {
	s := secret("canary")
	copied := s
	s.Wipe()
	if !bytes.Equal(copied.Bytes(), make([]byte, 6)) {
		t.Error("a copy still holds the bytes")
	}
}
