package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"escale/clients/field"
	"escale/clients/orgtest"
	"escale/cmd/escale-demo/canary"
	"escale/crypto/envelope"
	"escale/crypto/ledger"
	"escale/schema/canon"
	"escale/schema/form"
	"escale/sync/admit"
	"escale/sync/changeset"
	"escale/sync/wire"
)

// said is a row of the table "Column by column" in SECURITY.md: what the hub holds, and which class of values it is.
type said struct{ table, column, class string }

// securityTable reads the list.
func securityTable(t *testing.T) []said {
	t.Helper()
	b, err := os.ReadFile("../../SECURITY.md")
	orgtest.OK(t, err)
	_, after, found := strings.Cut(string(b), "### Column by column\n")
	if !found {
		t.Fatal("SECURITY.md has no list of columns")
	}
	list, _, _ := strings.Cut(after, "\n## ")
	row := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (`[a-z_`, ]+`) \\| ([a-z-]+) \\|")
	var out []said
	for _, m := range row.FindAllStringSubmatch(list, -1) {
		for _, column := range strings.Split(m[2], ", ") {
			out = append(out, said{m[1], strings.Trim(column, "`"), m[3]})
		}
	}
	return out
}

// dump is every value of every column of a copy of the hub's database.
func dump(t *testing.T, path string) map[[2]string][]any {
	t.Helper()
	ctx := context.Background()
	db, err := sql.Open("sqlite", path)
	orgtest.OK(t, err)
	defer func() { orgtest.OK(t, db.Close()) }()
	names := column(t, db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
	out := map[[2]string][]any{}
	for _, table := range names {
		for _, c := range column(t, db, fmt.Sprintf("SELECT name FROM pragma_table_info('%s')", table)) {
			key := [2]string{table.(string), c.(string)}
			rows, err := db.QueryContext(ctx, fmt.Sprintf(`SELECT "%s" FROM "%s"`, c, table))
			orgtest.OK(t, err)
			out[key] = values(t, rows)
		}
	}
	return out
}

func column(t *testing.T, db *sql.DB, query string) []any {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), query)
	orgtest.OK(t, err)
	return values(t, rows)
}

func values(t *testing.T, rows *sql.Rows) []any {
	t.Helper()
	out := []any{}
	for rows.Next() {
		var v any
		orgtest.OK(t, rows.Scan(&v))
		out = append(out, v)
	}
	orgtest.OK(t, rows.Err())
	orgtest.OK(t, rows.Close())
	return out
}

// letters is a run that sealed, hashed or drawn bytes hold once in ten million megabytes.
var letters = regexp.MustCompile(`[A-Za-z_ ]{18}`)

// fits reports whether a value belongs to its class.
func fits(class string, v any) bool {
	b, isBytes := v.([]byte)
	n, isNumber := v.(int64)
	s, isText := v.(string)
	switch class {
	case "number":
		return isNumber && n >= 0
	case "hash":
		return isBytes && len(b) == 32
	case "pseudonym":
		return isBytes && (len(b) == 16 || len(b) == 8)
	case "reason":
		known := []admit.Reason{admit.Counts, admit.WrongEpoch, admit.ClosedScope, admit.NotPermitted, admit.Revoked, admit.LedgerWentBack, admit.ClosedEpoch, admit.DestroyedEpoch}
		return isText && slices.Contains(known, admit.Reason(s))
	case "change-set":
		set, err := changeset.Parse(b)
		return isBytes && err == nil && !letters.Match(set.Raw)
	case "begun":
		return isBytes && !letters.Match(b)
	case "tags-and-dots":
		return isBytes && !letters.Match(b)
	case "blob":
		return isBytes && !letters.Match(b)
	case "ledger", "order", "request":
		return isBytes && len(b) > 0
	}
	return false
}

// TestHubHoldsWhatIsSaid compares a real hub's database, column by column and value by value, with the list in SECURITY.md.
// A new column, or a value of another sort, has to be said there first.
func TestHubHoldsWhatIsSaid(t *testing.T) {
	copied := livedIn(t)
	noWords(t, copied)
	real := dump(t, filepath.Join(copied, "hub.db"))
	list := securityTable(t)
	told := map[[2]string]bool{}
	filled := map[string]bool{}
	for _, s := range list {
		key := [2]string{s.table, s.column}
		vs, exists := real[key]
		if !exists || told[key] {
			t.Errorf("SECURITY.md tells of %s.%s, which is not there, or tells of it twice", s.table, s.column)
		}
		told[key] = true
		filled[s.class] = filled[s.class] || len(vs) > 0
		for _, v := range vs {
			if !fits(s.class, v) {
				t.Errorf("%s.%s holds %T, which is no %s", s.table, s.column, v, s.class)
				break
			}
		}
	}
	for key := range real {
		if !told[key] {
			t.Errorf("the hub holds %s.%s, and SECURITY.md does not say so", key[0], key[1])
		}
	}
	for class, some := range filled {
		if !some && class != "begun" {
			t.Errorf("no %s to compare with", class)
		}
	}
}

