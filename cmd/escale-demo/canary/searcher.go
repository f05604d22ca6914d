package canary

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// Bounds of a search.
const (
	MinMarker     = 8        // bytes; shorter ones would be found by chance
	MaxMarker     = 256      // bytes
	MaxMarkers    = 10_000   // in one searcher
	MaxUnpacked   = 64 << 20 // bytes that one compressed frame may give
	MaxStream     = 64 << 20 // bytes that ScanReader takes
	MaxPlaces     = 64       // places kept for one marker; further ones are counted only
	MaxDepth      = 2        // frames within frames
	chunkSize     = 1 << 20
	unknownLength = -1
)

// ErrMarkers reports markers that cannot be searched for: none, too many, too short, too long, or one twice.
var ErrMarkers = errors.New("canary: unusable markers")

// ErrTooLong reports a stream of more than MaxStream bytes; files have no such bound.
var ErrTooLong = errors.New("canary: stream is too long")

// Place says where a marker was found. Source names the file or body, followed by the frames and values it lay inside.
type Place struct {
	Source   string `json:"source"`
	Offset   int64  `json:"offset"` // in the innermost of them
	Encoding string `json:"encoding"`
}

// Tally says how much was looked at.
type Tally struct {
	Sources    int   `json:"sources"`    // files and bodies
	Bytes      int64 `json:"bytes"`      // of them, before unpacking
	Frames     int   `json:"frames"`     // compressed frames that gave bytes
	Unreadable int   `json:"unreadable"` // zstd frames that did not open whole; shorter magics occur by chance
}

// Searcher looks for markers and remembers where they were. It is not safe for concurrent use.
type Searcher struct {
	markers []string
	match   *matcher
	unpack  *unpacker
	places  map[string][]Place
	counts  map[string]int
	tally   Tally
}

// Option changes a Searcher.
type Option func(*settings)

type settings struct{ zstd []zstd.DOption }

// WithDictionary adds a zstd dictionary in its own format, which names its id.
func WithDictionary(dictionary []byte) Option {
	return func(s *settings) { s.zstd = append(s.zstd, zstd.WithDecoderDicts(dictionary)) }
}

// WithRawDictionary adds plain content that frames refer to by id.
func WithRawDictionary(id uint32, content []byte) Option {
	return func(s *settings) { s.zstd = append(s.zstd, zstd.WithDecoderDictRaw(id, content)) }
}

// New prepares a search for the markers.
func New(markers []string, options ...Option) (*Searcher, error) {
	if len(markers) == 0 || len(markers) > MaxMarkers {
		return nil, fmt.Errorf("%w: %d of them, want 1 to %d", ErrMarkers, len(markers), MaxMarkers)
	}
	var patterns []pattern
	seen := map[string]bool{}
	for i, marker := range markers {
		if len(marker) < MinMarker || len(marker) > MaxMarker || seen[marker] {
			return nil, fmt.Errorf("%w: number %d is twice, or not of %d to %d bytes", ErrMarkers, i, MinMarker, MaxMarker)
		}
		seen[marker] = true
		patterns = append(patterns, patternsOf(i, marker)...)
	}
	var set settings
	for _, option := range options {
		option(&set)
	}
	unpack, err := newUnpacker(set.zstd)
	if err != nil {
		return nil, err
	}
	return &Searcher{markers: slices.Clone(markers), match: newMatcher(patterns), unpack: unpack,
		places: map[string][]Place{}, counts: map[string]int{}}, nil
}

// ScanBytes searches a body held in memory.
func (s *Searcher) ScanBytes(source string, body []byte) error {
	s.tally.Sources++
	s.tally.Bytes += int64(len(body))
	return s.scan(source, bytes.NewReader(body), int64(len(body)), 0)
}

// ScanReader searches a stream of at most MaxStream bytes, which it holds in memory: frames are read from their start.
func (s *Searcher) ScanReader(source string, r io.Reader) error {
	body, err := io.ReadAll(io.LimitReader(r, MaxStream+1))
	if err != nil {
		return fmt.Errorf("canary: read %s: %w", source, err)
	}
	if len(body) > MaxStream {
		return fmt.Errorf("%w: more than %d bytes", ErrTooLong, MaxStream)
	}
	return s.ScanBytes(source, body)
}

// ScanFile searches a file of any size; for a SQLite database the values inside too.
func (s *Searcher) ScanFile(path string) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("canary: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("canary: %w", err)
	}
	s.tally.Sources++
	s.tally.Bytes += info.Size()
	if err := s.scan(path, f, info.Size(), 0); err != nil {
		return err
	}
	return s.scanDatabase(path, f, info.Size())
}

// ScanTree searches the path of every regular file under dir, its name included.
func (s *Searcher) ScanTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("canary: %w", err)
		}
		name := []byte(entry.Name())
		if err := s.scan("name of "+path, bytes.NewReader(name), int64(len(name)), MaxDepth); err != nil {
			return err
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		return s.ScanFile(path)
	})
}

// Found lists the markers that were found and where, in the order of reading.
func (s *Searcher) Found() map[string][]Place { return s.places }

// Count returns how many places hold the marker, those beyond MaxPlaces included.
func (s *Searcher) Count(marker string) int { return s.counts[marker] }

// Missing lists the markers that were found nowhere, in the order given to New.
func (s *Searcher) Missing() []string {
	var missing []string
	for _, marker := range s.markers {
		if s.counts[marker] == 0 {
			missing = append(missing, marker)
		}
	}
	return missing
}

// Tally returns how much was looked at.
func (s *Searcher) Tally() Tally { return s.tally }

func (s *Searcher) note(p pattern, place Place) {
	marker := s.markers[p.marker]
	s.counts[marker]++
	if len(s.places[marker]) < MaxPlaces {
		s.places[marker] = append(s.places[marker], place)
	}
}
