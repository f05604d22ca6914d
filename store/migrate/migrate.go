// Package migrate brings a database to the newest schema by numbered SQL files, forward only.
//
// The files are embedded by the store that owns them, named 0001_words.sql, 0002_words.sql … without a gap. Each runs
// once, in one transaction with the note of its number. A database that a newer program has written is refused, never
// guessed at. The package knows no table.
package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Errors on which a caller decides.
var (
	// ErrNewer: use a newer program with this database.
	ErrNewer = errors.New("database was written by a newer program")
	ErrSteps = errors.New("migration files are not numbered 0001, 0002 …")
)

// Step is one migration.
type Step struct {
	Number int
	Name   string
	SQL    string
}

// Load reads the steps of a folder.
func Load(fsys fs.FS, dir string) ([]Step, error) {
	names, err := fs.Glob(fsys, path.Join(dir, "*.sql"))
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	slices.Sort(names)
	steps := make([]Step, 0, len(names))
	for i, name := range names {
		digits, _, ok := strings.Cut(path.Base(name), "_")
		n, err := strconv.Atoi(digits)
		if !ok || err != nil || n != i+1 || len(digits) != 4 {
			return nil, fmt.Errorf("%w: %s", ErrSteps, path.Base(name))
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("migration %d: %w", n, err)
		}
		steps = append(steps, Step{Number: n, Name: path.Base(name), SQL: string(text)})
	}
	if len(steps) == 0 {
		return nil, fmt.Errorf("%w: none in %s", ErrSteps, dir)
	}
	return steps, nil
}

// Up brings a SQLite database to the newest schema by the files at the root of fsys.
func Up(ctx context.Context, db *sql.DB, fsys fs.FS) error {
	steps, err := Load(fsys, ".")
	if err != nil {
		return err
	}
	return SQLite(ctx, db, steps)
}

// SQLite applies the steps that a SQLite database lacks. Its schema's number is in PRAGMA user_version.
func SQLite(ctx context.Context, db *sql.DB, steps []Step) error {
	version, err := sqliteVersion(ctx, db)
	if err != nil {
		return err
	}
	if version > len(steps) {
		return fmt.Errorf("%w: schema %d, this program knows up to %d", ErrNewer, version, len(steps))
	}
	for _, s := range steps[version:] {
		if err := sqliteStep(ctx, db, s); err != nil {
			return fmt.Errorf("migration %s: %w", s.Name, err)
		}
	}
	return nil
}

func sqliteVersion(ctx context.Context, q interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}) (v int, err error) {
	if err := q.QueryRowContext(ctx, "PRAGMA user_version").Scan(&v); err != nil {
		return 0, fmt.Errorf("read the schema's number: %w", err)
	}
	return v, nil
}

// sqliteStep asks for the number again inside its transaction: two programs may have started at once.
func sqliteStep(ctx context.Context, db *sql.DB, s Step) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	v, err := sqliteVersion(ctx, tx)
	if err != nil {
		return err
	}
	if v < s.Number {
		if _, err := tx.ExecContext(ctx, s.SQL); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "PRAGMA user_version = "+strconv.Itoa(s.Number)); err != nil {
			return err
		}
	}
	return tx.Commit()
}
