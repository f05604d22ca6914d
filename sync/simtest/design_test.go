package simtest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTableNamesTestsThatExist compares sync/DESIGN.md with the tree: each row names tests, and each of them is there.
func TestTableNamesTestsThatExist(t *testing.T) {
	text := string(must[[]byte](t)(os.ReadFile("../DESIGN.md")))
	named := regexp.MustCompile("`([a-z/-]+) (Test[A-Za-z0-9]+)`")
	rows := 0
	for _, row := range strings.Split(text, "\n") {
		if !strings.HasPrefix(row, "| ") || strings.HasPrefix(row, "| ---") || strings.HasPrefix(row, "| what happened") {
			continue
		}
		rows++
		found := named.FindAllStringSubmatch(row, -1)
		if len(found) == 0 {
			t.Errorf("no test: %s", row)
		}
		for _, f := range found {
			if !hasTest(t, filepath.Join("../..", f[1]), f[2]) {
				t.Errorf("%s holds no %s", f[1], f[2])
			}
		}
	}
	if rows != 15 {
		t.Errorf("%d rows", rows)
	}
}

func hasTest(t *testing.T, dir, name string) bool {
	t.Helper()
	for _, file := range must[[]string](t)(filepath.Glob(filepath.Join(dir, "*_test.go"))) {
		if strings.Contains(string(must[[]byte](t)(os.ReadFile(file))), "\nfunc "+name+"(t *testing.T)") {
			return true
		}
	}
	return false
}
