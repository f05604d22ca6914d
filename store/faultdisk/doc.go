// Package faultdisk is a disk for tests: a virtual file system that SQLite opens databases on, which keeps apart what was
// written and what was synced, so that a machine can lose its power at any write, and what it finds afterwards can be drawn.
//
// A disk promises what SQLite asks of one and not more. What was synced stays. What was written since then may be there
// wholly, in part, sector by sector in any order, or not at all; a file that was created and never synced may be missing, one
// that was deleted may be back. A killed process, unlike a power cut, loses nothing that it had written.
//
// No program links it. It knows nothing of what lies in its files, and never touches the machine's own disk.
package faultdisk
