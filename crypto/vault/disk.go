package vault

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// tempSuffix names the file that Change writes before it replaces the vault. The name is fixed, so that Destroy finds what
// a crash left behind.
const tempSuffix = ".new"

// writeNew makes the file durable, or removes what it began.
func writeNew(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("create vault: %w", err)
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write vault: %w", err), os.Remove(path))
	}
	return syncDir(path)
}

// replace puts b in the place of the vault and then overwrites the old file's bytes, which the old passphrase still opens.
func replace(path string, b []byte, rand io.Reader) error {
	temp := path + tempSuffix
	if err := shred(temp, rand); err != nil {
		return err
	}
	if err := writeNew(temp, b); err != nil {
		return err
	}
	old, err := holdOld(path)
	if err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return errors.Join(fmt.Errorf("replace vault: %w", err), closeOld(old))
	}
	if err := syncDir(path); err != nil {
		return errors.Join(err, closeOld(old))
	}
	if old == nil {
		return nil
	}
	if err := overwrite(old, rand); err != nil {
		return fmt.Errorf("%w: %w", ErrOldRemains, err)
	}
	return nil
}

// holdOld keeps the old file reachable beyond the rename. Windows replaces no file that is open; there the old bytes are
// left to the disk, and holdOld returns nil.
func holdOld(path string) (*os.File, error) {
	if runtime.GOOS == "windows" {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("hold old vault: %w", err)
	}
	return f, nil
}

func closeOld(f *os.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

// shred overwrites and removes a file; it removes it even where it cannot overwrite it.
func shred(path string, rand io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = overwrite(f, rand)
	}
	if err = errors.Join(err, os.Remove(path)); err != nil {
		return fmt.Errorf("destroy vault: %w", err)
	}
	return nil
}

// overwrite fills the file with random bytes, makes them durable and closes it.
func overwrite(f *os.File, rand io.Reader) error {
	info, err := f.Stat()
	if err == nil {
		_, err = io.CopyN(f, rand, info.Size())
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("overwrite vault: %w", err)
	}
	return nil
}

// syncDir makes a name in a folder durable. Windows has no such call and keeps names in its own journal.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("open folder: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}
