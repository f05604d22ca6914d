package killtest_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// Exit codes that the play meets.
const (
	done        = 0
	failed      = 1
	decide      = 3
	unreachable = 5
)

// stage is where everything lies and runs.
type stage struct {
	t    *testing.T
	rng  *rand.Rand
	dir  string // of what is not under test: programs, acknowledgements
	bin  string
	line *line
	hub  *hub
	home map[string]string // of each person
	data string            // the hub's

	shown map[string]*shown // what was read last
}

// programs builds what is tested.
func programs(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin+string(filepath.Separator), "escale/cmd/escale", "escale/cmd/escale-hub").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return bin
}

// newStage founds an organisation in Calais, whose two laptops, ana's and ben's, read each other's records. Each person's
// folder and the hub's data lie where place says.
func newStage(t *testing.T, bin string, rng *rand.Rand, place func(who string) string) *stage {
	t.Helper()
	s := &stage{t: t, rng: rng, dir: t.TempDir(), bin: bin, line: newLine(t), home: map[string]string{}, data: filepath.Join(place("hub"), "data")}
	for _, who := range []string{"officer", "ana", "ben"} {
		s.home[who] = filepath.Join(place(who), "home")
	}
	s.write("passphrase", "correct horse battery\n")
	pack, err := filepath.Abs("../../../schema/pack/starter")
	s.ok(err)
	var org struct{ Org string }
	s.must(&org, "officer", "org", "create", "--name", "Invented unit", "--site", "calais", "--pack", pack, "--kdf-memory", "64")
	var hub struct{ Pin string }
	s.ok(json.Unmarshal(s.operator("init", "--org", org.Org), &hub))
	s.startHub()
	for _, who := range []string{"ana", "ben"} {
		var made struct{ Code string }
		s.must(&made, "officer", "org", "invite", "--hub", s.line.address(), "--pin", hub.Pin, "--role", "social_supervisor", "--site", "calais")
		s.must(nil, who, "join", made.Code, "--kdf-memory", "64")
	}
	s.must(nil, "officer", "org", "approve", "--all")
	s.must(nil, "ana", "join")
	s.must(nil, "ben", "join")
	s.must(nil, "officer", "org", "approve") // ben was approved before ana had made the keys
	s.agree("ana", "ben", "ana", "ben")
	return s
}

func (s *stage) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) write(name, words string) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	s.ok(os.WriteFile(path, []byte(words), 0o600))
	return path
}

// agree lets laptops exchange, one after the other.
func (s *stage) agree(people ...string) {
	s.t.Helper()
	for _, who := range people {
		var said struct{ Synced bool }
		s.must(&said, who, "sync")
		if !said.Synced {
			s.t.Fatalf("%s exchanged and is not in agreement", who)
		}
	}
}

// command is a program with its arguments.
func (s *stage) command(who string, args ...string) *exec.Cmd {
	full := append([]string{"--home", s.home[who], "--passphrase-file", filepath.Join(s.dir, "passphrase"), "--lang", "en", "--json"}, args...)
	return exec.Command(filepath.Join(s.bin, "escale"), full...)
}

// result is what became of a process.
type result struct {
	killed         bool
	code           int
	stdout, stderr string
}

func (r *result) into(v any) error {
	if v == nil {
		return nil
	}
	if err := json.Unmarshal([]byte(r.stdout), v); err != nil {
		return fmt.Errorf("what it said: %w", err)
	}
	return nil
}

// end waits for a process and says how it ended.
func end(cmd *exec.Cmd, stdout, stderr *bytes.Buffer) result {
	_ = cmd.Wait()
	code := cmd.ProcessState.ExitCode() // -1: by a signal
	return result{killed: code == -1, code: code, stdout: stdout.String(), stderr: stderr.String()}
}

