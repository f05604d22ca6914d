package pack

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// embedded lists the files that //go:embed lines of the Go files under root name and that lie in a folder schema/pack/starter.
func embedded(t *testing.T, root string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		for _, pattern := range embedPatterns(t, path) {
			found = append(found, starterFiles(t, root, filepath.Join(filepath.Dir(path), pattern))...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func embedPatterns(t *testing.T, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var patterns []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "//go:embed "); ok {
			for _, p := range strings.Fields(rest) {
				patterns = append(patterns, strings.TrimPrefix(strings.Trim(p, "\"`"), "all:"))
			}
		}
	}
	return patterns
}

func starterFiles(t *testing.T, root, pattern string) []string {
	t.Helper()
	matches, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range matches {
		err := filepath.WalkDir(m, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if strings.HasPrefix(path, filepath.Join(root, "schema", "pack", "starter")+string(filepath.Separator)) {
				found = append(found, path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func TestNoPackageEmbedsTheStarterPack(t *testing.T) {
	if found := embedded(t, filepath.Join("..", "..")); len(found) > 0 {
		t.Errorf("files of the starter pack are embedded: %v", found)
	}
}

func TestEmbeddedFindsEmbeddedFiles(t *testing.T) {
	root := t.TempDir()
	for path, text := range map[string]string{
		"schema/pack/starter/x/survey.csv": "type,name\n", "schema/pack/starter/_shared/sites.csv": "site\n",
		"schema/pack/other.csv": "x", "schema/pack/p.go": "package pack\n\n//go:embed all:start* other.csv\nvar files string\n",
	} {
		full := filepath.Join(root, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if found := embedded(t, root); len(found) != 2 {
		t.Errorf("found %v", found)
	}
}
