package hubsqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver

	"escale/store/migrate"
	"escale/sync/hub"
)

//go:embed sql/*.sql
var files embed.FS

// readers is how many reading transactions run at the same time; more wait.
const readers = 4

// Store is a hub's data in one file. It is safe for concurrent use.
type Store struct {
	path   string
	db     *sql.DB
	writer chan *session // of one
	pool   chan *session // of readers
}

// Open opens or creates the file and brings it to the newest schema. It returns hub.ErrReadOnly where the folder or the
// file cannot be written, and migrate.ErrNewer for a file that a newer program wrote.
func Open(ctx context.Context, path string) (*Store, error) { return OpenOn(ctx, "", path) }

// OpenOn is Open on a virtual file system that SQLite knows by a name; on the machine's own if the name is empty.
func OpenOn(ctx context.Context, vfs, path string) (*Store, error) {
	dsn, err := dataSource(vfs, path)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", filepath.Base(path), err)
	}
	s := &Store{path: path, db: db, writer: make(chan *session, 1), pool: make(chan *session, readers)}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", filepath.Base(path), named(err)), db.Close())
	}
	return s, nil
}

// dataSource spells the path as SQLite reads it, with what every connection sets before anything else.
func dataSource(vfs, path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("open %s: %w", filepath.Base(path), err)
	}
	abs = filepath.ToSlash(abs)
	if !strings.HasPrefix(abs, "/") {
		abs = "/" + abs // a drive letter
	}
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "secure_delete(ON)", "temp_store(MEMORY)",
		"cache_size(-8192)", "wal_autocheckpoint(2000)", "journal_size_limit(67108864)",
	}}
	if vfs != "" {
		q.Set("vfs", vfs)
	}
	u := url.URL{Scheme: "file", Path: abs, RawQuery: q.Encode()}
	return u.String(), nil
}

func (s *Store) prepare(ctx context.Context) error {
	steps, err := migrate.Load(files, "sql")
	if err != nil {
		return err
	}
	if err := migrate.SQLite(ctx, s.db, steps); err != nil {
		return err
	}
	w, err := newSession(ctx, s.db)
	if err != nil {
		return err
	}
	s.writer <- w
	for range readers {
		r, err := newSession(ctx, s.db)
		if err != nil {
			return err
		}
		if _, err := r.conn.ExecContext(ctx, "PRAGMA query_only = ON"); err != nil {
			return err
		}
		s.pool <- r
	}
	return nil
}

// View runs f in one reading transaction.
func (s *Store) View(ctx context.Context, f func(hub.Tx) error) error {
	return s.with(ctx, s.pool, "BEGIN DEFERRED", f)
}

// Update runs f in one writing transaction.
func (s *Store) Update(ctx context.Context, f func(hub.Tx) error) error {
	return s.with(ctx, s.writer, "BEGIN IMMEDIATE", f)
}

func (s *Store) with(ctx context.Context, from chan *session, begin string, f func(hub.Tx) error) error {
	var on *session
	select {
	case on = <-from:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { from <- on }()
	return named(on.transaction(ctx, begin, f))
}

// Scrub folds the journal into the file and empties it, so that what was overwritten in the file is not in the journal.
// Transactions that read at this moment are waited for.
func (s *Store) Scrub(ctx context.Context) error {
	var on *session
	select {
	case on = <-s.writer:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.writer <- on }()
	var busy, frames, done int
	if err := on.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &done); err != nil {
		return named(err)
	}
	if busy != 0 {
		return errors.New("the journal cannot be emptied while it is read")
	}
	return nil
}

// Size returns the bytes of the file and of its journal.
func (s *Store) Size(context.Context) (int64, error) {
	total := int64(0)
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(s.path + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("size of the store: %w", err)
		}
		total += info.Size()
	}
	return total, nil
}

// Room returns how many bytes the disk under the file still takes.
func (s *Store) Room(context.Context) (int64, error) {
	n, err := room(filepath.Dir(s.path))
	if err != nil {
		return 0, fmt.Errorf("room on the disk: %w", err)
	}
	return int64(min(n, math.MaxInt64)), nil
}

// Backup writes a consistent copy to a file that must not exist, while the hub runs.
func (s *Store) Backup(ctx context.Context, path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("backup: %s: %w", filepath.Base(path), errors.Join(fs.ErrExist, err))
	}
	if _, err := s.db.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return fmt.Errorf("backup: %w", named(err))
	}
	return nil
}

// Close waits for transactions that run, and closes the file.
func (s *Store) Close() error {
	var errs []error
	for _, c := range []chan *session{s.writer, s.pool} {
		for range cap(c) {
			errs = append(errs, (<-c).close())
		}
	}
	return errors.Join(append(errs, s.db.Close())...)
}
