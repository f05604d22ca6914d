package office

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"escale/clients/field"
	"escale/schema"
	"escale/sync/merge"
)

// The formats.
const (
	CSV    = "csv"
	NDJSON = "ndjson"
)

// Options say what to export, and where to.
type Options struct {
	Forms      []string // none means every form that the role reads
	Format     string   // CSV or NDJSON
	Dir        string   // made with mode 0700 if it is missing
	Language   string   // of labels; empty means each form's own
	Deidentify bool
	Progress   func(done, total int) // may be nil; total grows when records are read again to be joined
	Now        time.Time
}

// Export writes the merged records that the member may see and export. Until it returns without an error nothing of it has
// a name in the folder.
func Export(ctx context.Context, b *field.Book, o Options) (Report, error) {
	if o.Format != CSV && o.Format != NDJSON {
		return Report{}, fmt.Errorf("%w: %q", ErrFormat, o.Format)
	}
	p, err := permitFor(b, &o)
	if err != nil {
		return Report{}, err
	}
	e := &export{book: b, o: o, permit: p, report: newReport(&o, p.deidentified), keys: map[*sheet]map[string][]schema.Record{}}
	if err := e.run(ctx); err != nil {
		return Report{}, err
	}
	e.report.sort()
	return *e.report, nil
}

// sink is one format. What it is given may go out as it is.
type sink interface {
	record(*sheet, *Row) error
	joined(*sheet, *Joint) error
	flush() error
}

// export is one run.
type export struct {
	book   *field.Book
	o      Options
	permit *permit
	mask   *mask // nil in full exports
	report *Report
	sink   sink
	keys   map[*sheet]map[string][]schema.Record // which records to join
	done   int
	total  int
}

func (e *export) run(ctx context.Context) (err error) {
	if e.permit.deidentified {
		e.mask, err = newMask(e.book.Profile().Rand(), e.permit.sheets, e.permit.bundles, e.report)
		if err != nil {
			return err
		}
	}
	files, err := e.plan()
	if err != nil {
		return err
	}
	dir, err := openFolder(e.o.Dir, files)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.discard()) }()
	if e.sink, err = e.newSink(dir); err != nil {
		return err
	}
	if err := e.writeAll(ctx); err != nil {
		return err
	}
	if err := e.sink.flush(); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	return dir.commit()
}

func (e *export) newSink(dir *folder) (sink, error) {
	if e.o.Format == CSV {
		return newCSVSink(dir, e)
	}
	return newNDJSONSink(dir, e)
}

// planned is a file that an export makes, and how every such file of the same kind begins.
type planned struct{ name, start string }

// plan lists the files that an export makes, whether or not there is anything to put into them. By its beginning an earlier
// export of the same kind is told from a file of somebody else's; and a file in full is never replaced by a de-identified
// one, nor the other way round, because somebody may share the folder by habit.
func (e *export) plan() ([]planned, error) {
	starts := csvStarts
	if e.o.Format == NDJSON {
		starts = ndjsonStarts
	}
	var files []planned
	for _, s := range append([]*sheet{nil}, e.permit.sheets...) {
		files = append(files, starts(s, e.permit.deidentified)...)
	}
	slices.SortFunc(files, func(a, b planned) int { return strings.Compare(a.name, b.name) })
	for i, f := range files {
		if filepath.Base(f.name) != f.name || i > 0 && files[i-1].name == f.name {
			return nil, fmt.Errorf("two files of the export would be called %s, or it is no name of a file", f.name)
		}
	}
	return files, nil
}

const conflictsName = "conflicts"

func (s *sheet) joinedName() string { return s.id + ".joined" }

func (s *sheet) repeatName(repeat string) string {
	return s.id + "." + strings.ReplaceAll(repeat, "/", ".")
}

// writeAll reads and merges the records one by one; only their ids are ever held together.
func (e *export) writeAll(ctx context.Context) error {
	headings, err := e.headings(ctx)
	if err != nil {
		return err
	}
	e.total = len(headings)
	for _, h := range headings {
		if err := e.writeRecord(ctx, h); err != nil {
			return err
		}
		e.step()
	}
	return e.writeJoined(ctx)
}

func (e *export) step() {
	e.done++
	if e.o.Progress != nil {
		e.o.Progress(e.done, e.total)
	}
}

// headings lists what to export in the order of the ids that the files show. A de-identified export is therefore in another
// order each time: rows of two exports cannot be matched by their places.
func (e *export) headings(ctx context.Context) ([]field.Heading, error) {
	all, err := e.book.Headings(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(h field.Heading) bool { return !e.wants(h) })
	if e.mask != nil {
		order := make(map[schema.Record]string, len(all))
		for _, h := range all {
			order[h.ID] = e.mask.pseudonym("record", h.ID.String())
		}
		slices.SortFunc(all, func(x, y field.Heading) int { return strings.Compare(order[x.ID], order[y.ID]) })
	}
	return all, nil
}

func (e *export) wants(h field.Heading) bool {
	if e.sheet(h.Form) != nil {
		return true
	}
	if len(e.o.Forms) == 0 && !e.permit.knows(h.Form) {
		e.report.skip(SkippedUnknownForm)
	}
	return false
}

func (e *export) sheet(id string) *sheet {
	i := slices.IndexFunc(e.permit.sheets, func(s *sheet) bool { return s.id == id })
	if i < 0 {
		return nil
	}
	return e.permit.sheets[i]
}

// get returns a record, or nil if the member may not see it.
func (e *export) get(ctx context.Context, id schema.Record) (*field.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r, err := e.book.Get(ctx, id.String())
	if errors.Is(err, field.ErrNoRecord) {
		return nil, nil
	}
	return r, err
}

func (e *export) writeRecord(ctx context.Context, h field.Heading) error {
	r, err := e.get(ctx, h.ID)
	switch {
	case err != nil:
		return err
	case r == nil:
		e.report.skip(SkippedNotShown)
		return nil
	case r.Exists == merge.Deleted:
		e.report.skip(SkippedDeleted)
		return nil
	}
	s := e.sheet(h.Form)
	e.noteKey(s, r)
	row := e.row(s, r, e.mask)
	e.report.Records++
	e.report.Conflicts += row.open
	return e.sink.record(s, row)
}

// row makes of a record what may go out.
func (e *export) row(s *sheet, r *field.Record, m *mask) *Row {
	full := fullRow(e.book, r)
	if m == nil {
		return full
	}
	return m.row(s, full)
}

// noteKey remembers which records tell of the same thing.
func (e *export) noteKey(s *sheet, r *field.Record) {
	if s.key == nil {
		return
	}
	key, ok := merge.JoinKey(stateOf(r), s.key.Path)
	if !ok {
		if f := r.Fields[s.key.Path]; f != nil && f.Conflict {
			e.report.skip(SkippedKey)
		}
		return
	}
	if e.keys[s] == nil {
		e.keys[s] = map[string][]schema.Record{}
	}
	e.keys[s][key] = append(e.keys[s][key], r.ID)
}

func stateOf(r *field.Record) merge.State { return merge.State{Fields: r.Fields, Exists: r.Exists} }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
