// Package killtest plays a hub and two laptops with real processes, real files and a real line, and takes from them what the
// field takes: SIGKILL in the middle of everything, and disks that fill up. It holds tests only.
//
// Afterwards it asks the programs themselves. Both sides verify; whatever a program acknowledged (a line of an import's --ack
// file, a record that its laptop calls sent, a decision that was printed) is read back value by value by somebody whose role
// reads it; every save is there whole or, unless it was acknowledged, not at all; none is there twice.
//
// A kill keeps the page cache, so what is looked for here is an acknowledgement before its commit, a transaction that is two,
// a restart that cannot go on. Writes that a power cut loses are package simtest's.
package killtest
