package serve_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"escale/cmd/escale-hub/serve"
	"escale/crypto/channel"
	"escale/crypto/key"
	"escale/schema"
	"escale/sync/hubhttp"
	"escale/sync/wire"
)

func open(t *testing.T, dir string) *serve.Hub {
	t.Helper()
	h, err := serve.Open(t.Context(), dir, serve.Options{Clock: time.Now, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestWrapStandsAroundTheRealHandler: what the demonstration relies on.
func TestWrapStandsAroundTheRealHandler(t *testing.T) {
	dir := t.TempDir()
	pin, err := serve.Init(t.Context(), dir, schema.Org{1}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h := open(t, dir)
	var seen atomic.Int64
	wrap := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { seen.Add(1); next.ServeHTTP(w, r) })
	}
	s, err := h.Listen(t.Context(), serve.Addresses{Listen: "127.0.0.1:0", Ops: serve.NoOps}, hubhttp.Options{}, wrap)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	if status := knock(t, s.Addr(), pin); status != http.StatusUnauthorized || seen.Load() != 1 || s.Ops() != "" {
		t.Fatalf("a stranger got %d, the wrapper saw %d requests", status, seen.Load())
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir)
	if again.Pin != pin || again.Org() != (schema.Org{1}) || again.Epoch() != h.Epoch() {
		t.Fatal("another hub came back")
	}
	if err := again.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func knock(t *testing.T, addr string, pin key.TLSPublic) int {
	t.Helper()
	k, err := key.NewTLS(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	config, err := channel.ClientConfig(k, []key.TLSPublic{pin})
	if err != nil {
		t.Fatal(err)
	}
	c := http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	resp, err := c.Post("https://"+addr+wire.PathSync, "", strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// TestOthersOnTheMachineReadNothing: sizes, times and pseudonyms are not for every account of a shared machine.
func TestOthersOnTheMachineReadNothing(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // files have no such mode there
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := serve.Init(t.Context(), dir, schema.Org{1}, rand.Reader); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "backup")
	if _, err := serve.Backup(t.Context(), dir, out); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{filepath.Join(dir, serve.DataFile), filepath.Join(out, serve.DataFile), filepath.Join(out, serve.KeyFile)} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", filepath.Base(name), info.Mode(), err)
		}
	}
}

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	if _, err := serve.Init(t.Context(), dir, schema.Org{1}, rand.Reader); err != nil {
		t.Fatal(err)
	}
	h := open(t, dir)
	defer func() {
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	if _, err := serve.Open(t.Context(), dir, serve.Options{Clock: time.Now, Rand: rand.Reader}); !errors.Is(err, serve.ErrInUse) {
		t.Fatalf("a second one: %v", err)
	}
	beside, err := serve.Open(t.Context(), dir, serve.Options{Clock: time.Now, Rand: rand.Reader, Beside: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := beside.Status(t.Context()); err != nil {
		t.Error(err)
	}
	if err := beside.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestRandomnessThatFails(t *testing.T) {
	dir := t.TempDir()
	if _, err := serve.Init(t.Context(), dir, schema.Org{1}, bytes.NewReader(make([]byte, 33))); err == nil {
		t.Fatal("made without randomness")
	}
	if _, err := serve.Init(t.Context(), dir, schema.Org{1}, rand.Reader); err != nil {
		t.Fatal("the folder is spoilt:", err)
	}
}

func TestOperatorsAddress(t *testing.T) {
	dir := t.TempDir()
	if _, err := serve.Init(t.Context(), dir, schema.Org{1}, rand.Reader); err != nil {
		t.Fatal(err)
	}
	h := open(t, dir)
	defer func() {
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	for _, ops := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:80", "example.org:80", "127.0.0.1", ""} {
		a := serve.Addresses{Listen: "127.0.0.1:0", Ops: ops}
		if _, err := h.Listen(t.Context(), a, hubhttp.Options{}, nil); !errors.Is(err, serve.ErrOps) {
			t.Errorf("%q: %v", ops, err)
		}
	}
}
