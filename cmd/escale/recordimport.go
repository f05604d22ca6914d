package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"escale/clients/field"
	"escale/clients/text"
	"escale/schema/form"
)

type lineDoc struct {
	Line  int    `json:"line"`
	Ref   string `json:"ref,omitempty"`
	ID    string `json:"id,omitempty"`
	Code  string `json:"code,omitempty"`
	Again bool   `json:"again,omitempty"` // saved by an earlier import, under its key
	Error *told  `json:"error,omitempty"`
}

type importDoc struct {
	Saved   int       `json:"saved"`
	Again   int       `json:"again"`
	Refused int       `json:"refused"`
	Lines   []lineDoc `json:"lines"`
}

// importer takes the reports of an import: to the acknowledgement file as each line is durable, to people, to the result.
type importer struct {
	s   *session
	b   *field.Book
	ack *json.Encoder
	g   *progress
	doc importDoc
}

func (p *program) importCommand() *cobra.Command {
	var ack string
	c := p.leaf("record import", "FILE.ndjson|-", cobra.ExactArgs(1), p.records(func(ctx context.Context, s *session, b *field.Book, args []string) (err error) {
		r, err := s.input(args[0])
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, r.Close()) }()
		im := &importer{s: s, b: b, g: s.newProgress(), doc: importDoc{Lines: []lineDoc{}}}
		if ack != "" {
			f, err := openAck(ack)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, f.Close()) }()
			im.ack = json.NewEncoder(f)
		}
		importErr := b.Import(ctx, r, im.report)
		im.g.end()
		if err := s.print(im.doc, im.show); err != nil || importErr != nil {
			return errors.Join(importErr, err)
		}
		if im.doc.Refused > 0 {
			return &toldError{exitFailed}
		}
		return nil
	}))
	c.Long = p.say.S(text.HelpRecordImportMore)
	c.Flags().StringVar(&ack, "ack", "", p.say.S(text.FlagAck))
	return c
}

// openAck opens the file of acknowledgements. One that a full disk cut off in mid-line gets the end of that line first, so that
// it spoils no other.
func openAck(name string) (f *os.File, err error) {
	f, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		err = errNoFile
	}
	if err != nil {
		return nil, about(err, "folder", name, "file", name)
	}
	if err := endLine(f); err != nil {
		return nil, errors.Join(about(err, "folder", name, "file", name), f.Close())
	}
	return f, nil
}

func endLine(f *os.File) error {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return err
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, info.Size()-1); err != nil || last[0] == '\n' {
		return err
	}
	_, err = f.Write([]byte{'\n'})
	return err
}

func (im *importer) report(done field.Imported) error {
	line := lineDoc{Line: done.Line, Ref: done.Ref, ID: done.ID, Code: done.Code, Again: done.Again}
	switch {
	case done.Err != nil:
		t := im.s.tell(&ranError{im.labelled(done.Err)})
		line.Error = &t
		im.doc.Refused++
		if err := im.s.note(im.s.say.S(text.RecordImportRefused, "line", done.Line, "reason", t.Message)); err != nil {
			return err
		}
	case done.Again:
		im.doc.Again++
	default:
		im.doc.Saved++
	}
	im.doc.Lines = append(im.doc.Lines, line)
	im.g.tell(func() string { return im.s.say.N(text.RecordImportSaved, im.doc.Saved) })
	if im.ack == nil || done.Err != nil {
		return nil
	}
	if err := im.ack.Encode(line); err != nil {
		return fmt.Errorf("acknowledge line %d: %w", done.Line, err)
	}
	return nil
}

// labelled finds the form of a problem, so that its fields are named by their labels.
func (im *importer) labelled(err error) error {
	var problems form.Problems
	if !errors.As(err, &problems) || len(problems) == 0 {
		return err
	}
	f, formErr := im.b.FormNamed(problems[0].Form)
	if formErr != nil {
		return err
	}
	return withForm(err, f)
}

func (im *importer) show(w *page) {
	w.n(text.RecordImportSaved, im.doc.Saved)
	if im.doc.Again > 0 {
		w.n(text.RecordImportAgain, im.doc.Again)
	}
	if im.doc.Refused > 0 {
		w.n(text.RecordImportLinesRefused, im.doc.Refused)
	}
}
