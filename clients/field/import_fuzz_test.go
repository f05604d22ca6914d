package field

import (
	"bufio"
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzLine reads any file line by line: every byte is read once, no line is longer than allowed, and what is taken for a
// line of an import says one thing and is UTF-8.
func FuzzLine(f *testing.F) {
	f.Add([]byte(`{"ref":"c1","form":"case_intake","values":{"activity":"day_centre","age_band":"unknown"}}` + "\n"))
	f.Add([]byte(`{"form":"encounter","parent":"c1","site":"calais","values":{"mode":"outreach"}}` + "\r\n" + `{"id":"c1","set":{"risk_level":"high"},"why":"seen again"}`))
	f.Add([]byte("\xef\xbb\xbf{\"id\":\"x\",\"set\":null}\n\n{} {}\nnot json"))
	f.Add([]byte(`{"form":"a","id":"b","values":{},"set":{}}` + "\n" + strings.Repeat("x", MaxLine+3) + "\n{"))
	f.Fuzz(func(t *testing.T, file []byte) {
		r := bufio.NewReaderSize(bytes.NewReader(file), MaxLine)
		for lines := 0; ; lines++ {
			text, err := readLine(r)
			if errors.Is(err, ErrLongLine) {
				continue
			}
			if err != nil {
				if want := bytes.Count(file, []byte("\n")); lines < want || lines > want+1 {
					t.Fatalf("%d lines of %d", lines, want)
				}
				return
			}
			var l line
			if decodeLine(bytes.TrimSpace(text), &l) != nil {
				continue
			}
			if (l.Form != "") == (l.ID != "") || (l.Values != nil) == (l.Set != nil) || !utf8.Valid(text) || len(text) > MaxLine {
				t.Fatalf("taken: %+v", l)
			}
		}
	})
}
