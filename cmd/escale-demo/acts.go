package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"escale/cmd/escale-demo/canary"
	"escale/cmd/escale-demo/people"
	"escale/schema/pack"
)

// atOnce is how many laptops work at the same time; their passphrases alone take two cores.
const atOnce = 2

// play is one run of the story.
type play struct {
	*stage
	source  *pack.Source
	plan    people.Plan
	story   *people.Story
	say     func(format string, args ...any) error
	homes   map[string]seat
	acks    map[string]acked
	sent    map[string]sent // by post
	read    readings
	keys    readings
	outcome outcome

	conflicts, lost map[string]int // by site
	mu              sync.Mutex     // guards acks, sent and read while several laptops work
}

// seat is where a post sits: a laptop's folder and one of its profiles.
type seat struct {
	home    string
	profile int
}

// sent is what a post's exchanges cost.
type sent struct {
	sets  int
	bytes int64
}

func (p *play) acts() []func() error {
	return []func() error{p.found, p.join, p.open, p.stopHub, p.capture, p.lockTripoli, p.comeBack, p.settle, p.resolve, p.export, p.compare, p.search}
}

func (p *play) seats() {
	p.homes = map[string]seat{}
	used := map[string]int{}
	for _, post := range p.plan.Posts {
		used[post.Laptop]++
		p.homes[post.Name] = seat{p.path("laptops", post.Laptop), used[post.Laptop]}
	}
}

// each runs f for every post, some at a time.
func (p *play) each(posts []people.Post, f func(people.Post) error) error {
	var g errgroup.Group
	g.SetLimit(atOnce)
	for _, post := range posts {
		g.Go(func() error { return f(post) })
	}
	return g.Wait()
}

func (p *play) as(post string, out any, want []int, args ...string) error {
	at := p.homes[post]
	return p.command(at.home, at.profile, nil, out, want, args...)
}

func (p *play) officer(out any, args ...string) error {
	return p.command(p.path("laptops", "officer"), 1, nil, out, []int{exitDone}, args...)
}

// found founds the organisation and starts its hub.
func (p *play) found() error {
	if err := p.say("An officer founds the organisation; its hub starts."); err != nil {
		return err
	}
	args := []string{"org", "create", "--name", "Escale (invented)", "--pack", p.pack, "--kdf-memory", "64"}
	for _, site := range p.sites() {
		args = append(args, "--site", site)
	}
	var made struct{ Org string }
	if err := p.officer(&made, args...); err != nil {
		return err
	}
	pin, err := p.initHub(made.Org)
	if err != nil {
		return err
	}
	if err := p.startHub(); err != nil {
		return err
	}
	return p.invite(pin)
}

