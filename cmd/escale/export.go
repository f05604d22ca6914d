package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"escale/clients/field"
	"escale/clients/office"
	"escale/clients/text"
	"escale/store/audit"
)

func (p *program) exportCommand() *cobra.Command {
	var o office.Options
	c := p.leaf("export", "--format csv|ndjson --out DIR [--form FORM]… [--deidentify]", cobra.NoArgs, func(ctx context.Context, args []string) error {
		switch {
		case o.Dir == "":
			return missing("--out")
		case o.Format != office.CSV && o.Format != office.NDJSON:
			return about(office.ErrFormat, "format", o.Format)
		}
		return p.records(func(ctx context.Context, s *session, b *field.Book, _ []string) error { return s.export(ctx, b, o) })(ctx, args)
	})
	c.Flags().StringSliceVar(&o.Forms, "form", nil, p.say.S(text.FlagForm))
	c.Flags().StringVar(&o.Format, "format", office.CSV, p.say.S(text.FlagFormat))
	c.Flags().StringVar(&o.Dir, "out", "", p.say.S(text.FlagOut))
	c.Flags().BoolVar(&o.Deidentify, "deidentify", false, p.say.S(text.FlagDeidentify))
	return c
}

func (s *session) export(ctx context.Context, b *field.Book, o office.Options) error {
	g := s.newProgress()
	o.Language, o.Now = s.say.Lang(), s.clock()
	o.Progress = func(done, total int) {
		g.tell(func() string { return s.say.S(text.ExportProgress, "done", done, "total", total) })
	}
	rep, err := office.Export(ctx, b, o)
	g.end()
	if err != nil {
		return about(err, "form", strings.Join(o.Forms, ", "), "file", o.Dir, "folder", o.Dir)
	}
	if err := s.record(audit.Entry{Kind: audit.Export, Count: uint64(rep.Records), Reason: o.Format + " " + strings.Join(o.Forms, " ")}); err != nil {
		return err
	}
	return s.print(rep, func(w *page) { showExport(w, &rep) })
}

func showExport(w *page, rep *office.Report) {
	if rep.Records == 0 {
		w.s(text.ExportNothing)
	}
	for _, f := range rep.Files {
		if f.Records > 0 {
			w.n(text.ExportWritten, f.Records, "file", f.Name)
		}
	}
	if rep.Conflicts > 0 {
		w.n(text.StatusConflicts, rep.Conflicts)
	}
	w.s(text.ExportAsOf, "date", rep.AsOf)
	if rep.Deidentified {
		w.s(text.ExportDeidentified)
	}
	w.s(text.ExportWarning)
}
