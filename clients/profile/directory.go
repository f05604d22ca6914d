package profile

import (
	"context"
	"encoding/base64"
	"fmt"

	"escale/crypto/ledger"
	"escale/schema"
	"escale/store/agentdb"
	"escale/sync/causal"
	"escale/sync/merge"
)

// Directory is what the opaque names of the ledger stand for. It is made of sealed records like all others, in a scope
// that every enrolled device reads.
type Directory struct {
	Name       string       // of the organisation
	Scope      schema.Scope // of the directory itself
	Scopes     map[schema.Scope]schema.ScopeName
	Sites      map[string]ledger.Site
	BundleOf   map[string]string    // name of the form bundle, by site
	Bundles    map[string]BundleKey // newest, by name
	AllBundles []BundleKey
}

// BundleKey is where a form bundle's sealed blob lies and what opens it.
type BundleKey struct {
	Name    string
	Version uint64
	Blob    schema.Hash
	Pack    schema.Pack
	Key     []byte
}

// Forms of the directory's records, and their fields.
const (
	FormOrg    = "directory_organisation"
	FormScope  = "directory_scope"
	FormSite   = "directory_site"
	FormBundle = "directory_bundle"
	FormMember = "roster_member"
)

// Fact is one record of the directory or the roster: fields and their values.
type Fact struct {
	Form   string
	Fields [][2]string
}

// NameFact says what the organisation is called.
func NameFact(name string) Fact {
	return Fact{FormOrg, [][2]string{{"name", name}}}
}

// ScopeFact says what an opaque scope stands for.
func ScopeFact(id schema.Scope, n schema.ScopeName) Fact {
	return Fact{FormScope, [][2]string{{"scope", id.String()}, {"site", n.Site}, {"kind", n.Kind}, {"compartment", string(n.Compartment)}}}
}

// SiteFact says what an opaque site stands for.
func SiteFact(code, bundle string, id ledger.Site) Fact {
	return Fact{FormSite, [][2]string{{"site", code}, {"bundle", bundle}, {"id", base64.RawURLEncoding.EncodeToString(id[:])}}}
}

// BundleFact says where a form bundle lies and what opens it.
func BundleFact(k BundleKey) Fact {
	return Fact{FormBundle, [][2]string{{"bundle", k.Name}, {"version", fmt.Sprint(k.Version)}, {"blob", k.Blob.String()},
		{"pack", k.Pack.String()}, {"key", base64.RawURLEncoding.EncodeToString(k.Key)}}}
}

// MemberFact names a person; it belongs into the roster, which officers only read.
func MemberFact(m schema.Member, name string) Fact {
	return Fact{FormMember, [][2]string{{"member", m.String()}, {"name", name}}}
}

// SaveFacts writes records of the directory or the roster.
func (p *Profile) SaveFacts(ctx context.Context, scope schema.Scope, facts []Fact) error {
	edits := make([]Edit, 0, len(facts))
	for _, f := range facts {
		seed, _, err := p.NewObject(scope)
		if err != nil {
			return err
		}
		e := Edit{Scope: scope, Seed: &seed, Payload: merge.Payload{Form: f.Form}}
		for _, kv := range f.Fields {
			e.Payload.Ops = append(e.Payload.Ops, merge.Op{Kind: merge.Set, Path: kv[0], Value: kv[1]})
		}
		edits = append(edits, e)
	}
	for len(edits) > 0 {
		n := min(len(edits), maxOpen/2)
		if _, err := p.Save(ctx, edits[:n]); err != nil {
			return err
		}
		edits = edits[n:]
	}
	return p.ReadDirectory(ctx)
}

// Facts calls f for each record of the directory or the roster.
func (p *Profile) Facts(ctx context.Context, scope schema.Scope, f func(form string, fields map[string]string) error) error {
	return p.db.Update(ctx, func(tx *agentdb.Tx) error {
		return tx.PartsIn(scope, func(row agentdb.Part) error {
			part, err := p.openPart(row)
			if err != nil {
				return err
			}
			deltas, err := p.Deltas(part)
			if err != nil || len(deltas) == 0 {
				return err
			}
			fields := map[string]string{}
			for path, field := range merge.Merge(&p.history, deltas, factRules).Fields {
				if s, ok := field.Value.(string); ok {
					fields[path] = s
				}
			}
			return f(part.Form, fields)
		})
	})
}

