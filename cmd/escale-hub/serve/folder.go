package serve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"escale/crypto/key"
	"escale/schema"
	"escale/store/hubsqlite"
	"escale/sync/hub"
)

// Names of the files in a hub's folder. A backup is a folder with the same two.
const (
	KeyFile  = "hub.key" // seed of the channel key, 32 bytes
	DataFile = "hub.db"
	lockFile = "hub.lock"
	newFile  = "hub.db.new" // a database that is not ready to be served
)

// Init makes the hub of an organisation in a folder that holds none, and returns its pin.
func Init(ctx context.Context, dir string, org schema.Org, rand io.Reader) (pin key.TLSPublic, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return pin, fmt.Errorf("make the folder: %w", err)
	}
	unlock, err := lock(filepath.Join(dir, lockFile))
	if err != nil {
		return pin, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	for _, name := range []string{KeyFile, DataFile} {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return pin, errors.Join(ErrExists, err)
		}
	}
	k, err := key.NewTLS(rand)
	if err != nil {
		return pin, err
	}
	found := func(s hub.Store) error { return hub.Init(ctx, s, org, rand) }
	if err := finish(ctx, dir, found); err != nil {
		return pin, err
	}
	return k.Public(), writeKey(dir, k.Seed())
}

// finish does the last step on a new database under another name and only then gives it its own: what lies under that
// name is ready, whenever the machine stops.
func finish(ctx context.Context, dir string, last func(hub.Store) error) error {
	path := filepath.Join(dir, newFile)
	if err := private(path); err != nil {
		return err
	}
	s, err := hubsqlite.Open(ctx, path)
	if err != nil {
		return errors.Join(err, discard(path))
	}
	if err := errors.Join(last(s), s.Close()); err != nil {
		return errors.Join(err, discard(path))
	}
	if err := os.Rename(path, filepath.Join(dir, DataFile)); err != nil {
		return fmt.Errorf("name the database: %w", err)
	}
	return syncDir(dir)
}

// private makes the file, so that only this user may read it, whatever the folder allows; SQLite gives its log the same mode.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	return f.Close()
}

func discard(path string) error {
	var errs []error
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func writeKey(dir string, seed []byte) error {
	f, err := os.OpenFile(filepath.Join(dir, KeyFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	_, err = f.Write(seed)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	return syncDir(dir)
}

// readKey refuses a key that others can read: they could pose as this hub.
func readKey(dir string) (k key.TLSPrivate, err error) {
	path := filepath.Join(dir, KeyFile)
	info, err := os.Stat(path)
	if err != nil {
		return k, missing(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return k, fmt.Errorf("%w: permissions %#o", ErrKeyFile, info.Mode().Perm())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return k, fmt.Errorf("read the key file: %w", err)
	}
	if k, err = key.TLSFromSeed(b); err != nil {
		return k, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	if bytes.Equal(b, make([]byte, len(b))) {
		return k, fmt.Errorf("%w: all zero", ErrKeyFile)
	}
	return k, nil
}

func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrMissing, err)
	}
	return fmt.Errorf("open the hub's folder: %w", err)
}