// TestEveryStoredKEMIsTheHybridOne looks at every session header that a hub stores.
func TestEveryStoredKEMIsTheHybridOne(t *testing.T) {
	const hybrid = 0x647a // MLKEM768-X25519
	seen := 0
	for _, v := range dump(t, filepath.Join(livedIn(t), "hub.db"))[[2]string{"set_bytes", "raw"}] {
		set := orgtest.Must[*changeset.Set](t)(changeset.Parse(v.([]byte)))
		if len(set.Session) == 0 {
			continue
		}
		seen++
		var s envelope.Session
		orgtest.OK(t, canon.Decode(set.Session, &s))
		if s.KEM != hybrid || len(s.Enc) != envelope.EncapsulatedSize {
			t.Errorf("a session under %#04x", s.KEM)
		}
	}
	if seen == 0 {
		t.Error("no session was stored")
	}
}

// livedIn is a copy of a hub's folder after two laptops worked, a third asked to join and an order waits.
func livedIn(t *testing.T) string {
	t.Helper()
	ctx := context.Background()
	o := orgtest.New(t, "calais", "tripoli")
	a, b := o.Ask("laptop of Selma", "social_worker", "calais"), o.Ask("laptop of Ilyas", "social_supervisor", "calais")
	o.ApproveAll()
	for range 2 {
		a.Sync()
		b.Sync()
	}
	for _, alias := range []string{"Nour (invented person)", "Samir (invented person)"} {
		saved := orgtest.Must[field.Saved](t)(a.Book().Create(ctx, field.New{Form: "case_intake", Answers: form.Answers{"site_code": "calais", "activity": "day_centre",
			"consent_case": "given", "consent_scopes": []string{"msf_social"}, "alias": alias, "age_band": "a18_24", "gender": "f",
			"risk_level": "medium", "living": "street", "opened_on": "2026-11-20"}}))
		orgtest.Must[field.Saved](t)(a.Book().Edit(ctx, saved.ID.String(), field.Change{Answers: form.Answers{"risk_level": "high"}}))
	}
	a.Sync()
	b.Sync()
	o.Ask("laptop of Dalia", "social_worker", "tripoli")
	order := orgtest.Must[*ledger.SignedOrder](t)(ledger.NewOrder(rand.Reader, a.Keys.Org, 1<<40, o.Boss().Log().Head(), &ledger.Settings{Entries: []ledger.Setting{{Key: "k", Text: "v"}}}))
	officer, _ := o.Boss().Officer()
	orgtest.OK(t, order.Sign(officer))
	waiting := orgtest.Must[[]byte](t)(order.Encode())
	orgtest.OK(t, o.Hub().PutOrder(ctx, o.Boss().Keys.Device, wire.PendingOrder{Order: waiting}))
	to := t.TempDir()
	for _, name := range []string{"hub.db", "hub.db-wal"} {
		data, err := os.ReadFile(filepath.Join(o.Dir, name))
		orgtest.OK(t, err)
		orgtest.OK(t, os.WriteFile(filepath.Join(to, name), data, 0o600))
	}
	return to
}

// noWords searches all files for what was typed, for what forms call it, and for what sites and people are called.
func noWords(t *testing.T, dir string) {
	t.Helper()
	words := []string{"invented person", "laptop of", "case_intake", "site_code", "consent_case", "consent_scopes", "msf_social", "age_band",
		"risk_level", "day_centre", "opened_on", "mental_health", "testimony", "protection"}
	s := orgtest.Must[*canary.Searcher](t)(canary.New(words))
	orgtest.OK(t, s.ScanTree(dir))
	for word, places := range s.Found() {
		t.Errorf("the hub holds %q, in %v", word, places)
	}
	for _, name := range []string{"hub.db", "hub.db-wal"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		orgtest.OK(t, err)
		for _, short := range []string{"calais", "tripoli", "medical", "Invented", "Selma"} {
			if bytes.Contains(data, []byte(short)) {
				t.Errorf("the hub holds %q, in %s", short, name)
			}
		}
	}
	known := orgtest.Must[*canary.Searcher](t)(canary.New([]string{"social_supervisor"}))
	orgtest.OK(t, known.ScanTree(dir))
	if known.Count("social_supervisor") == 0 {
		t.Error("the search finds not even a role, which the ledger says in clear")
	}
}