func factRules(string) (merge.Rule, bool) { return merge.Rule{Policy: merge.LWW}, true }

// Directory returns what the ledger's opaque names stand for, as far as this laptop has read it.
func (p *Profile) Directory() *Directory { return p.directory }

// The signed settings that say which opaque scopes are the directory and the roster.
const (
	SettingDirectory = "directory"
	SettingRoster    = "roster"
)

// ScopeSetting returns the scope that a signed setting names.
func (p *Profile) ScopeSetting(name string) (s schema.Scope, ok bool) {
	if p.log == nil {
		return s, false
	}
	setting, ok := p.log.State().Setting(name)
	return s, ok && s.UnmarshalText([]byte(setting.Text)) == nil
}

// ReadDirectory reads the directory again from what is stored.
func (p *Profile) ReadDirectory(ctx context.Context) error {
	d := &Directory{Scopes: map[schema.Scope]schema.ScopeName{}, Sites: map[string]ledger.Site{}, BundleOf: map[string]string{}, Bundles: map[string]BundleKey{}}
	p.directory, p.directoryRead = d, false
	scope, ok := p.ScopeSetting(SettingDirectory)
	if !ok {
		return nil
	}
	d.Scope = scope
	read := map[string]func(map[string]string) error{FormOrg: d.readName, FormScope: d.readScope, FormSite: d.readSite, FormBundle: d.readBundle}
	err := p.Facts(ctx, scope, func(form string, fields map[string]string) error {
		if f, ok := read[form]; ok {
			return f(fields)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	p.directoryRead = true
	return nil
}

func (d *Directory) readName(f map[string]string) error {
	d.Name = f["name"]
	return nil
}

func (d *Directory) readScope(f map[string]string) error {
	var id schema.Scope
	if err := id.UnmarshalText([]byte(f["scope"])); err != nil {
		return err
	}
	d.Scopes[id] = schema.ScopeName{Site: f["site"], Kind: f["kind"], Compartment: schema.Compartment(f["compartment"])}
	return nil
}

func (d *Directory) readSite(f map[string]string) error {
	b, err := base64.RawURLEncoding.DecodeString(f["id"])
	if err != nil || len(b) != len(ledger.Site{}) {
		return fmt.Errorf("site %q has no id", f["site"])
	}
	d.Sites[f["site"]] = ledger.Site(b)
	d.BundleOf[f["site"]] = f["bundle"]
	return nil
}

func (d *Directory) readBundle(f map[string]string) error {
	k := BundleKey{Name: f["bundle"]}
	if _, err := fmt.Sscan(f["version"], &k.Version); err != nil {
		return fmt.Errorf("bundle's version: %w", err)
	}
	if err := k.Blob.UnmarshalText([]byte(f["blob"])); err != nil {
		return err
	}
	if err := k.Pack.UnmarshalText([]byte(f["pack"])); err != nil {
		return err
	}
	var err error
	if k.Key, err = base64.RawURLEncoding.DecodeString(f["key"]); err != nil {
		return fmt.Errorf("bundle's key: %w", err)
	}
	d.AllBundles = append(d.AllBundles, k)
	if old, ok := d.Bundles[f["bundle"]]; !ok || old.Version < k.Version {
		d.Bundles[f["bundle"]] = k
	}
	return nil
}

// ScopeOf returns the scope of a site, kind and compartment.
func (d *Directory) ScopeOf(n schema.ScopeName) (schema.Scope, error) {
	for id, name := range d.Scopes {
		if name == n {
			return id, nil
		}
	}
	return schema.Scope{}, fmt.Errorf("%w: %s", ErrUnknownScope, n)
}

// LastTime returns the newest hybrid time that this profile knows.
func (p *Profile) LastTime() causal.Time { return p.last }
