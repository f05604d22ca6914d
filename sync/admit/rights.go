package admit

import (
	"bytes"
	"slices"

	"escale/crypto/ledger"
	"escale/schema"
)

// Served reports whether a device may read at all at a time (Unix seconds): it is enrolled, not revoked, and its member's
// contract has not ended. What one that is not served wrote before is taken from it nevertheless, and judged like any other.
func Served(state *ledger.State, id schema.Device, now int64) bool {
	d, ok := state.Device(id)
	return ok && d.RevokedAt == 0 && !d.EndedAt(now)
}

// Readable returns the scopes that a device may pull, sorted: it was granted one of their linked epochs, and is not revoked.
// Both sides of an exchange list the same scopes in what they compare.
func Readable(state *ledger.State, id schema.Device) (out []schema.Scope) {
	if d, ok := state.Device(id); !ok || d.RevokedAt != 0 {
		return nil
	}
	for _, sc := range state.Scopes() {
		if slices.ContainsFunc(sc.Epochs, func(e ledger.Epoch) bool { return granted(&e, id) }) {
			out = append(out, sc.ID)
		}
	}
	return out
}

// granted counts a temporary grant as well, also when it has run out: what was fetched under it cannot be called back,
// and a clock must not make two sides disagree.
func granted(e *ledger.Epoch, id schema.Device) bool {
	if e.LinkedAt == 0 {
		return false
	}
	return slices.Contains(e.Grantees, id) || slices.ContainsFunc(e.Grants, func(g ledger.EpochGrant) bool {
		return g.LinkedAt != 0 && slices.Contains(g.Grantees, id)
	})
}

// WriteOnly returns the scopes, sorted, in which a device may write and may not pull: of these it compares the tips of
// its own streams.
func WriteOnly(state *ledger.State, id schema.Device) (out []schema.Scope) {
	d, ok := state.Device(id)
	if !ok || d.RevokedAt != 0 {
		return nil
	}
	readable := Readable(state, id)
	terms := d.Now()
	for _, s := range slices.Concat(terms.Write, terms.Read) {
		if _, found := slices.BinarySearchFunc(readable, s, compare); !found {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, compare)
	return slices.Compact(out)
}

func compare(a, b schema.Scope) int { return bytes.Compare(a[:], b[:]) }
