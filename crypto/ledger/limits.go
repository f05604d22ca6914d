package ledger

import "fmt"

// Bounds of this package; an entry as a whole obeys schema.MaxLedgerEntry.
const (
	MaxOfficers    = 32      // officers of an organisation
	MaxBodies      = 4096    // bodies of one order
	MaxResults     = 4096    // results of one link
	MaxGrantees    = 4096    // grantees of one epoch or grant
	MaxScopes      = 4096    // scopes of one body
	MaxSites       = 256     // sites of one device
	MaxRole        = 64      // bytes of a role's code
	MaxSealedName  = 4 << 10 // bytes of what is sealed beside a member
	MaxStreamHeads = 8192    // streams named by one revocation
	MaxBundles     = 256     // bundles of one form pack
	MaxObjects     = 8192    // objects of one erasure
	MaxAddress     = 255     // bytes of the hub's address
	MaxPins        = 4       // channel keys of the hub at one time
	MaxSettings    = 256     // settings of one body
	MaxSettingKey  = 64      // bytes of a setting's key
	MaxSettingText = 1 << 10 // bytes of a setting's text
	MaxShares      = 32      // shares of the custody key
	MaxDestroyed   = 4096    // keys of one attestation
	MaxWraps       = 8192    // wraps of one list
	MaxKeyPacks    = 4096    // key packs to one epoch, supplements included
)

func atMost(what string, n, limit int) error {
	if n > limit {
		return fmt.Errorf("%w: %d %s, at most %d", ErrBound, n, what, limit)
	}
	return nil
}

// distinct refuses a list that is too long or names something twice.
func distinct[T comparable](what string, list []T, limit int) error {
	if err := atMost(what, len(list), limit); err != nil {
		return err
	}
	seen := make(map[T]struct{}, len(list))
	for _, x := range list {
		if _, twice := seen[x]; twice {
			return fmt.Errorf("%w: %s named twice", ErrInvalid, what)
		}
		seen[x] = struct{}{}
	}
	return nil
}

// some refuses an empty list, and otherwise what distinct refuses.
func some[T comparable](what string, list []T, limit int) error {
	if len(list) == 0 {
		return fmt.Errorf("%w: no %s", ErrInvalid, what)
	}
	return distinct(what, list, limit)
}

func given(what string, x interface{ IsZero() bool }) error {
	if x.IsZero() {
		return fmt.Errorf("%w: no %s", ErrInvalid, what)
	}
	return nil
}

func notNegative(what string, n int64) error {
	if n < 0 {
		return fmt.Errorf("%w: negative %s", ErrInvalid, what)
	}
	return nil
}
