// Package agentdb is the laptop's SQLite file. It stores bytes that others sealed or signed and knows how change-sets
// follow one another; it holds no key and understands no record.
//
// Every commit is durable (WAL, synchronous=FULL) before it returns. One process at a time owns the file.
package agentdb

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"escale/store/migrate"
)

//go:embed sql/*.sql
var migrations embed.FS

// Errors that callers decide by.
var (
	ErrInUse    = errors.New("another program is using this folder")
	ErrFull     = errors.New("the disk is full or cannot be written")
	ErrReadOnly = errors.New("the folder cannot be written to")
	ErrDamaged  = errors.New("the database is damaged")
	ErrNotFound = errors.New("not stored here")
)

// DB is an open store.
type DB struct {
	db   *sql.DB
	stmt map[string]*sql.Stmt
}

// Open opens or creates the file at path.
func Open(ctx context.Context, path string) (*DB, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, openError(err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("close: %w", err)
	}
	return OpenOn(ctx, "", path)
}

// OpenOn opens or creates the file at a path of a virtual file system that SQLite knows by a name; of the machine's own if
// the name is empty.
func OpenOn(ctx context.Context, vfs, path string) (*DB, error) {
	// The driver runs them by their first letter, and a store that is touched before it is locked makes a file of shared memory,
	// for which a full disk has no room: the quotation marks bring the lock to the front.
	q := url.Values{"_pragma": {`"locking_mode"(EXCLUSIVE)`, "busy_timeout(200)", "journal_mode(WAL)", "synchronous(FULL)",
		"foreign_keys(ON)", "secure_delete(ON)", "temp_store(MEMORY)", "cache_size(-16000)"}, "_txlock": {"immediate"}}
	if vfs != "" {
		q.Set("vfs", vfs)
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	db.SetMaxOpenConns(1)
	d := &DB{db: db, stmt: map[string]*sql.Stmt{}}
	if err := migrate.Up(ctx, db, mustSub()); err != nil {
		return nil, errors.Join(classify(err), db.Close())
	}
	if err := d.prepare(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return d, nil
}

func mustSub() fs.FS {
	sub, err := fs.Sub(migrations, "sql")
	if err != nil {
		panic(err) // the path is a constant of this file
	}
	return sub
}

func openError(err error) error {
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	return classify(err)
}

// Close folds the write-ahead log into the file and lets it go.
func (d *DB) Close() error {
	if err := d.db.Close(); err != nil {
		return fmt.Errorf("close store: %w", classify(err))
	}
	return nil
}

// classify gives the errors that people can do something about a name.
func classify(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("%w: %w", ErrInUse, err)
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w: %w", ErrFull, err)
	case sqlite3.SQLITE_IOERR:
		switch e.Code() { // what a write into a full disk is called, by which file it was for
		case sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_TRUNCATE:
			return fmt.Errorf("%w: %w", ErrFull, err)
		}
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// Tx is one transaction. Its methods see its own writes.
type Tx struct {
	ctx context.Context
	tx  *sql.Tx
	d   *DB
}

// Update runs f in one transaction. When it returns nil, everything f wrote is durable; otherwise nothing is.
func (d *DB) Update(ctx context.Context, f func(*Tx) error) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", classify(err))
	}
	if err := f(&Tx{ctx: ctx, tx: tx, d: d}); err != nil {
		if back := tx.Rollback(); back != nil && !errors.Is(back, sql.ErrTxDone) {
			return errors.Join(classify(err), fmt.Errorf("roll back: %w", back))
		}
		return classify(err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", classify(err))
	}
	return nil
}

// prepare makes the statements of a save once for the life of the store.
func (d *DB) prepare(ctx context.Context) error {
	for _, q := range append(manyParts(), hot...) {
		s, err := d.db.PrepareContext(ctx, q)
		if err != nil {
			return fmt.Errorf("prepare: %w", classify(err))
		}
		d.stmt[q] = s
	}
	return nil
}

func (t *Tx) exec(query string, args ...any) (int64, error) {
	var r sql.Result
	var err error
	if s, ok := t.d.stmt[query]; ok {
		r, err = t.tx.StmtContext(t.ctx, s).ExecContext(t.ctx, args...)
	} else {
		r, err = t.tx.ExecContext(t.ctx, query, args...)
	}
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

// scan runs a query and calls f for each row.
func (t *Tx) scan(f func(scan func(...any) error) error, query string, args ...any) (err error) {
	rows, err := t.query(query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (t *Tx) query(query string, args ...any) (*sql.Rows, error) {
	if s, ok := t.d.stmt[query]; ok {
		return t.tx.StmtContext(t.ctx, s).QueryContext(t.ctx, args...)
	}
	return t.tx.QueryContext(t.ctx, query, args...)
}

// one reads a single row; no row is ErrNotFound.
func (t *Tx) one(query string, args []any, into ...any) error {
	err := t.tx.QueryRowContext(t.ctx, query, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}
