// Package serve puts a hub together from what lies in one folder: the channel key, the database, a lock.
//
// It is the wiring that the program escale-hub and the demonstration share, so that the demonstration runs the hub's real
// handler and may look at what passes it. One process at a time serves, verifies or restores a folder; status and backup
// also work beside a process that serves. The package holds no rule of the exchange and prints nothing.
package serve
