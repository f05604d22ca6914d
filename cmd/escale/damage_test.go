package main

import (
	"database/sql"
	"net/url"

	"github.com/rogpeppe/go-internal/testscript"
)

// damage runs SQL on a database that no program of ours has open, as a disk or a person would that knows none of its rules.
func damage(ts *testscript.TestScript, name, statement string) {
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: ts.MkAbs(name)}).String())
	ts.Check(err)
	res, err := db.Exec(statement)
	ts.Check(err)
	n, err := res.RowsAffected()
	ts.Check(err)
	ts.Check(db.Close())
	if n == 0 {
		ts.Fatalf("nothing was changed")
	}
}

// alterRow changes four bytes of the newest change-set.
func alterRow(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: alter FILE")
	}
	damage(ts, args[0], `UPDATE set_bytes SET raw = CAST(substr(raw, 1, 300) || x'deadbeef' || substr(raw, 305) AS BLOB) WHERE id = (SELECT max(id) FROM sets)`)
}

// loseRow takes away the newest change-set.
func loseRow(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: lose FILE")
	}
	damage(ts, args[0], `DELETE FROM sets WHERE id = (SELECT max(id) FROM sets)`)
}
