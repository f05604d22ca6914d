package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"escale/crypto/key"
	"escale/sync/hub"
)

// Backup writes a consistent copy of a hub, its key included, into a folder that must not exist. It may run beside a
// process that serves. It returns the bytes of the database.
func Backup(ctx context.Context, dir, out string) (size int64, err error) {
	k, err := readKey(dir)
	if err != nil {
		return 0, err
	}
	s, err := openStore(ctx, dir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := os.Mkdir(out, 0o700); err != nil {
		if errors.Is(err, fs.ErrExist) {
			err = errors.Join(ErrTaken, err)
		}
		return 0, fmt.Errorf("make the backup's folder: %w", err)
	}
	path := filepath.Join(out, DataFile)
	if err := s.Backup(ctx, path); err != nil {
		return 0, errors.Join(err, os.RemoveAll(out))
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return 0, fmt.Errorf("keep the backup to oneself: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("read back the backup: %w", err)
	}
	return info.Size(), writeKey(out, k.Seed())
}

// Restore puts a backup into an empty folder, with a new hub epoch, so that every laptop offers again whatever it holds.
func Restore(ctx context.Context, in, dir string, rand io.Reader) (pin key.TLSPublic, err error) {
	k, err := readKey(in)
	if err != nil {
		return pin, errors.Join(ErrBackup, err)
	}
	if err := emptyFolder(dir); err != nil {
		return pin, err
	}
	unlock, err := lock(filepath.Join(dir, lockFile))
	if err != nil {
		return pin, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := copyFile(filepath.Join(in, DataFile), filepath.Join(dir, newFile)); err != nil {
		return pin, errors.Join(ErrBackup, err, discard(filepath.Join(dir, newFile)))
	}
	renew := func(s hub.Store) error {
		if err := hub.Renew(ctx, s, rand); err != nil {
			return errors.Join(ErrBackup, err)
		}
		return nil
	}
	if err := finish(ctx, dir, renew); err != nil {
		return pin, errors.Join(ErrBackup, err)
	}
	return k.Public(), writeKey(dir, k.Seed())
}

func emptyFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("look into the folder: %w", err)
	}
	for _, e := range entries {
		if e.Name() != lockFile {
			return ErrNotEmpty
		}
	}
	return nil
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("read the backup: %w", err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("copy the backup: %w", err)
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("copy the backup: %w", err)
	}
	return nil
}

// WriteNew writes a file that must not exist, and that is durable when it returns.
func WriteNew(name string, b []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return errors.Join(ErrTaken, err)
	}
	if err != nil {
		return fmt.Errorf("write a file: %w", err)
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write a file: %w", err)
	}
	return nil
}
