// Package office makes merged data sets: files for spreadsheets and for machines of the records that a member may see.
//
// It holds these invariants. A role exports what the form pack lets it export, and a role that sees records of some kind
// without names exports nothing but de-identified files. What may not go out is taken away in one place, before any format
// sees it. Nothing looks absent that is only sealed, pending, in conflict or left out: parts, conflicts and the report say
// so. A file appears whole or not at all. A cell that a spreadsheet would run as a formula is neutralised, reversibly.
//
// The package refuses to know how records are sealed, merged or exchanged; it asks clients/field. It hides no small cells
// and measures no risk of re-identification: DESIGN.md says what a de-identified export promises and what it does not.
package office
