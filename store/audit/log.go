package audit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// Log is an open audit log. It is safe for concurrent use within one process.
type Log struct {
	mu     sync.Mutex
	f      *os.File
	sealer Sealer
	head   Head
	size   int64
	broken error // why nothing more is written
}

// Open opens the log at path and verifies its chain; it makes the log if there is none. An unfinished entry at the end is
// dropped and noted in an entry of kind UnfinishedTail. Known is a head that was kept elsewhere, or the zero Head: what is
// older than it was acknowledged and is never taken for unfinished. A broken chain is reported as ErrChain, a log shorter
// than known as ErrCut; nothing is touched then.
func Open(path string, known Head, sealer Sealer, now Clock, rand io.Reader) (*Log, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open audit log: %w", err)
	}
	l := &Log{f: f, sealer: sealer}
	torn, err := l.load(known, rand)
	if err == nil {
		err = syncDir(path)
	}
	if err == nil && torn > 0 {
		_, err = l.Append(Entry{Time: now(), Kind: UnfinishedTail, Count: uint64(torn)})
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return l, nil
}

// load finds the end of the last whole entry and cuts off what lies behind it.
func (l *Log) load(known Head, rand io.Reader) (torn int64, err error) {
	s, err := newScanner(l.f)
	if errors.Is(err, io.ErrUnexpectedEOF) && known.Number == 0 {
		return 0, l.begin(rand)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, fmt.Errorf("%w: no entry, %d were noted", ErrCut, known.Number)
	}
	if err != nil {
		return 0, err
	}
	if err := s.verify(known); err != nil {
		return 0, err
	}
	l.head, l.size = s.head, s.size
	if s.torn == 0 {
		return 0, nil
	}
	return s.torn, l.cut()
}

// begin writes the prefix of a new log, or again over one that a crash cut short.
func (l *Log) begin(rand io.Reader) error {
	prefix := append([]byte(magic), make([]byte, prefixSize-len(magic))...)
	if _, err := io.ReadFull(rand, prefix[len(magic):]); err != nil {
		return fmt.Errorf("draw the log's name: %w", err)
	}
	if _, err := l.f.WriteAt(prefix, 0); err != nil {
		return fmt.Errorf("begin audit log: %w", err)
	}
	if err := l.f.Sync(); err != nil {
		return fmt.Errorf("begin audit log: %w", err)
	}
	l.head, l.size = start(prefix), int64(prefixSize)
	return nil
}

// Append seals e, writes it and returns the new head once it is durable. Number is set by the log.
func (l *Log) Append(e Entry) (Head, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.ready(); err != nil {
		return Head{}, err
	}
	e.Number = l.head.Number + 1
	sealed, err := l.seal(e)
	if err != nil {
		return Head{}, err
	}
	next := l.head.next(sealed)
	b := frame(next, sealed)
	if err := l.write(b); err != nil {
		// Nothing was acknowledged: take it back, so that a later entry does not follow a half one.
		l.broken = l.cut()
		return Head{}, errors.Join(fmt.Errorf("append to audit log: %w", err), l.broken)
	}
	l.head, l.size = next, l.size+int64(len(b))
	return next, nil
}

func (l *Log) seal(e Entry) ([]byte, error) {
	plain, err := e.encode()
	if err != nil {
		return nil, err
	}
	sealed, err := l.sealer.Seal(plain)
	if err != nil {
		return nil, fmt.Errorf("seal audit entry: %w", err)
	}
	if len(sealed) == 0 || len(sealed) > maxSealed {
		return nil, fmt.Errorf("%w: sealed to %d bytes, at most %d", ErrEntry, len(sealed), maxSealed)
	}
	return sealed, nil
}

// ready refuses to write after a failure or behind another writer's back.
func (l *Log) ready() error {
	if l.broken != nil {
		return l.broken
	}
	info, err := l.f.Stat()
	if err != nil {
		return fmt.Errorf("audit log: %w", err)
	}
	if info.Size() != l.size {
		return fmt.Errorf("%w: %d bytes, expected %d", ErrForeign, info.Size(), l.size)
	}
	return nil
}

func (l *Log) write(b []byte) error {
	if _, err := l.f.WriteAt(b, l.size); err != nil {
		return err
	}
	return l.f.Sync()
}

// cut drops everything behind the last acknowledged entry.
func (l *Log) cut() error {
	if err := errors.Join(l.f.Truncate(l.size), l.f.Sync()); err != nil {
		return fmt.Errorf("drop unfinished audit entry: %w", err)
	}
	return nil
}

// Head returns the newest head, to be kept elsewhere and given to Verify.
func (l *Log) Head() Head {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head
}

// Entries opens up to limit entries after a number, oldest first. It verifies the chain from the start on the way.
func (l *Log) Entries(after uint64, limit int) ([]Entry, error) {
	l.mu.Lock()
	size := l.size
	broken := l.broken
	l.mu.Unlock()
	if errors.Is(broken, ErrClosed) {
		return nil, broken
	}
	s, err := newScanner(io.NewSectionReader(l.f, 0, size))
	if err != nil {
		return nil, err
	}
	var out []Entry
	for len(out) < limit {
		sealed, err := s.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if s.head.Number <= after {
			continue
		}
		e, err := l.open(sealed, s.head.Number)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

func (l *Log) open(sealed []byte, number uint64) (Entry, error) {
	plain, err := l.sealer.Open(sealed)
	if err != nil {
		return Entry{}, fmt.Errorf("%w: entry %d: %w", ErrUnsealed, number, err)
	}
	return decodeEntry(plain, number)
}

// Close closes the file; everything acknowledged is durable already.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if errors.Is(l.broken, ErrClosed) {
		return nil
	}
	l.broken = ErrClosed
	if err := l.f.Close(); err != nil {
		return fmt.Errorf("close audit log: %w", err)
	}
	return nil
}

// syncDir makes the file's name durable. Windows has no such call and keeps names in its own journal.
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
