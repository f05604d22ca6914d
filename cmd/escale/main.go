// Command escale is what field teams, coordination and officers work with: it founds and joins organisations, writes and
// reads records, resolves conflicts, exchanges with the hub, and looks after this laptop.
//
// Every command takes --json: one JSON document on standard output, names in snake_case. What takes over a second tells
// its progress on standard error. Exit codes: 0 done, 1 failed, 2 wrong use, 3 a conflict or difference needs a person,
// 4 locked or not permitted, 5 hub not reachable.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
