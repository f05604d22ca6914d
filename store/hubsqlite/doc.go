// Package hubsqlite keeps a hub's data in one SQLite file.
//
// A commit that Update reports is on the disk: the journal is a write-ahead log and every commit waits for the disk
// (synchronous=FULL). There is one writer connection and a small pool of readers, each with its statements prepared
// once. Nothing is read into memory that grows with the number of change-sets; caches are bounded by pragmas. The
// package knows tables and rows and takes no decision: what belongs together is decided by package hub.
package hubsqlite
