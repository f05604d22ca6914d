package witness_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"escale/clients/profile"
	"escale/clients/witness"
	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/store/agentdb"
	"escale/store/audit"
	"escale/sync/replica"
)

func TestTheMostTellingNamesAnError(t *testing.T) {
	for want, err := range map[string]error{
		"ledger_fork":    fmt.Errorf("%w: %w", replica.ErrDiverged, &ledger.ForkError{Height: 3}),
		"signature":      errors.Join(replica.ErrDiverged, fmt.Errorf("%w as link", key.ErrSignature)),
		"digests_differ": fmt.Errorf("%w in 2 scopes", replica.ErrDiverged),
	} {
		if code, ok := witness.Code(err); !ok || code != want {
			t.Errorf("%v is called %q, want %q", err, code, want)
		}
	}
	for _, err := range []error{nil, context.Canceled, agentdb.ErrFull, errors.New("the line broke")} {
		if code, ok := witness.Code(err); ok {
			t.Errorf("%v proves %q", err, code)
		}
	}
}

func TestEntriesOfAnExchange(t *testing.T) {
	rep := replica.Report{Synced: true, Quarantined: 2, Renewed: &replica.Renewed{Again: 5},
		Caught: []error{key.ErrSignature, errors.New("the line broke"), key.ErrSignature}}
	got := witness.Entries(&rep, nil, profile.Doubtful{Aside: 1, Unread: 4}, profile.Doubtful{Aside: 4, Unread: 4})
	want := []audit.Entry{
		{Kind: audit.Refusal, Count: 2, Reason: "signature"},
		{Kind: audit.Quarantine, Count: 2},
		{Kind: audit.Divergence, Count: 5, Reason: witness.Renewed},
		{Kind: audit.Quarantine, Count: 3, Reason: witness.Aside},
	}
	if n := witness.Caught(&rep); n != 2 {
		t.Errorf("%d things were caught, want 2", n)
	}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if got[i].Kind != want[i].Kind || got[i].Count != want[i].Count || got[i].Reason != want[i].Reason {
			t.Errorf("entry %d: %+v, want %+v", i, got[i], want[i])
		}
	}
	if quiet := witness.Entries(&replica.Report{Synced: true}, nil, profile.Doubtful{}, profile.Doubtful{}); len(quiet) != 0 {
		t.Errorf("an honest exchange leaves %+v", quiet)
	}
}
