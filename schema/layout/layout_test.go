// Package layout_test keeps the arrows between Escale's packages pointing down, from the files as they lie in the tree.
package layout_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "escale"

// source is one parsed Go file.
type source struct {
	dir     string // slash-separated, relative to the module
	name    string
	test    bool
	outside bool // an external test package
	file    *ast.File
	set     *token.FileSet
}

func (s *source) at(n ast.Node) string {
	return path.Join(s.dir, s.name) + ":" + strconv.Itoa(s.set.Position(n.Pos()).Line)
}

func (s *source) imports(yield func(string, *ast.ImportSpec) bool) {
	for _, i := range s.file.Imports {
		if p, err := strconv.Unquote(i.Path.Value); err == nil && !yield(p, i) {
			return
		}
	}
}

// read parses every Go file of the module.
func read(t *testing.T) []source {
	t.Helper()
	root := filepath.Join("..", "..")
	if b, err := os.ReadFile(filepath.Join(root, "go.mod")); err != nil || !bytes.HasPrefix(b, []byte("module "+module+"\n")) {
		t.Fatalf("this test does not lie two folders below the module's root: %v", err)
	}
	var out []source
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() != ".." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(p, ".go"):
			return nil
		}
		s, err := parse(root, p)
		out = append(out, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 20 {
		t.Fatalf("only %d files were found", len(out))
	}
	return out
}

func parse(root, p string) (source, error) {
	rel, err := filepath.Rel(root, p)
	if err != nil {
		return source{}, err
	}
	s := source{dir: path.Dir(filepath.ToSlash(rel)), name: filepath.Base(p), set: token.NewFileSet()}
	s.file, err = parser.ParseFile(s.set, p, nil, parser.ParseComments)
	if err != nil {
		return source{}, err
	}
	s.test = strings.HasSuffix(s.name, "_test.go")
	s.outside = s.test && strings.HasSuffix(s.file.Name.Name, "_test")
	return s, nil
}

func within(dir string, tops ...string) bool {
	return slices.ContainsFunc(tops, func(top string) bool { return dir == top || strings.HasPrefix(dir, top+"/") })
}

// below says, for each layer, which layers it may import.
func below(layer string) []string {
	return map[string][]string{
		"cmd":     {"cmd", "clients", "sync", "store", "crypto", "schema"},
		"clients": {"clients", "sync", "store", "crypto", "schema"},
		"store":   {"store", "sync", "crypto", "schema"},
		"sync":    {"sync", "crypto", "schema"},
		"crypto":  {"crypto", "schema"},
		"schema":  {"schema"},
	}[layer]
}

func top(dir string) string { first, _, _ := strings.Cut(dir, "/"); return first }

func TestArrowsPointDown(t *testing.T) {
	for _, s := range read(t) {
		for p, spec := range s.imports {
			ours, ok := strings.CutPrefix(p, module+"/")
			if !ok {
				continue
			}
			if s.dir == "schema" && !s.test {
				t.Errorf("%s: schema imports nothing of ours, yet imports %s", s.at(spec), p)
			}
			if allowed(&s, ours) {
				continue
			}
			t.Errorf("%s: %s may not import %s", s.at(spec), s.dir, p)
		}
	}
}

// allowed reports whether an arrow points down. External tests may also use a neighbour that stands higher: a package
// that declares an interface is tested against who implements it.
func allowed(s *source, target string) bool {
	if slices.Contains(below(top(s.dir)), top(target)) {
		return true
	}
	if s.dir == "sync/simtest" && s.test {
		return top(target) == "store" || top(target) == "clients" // the simulation runs whole laptops
	}
	return s.outside && top(target) == "store" && top(s.dir) == "sync"
}

func TestTopLevelNames(t *testing.T) {
	for _, s := range read(t) {
		if below(top(s.dir)) == nil {
			t.Errorf("%s: %q is not a folder that the layout names", s.name, s.dir)
		}
		if s.dir == "sync" || s.dir == "crypto" || s.dir == "store" || s.dir == "clients" || s.dir == "cmd" {
			t.Errorf("%s: %s holds folders only", s.name, s.dir)
		}
	}
}

// TestKeptApart names what is imported in one place only, so that it can be replaced, or watched, in one place.
func TestKeptApart(t *testing.T) {
	only := map[string][]string{
		"github.com/labstack/echo":     {"sync/hubhttp"},
		"database/sql":                 {"store"},
		"modernc.org/":                 {"store"},
		"crypto/hpke":                  {"crypto/seal", "crypto/custody"},
		"golang.org/x/crypto/argon2":   {"crypto/vault"},
		"github.com/spf13/cobra":       {"cmd"},
		"github.com/fxamacker/cbor":    {"schema/canon"},
		"github.com/prometheus":        {"sync/hubhttp"},
		"github.com/nicksnyder":        {"cmd", "clients/text"},
		"golang.org/x/crypto/chacha20": {"crypto/seal", "crypto/vault", "crypto/custody"},
	}
	for _, s := range read(t) {
		for p, spec := range s.imports {
			for prefix, dirs := range only {
				if strings.HasPrefix(p, prefix) && !within(s.dir, dirs...) && !s.test {
					t.Errorf("%s: only %v may import %s", s.at(spec), dirs, p)
				}
			}
		}
	}
}

