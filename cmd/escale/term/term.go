// Package term asks people at a terminal: a passphrase without echo, a word, yes or no.
//
// It keeps nothing and prints nothing of what was typed. Where nobody sits at a terminal, a passphrase is refused rather
// than read from a pipe by accident: a file is named for that.
package term

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"escale/crypto/vault"
)

// ErrNobody reports that no terminal is there to ask.
var ErrNobody = errors.New("nobody to ask: standard input is not a terminal")

// maxLine bounds an answer, in bytes.
const maxLine = 16 << 10

// Terminal is where people answer.
type Terminal struct {
	in  io.Reader
	out io.Writer
	buf *bufio.Reader
}

// New returns a terminal that reads answers from in and writes questions to out.
func New(in io.Reader, out io.Writer) *Terminal {
	return &Terminal{in: in, out: out, buf: bufio.NewReader(io.LimitReader(in, maxLine))}
}

// Interactive reports whether a person sits at the writing side w: progress is drawn differently then.
func Interactive(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Secret asks without echo.
func (t *Terminal) Secret(question string) (vault.Secret, error) {
	f, ok := t.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return vault.Secret{}, ErrNobody
	}
	if err := t.ask(question); err != nil {
		return vault.Secret{}, err
	}
	b, err := term.ReadPassword(int(f.Fd()))
	if err := errors.Join(err, t.ask("\n")); err != nil {
		return vault.Secret{}, fmt.Errorf("read the passphrase: %w", err)
	}
	return vault.NewSecret(b), nil
}

// Line asks for one line, without its end. Where the input is over, the answer is empty.
func (t *Terminal) Line(question string) (string, error) {
	if err := t.ask(question); err != nil {
		return "", err
	}
	s, err := t.buf.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	return strings.TrimSpace(s), nil
}

func (t *Terminal) ask(question string) error {
	if _, err := io.WriteString(t.out, question); err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	return nil
}

// Trim takes one line end off what a passphrase file holds.
func Trim(b []byte) []byte {
	s := strings.TrimSuffix(string(b), "\n")
	return []byte(strings.TrimSuffix(s, "\r"))
}
