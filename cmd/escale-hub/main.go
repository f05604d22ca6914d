// Command escale-hub runs the hub of one organisation: it orders, reconciles and keeps what it cannot read.
//
// It links nothing that could decrypt; a test computes that from its imports. Exit codes: 0 done, 1 failed, 2 wrong use,
// 3 a person must decide (verify found faults), 4 in use or not permitted, 5 hub not reachable (never given here).
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
