package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"

	"escale/clients/field"
	"escale/clients/text"
	"escale/crypto/vault"
	"escale/schema"
	"escale/store/audit"
)

// sitting is what the page keeps while somebody is at work. Locking forgets it.
type sitting struct {
	Sitting
	book     *field.Book
	key      [32]byte // of the words that stand for records in addresses
	records  map[string]schema.Record
	forms    map[string]string
	fields   map[string]fieldOf
	fillings map[string]*filling
	saved    map[string]string // fillings that were saved, and what to show instead
	said     []string
}

// fieldOf is a field of a record that waits for a person; without a path, it is the record itself.
type fieldOf struct {
	record schema.Record
	path   string
}

func (s *Server) sit(open Sitting) (*sitting, error) {
	t := &sitting{Sitting: open, records: map[string]schema.Record{}, forms: map[string]string{}, fields: map[string]fieldOf{},
		fillings: map[string]*filling{}, saved: map[string]string{}}
	if _, err := io.ReadFull(s.o.Rand, t.key[:]); err != nil {
		return nil, fmt.Errorf("draw a secret: %w", err)
	}
	var err error
	t.book, err = field.Open(open.Profile())
	return t, err
}

// word is what stands for something in addresses: nobody can tell it from another after the sitting.
func (t *sitting) word(kind, what string) string {
	m := hmac.New(sha256.New, t.key[:])
	m.Write([]byte(kind + "\x00" + what))
	return hex.EncodeToString(m.Sum(nil)[:8])
}

func (t *sitting) recordWord(id schema.Record) string {
	w := t.word("record", id.String())
	t.records[w] = id
	return w
}

func (t *sitting) formWord(id string) string {
	w := t.word("form", id)
	t.forms[w] = id
	return w
}

func (t *sitting) fieldWord(id schema.Record, path string) string {
	w := t.word("field", id.String()+"\x00"+path)
	t.fields[w] = fieldOf{id, path}
	return w
}

// home is the first page: what to do today, or how to unlock.
func (v *visit) home() error {
	if v.sitting == nil {
		return v.locked(nil)
	}
	return v.today()
}

// locked asks for the passphrase.
func (v *visit) locked(wrong []string) error {
	members, err := v.o.Laptop.Members()
	if err != nil {
		return err
	}
	return v.show("unlock", frame{Title: text.PageUnlock, Wrong: wrong, Data: members})
}

func (v *visit) unlock() error {
	secret := vault.NewSecret([]byte(v.r.PostForm.Get("passphrase")))
	defer secret.Wipe()
	member, err := strconv.Atoi(v.r.PostForm.Get("member"))
	if err != nil {
		return errGone
	}
	if err := v.lock(v.r.Context()); err != nil {
		return err
	}
	open, err := v.o.Laptop.Unlock(context.WithoutCancel(v.r.Context()), member, secret)
	if err != nil {
		return v.locked(v.tell(err))
	}
	t, err := v.sit(open)
	if err == nil {
		err = v.again(t)
	}
	if err == nil {
		err = open.Record(audit.Entry{Kind: audit.Unlock})
	}
	if err != nil {
		wrong := v.tell(err)
		if err := open.Lock(v.r.Context()); err != nil {
			wrong = append(wrong, v.tell(err)...)
		}
		return v.locked(wrong)
	}
	v.Server.sitting = t
	return v.goTo("/")
}

func (v *visit) lockNow() error {
	v.w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	if err := v.lock(v.r.Context()); err != nil {
		return err
	}
	return v.goTo("/")
}
