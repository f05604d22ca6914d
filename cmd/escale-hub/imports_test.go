package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

type listed struct {
	ImportPath string
	Imports    []string
}

// imports lists everything that a package links, itself included, as the go command sees it.
func imports(t *testing.T, pkg string) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports", pkg)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, complaint.String())
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func hasPrefix(s string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

// TestHubCannotDecrypt computes it from the import graph of the program.
func TestHubCannotDecrypt(t *testing.T) {
	linkedNever := []string{"escale/crypto/seal", "escale/crypto/vault", "escale/crypto/custody", "escale/sync/merge", "escale/clients"}
	importedNever := []string{"crypto/hpke", "golang.org/x/crypto/chacha20", "golang.org/x/crypto/argon2", "crypto/cipher", "crypto/aes"}
	all := imports(t, ".")
	ours := 0
	for _, p := range all {
		if hasPrefix(p.ImportPath, linkedNever) {
			t.Errorf("the hub links %s", p.ImportPath)
		}
		if !strings.HasPrefix(p.ImportPath, "escale/") {
			continue
		}
		ours++
		for _, i := range p.Imports {
			if hasPrefix(i, importedNever) {
				t.Errorf("%s, which the hub links, imports %s", p.ImportPath, i)
			}
		}
	}
	// The control: the walk does see what the hub is made of.
	for _, want := range []string{"escale/sync/hub", "escale/sync/hubhttp", "escale/store/hubsqlite", "escale/crypto/ledger"} {
		if !slices.ContainsFunc(all, func(p listed) bool { return p.ImportPath == want }) {
			t.Errorf("the hub does not link %s: this test looks at the wrong thing", want)
		}
	}
	if ours < 12 {
		t.Errorf("only %d packages of ours were seen", ours)
	}
}

// TestWalkWouldNotice is the other control: the same walk finds the forbidden import in the package that has it.
func TestWalkWouldNotice(t *testing.T) {
	for _, p := range imports(t, "escale/crypto/seal") {
		if p.ImportPath == "escale/crypto/seal" && slices.Contains(p.Imports, "crypto/hpke") {
			return
		}
	}
	t.Fatal("crypto/hpke was not seen in crypto/seal")
}
