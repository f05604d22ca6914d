// Package bare is the yardstick of the benchmarks: the least that SQLite must do to keep the same rows and bytes as a store
// of ours, by prepared statements in a plain loop, one durable transaction (WAL, synchronous=FULL) at a time.
//
// It checks nothing, knows no protocol and no key, and no program but the benchmark may use it.
package bare

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver
)

// file is a database with its prepared statements.
type file struct {
	db   *sql.DB
	made []*sql.Stmt
}

// settings are those that the stores of the project choose, where they cost or save time.
func settings() []string {
	return []string{"journal_mode(WAL)", "synchronous(FULL)", "temp_store(MEMORY)", "cache_size(-8192)", "wal_autocheckpoint(2000)"}
}

func open(path string, more ...string) (*file, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", filepath.Base(path), err)
	}
	q := url.Values{"_txlock": {"immediate"}, "_pragma": append(settings(), more...)}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: filepath.ToSlash(abs), RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", filepath.Base(path), err)
	}
	db.SetMaxOpenConns(1)
	return &file{db: db}, nil
}

func (f *file) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	st, err := f.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	f.made = append(f.made, st)
	return st, nil
}

// in runs do as one transaction; on binds a prepared statement to it.
func (f *file) in(ctx context.Context, do func(on func(*sql.Stmt) *sql.Stmt) error) error {
	tx, err := f.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := do(func(st *sql.Stmt) *sql.Stmt { return tx.StmtContext(ctx, st) }); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// Close closes the file.
func (f *file) Close() error {
	var errs []error
	for _, st := range f.made {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, f.db.Close())...)
}

// Rows keeps one row for each blob.
type Rows struct {
	*file
	insert *sql.Stmt
}

// OpenRows makes a file of one table.
func OpenRows(ctx context.Context, path string) (*Rows, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	r := &Rows{file: f}
	if _, err := f.db.ExecContext(ctx, "CREATE TABLE blobs (id INTEGER PRIMARY KEY, blob BLOB NOT NULL)"); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if r.insert, err = f.prepare(ctx, "INSERT INTO blobs (blob) VALUES (?)"); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

// Add keeps blobs in one transaction.
func (r *Rows) Add(ctx context.Context, blobs [][]byte) error {
	return r.in(ctx, func(on func(*sql.Stmt) *sql.Stmt) error {
		insert := on(r.insert)
		for _, b := range blobs {
			if _, err := insert.ExecContext(ctx, b); err != nil {
				return err
			}
		}
		return nil
	})
}
