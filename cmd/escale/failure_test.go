package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"escale/clients/dpo"
	"escale/clients/field"
	"escale/clients/hubclient"
	"escale/clients/profile"
	"escale/clients/text"
	"escale/crypto/ledger"
	"escale/crypto/vault"
	"escale/schema/form"
	"escale/store/agentdb"
	"escale/sync/replica"
	"escale/sync/wire"
)

func testProgram(lang string) (*program, *bytes.Buffer, *bytes.Buffer) {
	var out, complaint bytes.Buffer
	return &program{stdout: &out, stderr: &complaint, say: text.New(lang), clock: time.Now, home: "/invented"}, &out, &complaint
}

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		err  error
		code string
		exit int
	}{
		{vault.ErrWrongPassphrase, "wrong_passphrase", 4},
		{vault.ErrWeakPassphrase, "weak_passphrase", 2},
		{agentdb.ErrFull, "disk_full", 1},
		{agentdb.ErrReadOnly, "read_only_folder", 4},
		{agentdb.ErrInUse, "busy", 4},
		{agentdb.ErrDamaged, "database_damaged", 1},
		{hubclient.ErrUnreachable, "hub_unreachable", 5},
		{hubclient.ErrWrongPin, "wrong_pin", 4},
		{&hubclient.Refused{Problem: wire.Problem{Code: wire.CodeNotMember}}, "revoked", 4},
		{&hubclient.Refused{Problem: wire.Problem{Code: wire.CodeFull}}, "hub_full", 1},
		{replica.ErrDiverged, "diverged", 3},
		{replica.ErrRefused, "hub_refused", 3},
		{&ledger.ForkError{Height: 3}, "fork", 3},
		{ledger.ErrRollback, "rollback", 3},
		{profile.ErrNotPermitted, "not_permitted", 4},
		{field.ErrNoRecord, "no_record", 1},
		{field.ErrAmbiguous, "ambiguous_id", 2},
		{field.ErrNoSite, "missing_flag", 2},
		{field.ErrLongLine, "long_line", 1},
		{field.ErrEncoding, "encoding", 1},
		{syscall.ENOSPC, "disk_full", 1},
		{syscall.EROFS, "read_only_folder", 4},
		{dpo.ErrSpent, "spent", 3},
		{form.Problems{{Form: "f", Path: "p", Check: form.CheckChoice}}, "choice", 1},
		{errors.New("something else"), "unexpected", 1},
	} {
		p, out, complaint := testProgram(text.English)
		p.json = true
		if got := p.exit(&ranError{fmt.Errorf("doing: %w", c.err)}); got != c.exit {
			t.Errorf("%v: exit code %d, want %d", c.err, got, c.exit)
		}
		var doc map[string]told
		if err := json.Unmarshal(out.Bytes(), &doc); err != nil || doc["error"].Code != c.code {
			t.Errorf("%v: %v, %s", c.err, err, out)
		}
		if strings.TrimSpace(complaint.String()) != doc["error"].Message {
			t.Errorf("%v: %q and %q", c.err, complaint, doc["error"].Message)
		}
	}
}

// Every sentence of the table has what it needs to be said: no value stays open.
func TestEveryFailureCanBeSaid(t *testing.T) {
	values := []any{"id", "x", "form", "x", "field", "x", "role", "x", "site", "x", "file", "x", "kind", "x", "lang", "x", "format", "x", "scope", "x", "hash", "x", "details", "x", "device", "x"}
	for _, lang := range []string{text.English, text.French, text.Arabic} {
		p, _, _ := testProgram(lang)
		for _, f := range failures() {
			told := p.tell(&ranError{about(f.err, values...)})
			if told.Message == "" || strings.ContainsAny(told.Message, "{}") {
				t.Errorf("%s, %v: %q", lang, f.err, told.Message)
			}
		}
	}
}

func TestUsageErrorsDropWhatWasTyped(t *testing.T) {
	p, out, complaint := testProgram(text.English)
	if got := p.exit(errors.New(`unknown flag: --secretvalue`)); got != exitUsage {
		t.Errorf("exit code %d", got)
	}
	if strings.Contains(out.String()+complaint.String(), "secretvalue") {
		t.Errorf("%s", complaint)
	}
}

func TestProgressKeepsQuietForASecond(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	var out bytes.Buffer
	g := &progress{w: &out, clock: func() time.Time { return now }, started: now}
	say := func() string { return "half" }
	g.tell(say)
	now = now.Add(900 * time.Millisecond)
	g.tell(say)
	if out.Len() > 0 {
		t.Fatalf("told too early: %q", out.String())
	}
	now = now.Add(200 * time.Millisecond)
	g.tell(say)
	now = now.Add(time.Second)
	g.tell(say)
	if out.String() != "half\n" {
		t.Fatalf("told %q", out.String())
	}
	now = now.Add(progressSparse)
	g.tell(say)
	if out.String() != "half\nhalf\n" {
		t.Fatalf("told %q", out.String())
	}
}
