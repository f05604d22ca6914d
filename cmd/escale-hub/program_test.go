package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"escale/cmd/escale-hub/serve"
	"escale/crypto/key"
)

var org = strings.Repeat("ab", 32)

// command runs one command line in English and returns exit code, stdout and stderr.
func command(t *testing.T, args ...string) (int, string, string) {
	t.Helper()
	var out, complaint bytes.Buffer
	code := run(t.Context(), append(args, "--lang", "en"), strings.NewReader(""), &out, &complaint)
	return code, out.String(), complaint.String()
}

func made(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "hub")
	if code, _, complaint := command(t, "init", "--data", dir, "--org", org); code != exitDone {
		t.Fatal(code, complaint)
	}
	return dir
}

func decode[T any](t *testing.T, out string) (v T) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(out))
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	if d.More() {
		t.Fatalf("more than one document: %q", out)
	}
	return v
}

func TestInit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "hub")
	code, out, complaint := command(t, "init", "--data", dir, "--org", org, "--json")
	if code != exitDone {
		t.Fatal(code, complaint)
	}
	doc := decode[map[string]string](t, out)
	var pin key.TLSPublic
	if err := pin.UnmarshalText([]byte(doc["pin"])); err != nil || doc["org"] != org {
		t.Fatalf("%v: %v", doc, err)
	}
	info, err := os.Stat(filepath.Join(dir, serve.KeyFile))
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 32 {
		t.Fatalf("key file: %v %v", info, err)
	}
	before, err := os.ReadFile(filepath.Join(dir, serve.KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	if code, _, complaint = command(t, "init", "--data", dir, "--org", org); code != exitFailed || !strings.Contains(complaint, "already") {
		t.Fatal(code, complaint)
	}
	if after, err := os.ReadFile(filepath.Join(dir, serve.KeyFile)); err != nil || !bytes.Equal(before, after) {
		t.Fatal("the key was changed", err)
	}
}

func TestExitCodesAndSentences(t *testing.T) {
	dir, empty := made(t), t.TempDir()
	open := made(t)
	if err := os.Chmod(filepath.Join(open, serve.KeyFile), 0o644); err != nil {
		t.Fatal(err)
	}
	short := made(t)
	if err := os.Truncate(filepath.Join(short, serve.KeyFile), 31); err != nil {
		t.Fatal(err)
	}
	noData := made(t)
	if err := os.Remove(filepath.Join(noData, serve.DataFile)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"nonsense"}, exitUsage, "nonsense"},
		{[]string{"status"}, exitUsage, "--data"},
		{[]string{"status", "--nonsense"}, exitUsage, "nonsense"},
		{[]string{"backup", "--data", dir}, exitUsage, "arg"},
		{[]string{"init", "--data", empty, "--org", "abc"}, exitUsage, "64 characters"},
		{[]string{"init", "--data", empty, "--org", strings.Repeat("00", 32)}, exitUsage, "64 characters"},
		{[]string{"serve", "--data", dir, "--store", "postgres://x/y"}, exitUsage, "SQLite only"},
		{[]string{"serve", "--data", dir, "--store", "tape"}, exitUsage, "sqlite only"},
		{[]string{"serve", "--data", dir, "--listen", "127.0.0.1:0", "--ops", "0.0.0.0:0"}, exitUsage, "this machine alone"},
		{[]string{"serve", "--data", dir, "--listen", "192.0.2.1:1", "--ops", "off"}, exitFailed, "192.0.2.1:1"},
		{[]string{"status", "--data", empty}, exitFailed, "no hub"},
		{[]string{"status", "--data", noData}, exitFailed, "no hub"},
		{[]string{"status", "--data", open}, exitLocked, "0600"},
		{[]string{"status", "--data", short}, exitLocked, "0600"},
		{[]string{"backup", empty, "--data", dir}, exitFailed, "exists already"},
		{[]string{"restore", dir, "--data", dir}, exitFailed, "not empty"},
		{[]string{"restore", empty, "--data", t.TempDir()}, exitFailed, "not a backup"},
		{[]string{"status", "--data", dir}, exitDone, ""},
		{[]string{"verify", "--data", dir}, exitDone, ""},
		{nil, exitDone, ""},
	} {
		code, _, complaint := command(t, c.args...)
		if code != c.code || !strings.Contains(complaint, c.says) {
			t.Errorf("%v: exit %d, want %d; said %q, want %q in it", c.args, code, c.code, complaint, c.says)
		}
		if strings.Contains(complaint, "{{") || strings.Contains(complaint, "<no value>") {
			t.Errorf("%v: %q has an empty place", c.args, complaint)
		}
	}
}

