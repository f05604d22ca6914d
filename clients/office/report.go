package office

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Errors that callers decide by.
var (
	ErrNotPermitted = errors.New("this role may not export these data")
	ErrFormat       = errors.New("exports are csv or ndjson")
	ErrFolder       = errors.New("the folder holds files that are no earlier export of the same kind")
)

// Refused says which role may not export, and which form if it is about one.
type Refused struct{ Role, Form string }

// Error implements error.
func (r *Refused) Error() string {
	if r.Form == "" {
		return fmt.Sprintf("%v: role %q", ErrNotPermitted, r.Role)
	}
	return fmt.Sprintf("%v: role %q, form %q", ErrNotPermitted, r.Role, r.Form)
}

// Unwrap makes a Refused an ErrNotPermitted.
func (r *Refused) Unwrap() error { return ErrNotPermitted }

// Why a record, a column or a value is not in an export.
const (
	SkippedDeleted     = "deleted"           // records that were deleted with everything seen
	SkippedNotShown    = "not_shown"         // records that the member may not see, or whose changes do not count
	SkippedUnknownForm = "unknown_form"      // records of a form that is not on this laptop
	SkippedConflict    = "conflict_dropped"  // conflicts in a field that is not in a de-identified export
	SkippedField       = "unknown_field"     // values of a field that the form does not know, de-identified
	SkippedValue       = "unreadable_value"  // values that a rule of de-identification could not read
	SkippedKey         = "key_in_conflict"   // records not joined because nobody has chosen their key yet
	DroppedByRule      = "dropped"           // the pack says drop
	DroppedUnreviewed  = "needs_redaction"   // the pack says redact, and nobody has reviewed the text
	DroppedNoMapping   = "no_mapping"        // the pack says coarse, and there is no table to coarsen with
	DroppedUnknownRule = "unknown_rule"      // the pack says something that this version does not know
	DroppedDisagree    = "versions_disagree" // versions of the form restrict the field in different ways
)

// What whoever holds the files has to know.
const (
	WarnNotSealed  = "not_sealed"  // an export is no longer sealed and cannot be called back
	WarnSmallCells = "small_cells" // rare combinations can still point to a person: share with care
)

// Report says what was written, and what was not.
type Report struct {
	Format       string         `json:"format"`
	AsOf         time.Time      `json:"as_of"`
	Files        []FileReport   `json:"files"`
	Records      int            `json:"records"`
	Conflicts    int            `json:"conflicts"` // open conflicts of the exported records, listed or not
	Deidentified bool           `json:"deidentified"`
	Skipped      map[string]int `json:"skipped"` // how many, by reason
	Dropped      []Dropped      `json:"dropped"` // columns that a de-identified export leaves out
	Warnings     []string       `json:"warnings"`
}

// FileReport is one file of an export. Records counts its rows: records, instances of a repeat, siblings or keys.
type FileReport struct {
	Name    string `json:"name"`
	Form    string `json:"form,omitempty"`
	Records int    `json:"records"`
}

// Dropped is a column that is left out.
type Dropped struct {
	Form   string `json:"form"`
	Field  string `json:"field"`
	Rule   string `json:"rule"`
	Reason string `json:"reason"`
}

func newReport(o *Options, deidentified bool) *Report {
	r := &Report{Format: o.Format, AsOf: o.Now, Deidentified: deidentified, Files: []FileReport{}, Skipped: map[string]int{},
		Dropped: []Dropped{}, Warnings: []string{WarnNotSealed}}
	if deidentified {
		r.Warnings = append(r.Warnings, WarnSmallCells)
	}
	return r
}

func (r *Report) skip(reason string) { r.Skipped[reason]++ }

func (r *Report) sort() {
	slices.SortFunc(r.Files, func(a, b FileReport) int { return strings.Compare(a.Name, b.Name) })
}
