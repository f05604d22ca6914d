package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"escale/clients/text"
	"escale/cmd/escale/term"
)

// desk is one officer's laptop and a hub, driven in this process so that its clock can be set.
type desk struct {
	t    *testing.T
	dir  string
	home string
	pass string
}

func (d *desk) program(clock func() time.Time) (*program, *bytes.Buffer, *bytes.Buffer) {
	var out, complaint bytes.Buffer
	p := &program{stdin: strings.NewReader(""), stdout: &out, stderr: &complaint, clock: clock, rand: rand.Reader,
		say: text.New(text.English), term: term.New(strings.NewReader(""), &complaint), getenv: func(name string) string {
			return map[string]string{"ESCALE_HOME": d.home, "ESCALE_PASSPHRASE_FILE": d.pass}[name]
		}}
	return p, &out, &complaint
}

// run wants an exit code and returns what the command said.
func (d *desk) run(clock func() time.Time, want int, args ...string) (stdout, stderr string) {
	d.t.Helper()
	p, out, complaint := d.program(clock)
	if got := p.exit(p.execute(context.Background(), args)); got != want {
		d.t.Fatalf("%v: exit code %d, want %d: %s", args, got, want, complaint)
	}
	return out.String(), complaint.String()
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	dir := t.TempDir()
	d := &desk{t: t, dir: dir, home: filepath.Join(dir, "home"), pass: filepath.Join(dir, "passphrase")}
	if err := os.WriteFile(d.pass, []byte("correct horse battery"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := d.run(time.Now, exitDone, "org", "create", "--name", "Invented", "--site", "paris", "--pack", "../../schema/pack/starter", "--kdf-memory", "64", "--json")
	var created createdDoc
	if err := json.Unmarshal([]byte(out), &created); err != nil {
		t.Fatal(err)
	}
	address, pin := d.serve(created.Org.String())
	d.run(time.Now, exitDone, "org", "invite", "--hub", address, "--pin", pin, "--role", "data_manager", "--site", "paris")
	return d
}

func (d *desk) serve(org string) (address, pin string) {
	d.t.Helper()
	program, data := hubProgram(d.t), filepath.Join(d.dir, "hub")
	if out, err := exec.Command(program, "init", "--data", data, "--org", org).CombinedOutput(); err != nil {
		d.t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command(program, "serve", "--data", data, "--listen", "127.0.0.1:0", "--json")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup((&process{cmd}).kill)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		d.t.Fatal(err)
	}
	var ready struct{ Listen, Pin string }
	if err := json.Unmarshal([]byte(line), &ready); err != nil {
		d.t.Fatal(err)
	}
	return ready.Listen, ready.Pin
}

func TestClockYearsOffIsToldWithBothDates(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if _, complaint := d.run(time.Now, exitDone, "sync"); complaint != "" {
		t.Errorf("a right clock: %q", complaint)
	}
	const years = 3 * 365 * 24 * time.Hour
	off := func() time.Time { return time.Now().Add(-years) }
	out, complaint := d.run(off, exitDone, "sync")
	say := text.New(text.English)
	for _, day := range []string{say.Date(time.Now()), say.Date(off())} {
		if !strings.Contains(complaint, day) {
			t.Errorf("%q lacks %q", complaint, day)
		}
	}
	if !strings.Contains(out, "Synced") {
		t.Errorf("the clock kept the exchange from happening: %q", out)
	}
}

func TestTheFolderIsInUse(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	p, _, _ := d.program(time.Now)
	s, err := p.unlock(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, complaint := d.run(time.Now, exitLocked, "status"); !strings.Contains(complaint, "Another program") {
		t.Errorf("%q", complaint)
	}
	if err := s.close(context.Background()); err != nil {
		t.Fatal(err)
	}
	d.run(time.Now, exitDone, "status")
}
