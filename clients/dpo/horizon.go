package dpo

import (
	"context"
	"errors"

	"escale/schema"
	"escale/sync/horizon"
)

// Errors about a backup's statement that callers decide by.
var (
	ErrForeignBackup = errors.New("the statement is of another organisation's hub, or of another ledger")
	ErrOtherDigest   = errors.New("the statement does not have the digest that was read out")
	ErrNotWhole      = errors.New("the statement came without the lists that it names")
)

// ConfirmBackup signs that a backup was read back: file is what `escale-hub verify` wrote. Where a digest is given, the
// statement must have it. One officer is enough: the horizon takes nothing from anybody, and never goes back.
func (d *Desk) ConfirmBackup(ctx context.Context, file []byte, digest schema.Hash) (*horizon.Statement, schema.Hash, error) {
	f, s, err := horizon.ParseFile(file)
	if err != nil {
		return nil, digest, err
	}
	sum := horizon.Digest(f.Statement)
	switch {
	case !digest.IsZero() && digest != sum:
		return nil, sum, ErrOtherDigest
	case !f.Whole():
		return nil, sum, ErrNotWhole
	case s.Org != d.p.Keys.Org || !d.p.HoldsEntry(s.Ledger.Height, s.Ledger.Hash):
		return nil, sum, ErrForeignBackup
	}
	if now, ok := d.p.Log().State().Horizon(); ok && now.Digest == sum {
		return s, sum, nil // signed already
	}
	return s, sum, d.exchange().PutHorizon(ctx, f, s)
}
