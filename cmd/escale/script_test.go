package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"escale": main})
}

// TestScripts runs command transcripts with real processes, a real hub and real files. Commands beside those of
// testscript:
//
//	exits N COMMAND…   runs a command and wants this exit code
//	keep VAR PATH      keeps a value of the JSON document on stdout, by a path such as conflicts.0.field
//	is PATH VALUE      wants that value there
//	truncate N FILE    cuts a file off after N bytes
//	hub DIR            starts a hub and sets HUB and PIN
//	stophub            kills it
//	alter FILE         damages the newest change-set of a database
//	lose FILE          takes its row away
func TestScripts(t *testing.T) {
	bin := filepath.Dir(hubProgram(t))
	pack, err := filepath.Abs("../../schema/pack/starter")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/script",
		RequireUniqueNames: true,
		Cmds:               map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "keep": keep, "is": is, "hub": startHub, "stophub": stopHub, "alter": alterRow, "lose": loseRow, "truncate": truncate},
		Setup: func(e *testscript.Env) error {
			e.Values[process{}] = &process{}
			e.Setenv("PACK", pack)
			e.Setenv("ESCALE_LANG", "en")
			e.Setenv("ESCALE_PASSPHRASE_FILE", filepath.Join(e.WorkDir, "passphrase"))
			e.Setenv("READONLY", readOnlyFolder(t))
			e.Setenv("PATH", bin+string(os.PathListSeparator)+e.Getenv("PATH"))
			return os.WriteFile(filepath.Join(e.WorkDir, "passphrase"), []byte("correct horse battery\n"), 0o600)
		},
	})
}

// hubProgram builds the hub.
func hubProgram(t *testing.T) string {
	name := filepath.Join(t.TempDir(), "escale-hub")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", name, "escale/cmd/escale-hub").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return name
}

// readOnlyFolder is one in which not even the superuser may make anything.
func readOnlyFolder(t *testing.T) string {
	if runtime.GOOS == "linux" && os.Getuid() == 0 {
		return "/sys/escale"
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "home")
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// at walks into the document on stdout, which must be the only one there.
func at(ts *testscript.TestScript, path string) any {
	var v any
	d := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	ts.Check(d.Decode(&v))
	if d.More() {
		ts.Fatalf("more than one document on stdout")
	}
	for _, step := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			inner, ok := x[step]
			if !ok {
				ts.Fatalf("%s: nothing at %s", path, step)
			}
			v = inner
		case []any:
			if step == "len" {
				v = len(x)
				continue
			}
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(x) {
				ts.Fatalf("%s: nothing at %s", path, step)
			}
			v = x[i]
		default:
			ts.Fatalf("%s: nothing at %s", path, step)
		}
	}
	return v
}

func keep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: keep VAR PATH")
	}
	ts.Setenv(args[0], fmt.Sprint(at(ts, args[1])))
}

func is(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: is PATH VALUE")
	}
	if got := fmt.Sprint(at(ts, args[0])); (got == args[1]) == neg {
		ts.Fatalf("%s is %q, want %q: %v", args[0], got, args[1], !neg)
	}
}

func truncate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: truncate N FILE")
	}
	size, err := strconv.ParseInt(args[0], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[1]), size))
}

// process is the hub of one script.
type process struct{ cmd *exec.Cmd }

func hubOf(ts *testscript.TestScript) *process { return ts.Value(process{}).(*process) }

func startHub(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hub DIR")
	}
	listen := "127.0.0.1:0"
	if before := ts.Getenv("HUB"); before != "" {
		listen = before // started again at the same address
	}
	program := filepath.Join(filepath.SplitList(ts.Getenv("PATH"))[0], "escale-hub")
	cmd := exec.Command(program, "serve", "--data", ts.MkAbs(args[0]), "--listen", listen, "--json")
	stdout, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	h := hubOf(ts)
	h.cmd = cmd
	ts.Defer(h.kill)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	ts.Check(err)
	var ready struct{ Listen, Pin string }
	ts.Check(json.Unmarshal([]byte(line), &ready))
	ts.Setenv("HUB", ready.Listen)
	ts.Setenv("PIN", ready.Pin)
}

func stopHub(ts *testscript.TestScript, _ bool, _ []string) { hubOf(ts).kill() }

// kill ends the hub as a power cut would, and waits until its address is free.
func (h *process) kill() {
	if h.cmd == nil {
		return
	}
	_ = h.cmd.Process.Kill()
	_ = h.cmd.Wait()
	h.cmd = nil
}
