package invite

import (
	"fmt"
	"io"
	"strings"

	"rsc.io/qr"
)

// quiet is the light margin that readers need, in modules.
const quiet = 4

// QR draws the code for a terminal with light letters on a dark ground, two modules to a character. It holds the code
// without groups, in the alphabet that QR packs densest.
func (v *Invitation) QR(w io.Writer) error {
	b, err := v.encode()
	if err != nil {
		return err
	}
	code, err := qr.Encode(prefix+string(version)+"-"+write(b), qr.L)
	if err != nil {
		return fmt.Errorf("QR of an invitation: %w", err)
	}
	if _, err := io.WriteString(w, draw(code)); err != nil {
		return fmt.Errorf("write the QR: %w", err)
	}
	return nil
}

func draw(code *qr.Code) string {
	var out strings.Builder
	for y := -quiet; y < code.Size+quiet; y += 2 {
		for x := -quiet; x < code.Size+quiet; x++ {
			out.WriteString(halves(code.Black(x, y), code.Black(x, y+1)))
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// halves returns the character whose upper and lower half are dark or light. Light is what the terminal draws.
func halves(upperDark, lowerDark bool) string {
	switch {
	case upperDark && lowerDark:
		return " "
	case upperDark:
		return "▄"
	case lowerDark:
		return "▀"
	}
	return "█"
}
