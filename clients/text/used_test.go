package text

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// programText is the source of everything that may say a sentence, pages included, without tests and without the keys
// themselves.
func programText(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, top := range []string{"../../cmd/escale", "../../clients", "../../store/audit"} {
		err := fs.WalkDir(os.DirFS(top), ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, ".html") || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "text/keys") {
				return err
			}
			source, err := os.ReadFile(top + "/" + name)
			b.Write(source)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// made are the keys that lookups make of other words: each is wanted exactly if its word occurs in the programs.
func made(source, key string) (made, wanted bool) {
	group, name, _ := strings.Cut(key, ".")
	switch group {
	case "help":
		return true, name == "escale" || slices.Contains(commands(source), key)
	case "body":
		return true, strings.Contains(source, `"`+name+`"`)
	case "audit":
		kind, ok := strings.CutPrefix(name, "kind_")
		return ok, strings.Contains(source, `"`+kind+`"`)
	case "date":
		return strings.HasPrefix(name, "month_"), true
	}
	return false, false
}

var commandName = regexp.MustCompile(`\.(?:leaf|group)\("([a-z ]+)"`)

// commands are the help keys of all commands that the client has.
func commands(source string) (keys []string) {
	for _, m := range commandName.FindAllStringSubmatch(source, -1) {
		keys = append(keys, string(ForCommand(m[1])))
	}
	return keys
}

// TestEverySentenceIsSaid: a translator's time is not spent on what nobody reads.
func TestEverySentenceIsSaid(t *testing.T) {
	source := programText(t)
	words := map[string]bool{}
	for _, w := range regexp.MustCompile(`\w+`).FindAllString(source, -1) {
		words[w] = true
	}
	for key, k := range readConstants(t) {
		byLookup, wanted := made(source, key)
		if !words[k.name] && !(byLookup && wanted) && !strings.Contains(source, `"`+key+`"`) {
			t.Errorf("%s is never said", key)
		}
	}
}

// TestEveryCommandExplainsItself: a command without a sentence would show the name of its key.
func TestEveryCommandExplainsItself(t *testing.T) {
	constants := readConstants(t)
	found := commands(programText(t))
	if len(found) < 20 {
		t.Fatalf("only %d commands found", len(found))
	}
	for _, key := range found {
		if _, ok := constants[key]; !ok {
			t.Errorf("no sentence for %s", key)
		}
	}
}
