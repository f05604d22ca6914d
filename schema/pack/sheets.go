package pack

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"escale/schema/form"
	"escale/schema/xlsform"
)

// row is one line of a shared table, by column.
type row struct {
	file  string
	line  int
	cells map[string]string
	errs  *[]error
}

func (r row) fail(column, message string) {
	*r.errs = append(*r.errs, fmt.Errorf("%s, row %d, column %s: %s", r.file, r.line, column, message))
}

// need returns a cell that must not be empty.
func (r row) need(column string) string {
	if r.cells[column] == "" {
		r.fail(column, "is missing")
	}
	return r.cells[column]
}

func (r row) number(column string) int {
	n, err := strconv.Atoi(r.cells[column])
	if err != nil || n < 0 {
		r.fail(column, "is not a whole number")
	}
	return n
}

func (r row) oneOf(column string, allowed ...string) string {
	value := r.cells[column]
	if !oneOf(value, allowed...) {
		r.fail(column, "must be one of "+strings.Join(allowed, ", "))
	}
	return value
}

// texts collects the columns prefix_fr, prefix_en, …; with an empty prefix the columns fr, en, ….
func (r row) texts(prefix string) form.Text {
	text := form.Text{}
	for column, value := range r.cells {
		language, ok := strings.CutPrefix(column, prefix)
		if ok && len(language) == 2 && form.ValidLanguage(language) && value != "" {
			text[language] = value
		}
	}
	return text
}

// readTable reads a CSV file of the folder _shared.
func readTable(dir fs.FS, name string, errs *[]error) []row {
	file := "_shared/" + name
	sheet, err := readSheet(dir, file)
	if err != nil {
		*errs = append(*errs, err)
		return nil
	}
	var rows []row
	for i, line := range sheet.Rows[1:] {
		r := row{file: file, line: i + 2, cells: map[string]string{}, errs: errs}
		for j, cell := range line {
			if j < len(sheet.Rows[0]) {
				r.cells[sheet.Rows[0][j]] = strings.TrimSpace(cell)
			}
		}
		rows = append(rows, r)
	}
	return rows
}

func readSheet(dir fs.FS, file string) (sheet xlsform.Sheet, err error) {
	f, err := dir.Open(file)
	if err != nil {
		return sheet, fmt.Errorf("open sheet: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	sheet, err = xlsform.ReadCSV(file, f)
	if err != nil {
		return sheet, err
	}
	if len(sheet.Rows) < 2 {
		return sheet, fmt.Errorf("%s: the sheet has no rows", file)
	}
	return sheet, nil
}

// readTables reads all shared tables.
func readTables(dir fs.FS, errs *[]error) Tables {
	var t Tables
	for _, r := range readTable(dir, "compartments.csv", errs) {
		t.Compartments = append(t.Compartments, compartment(r))
	}
	for _, r := range readTable(dir, "merge_policies.csv", errs) {
		t.Merges = append(t.Merges, form.Merge(r.need("policy")))
	}
	for _, r := range readTable(dir, "retention.csv", errs) {
		t.Retention = append(t.Retention, Retention{r.need("code"), r.need("trigger"), r.need("active_period"), r.need("then")})
	}
	for _, r := range readTable(dir, "sites.csv", errs) {
		t.Sites = append(t.Sites, Site{r.need("site"), r.need("country"), r.need("status_in_seeds"), r.need("bundle")})
	}
	readRoles(dir, &t, errs)
	return t
}

func compartment(r row) Compartment {
	c := Compartment{Name: r.need("compartment"), Purpose: r.texts("purpose_"), TTLDays: map[string]int{},
		Article6: r.need("gdpr_art6"), Article9: r.cells["gdpr_art9"]}
	for column := range r.cells {
		if bundle, ok := strings.CutPrefix(column, "device_ttl_days_"); ok {
			c.TTLDays[bundle] = r.number(column)
		}
	}
	return c
}

func readRoles(dir fs.FS, t *Tables, errs *[]error) {
	index := map[string]int{}
	for _, r := range readTable(dir, "roles.csv", errs) {
		role := Role{Name: r.need("role"), Label: r.texts(""), Grants: map[string]string{}, Records: map[string]string{},
			CanExport: r.need("can_export"), CanRotateKeys: r.need("can_rotate_keys"), MaxOfflineHours: r.number("max_offline_hours")}
		for _, c := range t.Compartments {
			role.Grants[c.Name] = r.oneOf(c.Name, "rw", "r", "w", "t", "tb", "-")
		}
		index[role.Name] = len(t.Roles)
		t.Roles = append(t.Roles, role)
	}
	for _, r := range readTable(dir, "record_access.csv", errs) {
		i, ok := index[r.need("role")]
		if !ok {
			r.fail("role", "is not in roles.csv")
			continue
		}
		for kind := range r.cells {
			if kind != "role" {
				t.Roles[i].Records[kind] = r.oneOf(kind, "site", "own", "deid", "capture", "tb", "none")
			}
		}
	}
}
