// Package xlsform reads a form from the sheets of an XLSForm workbook: survey, choices, settings and external_choices, from .xlsx or
// CSV, with the columns compartment, merge, pii, retention, export, sites, hxl, maps_to, rank, generate, key and was beside the
// usual ones. Types and columns are understood in all the spellings that the field uses.
//
// Read is for forms that are published, ReadPlain for any form of the field. Everything wrong is reported at once, each with
// sheet, row, column and a hint; columns that are not used are warnings; what is not supported is refused by name. Files and
// sheets are bounded in bytes, rows, columns and size of cells.
//
// The package does not know what a form means: schema/form checks that.
package xlsform
