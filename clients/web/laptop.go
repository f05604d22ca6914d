package web

import (
	"context"

	"escale/clients/profile"
	"escale/clients/text"
	"escale/crypto/vault"
	"escale/store/audit"
)

// Laptop is what the page needs of the program that serves it.
type Laptop interface {
	// Members lists the numbers of the profiles on this laptop.
	Members() ([]int, error)
	// Unlock opens a profile with its passphrase.
	Unlock(ctx context.Context, member int, passphrase vault.Secret) (Sitting, error)
	// Tell turns an error into a sentence for people.
	Tell(say *text.Printer, err error) string
}

// Sitting is an unlocked profile.
type Sitting interface {
	Profile() *profile.Profile
	// Record adds to the laptop's log of openings.
	Record(audit.Entry) error
	// Exchange brings the laptop and the hub to the same, and says what happened.
	Exchange(ctx context.Context, say *text.Printer) ([]string, error)
	// Lock ends the sitting: what is open is signed, the keys are let go.
	Lock(ctx context.Context) error
}
