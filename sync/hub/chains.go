package hub

import (
	"fmt"

	"escale/schema"
	"escale/sync/admit"
)

// chains answers how stored change-sets follow one another. It lives for one transaction and remembers the branches of
// the streams that were asked about: a stream has one, save where a laptop was cloned.
type chains struct {
	tx    Tx
	lines map[int64][]Branch
	cuts  map[schema.Hash][]schema.Hash
}

// maxLines bounds what one transaction remembers.
const maxLines = 4096

func (c *chains) branches(stream int64) ([]Branch, error) {
	if have, ok := c.lines[stream]; ok {
		return have, nil
	}
	lines, err := c.tx.Branches(stream)
	if err != nil {
		return nil, err
	}
	if c.lines == nil || len(c.lines) >= maxLines {
		c.lines = map[int64][]Branch{}
	}
	c.lines[stream] = lines
	return lines, nil
}

func (c *chains) put(stream int64, number uint32, b Branch) error {
	lines, err := c.branches(stream)
	if err != nil {
		return err
	}
	switch {
	case int(number) < len(lines):
		lines[number] = b
	case int(number) == len(lines):
		c.lines[stream] = append(lines, b)
	default:
		return fmt.Errorf("%w: branch %d after %d", errChain, number, len(lines))
	}
	return c.tx.PutBranch(stream, number, b)
}

// follows reports whether later is the same change-set as earlier or comes after it on the same branch.
func (c *chains) follows(later, earlier At) (bool, error) {
	if later.Stream != earlier.Stream || earlier.Seq > later.Seq {
		return false, nil
	}
	if later.Branch == earlier.Branch {
		return true, nil
	}
	lines, err := c.branches(later.Stream)
	if err != nil {
		return false, err
	}
	at, upTo := later.Branch, later.Seq
	for at != earlier.Branch {
		if int(at) >= len(lines) {
			return false, fmt.Errorf("%w: no branch %d", errChain, at)
		}
		b := lines[at]
		if b.Parent == at {
			return false, nil
		}
		at, upTo = b.Parent, b.From
	}
	return earlier.Seq <= upTo, nil
}

// Covers reports whether set is the head or comes before it on the same branch. Neither must be here: a change-set that
// is just arriving is covered by a stored head only if it is that head.
func (c *chains) Covers(head, set schema.Hash) (bool, error) {
	if head == set {
		return true, nil
	}
	h, found, err := c.tx.FindSet(head)
	if err != nil || !found {
		return false, err
	}
	s, found, err := c.tx.FindSet(set)
	if err != nil || !found {
		return false, err
	}
	return c.follows(h.At, s.At)
}

// Cut returns the heads of a cut, if it lies here.
func (c *chains) Cut(name schema.Hash) ([]schema.Hash, bool, error) {
	if have, ok := c.cuts[name]; ok {
		return have, true, nil
	}
	blob, found, err := c.tx.Blob(name)
	if err != nil || !found {
		return nil, false, err
	}
	tips, err := admit.ParseCut(blob)
	if err != nil {
		return nil, false, fmt.Errorf("cut %s: %w", name, err)
	}
	heads := make([]schema.Hash, len(tips))
	for i, t := range tips {
		heads[i] = t.Set
	}
	if c.cuts == nil || len(c.cuts) >= maxCuts {
		c.cuts = map[schema.Hash][]schema.Hash{}
	}
	c.cuts[name] = heads
	return heads, true, nil
}

// maxCuts bounds how many cuts one transaction remembers.
const maxCuts = 8