// sites lists every site that a post writes for or reads.
func (p *play) sites() (out []string) {
	for _, post := range p.plan.Posts {
		for _, s := range append(slices.Clone(post.Covers), post.Site) {
			if s != "paris" && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

func (p *play) invite(pin string) error {
	if err := os.MkdirAll(p.path("codes"), 0o700); err != nil {
		return err
	}
	for _, post := range p.plan.Posts {
		args := []string{"org", "invite", "--hub", p.line.address(), "--pin", pin, "--role", post.Role, "--name", post.Name + " (invented)"}
		sites := post.Covers
		if len(sites) == 0 {
			sites = []string{post.Site}
		}
		for _, s := range sites {
			args = append(args, "--site", s)
		}
		var made struct{ Code string }
		if err := p.officer(&made, args...); err != nil {
			return err
		}
		if err := os.WriteFile(p.path("codes", post.Name), []byte(made.Code), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// join lets every laptop make its keys and ask, and the officer approve.
func (p *play) join() error {
	if err := p.say("%d members join on their laptops; the officer approves; the first readers make the keys.", len(p.plan.Posts)); err != nil {
		return err
	}
	err := p.each(p.plan.Posts, func(post people.Post) error {
		code, err := os.ReadFile(p.path("codes", post.Name))
		if err != nil {
			return err
		}
		return p.as(post.Name, nil, []int{exitDone}, "join", string(code), "--kdf-memory", "64")
	})
	if err != nil {
		return err
	}
	if err := p.officer(nil, "org", "approve", "--all"); err != nil {
		return err
	}
	for range 2 {
		if err := p.each(p.plan.Posts, func(post people.Post) error { return p.sync(post.Name, exitDone) }); err != nil {
			return err
		}
	}
	return nil
}

// sync exchanges and adds up what it cost.
func (p *play) sync(post string, want ...int) error {
	var rep struct {
		Synced    bool  `json:"synced"`
		Pushed    int   `json:"pushed"`
		BytesSent int64 `json:"bytes_sent"`
	}
	at := p.homes[post]
	code, err := p.exit(at.home, at.profile, nil, &rep, want, "sync")
	if err != nil {
		return err
	}
	if code == exitDone && !rep.Synced {
		return fmt.Errorf("%s: exit code 0 without agreement", post)
	}
	p.mu.Lock()
	s := p.sent[post]
	p.sent[post] = sent{s.sets + rep.Pushed, s.bytes + rep.BytesSent}
	p.mu.Unlock()
	return nil
}

// open captures the one case that both Calais laptops will edit, and brings it to both.
func (p *play) open() error {
	if err := p.say("One case is opened at Calais and reaches both of its laptops."); err != nil {
		return err
	}
	if err := p.importRecords(p.story.Opening.Post.Name, "opening", p.story.Opening.Records); err != nil {
		return err
	}
	for _, post := range []string{p.plan.SharedBy, p.plan.SharedWith} {
		if err := p.sync(post, exitDone); err != nil {
			return err
		}
	}
	return nil
}

func (p *play) importRecords(post, name string, records []people.Record) error {
	var lines bytes.Buffer
	if err := people.WriteLines(&lines, records); err != nil {
		return err
	}
	return p.importLines(post, name, lines.Bytes(), len(records))
}

// importLines feeds lines to an agent and reads what it acknowledged as durable.
func (p *play) importLines(post, name string, lines []byte, want int) error {
	file, ack := p.path("typed", post+"-"+name+".ndjson"), p.path("typed", post+"-"+name+".ack")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(file, lines, 0o600); err != nil {
		return err
	}
	if err := p.as(post, nil, []int{exitDone}, "record", "import", file, "--ack", ack); err != nil {
		return err
	}
	got, err := readAcks(ack)
	if err != nil {
		return err
	}
	if len(got) != want {
		return fmt.Errorf("%s: %d records typed, %d acknowledged", post, want, len(got))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for ref, a := range got {
		p.acks[ref] = a
	}
	return nil
}

func (p *play) stopHub() error {
	if err := p.say("The hub stops. Nobody has a network now."); err != nil {
		return err
	}
	return p.hub.stop(syscall.SIGTERM)
}

// capture lets everybody write what happened to them, and both Calais laptops edit the same case.
func (p *play) capture() error {
	if err := p.say("Offline: %d invented records in French, English and Arabic; a shipwreck night with %d people; two laptops edit one case.",
		len(p.story.Records()), len(p.story.Night.People)); err != nil {
		return err
	}
	var posts []people.Post
	records := map[string][]people.Record{}
	for _, b := range p.story.Batches {
		posts = append(posts, b.Post)
		records[b.Post.Name] = b.Records
	}
	if err := p.each(posts, func(post people.Post) error { return p.importRecords(post.Name, "captured", records[post.Name]) }); err != nil {
		return err
	}
	for i, e := range p.story.Edits {
		set, err := json.Marshal(e.Set)
		if err != nil {
			return err
		}
		l, err := json.Marshal(map[string]any{"id": p.acks[e.Ref].ID, "set": json.RawMessage(set)})
		if err != nil {
			return err
		}
		if err := p.importLines(e.Post, "edit-"+strconv.Itoa(i), append(l, '\n'), 1); err != nil {
			return err
		}
	}
	return nil
}

// lockTripoli shows that Tripoli's laptop, unlocked again with its passphrase, opens nothing of what it wrote.
func (p *play) lockTripoli() error {
	for _, post := range p.plan.Posts {
		if !p.captureOnly(post) {
			continue
		}
		if err := p.say("Tripoli locks its laptop: unlocked again, it can read none of its testimonies."); err != nil {
			return err
		}
		if p.testimonies(post) == 0 {
			return fmt.Errorf("%s wrote no testimony: locking would prove nothing", post.Name)
		}
		var seen struct{ Records []json.RawMessage }
		if err := p.as(post.Name, &seen, []int{exitDone}, "record", "list"); err != nil {
			return err
		}
		for _, r := range seen.Records {
			var rec struct{ Form string }
			if err := json.Unmarshal(r, &rec); err != nil {
				return err
			}
			if rec.Form == "testimony" {
				return errors.New("tripoli can still read a testimony after locking")
			}
		}
	}
	return nil
}

// testimonies counts those that a post wrote and its agent acknowledged.
func (p *play) testimonies(post people.Post) (n int) {
	for _, b := range p.story.Batches {
		for _, r := range b.Records {
			if _, acked := p.acks[r.Ref]; acked && b.Post.Name == post.Name && r.Form == "testimony" {
				n++
			}
		}
	}
	return n
}

func (p *play) captureOnly(post people.Post) bool {
	b, err := p.source.BundleOf(post.Site)
	if err != nil {
		return false
	}
	a := b.Access(post.Role, "testimony", "testimony")
	return post.Site == "tripoli" && a.Write && !a.Read
}

// comeBack starts the hub again. One laptop's line breaks in mid-push, and the hub is killed in mid-push of another.
func (p *play) comeBack() error {
	if err := p.startHub(); err != nil {
		return err
	}
	if err := p.say("The hub is back. Marseille's line breaks in mid-push; then the hub is killed with SIGKILL in mid-push of Dunkerque."); err != nil {
		return err
	}
	p.line.cutAfter(cutBytes, nil)
	if err := p.sync("marseille", exitUnreachable); err != nil {
		return err
	}
	p.line.mend()
	killed := make(chan error, 1)
	hub := p.hub
	p.line.cutAfter(cutBytes, func() { killed <- hub.stop(syscall.SIGKILL) })
	if err := p.sync("dunkerque", exitUnreachable); err != nil {
		return err
	}
	select {
	case err := <-killed:
		if err != nil {
			return err
		}
	case <-time.After(10 * time.Second):
		return errors.New("the hub was not killed in mid-push")
	}
	p.line.mend()
	return p.startHub()
}

// cutBytes is how much of a push goes through before the line breaks: past the handshake and into the first change-sets.
const cutBytes = 24 << 10

// settle lets everybody exchange until all have everything.
func (p *play) settle() error {
	if err := p.say("Everybody exchanges."); err != nil {
		return err
	}
	for range 2 {
		if err := p.each(p.plan.Posts, func(post people.Post) error { return p.sync(post.Name, exitDone) }); err != nil {
			return err
		}
	}
	return nil
}

// resolve lets the supervisor decide the one conflict of the story.
func (p *play) resolve() error {
	c := p.story.Conflict
	var queue struct {
		Conflicts []struct {
			Record string `json:"record"`
			Field  string `json:"field"`
			Site   string `json:"site"`
		} `json:"conflicts"`
	}
	if err := p.as(p.plan.SharedWith, &queue, []int{exitDone, exitDecide}, "conflicts"); err != nil {
		return err
	}
	p.conflicts = map[string]int{}
	for _, q := range queue.Conflicts {
		p.conflicts[q.Site]++
	}
	if len(queue.Conflicts) != 1 || queue.Conflicts[0].Record != p.acks[c.Ref].ID || queue.Conflicts[0].Field != c.Field {
		return fmt.Errorf("the supervisor has %d conflicts, the story has 1: %v", len(queue.Conflicts), queue.Conflicts)
	}
	if err := p.say("One conflict waits for a person (%s); the supervisor decides, with a reason.", c.Field); err != nil {
		return err
	}
	if err := p.as(p.plan.SharedWith, nil, []int{exitDone}, "resolve", p.acks[c.Ref].ID, c.Field, "--take", "1", "--why", "decided together at the evening meeting"); err != nil {
		return err
	}
	if err := p.sync(p.plan.SharedWith, exitDone); err != nil {
		return err
	}
	return p.each(p.plan.Posts, func(post people.Post) error { return p.sync(post.Name, exitDone) })
}

func (p *play) initHub(org string) (string, error) {
	out, err := p.hubCommand("init", "--data", p.path("hub"), "--org", org, "--json")
	if err != nil {
		return "", err
	}
	var made struct{ Pin string }
	if err := json.Unmarshal(out, &made); err != nil {
		return "", fmt.Errorf("escale-hub init: %w", err)
	}
	return made.Pin, nil
}

func (p *play) search() error {
	if err := p.hub.stop(syscall.SIGTERM); err != nil {
		return err
	}
	if err := p.say("The hub stops. Its disk and log, every body it received or sent inside TLS, and the locked laptops are searched for %d canaries.", len(p.story.Canaries)); err != nil {
		return err
	}
	hidden, err := p.scan(p.path("hub"), p.path("hub.log"), p.path("bodies"), p.path("laptops"))
	if err != nil {
		return err
	}
	p.outcome.CanariesSearched = len(p.story.Markers())
	p.outcome.CanariesFound = len(hidden.Found())
	for m, places := range hidden.Found() {
		if err := p.say("  FOUND canary %.4s… at %v", m, places); err != nil {
			return err
		}
	}
	open, err := p.scan(p.path("exports"))
	if err != nil {
		return err
	}
	p.outcome.ControlFound = len(open.Found())
	for _, m := range open.Missing() {
		for _, c := range p.story.Canaries {
			if c.Marker == m {
				if err := p.say("  control: not in any export: a canary of %s %s in %s", c.Form, c.Field, c.Compartment); err != nil {
					return err
				}
			}
		}
	}
	return p.plant()
}

// scan searches files and folders for all canaries.
func (p *play) scan(paths ...string) (*canary.Searcher, error) {
	var options []canary.Option
	for _, name := range p.source.Names() {
		b, err := p.source.Bundle(name)
		if err != nil {
			return nil, err
		}
		for _, d := range b.Dictionaries() {
			options = append(options, canary.WithDictionary(d))
		}
	}
	s, err := canary.New(p.story.Markers(), options...)
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		if err := s.ScanTree(path); err != nil {
			return nil, err
		}
	}
	return s, nil
}
