package vault

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestChange(t *testing.T) {
	path, before := sealed(t)
	old, next := secret("marée basse 4h"), secret("كلمة سر طويلة")
	held, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	// What a crash in the middle of an earlier change left behind.
	if err := os.WriteFile(path+tempSuffix, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Change(path, next, old, draws(2)); !errors.Is(err, ErrWrongPassphrase) {
		t.Errorf("change with the wrong passphrase: %v", err)
	}
	if err := Change(path, old, secret("short"), draws(2)); !errors.Is(err, ErrWeakPassphrase) {
		t.Errorf("change to a weak passphrase: %v", err)
	}
	if err := Change(path, old, next, draws(2)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, old); !errors.Is(err, ErrWrongPassphrase) {
		t.Errorf("old passphrase after the change: %v", err)
	}
	payload, err := Open(path, next)
	if err != nil || string(payload.Bytes()) != "payload" {
		t.Errorf("payload after the change: %d bytes, %v", len(payload.Bytes()), err)
	}
	if _, err := os.Stat(path + tempSuffix); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("temporary file remains: %v", err)
	}
	left, err := io.ReadAll(held)
	if runtime.GOOS != "windows" && (err != nil || bytes.Equal(left, before)) {
		t.Errorf("the old file still holds what the old passphrase opens: %v", err)
	}
}

func TestChangeKeepsOldWhenItFails(t *testing.T) {
	path, before := sealed(t)
	err := Change(path, secret("marée basse 4h"), secret("long enough"), bytes.NewReader(nil))
	if err == nil {
		t.Fatal("changed without randomness")
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the vault was touched: %v", err)
	}
}

func TestDestroy(t *testing.T) {
	path, before := sealed(t)
	if err := os.WriteFile(path+tempSuffix, before, 0o600); err != nil {
		t.Fatal(err)
	}
	copies := []string{path + ".link", path + tempSuffix + ".link"}
	for i, name := range []string{path, path + tempSuffix} {
		if err := os.Link(name, copies[i]); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second run finds nothing and is content
		if err := Destroy(path, draws(3)); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range []string{path, path + tempSuffix} {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("file remains: %v", err)
		}
		if b, err := os.ReadFile(copies[i]); err != nil || len(b) != len(before) || bytes.Contains(b, []byte(magic)) {
			t.Errorf("bytes were not overwritten: %d, %v", len(b), err)
		}
	}
}

func TestMissingFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "missing")
	err := Create(filepath.Join(dir, "vault"), secret("long enough"), secret("x"), small, draws(1))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("create in a missing folder: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "vault"), secret("long enough")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open in a missing folder: %v", err)
	}
}