// TestHubSideIsBlind holds for each package that the hub links, not only for the program: so none gains the means to
// decrypt unnoticed before the program links it.
func TestHubSideIsBlind(t *testing.T) {
	hub := []string{
		"crypto/key", "crypto/envelope", "crypto/ledger", "crypto/channel", "crypto/invite", "sync/causal", "sync/changeset",
		"sync/admit", "sync/wire", "sync/horizon", "sync/hub", "sync/hubhttp", "store/hubsqlite", "store/hubpg", "store/migrate", "store/blob",
		"cmd/escale-hub",
	}
	blind := []string{
		"crypto/hpke", "golang.org/x/crypto/chacha20", "golang.org/x/crypto/argon2", module + "/crypto/seal",
		module + "/crypto/vault", module + "/crypto/custody", module + "/sync/merge", module + "/clients",
	}
	for _, s := range read(t) {
		if s.test || s.dir != "schema" && !within(s.dir, hub...) {
			continue
		}
		for p, spec := range s.imports {
			if slices.ContainsFunc(blind, func(b string) bool { return strings.HasPrefix(p, b) }) {
				t.Errorf("%s: the hub links this package; it may not import %s", s.at(spec), p)
			}
		}
	}
}

// TestPurePackages keeps clocks, files, networks and goroutines out of what is meant to be a function of its input.
func TestPurePackages(t *testing.T) {
	pure := []string{"sync/causal", "sync/changeset", "sync/admit", "sync/merge", "sync/shorthand", "sync/wire", "sync/horizon", "crypto/envelope", "schema/canon", "schema/expr"}
	impure := []string{"os", "os/exec", "net", "net/http", "math/rand", "math/rand/v2", "crypto/rand"}
	for _, s := range read(t) {
		if s.test || s.dir != "schema" && !slices.Contains(pure, s.dir) {
			continue
		}
		for p, spec := range s.imports {
			if slices.Contains(impure, p) {
				t.Errorf("%s: %s is pure and may not import %s", s.at(spec), s.dir, p)
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if _, ok := n.(*ast.GoStmt); ok {
				t.Errorf("%s: %s is pure and may not start a goroutine", s.at(n), s.dir)
			}
			if call, ok := n.(*ast.SelectorExpr); ok && isIdent(call.X, "time") && call.Sel.Name == "Now" {
				t.Errorf("%s: %s is pure and may not read the clock", s.at(n), s.dir)
			}
			return true
		})
	}
}

func isIdent(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

// TestSQLOnlyInStores looks for statements in string literals.
func TestSQLOnlyInStores(t *testing.T) {
	statements := []string{"SELECT ", "INSERT INTO ", "DELETE FROM ", "CREATE TABLE ", "PRAGMA ", "UPDATE OR ", "VACUUM INTO"}
	for _, s := range read(t) {
		if within(s.dir, "store") || s.test {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text := strings.TrimLeft(lit.Value, "\"`\n\t ")
			if slices.ContainsFunc(statements, func(w string) bool { return strings.HasPrefix(text, w) }) {
				t.Errorf("%s: SQL lies only under store/", s.at(n))
			}
			return true
		})
	}
}

func TestEachPackageSaysWhatItIs(t *testing.T) {
	said := map[string]bool{}
	for _, s := range read(t) {
		if s.test && s.dir != "schema/layout" {
			continue
		}
		has := s.file.Doc != nil && len(s.file.Doc.Text()) > 40
		said[s.dir] = said[s.dir] || has
	}
	for dir, ok := range said {
		if !ok {
			t.Errorf("%s: no file says in a package comment what the package is for", dir)
		}
	}
}

// TestNothingHappensOnItsOwn refuses work in init and errors thrown away.
func TestNothingHappensOnItsOwn(t *testing.T) {
	for _, s := range read(t) {
		if s.test {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Name.Name == "init" && n.Recv == nil {
					t.Errorf("%s: no work in init", s.at(n))
				}
			case *ast.AssignStmt:
				if n.Tok == token.ASSIGN && !slices.ContainsFunc(n.Lhs, func(e ast.Expr) bool { return !isIdent(e, "_") }) {
					t.Errorf("%s: nothing is thrown away with _ =", s.at(n))
				}
			}
			return true
		})
	}
}

// TestSmall keeps functions and files readable.
func TestSmall(t *testing.T) {
	const maxFunction, maxFile = 60, 500
	for _, s := range read(t) {
		if s.test {
			continue
		}
		if lines := s.set.Position(s.file.FileEnd).Line; lines > maxFile {
			t.Errorf("%s/%s has %d lines, at most %d", s.dir, s.name, lines, maxFile)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			if n := s.set.Position(f.End()).Line - s.set.Position(f.Pos()).Line + 1; n > maxFunction {
				t.Errorf("%s: %s has %d lines, at most %d", s.at(f), f.Name.Name, n, maxFunction)
			}
		}
	}
}
