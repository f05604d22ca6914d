package xlsform

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"escale/schema/expr"
	"escale/schema/form"
)

// Patterns of parameters.
var (
	equalsPattern  = regexp.MustCompile(`\s*=\s*`)
	packagePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$`)
)

// parameters reads "key=value key2=value2", with spaces, commas or semicolons between them, and checks them for the type.
func (v *surveyor) parameters(item *form.Item, k kind, row int) {
	cell := v.t.cell(row, "parameters")
	found, ok := splitParameters(cell)
	if !ok {
		v.report(row, "parameters", "are not written as key=value", "with a space between two")
		return
	}
	accepted, checked := acceptedParameters(k)
	if checked {
		for key := range found {
			if !slices.Contains(accepted, key) {
				v.report(row, "parameters", fmt.Sprintf("%q is not known for this type", bounded(key)), strings.Join(accepted, ", "))
			}
		}
	}
	if len(found) > 0 {
		item.Parameters = found
	}
	if problem := v.checkParameters(item, found, row); problem != "" {
		v.report(row, "parameters", problem, "")
	}
}

func splitParameters(cell string) (map[string]string, bool) {
	separator := func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' }
	for _, s := range []rune{';', ','} {
		if strings.ContainsRune(cell, s) {
			separator = func(r rune) bool { return r == s }
			break
		}
	}
	found := map[string]string{}
	for part := range strings.FieldsFuncSeq(equalsPattern.ReplaceAllString(cell, "="), separator) {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		key, value, ok := strings.Cut(part, "=")
		if !ok || key == "" || strings.Contains(value, "=") {
			return nil, false
		}
		found[strings.ToLower(strings.TrimSpace(key))] = strings.TrimSpace(value)
	}
	return found, true
}

// acceptedParameters lists what a type may be given; false when the type is not checked.
func acceptedParameters(k kind) ([]string, bool) {
	switch {
	case k.file:
		return []string{"value", "label", "randomize", "seed"}, true
	case k.typ.IsSelect() || k.typ == form.TypeRank:
		return []string{"randomize", "seed"}, true
	}
	switch k.typ {
	case form.TypeRange:
		return []string{"start", "end", "step", "tick_interval", "placeholder", "tick_labelset"}, true
	case form.TypeText:
		return []string{"rows"}, true
	case form.TypeImage:
		return []string{"max-pixels", "app"}, true
	case form.TypeAudio, form.TypeBackgroundAudio:
		return []string{"quality"}, true
	case form.TypeGeopoint:
		return []string{"capture-accuracy", "warning-accuracy", "allow-mock-accuracy", "reference-geometry"}, true
	case form.TypeGeotrace, form.TypeGeoshape:
		return []string{"incremental", "allow-mock-accuracy", "reference-geometry"}, true
	case form.TypeAudit:
		return []string{"identify-user", "location-max-age", "location-min-interval", "location-priority", "track-changes",
			"track-changes-reasons"}, true
	}
	return nil, false
}

// checkParameters returns what is wrong with the values.
func (v *surveyor) checkParameters(item *form.Item, p map[string]string, row int) string {
	for _, key := range []string{"rows", "max-pixels"} {
		if value, ok := p[key]; ok && !whole(value) {
			return key + " is not a whole number"
		}
	}
	for _, key := range []string{"capture-accuracy", "warning-accuracy"} {
		if value, ok := p[key]; ok && !numeric(value) {
			return key + " is not a number"
		}
	}
	for _, key := range []string{"randomize", "allow-mock-accuracy", "identify-user", "track-changes"} {
		if value, ok := p[key]; ok && value != "true" && value != "false" {
			return key + " is neither true nor false"
		}
	}
	for _, key := range []string{"value", "label"} {
		if value, ok := p[key]; ok && !expr.IsName(value) {
			return key + " is not a valid name"
		}
	}
	switch {
	case item.Type == form.TypeRange:
		return v.checkRange(item, p)
	case p["seed"] != "" && p["randomize"] == "":
		return "a seed needs randomize=true"
	case p["seed"] != "" && !numeric(p["seed"]) && !form.IsReference(p["seed"]):
		return "seed is neither a number nor a reference"
	case p["incremental"] != "" && !yes(p["incremental"]):
		return "incremental is true or left out"
	}
	return v.checkMedia(item, p, row)
}

func (v *surveyor) checkMedia(item *form.Item, p map[string]string, row int) string {
	if quality, ok := p["quality"]; ok {
		allowed := []string{"voice-only", "low", "normal", "external"}
		if item.Type == form.TypeBackgroundAudio {
			allowed = allowed[:3]
		}
		if !slices.Contains(allowed, quality) {
			return "quality is not one of " + strings.Join(allowed, ", ")
		}
	}
	if app, ok := p["app"]; ok && (item.Appearance == "" || item.Appearance == "annotate") && !isPackage(app) {
		return "app is not the name of a package"
	}
	if target, ok := p["reference-geometry"]; ok {
		v.geometries = append(v.geometries, geometry{target, v.pathOf(item.Name), row})
	}
	return ""
}

func whole(s string) bool { _, err := strconv.Atoi(s); return err == nil }

func numeric(s string) bool {
	x, err := strconv.ParseFloat(s, 64)
	return err == nil && x-x == 0
}

// isPackage tells whether a name is made like that of an Android package: two parts or more, each beginning with a letter.
func isPackage(s string) bool {
	return packagePattern.MatchString(s)
}

// geometry is what a map is to show besides the answer: the name of a list, of a file or of a repeat.
type geometry struct {
	target, path string
	row          int
}

func (v *surveyor) checkGeometries() {
	for _, g := range v.geometries {
		name, reference := form.Reference(g.target)
		_, list := v.index[g.target]
		if reference && v.repeats[name] || list || v.files[g.target] {
			continue
		}
		v.fail(v.t.sheet.Name, g.row, "parameters", "reference-geometry names neither a list nor a file nor a repeat", "")
		v.known[g.path+" parameters"] = true
	}
}
