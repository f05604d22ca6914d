package main

import (
	"context"
	"errors"
	"slices"

	"escale/clients/profile"
	"escale/clients/text"
	"escale/sync/replica"
)

// goneDoc says what became of a laptop that officers revoked.
type goneDoc struct {
	State      string `json:"state"`       // revoked
	HandedOver int    `json:"handed_over"` // change-sets that the hub took in this exchange, sealed, and set aside
	Left       int    `json:"not_handed_over"`
	LeftAt     string `json:"left_at,omitempty"` // where these lie, sealed
	Wiped      bool   `json:"wiped"`
}

// stands refuses what a laptop may not do while it is locked for a reason of the organisation's.
func (s *session) stands() error {
	err := s.prof.Standing()
	if err == nil || slices.Contains(stillAllowed(), s.command) {
		return nil
	}
	return withDate(err)
}

// stillAllowed are the commands by which a locked laptop gets into contact, and by which a person sees where it stands.
func stillAllowed() []string {
	return []string{"escale sync", "escale status", "escale lock", "escale join", "escale audit show", "escale audit verify"}
}

// withDate adds since when a laptop is locked.
func withDate(err error) error {
	var l *profile.LockedError
	if errors.As(err, &l) {
		return about(err, "date", l.Since.Local())
	}
	return err
}

// farewell ends the exchange of a laptop that was revoked: whatever it had left is handed over by now, or was refused.
func (s *session) farewell(ctx context.Context, rep *replica.Report, err error) error {
	if !errors.Is(s.prof.Standing(), profile.ErrRevoked) {
		return err
	}
	if err != nil && !errors.Is(err, replica.ErrRefused) {
		return err // the line broke: the next contact goes on
	}
	left, unsentErr := s.prof.Unsent(ctx)
	if unsentErr != nil {
		return unsentErr
	}
	s.gone = &goneDoc{State: "revoked", HandedOver: rep.Pushed + rep.Quarantined, Left: len(left)}
	return profile.ErrRevoked
}

// leave wipes a revoked laptop once it is locked. What it could not hand over stays, sealed to those who may read it.
func (s *session) leave(err error) error {
	if s.gone == nil {
		return err
	}
	if err != nil && !errors.Is(err, profile.ErrRevoked) {
		return err
	}
	var wipeErr error
	if s.gone.Left > 0 {
		s.gone.LeftAt, wipeErr = s.home.Retire(s.n)
	} else {
		wipeErr = s.home.Wipe(s.n)
	}
	if wipeErr != nil {
		return wipeErr
	}
	s.gone.Wiped = true
	if err := s.print(s.gone, func(w *page) { showGone(w, s.gone) }); err != nil {
		return err
	}
	return &toldError{exitLocked}
}

func showGone(w *page, doc *goneDoc) {
	w.s(text.GoneRevoked)
	w.n(text.GoneHandedOver, doc.HandedOver)
	if doc.Left > 0 {
		w.n(text.GoneLeft, doc.Left)
		w.s(text.GoneLeftAt, "folder", doc.LeftAt)
	}
	w.s(text.GoneWiped)
}