func TestFailureAsJSON(t *testing.T) {
	code, out, _ := command(t, "status", "--json", "--data", t.TempDir())
	if doc := decode[map[string]string](t, out); code != exitFailed || doc["error"] != "err_missing" || doc["text"] == "" {
		t.Fatal(code, doc)
	}
}

func TestRestoreDrawsANewEpoch(t *testing.T) {
	dir, out := made(t), filepath.Join(t.TempDir(), "backup")
	if code, _, complaint := command(t, "backup", out, "--data", dir); code != exitDone {
		t.Fatal(complaint)
	}
	again := filepath.Join(t.TempDir(), "again")
	if code, _, complaint := command(t, "restore", out, "--data", again); code != exitDone {
		t.Fatal(complaint)
	}
	status := func(dir string) statusDoc {
		_, out, _ := command(t, "status", "--data", dir, "--json")
		return decode[statusDoc](t, out)
	}
	a, b := status(dir), status(again)
	if a.HubEpoch == b.HubEpoch || a.Pin != b.Pin || a.Org != b.Org || status(again).HubEpoch != b.HubEpoch {
		t.Fatalf("before %+v, after %+v", a, b)
	}
	for _, name := range []string{"hub.db.new", "hub.db.new-wal"} {
		if _, err := os.Stat(filepath.Join(again, name)); err == nil {
			t.Errorf("%s was left", name)
		}
	}
}

func TestDamagedBackupLeavesNothing(t *testing.T) {
	dir, out, again := made(t), filepath.Join(t.TempDir(), "backup"), t.TempDir()
	command(t, "backup", out, "--data", dir)
	if err := os.WriteFile(filepath.Join(out, serve.DataFile), []byte("no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, complaint := command(t, "restore", out, "--data", again); code != exitFailed || !strings.Contains(complaint, "not a backup") {
		t.Fatal(code, complaint)
	}
	if code, _, complaint := command(t, "init", "--data", again, "--org", org); code != exitDone {
		t.Fatal("the folder is spoilt:", complaint)
	}
}

// TestServe runs the program as a script would: waits for the line, looks, stops it.
func TestServe(t *testing.T) {
	dir := made(t)
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	ended := make(chan int, 1)
	var complaint bytes.Buffer
	go func() {
		ended <- run(ctx, []string{"serve", "--data", dir, "--listen", "127.0.0.1:0", "--json"}, strings.NewReader(""), w, &complaint)
		w.Close()
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err, complaint.String())
	}
	ready := decode[map[string]string](t, line)
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 503, "/metrics": 200} {
		resp, err := http.Get("http://" + ready["ops"] + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, resp.StatusCode, want)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"status", "--data", dir}, exitDone}, {[]string{"backup", filepath.Join(t.TempDir(), "b"), "--data", dir}, exitDone},
		{[]string{"verify", "--data", dir}, exitLocked}, {[]string{"serve", "--data", dir, "--listen", "127.0.0.1:0"}, exitLocked},
		{[]string{"serve", "--data", made(t), "--listen", ready["listen"]}, exitFailed},
	} {
		if code, _, complaint := command(t, c.args...); code != c.code {
			t.Errorf("%v beside a serving hub: exit %d, want %d: %s", c.args, code, c.code, complaint)
		}
	}
	stop()
	if code := <-ended; code != exitDone {
		t.Fatal(code, complaint.String())
	}
	if code, _, complaint := command(t, "verify", "--data", dir); code != exitDone {
		t.Fatal("after the stop:", complaint)
	}
}

func TestOtherLanguages(t *testing.T) {
	for lang, want := range map[string]string{"fr": "Il n'y a pas de hub", "ar": "لا يوجد خادم"} {
		var complaint bytes.Buffer
		run(t.Context(), []string{"--lang=" + lang, "status", "--data", t.TempDir()}, nil, io.Discard, &complaint)
		if !strings.Contains(complaint.String(), want) {
			t.Errorf("%s: %q", lang, complaint.String())
		}
	}
}
