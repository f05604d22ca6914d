package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// readSmall reads a whole file of at most limit bytes.
func readSmall(name string, limit int64) (b []byte, err error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, about(errNoFile, "file", name)
	}
	if err != nil {
		return nil, about(errBadFile, "file", name, "kind", "UTF-8")
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b, err = io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil || int64(len(b)) > limit {
		return nil, about(errors.Join(errBadFile, err), "file", name, "kind", "UTF-8")
	}
	return b, nil
}

// input opens a named file, or standard input for "-".
func (p *program) input(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(p.stdin), nil
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, about(errNoFile, "file", name)
	}
	if err != nil {
		return nil, about(errors.Join(errBadFile, err), "file", name, "kind", "JSON")
	}
	if info, err := f.Stat(); err != nil || info.IsDir() {
		return nil, about(errors.Join(errBadFile, err, f.Close()), "file", name, "kind", "JSON")
	}
	return f, nil
}
