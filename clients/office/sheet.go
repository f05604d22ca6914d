package office

import (
	"cmp"
	"slices"
	"strings"

	"escale/clients/profile"
	"escale/schema/form"
)

type bundleKey = profile.BundleKey

// compareKeys puts the newest version first, and within one version the bundles by name.
func compareKeys(a, b bundleKey) int {
	return cmp.Or(cmp.Compare(b.Version, a.Version), strings.Compare(a.Name, b.Name))
}

// sheet is one form over all its versions and countries: a column stays in the file as long as some record may have it.
type sheet struct {
	id       string
	kind     string
	versions []*form.Form  // newest first
	fields   []*form.Field // of all versions, each path once, in the order of the newest
	repeats  []string      // paths of repeats without instance ids, outermost first
	key      *form.Field
	byPath   map[string]*form.Field
}

func newSheet(versions []*form.Form) *sheet {
	s := &sheet{id: versions[0].ID, kind: versions[0].RecordKind, versions: versions, byPath: map[string]*form.Field{}}
	for _, f := range versions {
		at := 0
		for _, fd := range f.Fields {
			if old, ok := s.byPath[fd.Path]; ok {
				at = slices.Index(s.fields, old) + 1
				continue
			}
			s.fields = slices.Insert(s.fields, at, fd)
			s.byPath[fd.Path] = fd
			at++
		}
		if s.key == nil {
			s.key = f.KeyField()
		}
	}
	for _, fd := range s.fields {
		for depth := range fd.Repeats {
			if r := strings.Join(fd.Repeats[:depth+1], "/"); !slices.Contains(s.repeats, r) {
				s.repeats = append(s.repeats, r)
			}
		}
	}
	return s
}

// lookup finds the field of a path with instance ids in the newest version that has it.
func (s *sheet) lookup(path string) (*form.Field, bool) {
	for _, f := range s.versions {
		if fd, ok := f.Lookup(path); ok {
			return fd, true
		}
	}
	return nil, false
}

// within lists the fields that lie directly in a repeat, "" for those outside.
func (s *sheet) within(repeat string) []*form.Field {
	var out []*form.Field
	for _, fd := range s.fields {
		if strings.Join(fd.Repeats, "/") == repeat {
			out = append(out, fd)
		}
	}
	return out
}

// rules lists what the versions say about exporting a field, each rule once.
func (s *sheet) rules(path string) []string {
	var out []string
	for _, f := range s.versions {
		for _, fd := range f.Fields {
			if rule := strings.TrimSpace(fd.Export); fd.Path == path && !slices.Contains(out, rule) {
				out = append(out, rule)
			}
		}
	}
	return out
}

// cutPath divides a path into the ids of the instances around the field, outermost first, and what comes before its name.
func cutPath(path string) (prefix string, instances []string) {
	parts := strings.Split(path, "/")
	for i := 1; i < len(parts); i += 2 {
		instances = append(instances, parts[i])
	}
	return strings.TrimSuffix(path, parts[len(parts)-1]), instances
}
