package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"escale/cmd/escale-demo/canary"
	"escale/cmd/escale-demo/people"
)

// exitNotPermitted is what a command answers that the member's role does not allow.
const exitNotPermitted = 4

// export lets everybody read back what they may: by an export where the role may export, else as their own list shows it.
func (p *play) export() error {
	if err := p.say("The data manager exports what her role allows, a supervisor the whole of his site; the others read back what they may."); err != nil {
		return err
	}
	err := p.each(p.plan.Posts, func(post people.Post) error {
		dir := p.path("exports", post.Name)
		at := p.homes[post.Name]
		code, err := p.exit(at.home, at.profile, nil, nil, []int{exitDone, exitNotPermitted}, "export", "--format", "ndjson", "--out", dir)
		if err != nil {
			return err
		}
		if code == exitNotPermitted {
			if err := p.list(post.Name, dir); err != nil {
				return err
			}
		}
		got, err := readExports(dir)
		if err != nil {
			return err
		}
		open, err := readWithKeys(p.ctx, at, demoPassphrase)
		p.mu.Lock()
		p.read[post.Name], p.keys[post.Name] = got, open
		p.mu.Unlock()
		return err
	})
	if err != nil {
		return err
	}
	return p.judgeAll()
}

// list writes what a member's own list shows as lines of JSON.
func (p *play) list(post, dir string) error {
	var doc struct {
		Records []json.RawMessage `json:"records"`
	}
	if err := p.as(post, &doc, []int{exitDone}, "record", "list", "--values"); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	lines := bytes.Join(rawLines(doc.Records), []byte("\n"))
	return os.WriteFile(filepath.Join(dir, "list.ndjson"), lines, 0o600)
}

func rawLines(in []json.RawMessage) (out [][]byte) {
	for _, r := range in {
		out = append(out, r)
	}
	return out
}

// judgeAll compares every acknowledged value with what authorised readers read back.
func (p *play) judgeAll() error {
	j := &judge{source: p.source, plan: p.plan, acks: p.acks, read: p.read, keys: p.keys, lost: map[string]int{}}
	edited := map[string]bool{}
	for _, e := range p.story.Edits {
		for field := range e.Set {
			edited[field] = true
		}
	}
	for _, r := range p.story.Opening.Records {
		if err := j.record(p.story.Opening.Post, r, edited); err != nil {
			return err
		}
	}
	for _, b := range p.story.Batches {
		for _, r := range b.Records {
			if err := j.record(b.Post, r, nil); err != nil {
				return err
			}
		}
	}
	merged := people.Record{Ref: p.story.Conflict.Ref, Form: p.story.Opening.Records[0].Form, Values: p.story.Merged}
	if err := j.record(p.story.Opening.Post, merged, nil); err != nil {
		return err
	}
	for _, where := range j.first {
		if err := p.say("  LOST %s", where); err != nil {
			return err
		}
	}
	p.lost = j.lost
	return nil
}

// compare asks every reader for its digests: of each scope that several hold, all must be the same.
func (p *play) compare() error {
	type scope struct {
		Scope  string `json:"id"`
		Digest string `json:"digest"`
	}
	digests := map[string]map[string]bool{}
	for _, post := range p.plan.Posts {
		var status struct {
			Scopes []scope `json:"scopes"`
		}
		if err := p.as(post.Name, &status, []int{exitDone, exitDecide}, "status"); err != nil {
			return err
		}
		for _, s := range status.Scopes {
			if s.Digest == "" {
				continue
			}
			if digests[s.Scope] == nil {
				digests[s.Scope] = map[string]bool{}
			}
			digests[s.Scope][s.Digest] = true
		}
	}
	p.outcome.DigestsEqual = len(digests) > 0
	for scope, different := range digests {
		if len(different) > 1 {
			p.outcome.DigestsEqual = false
			if err := p.say("  UNEQUAL digests of scope %s", scope); err != nil {
				return err
			}
		}
	}
	return nil
}

// hubCommand runs escale-hub and returns what it prints.
func (p *play) hubCommand(args ...string) ([]byte, error) {
	cmd := exec.CommandContext(p.ctx, filepath.Join(p.bin, "escale-hub"), args...)
	out, err := cmd.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return nil, fmt.Errorf("escale-hub %s: %w: %s", args[0], err, bytes.TrimSpace(failed.Stderr))
	}
	if err != nil {
		return nil, fmt.Errorf("escale-hub %s: %w", args[0], err)
	}
	return out, nil
}

// plant proves that the search of the hub's disk can find: it writes one marker into a copy of the disk.
func (p *play) plant() error {
	copied := p.path("planted")
	if err := os.CopyFS(copied, os.DirFS(p.path("hub"))); err != nil {
		return err
	}
	victim, err := largest(copied)
	if err != nil {
		return err
	}
	marker := p.story.Markers()[0]
	if err := overwrite(victim, []byte(marker)); err != nil {
		return err
	}
	s, err := canary.New([]string{marker})
	if err != nil {
		return err
	}
	if err := s.ScanTree(copied); err != nil {
		return err
	}
	p.outcome.ControlPlanted = s.Count(marker) > 0
	return os.RemoveAll(copied)
}

func largest(dir string) (path string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var most int64 = -1
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return "", err
		}
		if info.Mode().IsRegular() && info.Size() > most {
			most, path = info.Size(), filepath.Join(dir, e.Name())
		}
	}
	return path, nil
}

// overwrite writes b into the middle of a file.
func overwrite(path string, b []byte) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, size/2)
	return err
}

// account fills in the table.
func (p *play) account() {
	bySite := map[string]*siteOutcome{}
	var order []string
	at := func(site string) *siteOutcome {
		if bySite[site] == nil {
			bySite[site] = &siteOutcome{Site: site}
			order = append(order, site)
		}
		return bySite[site]
	}
	for _, post := range p.plan.Posts {
		o := at(post.Site)
		o.ChangeSets += p.sent[post.Name].sets
		o.BytesSent += p.sent[post.Name].bytes
	}
	count := func(b people.Batch) { at(b.Post.Site).Records += len(b.Records) }
	count(p.story.Opening)
	for _, b := range p.story.Batches {
		count(b)
	}
	for _, site := range order {
		o := bySite[site]
		o.Conflicts, o.Lost = p.conflicts[site], p.lost[site]
		if o.Records > 0 {
			o.BytesPerRecord = float64(o.BytesSent) / float64(o.Records)
		}
		p.outcome.Lost += o.Lost
		p.outcome.Sites = append(p.outcome.Sites, *o)
	}
}
