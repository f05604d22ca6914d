// Package canary searches bytes for markers that were typed into records: on disks, in logs, in recorded request bodies.
//
// A Searcher knows a list of markers and finds each in UTF-8 (as typed, and in lower and upper case), UTF-16 of both byte
// orders, JSON escapes, hexadecimal and base64 (both alphabets, all three alignments). It looks inside zstd, gzip and zlib
// data that begins anywhere, and once more inside what came out; in SQLite files it also joins values that the file format
// spreads over pages, with the pages of a write-ahead log laid over them.
//
// Invariants: a marker that lies whole in the bytes in one of these encodings is found, wherever chunks of reading end; no
// place is reported that does not hold a full marker; memory is bounded whatever is read.
//
// It refuses to know what a hub, a laptop or a record is, and holds no key: what is encrypted stays unread.
package canary