// run runs a command to its end, or until arm's trigger kills it.
func (s *stage) run(who string, arm func(kill func()) (disarm func()), args ...string) result {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := s.command(who, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if arm == nil {
		s.ok(cmd.Start())
		return end(cmd, &stdout, &stderr)
	}
	started := make(chan struct{})
	disarm := arm(func() {
		<-started
		_ = cmd.Process.Kill()
	})
	s.ok(cmd.Start())
	close(started)
	r := end(cmd, &stdout, &stderr)
	disarm()
	return r
}

// exits runs a command that must end with a code.
func (s *stage) exits(code int, out any, who string, args ...string) result {
	s.t.Helper()
	r := s.run(who, nil, args...)
	if r.code != code {
		s.t.Fatalf("%s: escale %s: exit code %d, want %d: %s%s", who, strings.Join(args, " "), r.code, code, r.stderr, r.stdout)
	}
	if err := r.into(out); err != nil {
		s.t.Fatalf("%s: escale %s: %v", who, strings.Join(args, " "), err)
	}
	return r
}

func (s *stage) must(out any, who string, args ...string) {
	s.t.Helper()
	s.exits(done, out, who, args...)
}

// operator runs a command of the hub's program beside the one that serves.
func (s *stage) operator(args ...string) []byte {
	s.t.Helper()
	cmd := exec.Command(filepath.Join(s.bin, "escale-hub"), append(args, "--data", s.data, "--json", "--lang", "en")...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("escale-hub %v: %v: %s%s", args, err, stderr.String(), out)
	}
	return out
}

// verifyHub checks a hub that does not serve.
func (s *stage) verifyHub() {
	s.t.Helper()
	var v struct{ OK bool }
	s.ok(json.Unmarshal(s.operator("verify"), &v))
	if !v.OK {
		s.t.Fatal("the hub does not verify")
	}
}

func (s *stage) verify(who string) {
	s.t.Helper()
	var v struct{ OK bool }
	s.must(&v, who, "verify")
	if !v.OK {
		s.t.Fatalf("%s's laptop does not verify", who)
	}
}

// hub is a hub that serves.
type hub struct {
	cmd   *exec.Cmd
	ops   string
	once  sync.Once
	log   bytes.Buffer
	ended chan struct{}
}

// launch starts the hub without waiting for it.
func (s *stage) launch() (*hub, io.Reader) {
	s.t.Helper()
	h := &hub{cmd: exec.Command(filepath.Join(s.bin, "escale-hub"), "serve", "--data", s.data, "--listen", "127.0.0.1:0", "--json", "--lang", "en"), ended: make(chan struct{})}
	out, in, err := os.Pipe()
	s.ok(err)
	h.cmd.Stdout, h.cmd.Stderr = in, &h.log
	s.ok(h.cmd.Start())
	s.ok(in.Close())
	s.t.Cleanup(func() {
		h.kill()
		_ = out.Close()
	})
	go func() {
		_ = h.cmd.Wait()
		close(h.ended)
	}()
	return h, out
}

// startHub starts the hub and points the line to it.
func (s *stage) startHub() {
	s.t.Helper()
	h, out := s.launch()
	first, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		<-h.ended
		s.t.Fatalf("the hub did not start: %v: %s", err, h.log.String())
	}
	var ready struct{ Listen, Ops string }
	s.ok(json.Unmarshal(first, &ready))
	h.ops = ready.Ops
	s.hub = h
	s.line.to(ready.Listen)
}

// kill ends the hub as a power cut would and waits until its folder is free.
func (h *hub) kill() {
	h.once.Do(func() { _ = h.cmd.Process.Kill() })
	<-h.ended
}

// stopHub ends it in good order.
func (s *stage) stopHub() {
	s.t.Helper()
	h := s.hub
	if runtime.GOOS == "windows" {
		h.kill()
		return
	}
	s.ok(h.cmd.Process.Signal(os.Interrupt))
	<-h.ended
	if code := h.cmd.ProcessState.ExitCode(); code != done {
		s.t.Fatalf("the hub stopped with exit code %d: %s", code, h.log.String())
	}
}

// soon is a drawn moment: most of them at once, some a little later.
func (s *stage) soon() time.Duration {
	limit := []time.Duration{time.Millisecond / 4, time.Millisecond, 4 * time.Millisecond, 16 * time.Millisecond}[s.rng.IntN(4)]
	return time.Duration(s.rng.Int64N(int64(limit)))
}
