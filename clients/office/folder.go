package office

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

const (
	partialPrefix = ".escale-"
	partialSuffix = ".partial"
)

// folder receives the files of one export. They are written beside their places under other names; commit gives them
// their names, discard leaves nothing.
type folder struct {
	dir   string
	files []*output
}

// output is one file of an export that has not got its name yet.
type output struct {
	name string
	file *os.File
}

// openFolder makes the folder, or checks that it holds nothing but earlier exports of the same names and kind.
func openFolder(dir string, files []planned) (*folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the folder: %w", err)
	}
	foreign := 0
	for _, e := range entries {
		if isPartial(e.Name()) {
			continue
		}
		start, err := startOf(dir, e)
		if err != nil {
			return nil, err
		}
		if !e.Type().IsRegular() || !slices.ContainsFunc(files, func(f planned) bool { return f.earlier(e.Name(), start) }) {
			foreign++
		}
	}
	if foreign > 0 {
		return nil, fmt.Errorf("%w: %d", ErrFolder, foreign)
	}
	return &folder{dir: dir}, removePartials(dir, entries)
}

// earlier reports whether a file is an earlier export. An empty one is: JSON lines without a record.
func (f planned) earlier(name, start string) bool {
	return name == f.name && (start == "" || strings.HasPrefix(start, f.start))
}

// isPartial recognises what an export left that was killed: half a file of people's words, which has no right to stay.
func isPartial(name string) bool {
	return strings.HasPrefix(name, partialPrefix) && strings.HasSuffix(name, partialSuffix)
}

func removePartials(dir string, entries []fs.DirEntry) error {
	for _, e := range entries {
		if isPartial(e.Name()) && e.Type().IsRegular() {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return fmt.Errorf("remove what an interrupted export left: %w", err)
			}
		}
	}
	return nil
}

func startOf(dir string, e fs.DirEntry) (string, error) {
	if !e.Type().IsRegular() {
		return "", nil
	}
	f, err := os.Open(filepath.Join(dir, e.Name()))
	if err != nil {
		return "", fmt.Errorf("read an earlier export: %w", err)
	}
	var start [256]byte
	n, err := io.ReadFull(f, start[:])
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return string(start[:n]), errors.Join(err, f.Close())
}

// create begins a file that only its owner can read.
func (d *folder) create(name string) (io.Writer, error) {
	f, err := os.CreateTemp(d.dir, partialPrefix+"*"+partialSuffix)
	if err != nil {
		return nil, fmt.Errorf("create an export file: %w", err)
	}
	d.files = append(d.files, &output{name, f})
	return f, nil
}

// commit makes everything durable and only then gives the files their names.
func (d *folder) commit() error {
	for _, o := range d.files {
		if err := errors.Join(o.file.Sync(), o.file.Close()); err != nil {
			return fmt.Errorf("write %s: %w", o.name, err)
		}
	}
	for _, o := range d.files {
		if err := os.Rename(o.file.Name(), filepath.Join(d.dir, o.name)); err != nil {
			return fmt.Errorf("name %s: %w", o.name, err)
		}
	}
	d.files = nil
	return syncFolder(d.dir)
}

// discard removes what has no name yet.
func (d *folder) discard() error {
	var errs []error
	for _, o := range d.files {
		if err := o.file.Close(); err != nil && !errors.Is(err, fs.ErrClosed) {
			errs = append(errs, err)
		}
		if err := os.Remove(o.file.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	d.files = nil
	return errors.Join(errs...)
}

// syncFolder makes names durable. Windows has no such call and keeps names in its own journal.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open folder: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}
