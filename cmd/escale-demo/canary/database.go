package canary

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

const (
	databaseHeader = 100
	logHeader      = 32 // of a write-ahead log
	logFrameHeader = 24
)

// database is a SQLite file seen page by page, with or without the pages of its write-ahead log.
type database struct {
	file     io.ReaderAt
	log      io.ReaderAt
	inLog    map[uint32]int64 // offset of the newest version of a page in the log
	pageSize int
	usable   int
	pages    uint32 // of the file
}

// scanDatabase joins the values of a SQLite file that lie on several pages, where a marker or a frame may be cut in two. Values
// that fit a page were found by the plain search. Both views are searched: the file alone and with its log.
func (s *Searcher) scanDatabase(path string, file io.ReaderAt, size int64) (err error) {
	db, ok := newDatabase(file, size)
	if !ok {
		return nil
	}
	if err := s.scanPages(path, db); err != nil {
		return err
	}
	log, err := os.Open(path + "-wal")
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("canary: %w", err)
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	info, err := log.Stat()
	if err != nil {
		return fmt.Errorf("canary: %w", err)
	}
	if !db.overlay(log, info.Size()) {
		return nil
	}
	return s.scanPages(path+" with its log", db)
}

func newDatabase(file io.ReaderAt, size int64) (*database, bool) {
	var head [databaseHeader]byte
	if size < databaseHeader {
		return nil, false
	}
	if _, err := file.ReadAt(head[:], 0); err != nil || !bytes.HasPrefix(head[:], []byte("SQLite format 3\x00")) {
		return nil, false
	}
	pageSize := int(binary.BigEndian.Uint16(head[16:]))
	if pageSize == 1 {
		pageSize = 65536
	}
	usable := pageSize - int(head[20])
	if pageSize < 512 || pageSize&(pageSize-1) != 0 || usable < 480 {
		return nil, false
	}
	return &database{file: file, pageSize: pageSize, usable: usable, pages: uint32(size / int64(pageSize))}, true
}

// overlay lays the current frames of a log over the file; a log of another page size or without frames changes nothing.
func (d *database) overlay(log io.ReaderAt, size int64) bool {
	var head [logHeader]byte
	if _, err := log.ReadAt(head[:], 0); err != nil || int(binary.BigEndian.Uint32(head[8:])) != d.pageSize {
		return false
	}
	d.log, d.inLog = log, map[uint32]int64{}
	var frame [logFrameHeader]byte
	step := int64(logFrameHeader + d.pageSize)
	for at := int64(logHeader); at+step <= size; at += step {
		if _, err := log.ReadAt(frame[:], at); err != nil {
			break
		}
		if !bytes.Equal(frame[8:16], head[16:24]) {
			break // salts of an earlier log; the plain search sees these pages
		}
		number := binary.BigEndian.Uint32(frame[:])
		d.inLog[number] = at + logFrameHeader
	}
	return len(d.inLog) > 0
}

// page reads one page into buf; false where it does not exist.
func (d *database) page(number uint32, buf []byte) bool {
	if at, ok := d.inLog[number]; ok {
		_, err := d.log.ReadAt(buf, at)
		return err == nil
	}
	if number == 0 || number > d.pages {
		return false
	}
	_, err := d.file.ReadAt(buf, int64(number-1)*int64(d.pageSize))
	return err == nil
}

// numbers lists the pages of the file, then those that only the log holds. It never counts up to a number that the log claims.
func (d *database) numbers() []uint32 {
	list := make([]uint32, 0, int(d.pages)+len(d.inLog))
	for number := range d.pages {
		list = append(list, number+1)
	}
	for _, number := range slices.Sorted(maps.Keys(d.inLog)) {
		if number > d.pages {
			list = append(list, number)
		}
	}
	return list
}

func (s *Searcher) scanPages(source string, d *database) error {
	page := make([]byte, d.pageSize)
	for _, number := range d.numbers() {
		if !d.page(number, page) {
			continue
		}
		for _, cell := range d.cells(page, number == 1) {
			value, ok := d.spread(page, cell)
			if !ok {
				continue
			}
			name := fmt.Sprintf("%s!page %d@%d", source, number, cell.at)
			if err := s.scan(name, bytes.NewReader(value), int64(len(value)), 0); err != nil {
				return err
			}
		}
	}
	return nil
}
