// Package xlsform reads a form from the three sheets of an XLSForm workbook: survey, choices, settings, with the columns
// compartment, merge, pii, retention, export, sites, hxl, maps_to, rank, generate and key beside the usual ones.
//
// A Workbook is rows of cells, so that other file formats can be added beside CSV. Everything wrong is reported at once, each
// with sheet, row, column and a hint; columns that are not known are warnings; a type that is not supported is refused by
// name. Sheets are bounded in rows, columns and size of cells.
//
// The package does not know what a form means: schema/form checks that.
package xlsform
