package pack

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"escale/schema/form"
	"escale/schema/xlsform"
)

// ErrNoBundle reports a bundle that the pack does not have.
var ErrNoBundle = errors.New("pack: no such bundle")

const sharedFolder = "_shared"

// Source is a pack with all its bundles.
type Source struct {
	bundles  map[string]*Bundle
	warnings []string
}

// Build reads a folder of sheets: for each form a folder of CSV sheets or a workbook, NAME.xlsx, and the folder _shared. The error
// lists everything that is wrong.
func Build(dir fs.FS) (*Source, error) {
	var errs []error
	tables := readTables(dir, &errs)
	tables.Kinds = kindsOf(tables.Roles)
	s := &Source{bundles: map[string]*Bundle{}}
	definitions := s.readForms(dir, &errs)
	phrases := readPhrases(dir, &errs)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	for _, name := range bundleNames(tables.Sites) {
		b, err := newBundle(name, definitionsFor(definitions, name), tables.forBundle(name), phrases)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		s.bundles[name] = b
	}
	if len(errs) == 0 {
		errs = s.checkOrders()
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return s, nil
}

// checkOrders refuses an order of restriction of which some bundle holds a part only: replicas with different bundles would
// then merge one consent to different values.
func (s *Source) checkOrders() []error {
	var errs []error
	for _, f := range s.bundles[Headquarters].Forms {
		for _, field := range f.Fields {
			if field.Merge != form.RestrictWins || field.Type != form.TypeSelectOne {
				continue
			}
			for _, c := range field.Choices {
				if len(c.Sites) > 0 && !slices.Contains(c.Sites, form.Everywhere) {
					errs = append(errs, fmt.Errorf("form %s, field %s: choice %s is not in every bundle, so that its rank would differ", f.ID, field.Path, c.Name))
				}
			}
		}
	}
	return errs
}

func kindsOf(roles []Role) []string {
	kinds := map[string]bool{}
	for _, r := range roles {
		for kind := range r.Records {
			kinds[kind] = true
		}
	}
	return slices.Sorted(maps.Keys(kinds))
}

func bundleNames(sites []Site) []string {
	set := map[string]bool{Headquarters: true}
	for _, s := range sites {
		set[s.Bundle] = true
	}
	return slices.Sorted(maps.Keys(set))
}

func definitionsFor(all []form.Definition, bundle string) []form.Definition {
	if bundle == Headquarters {
		return all
	}
	kept := make([]form.Definition, len(all))
	for i, d := range all {
		kept[i] = d.For(bundle)
	}
	return kept
}

// forBundle leaves out the sites of other countries and how long devices there keep what.
func (t Tables) forBundle(bundle string) Tables {
	if bundle == Headquarters {
		return t
	}
	t.Sites = slices.DeleteFunc(slices.Clone(t.Sites), func(s Site) bool { return s.Bundle != bundle })
	t.Compartments = slices.Clone(t.Compartments)
	for i, c := range t.Compartments {
		own := map[string]int{}
		if days, ok := c.TTLDays[bundle]; ok {
			own[bundle] = days
		}
		t.Compartments[i].TTLDays = own
	}
	return t
}

func (s *Source) readForms(dir fs.FS, errs *[]error) []form.Definition {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		*errs = append(*errs, fmt.Errorf("read pack folder: %w", err))
		return nil
	}
	var definitions []form.Definition
	for _, e := range entries {
		workbook := !e.IsDir() && strings.HasSuffix(e.Name(), ".xlsx")
		if !e.IsDir() && !workbook || e.Name() == sharedFolder {
			continue
		}
		f, warnings, err := readForm(dir, e.Name(), workbook)
		for _, w := range warnings {
			s.warnings = append(s.warnings, e.Name()+": "+w.String())
		}
		if err != nil {
			*errs = append(*errs, fmt.Errorf("form %s: %w", e.Name(), err))
			continue
		}
		definitions = append(definitions, f.Definition())
	}
	return definitions
}

func readForm(dir fs.FS, name string, workbook bool) (*form.Form, []xlsform.Warning, error) {
	if workbook {
		w, err := readWorkbook(dir, name)
		if err != nil {
			return nil, nil, err
		}
		return xlsform.Read(w)
	}
	var w xlsform.Workbook
	for file, sheet := range map[string]*xlsform.Sheet{"survey": &w.Survey, "choices": &w.Choices, "settings": &w.Settings} {
		read, err := readSheet(dir, name+"/"+file+".csv")
		if err != nil {
			return nil, nil, err
		}
		*sheet = read
	}
	return xlsform.Read(w)
}

func readWorkbook(dir fs.FS, name string) (w xlsform.Workbook, err error) {
	f, err := dir.Open(name)
	if err != nil {
		return w, fmt.Errorf("open workbook: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return xlsform.ReadXLSX(f)
}

// Warnings lists columns of the sheets that were not used.
func (s *Source) Warnings() []string { return s.warnings }

// Names lists the bundles, sorted.
func (s *Source) Names() []string { return slices.Sorted(maps.Keys(s.bundles)) }

// Bundle returns what the laptops of one country hold: "fr", "ly", "tn", …, or everything for Headquarters.
func (s *Source) Bundle(name string) (*Bundle, error) {
	b, ok := s.bundles[name]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrNoBundle, name)
	}
	return b, nil
}

// BundleOf returns the bundle for laptops of a site.
func (s *Source) BundleOf(site string) (*Bundle, error) {
	hq, err := s.Bundle(Headquarters)
	if err != nil {
		return nil, err
	}
	where, ok := hq.Site(site)
	if !ok {
		return nil, fmt.Errorf("%w: no site %q", ErrNoBundle, site)
	}
	return s.Bundle(where.Bundle)
}
