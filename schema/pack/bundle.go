package pack

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"escale/schema/form"
)

// Bundle is the pack as the laptops of one country hold it. It must not be changed.
type Bundle struct {
	Name    string
	Version string // the highest version of its forms
	Forms   []*form.Form
	Tables  Tables

	dictionaries [][]byte
	encoded      []byte
}

// newBundle compiles the definitions, checks the whole, and makes dictionaries and encoding.
func newBundle(name string, definitions []form.Definition, tables Tables, phrases map[string][]string) (*Bundle, error) {
	b := &Bundle{Name: name, Tables: tables}
	if err := b.compile(definitions); err != nil {
		return nil, err
	}
	var err error
	if b.dictionaries, err = makeDictionaries(b.Forms, phrases); err != nil {
		return nil, fmt.Errorf("bundle %s: %w", name, err)
	}
	if b.encoded, err = encode(b); err != nil {
		return nil, fmt.Errorf("bundle %s: %w", name, err)
	}
	return b, nil
}

func (b *Bundle) compile(definitions []form.Definition) error {
	var errs []error
	for _, d := range definitions {
		f, err := form.New(d)
		if err != nil {
			errs = append(errs, fmt.Errorf("bundle %s, form %s: %w", b.Name, d.ID, err))
			continue
		}
		b.Forms = append(b.Forms, f)
		b.Version = max(b.Version, f.Version)
	}
	if len(errs) == 0 {
		for _, err := range b.check() {
			errs = append(errs, fmt.Errorf("bundle %s: %w", b.Name, err))
		}
	}
	return errors.Join(errs...)
}

// Encode returns the encoded bundle, always the same bytes. They must not be changed.
func (b *Bundle) Encode() []byte { return b.encoded }

// Hash is the SHA-256 of the encoded bundle, as the ledger names it.
func (b *Bundle) Hash() [sha256.Size]byte { return sha256.Sum256(b.encoded) }

// Dictionaries returns the zstd dictionaries for texts that are sealed under this bundle. They must not be changed.
func (b *Bundle) Dictionaries() [][]byte { return b.dictionaries }

// Definitions returns the forms as they are stored.
func (b *Bundle) Definitions() []form.Definition {
	all := make([]form.Definition, len(b.Forms))
	for i, f := range b.Forms {
		all[i] = f.Definition()
	}
	return all
}

// Form returns the form with this id.
func (b *Bundle) Form(id string) (*form.Form, bool) {
	return b.find(func(f *form.Form) bool { return f.ID == id })
}

// FormOfKind returns the form whose records are of this kind.
func (b *Bundle) FormOfKind(kind string) (*form.Form, bool) {
	return b.find(func(f *form.Form) bool { return f.RecordKind == kind })
}

func (b *Bundle) find(wanted func(*form.Form) bool) (*form.Form, bool) {
	i := slices.IndexFunc(b.Forms, wanted)
	if i < 0 {
		return nil, false
	}
	return b.Forms[i], true
}

// Access is what the tables allow.
func (b *Bundle) Access(role, kind, compartment string) Access {
	return b.Tables.Access(role, kind, compartment)
}

// Site returns a site of the bundle.
func (b *Bundle) Site(name string) (Site, bool) { return b.Tables.Site(name) }
