package xlsform

import (
	"regexp"
	"strings"

	"escale/schema/form"
)

// kind is the cell type, understood.
type kind struct {
	begin, end bool
	control    string // group, repeat or loop
	typ        form.Type
	list       string // of a select, of a loop
	file       bool   // the list is the name of a file
	external   bool   // the list is on the sheet external_choices
	other      bool   // "or_other"
}

// Patterns of types; both ignore case.
var (
	controlPattern = regexp.MustCompile(`^(?i)(begin|end)[ _](looped group|lgroup|group|repeat|loop)(?: (?:over )?(\S+))?$`)
	selectPattern  = regexp.MustCompile(`^(?i)(` + strings.Join(selectCommands(), "|") + `)(?: (\S+)(?: (or specify other|or_other|or other))?)?$`)
)

// controls reads the beginning or the end of a group, repeat or loop.
func controls(words string) (kind, bool) {
	m := controlPattern.FindStringSubmatch(words)
	if m == nil {
		return kind{}, false
	}
	k := kind{control: strings.ToLower(m[2]), list: m[3]}
	if k.control == "lgroup" || k.control == "looped group" {
		k.control = "repeat"
	}
	k.begin = strings.EqualFold(m[1], "begin")
	k.end = !k.begin
	return k, true
}

// selects reads "select_one list or_other" in its spellings.
func selects(words string) (kind, bool) {
	m := selectPattern.FindStringSubmatch(words)
	if m == nil {
		return kind{}, false
	}
	command := strings.ReplaceAll(strings.ToLower(m[1]), " ", "_")
	k := kind{typ: form.TypeSelectOne, list: m[2], other: m[3] != "", file: strings.HasSuffix(command, "_from_file"),
		external: command == "select_one_external"}
	switch {
	case command == "rank":
		k.typ = form.TypeRank
	case strings.Contains(command, "multiple") || strings.Contains(command, "all_that_apply"):
		k.typ = form.TypeSelectMultiple
	}
	return k, true
}

func selectCommands() []string {
	return []string{"select_one_from_file", "select_multiple_from_file", "select one from file", "select multiple from file",
		"select_one_external", "select one external", "add select one prompt using", "add select multiple prompt using",
		"select all that apply from", "select all that apply", "select multiple from", "select multiple using",
		"select one from", "select one using", "select1", "select_one", "select one", "select_multiple", "select multiple", "rank"}
}

// simple maps the type of a row that is neither group nor select, with the other spellings that designers use.
func simple(words string) (form.Type, bool) {
	name := strings.ToLower(words)
	for _, prefix := range []string{"q ", "add ", "get ", "uri:"} {
		name = strings.TrimPrefix(name, prefix)
	}
	name = strings.TrimSuffix(name, " prompt")
	for _, t := range form.Types() {
		if strings.EqualFold(string(t), name) && !t.Encloses() && !t.IsSelect() {
			return t, true
		}
	}
	t, ok := map[string]form.Type{
		"string": form.TypeText, "int": form.TypeInteger, "percentage": form.TypeInteger, "gps": form.TypeGeopoint,
		"location": form.TypeGeopoint, "photo": form.TypeImage, "picture": form.TypeImage, "date time": form.TypeDateTime,
		"trigger": form.TypeAcknowledge, "start time": form.TypeStart, "end time": form.TypeEnd, "imei": form.TypeDevice,
		"device id": form.TypeDevice, "subscriber id": form.TypeSubscriber, "sim id": form.TypeSIM, "phone number": form.TypePhone,
		"number of days in last month": form.TypeInteger, "number of days in last six months": form.TypeInteger,
		"number of days in last year": form.TypeInteger,
	}[name]
	return t, ok
}

// parseKind understands the cell type. It returns false when the type is not known.
func parseKind(cell string) (kind, bool) {
	words := strings.Join(strings.Fields(cell), " ")
	if k, ok := controls(words); ok {
		return k, true
	}
	if t, ok := simple(words); ok {
		return kind{typ: t}, true
	}
	return selects(words)
}
