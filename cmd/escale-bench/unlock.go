package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"escale/clients/field"
	"escale/crypto/seal"
	"escale/crypto/vault"
	"escale/store/agentdb"
)

// unlockRecords is how many case files lie on the laptop.
const unlockRecords = 20_000

// unlock measures how long a laptop with many records takes until all of them can be searched: the store is opened, the
// ledger replayed, every part opened, merged and folded for searching. Decryption is timed by itself, over the same sealed
// rows, and compared with the whole. The vault's share is fixed by its parameters and is printed apart.
func (b *bench) unlock() (err error) {
	r, err := b.newRig("unlock", site)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	l, err := r.join("laptop", everything())
	if err != nil {
		return err
	}
	d, err := b.draw("case_intake", "", unlockRecords)
	if err != nil {
		return errors.Join(err, l.close())
	}
	if err := errors.Join(l.pour(d), l.close()); err != nil {
		return err
	}
	whole, opened, err := l.index(len(d.values))
	if err != nil {
		return err
	}
	parts, decryption, err := l.decryption()
	if err != nil {
		return err
	}
	slow, err := b.vault()
	if err != nil {
		return err
	}
	b.out.tell("unlock_20000", whole.Seconds(), "s until all can be searched, the vault left out")
	b.out.tell("unlock_20000_open", opened.Seconds(), "s of it until the profile is open")
	b.out.tell("unlock_20000_with_vault", (whole + slow).Seconds(), "s, the vault included")
	b.out.tell("unlock_20000_decryption", decryption.Seconds()/whole.Seconds(), fmt.Sprintf("of the time is decryption, of %d parts", parts))
	return nil
}

// index unlocks and searches all records for a word that nobody wrote; want is how many there must be.
func (l *laptop) index(want int) (whole, opened time.Duration, err error) {
	begun := time.Now()
	if err := l.unlock(); err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	opened = time.Since(begun)
	book, err := field.Open(l.p)
	if err != nil {
		return 0, 0, err
	}
	found, err := book.Search(l.r.b.ctx, "xyzzyx")
	if err != nil {
		return 0, 0, err
	}
	whole = time.Since(begun)
	n := 0
	err = book.Each(l.r.b.ctx, func(*field.Record) error { n++; return nil })
	if err == nil && (len(found) != 0 || n != want) {
		err = fmt.Errorf("%d records are there and %d found, want %d and none", n, len(found), want)
	}
	return whole, opened, err
}

// decryption reads the sealed rows first and then opens each, with the clock running for the opening alone.
func (l *laptop) decryption() (parts int, took time.Duration, err error) {
	db, err := agentdb.Open(l.r.b.ctx, l.path)
	if err != nil {
		return 0, 0, err
	}
	var rows []agentdb.Part
	err = db.Update(l.r.b.ctx, func(tx *agentdb.Tx) error {
		return tx.Parts(func(p agentdb.Part) error { rows = append(rows, p); return nil })
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return 0, 0, err
	}
	storage, err := seal.NewStorage(l.keys.Storage, rand.Reader)
	if err != nil {
		return 0, 0, err
	}
	begun := time.Now()
	for i := range rows {
		if _, err := storage.Open("part", rows[i].Object[:], rows[i].Sealed); err != nil {
			return 0, 0, err
		}
	}
	return len(rows), time.Since(begun), nil
}

// vault times the opening of a vault as the program makes it.
func (b *bench) vault() (time.Duration, error) {
	path := filepath.Join(b.dir, "vault")
	passphrase := vault.NewSecret([]byte("seven invented words that nobody ever spoke"))
	if err := vault.Create(path, passphrase, vault.NewSecret(make([]byte, 512)), vault.Default(), rand.Reader); err != nil {
		return 0, err
	}
	begun := time.Now()
	secret, err := vault.Open(path, passphrase)
	if err != nil {
		return 0, err
	}
	took := time.Since(begun)
	secret.Wipe()
	return took, nil
}
