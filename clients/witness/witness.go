// Package witness says what of an exchange belongs into the local log: whatever was not as an honest hub and honest laptops
// would have left it. It decides nothing and stops nothing; what is wrong was refused, set aside or left unread before.
//
// An entry carries a stable code, scopes and counts; never a name, a value or a key. A line that broke is no entry: it
// happens every day and proves nothing.
package witness

import (
	"errors"

	"escale/clients/profile"
	"escale/crypto/envelope"
	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/crypto/seal"
	"escale/schema/canon"
	"escale/store/audit"
	"escale/sync/admit"
	"escale/sync/changeset"
	"escale/sync/horizon"
	"escale/sync/replica"
	"escale/sync/wire"
)

// Reasons of entries that come from no error.
const (
	Aside   = "received_set_aside" // validly signed, and does not count
	Unread  = "received_unread"    // validly signed, and its own key does not open it
	Renewed = "hub_renewed"        // the hub's database is another one than before
)

// suspicion is an error that no honest hub causes, and its code. The first that fits names it.
type suspicion struct {
	err  error
	code string
}

// suspicions lists what an error may be, the most telling first.
func suspicions() []suspicion {
	return []suspicion{
		{ledger.ErrFork, "ledger_fork"},
		{ledger.ErrRollback, "ledger_went_back"},
		{ledger.ErrThreshold, "too_few_officers"},
		{admit.ErrForeign, "other_organisation"},
		{changeset.ErrForeign, "other_organisation"},
		{ledger.ErrForeign, "other_organisation"},
		{admit.ErrUnknownDevice, "unknown_device"},
		{admit.ErrUnknownLedger, "unknown_ledger"},
		{admit.ErrErased, "parts_missing"},
		{key.ErrSignature, "signature"},
		{changeset.ErrParts, "parts"},
		{profile.ErrPackWrong, "key_pack"},
		{profile.ErrPackIncomplete, "key_pack"},
		{profile.ErrBlob, "blob"},
		{seal.ErrWrongKey, "wrong_key"},
		{seal.ErrDamaged, "sealed_wrongly"},
		{seal.ErrBomb, "bound"},
		{changeset.ErrBound, "bound"},
		{ledger.ErrBound, "bound"},
		{ledger.ErrNotPermitted, "ledger_not_permitted"},
		{ledger.ErrUsed, "ledger_used_twice"},
		{ledger.ErrExpired, "ledger_expired"},
		{ledger.ErrNotExtending, "ledger_not_extending"},
		{ledger.ErrLeast, "ledger_least_head"},
		{ledger.ErrUnknownKind, "ledger_unknown_kind"},
		{ledger.ErrUnknown, "ledger_unknown"},
		{ledger.ErrInvalid, "ledger_invalid"},
		{profile.ErrGap, "predecessor_missing"},
		{admit.ErrCut, "malformed"},
		{horizon.ErrStatement, "malformed"},
		{changeset.ErrMalformed, "malformed"},
		{envelope.ErrEnvelope, "malformed"},
		{wire.ErrRange, "malformed"},
		{wire.ErrFrame, "malformed"},
		{canon.ErrFormat, "malformed"},
		{replica.ErrRestored, "own_work_missing"},
		{replica.ErrRefused, "refused_by_hub"},
		{replica.ErrDiverged, "digests_differ"},
	}
}

// Code returns the stable code of an error that no honest hub causes; false for any other.
func Code(err error) (string, bool) {
	if err == nil {
		return "", false
	}
	for _, s := range suspicions() {
		if errors.Is(err, s.err) {
			return s.code, true
		}
	}
	return "", false
}

// Caught counts what the hub sent or answered that no honest one would, and what was therefore not taken. What it refused is
// told by itself.
func Caught(rep *replica.Report) (n int) {
	for _, e := range rep.Caught {
		if _, ok := Code(e); ok && !errors.Is(e, replica.ErrRefused) {
			n++
		}
	}
	return n
}

// Entries returns what the log should say of an exchange: what its errors prove, also those after which it ended well;
// which scopes differ, what was given back, that the hub's database is another one, and what came and does not count or does
// not open. Before and after are what the profile held of the latter around the exchange.
func Entries(rep *replica.Report, err error, before, after profile.Doubtful) []audit.Entry {
	out := proved(rep, err)
	for _, r := range rep.Repairs {
		out = append(out, audit.Entry{Kind: audit.Repair, Scope: r.Scope[:], Count: uint64(r.Here + r.There)})
	}
	if rep.Quarantined > 0 {
		out = append(out, audit.Entry{Kind: audit.Quarantine, Count: uint64(rep.Quarantined)})
	}
	if rep.Renewed != nil {
		out = append(out, audit.Entry{Kind: audit.Divergence, Count: uint64(rep.Renewed.Again), Reason: Renewed})
	}
	if n := after.Aside - before.Aside; n > 0 {
		out = append(out, audit.Entry{Kind: audit.Quarantine, Count: uint64(n), Reason: Aside})
	}
	if n := after.Unread - before.Unread; n > 0 {
		out = append(out, audit.Entry{Kind: audit.Refusal, Count: uint64(n), Reason: Unread})
	}
	return out
}

// proved makes one entry of each sort of error, however often it came.
func proved(rep *replica.Report, err error) (out []audit.Entry) {
	told := map[string]int{}
	for _, e := range append([]error{err}, rep.Caught...) {
		code, ok := Code(e)
		if !ok {
			continue
		}
		at, again := told[code]
		if again {
			out[at].Count++
			continue
		}
		told[code] = len(out)
		out = append(out, audit.Entry{Kind: kindOf(e), Count: uint64(max(1, len(rep.Differ))), Reason: code})
	}
	return out
}

func kindOf(err error) audit.Kind {
	if errors.Is(err, replica.ErrDiverged) || errors.Is(err, replica.ErrRefused) {
		return audit.Divergence
	}
	return audit.Refusal
}
