package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// outcome is what the demonstration found, for people and for machines.
type outcome struct {
	Sites            []siteOutcome `json:"sites"`
	CanariesSearched int           `json:"canaries_searched"`
	CanariesFound    int           `json:"canaries_found"`
	ControlFound     int           `json:"control_found"`   // of the same canaries, in the exports of authorised readers
	ControlPlanted   bool          `json:"control_planted"` // the one that was planted in a copy of the hub's disk was found
	DigestsEqual     bool          `json:"digests_equal"`
	Lost             int           `json:"lost"`
	Seconds          float64       `json:"seconds"`
}

type siteOutcome struct {
	Site           string  `json:"site"`
	Records        int     `json:"records"`
	ChangeSets     int     `json:"change_sets"`
	BytesSent      int64   `json:"bytes_sent"`
	BytesPerRecord float64 `json:"bytes_per_record"`
	Conflicts      int     `json:"conflicts"`
	Lost           int     `json:"lost"`
}

// kept reports whether all four promises held in this run.
func (o *outcome) kept() bool {
	return o.Lost == 0 && o.CanariesFound == 0 && o.DigestsEqual && o.ControlPlanted && o.ControlFound == o.CanariesSearched && o.CanariesSearched > 0
}

func (o *outcome) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', tabwriter.AlignRight)
	rows := [][]any{{"site", "records", "change-sets", "bytes sent", "bytes/record", "conflicts", "lost", ""}}
	for _, s := range o.Sites {
		rows = append(rows, []any{s.Site, s.Records, s.ChangeSets, s.BytesSent, fmt.Sprintf("%.0f", s.BytesPerRecord), s.Conflicts, s.Lost, ""})
	}
	for _, r := range rows {
		for i, cell := range r {
			if i > 0 {
				if _, err := fmt.Fprint(t, "\t"); err != nil {
					return err
				}
			}
			if _, err := fmt.Fprint(t, cell); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintln(t); err != nil {
			return err
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\ncanaries on the hub, on the wire and on locked laptops: %d of %d\ncanaries in the exports of authorised readers: %d of %d\n"+
		"planted canary found: %v\ndigests of all readers equal: %v\nvalues lost: %d\n%.0f seconds\n",
		o.CanariesFound, o.CanariesSearched, o.ControlFound, o.CanariesSearched, o.ControlPlanted, o.DigestsEqual, o.Lost, o.Seconds)
	return err
}
