package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"escale/clients/home"
	"escale/clients/text"
	"escale/crypto/vault"
	"escale/store/audit"
)

func (p *program) lockCommand() *cobra.Command {
	return p.leaf("lock", "", cobra.NoArgs, p.unlocked(func(ctx context.Context, s *session, _ []string) error {
		if err := s.prof.CloseOpenSets(ctx); err != nil {
			return err
		}
		if err := s.prof.Forget(ctx); err != nil {
			return err
		}
		if err := s.record(audit.Entry{Kind: audit.Lock}); err != nil {
			return err
		}
		return s.print(map[string]any{"locked": true}, func(w *page) { w.s(text.LaptopLockDone) })
	}))
}

func (p *program) passwdCommand() *cobra.Command {
	var file string
	c := p.leaf("passwd", "[--new-passphrase-file FILE]", cobra.NoArgs, func(ctx context.Context, _ []string) (err error) {
		old, err := p.passphrase()
		if err != nil {
			return err
		}
		defer old.Wipe()
		s, err := p.unlockWith(ctx, old)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.close(ctx)) }()
		return s.changePassphrase(old, file)
	})
	c.Flags().StringVar(&file, "new-passphrase-file", "", p.say.S(text.FlagNewPassphraseFile))
	return c
}

func (s *session) changePassphrase(old vault.Secret, file string) error {
	fresh, err := s.newPassphrase(file, false)
	if err != nil {
		return err
	}
	defer fresh.Wipe()
	err = s.home.ChangePassphrase(s.n, old, fresh)
	if err != nil && !errors.Is(err, vault.ErrOldRemains) {
		return err
	}
	if err := errors.Join(err, s.record(audit.Entry{Kind: audit.Passphrase})); err != nil {
		return err
	}
	return s.print(map[string]any{"changed": true}, func(w *page) { w.s(text.LaptopPasswdDone) })
}

// wipeCommand needs no passphrase: who has to wipe in a hurry may not have it.
func (p *program) wipeCommand() *cobra.Command {
	var yes bool
	c := p.leaf("wipe", "[--yes]", cobra.NoArgs, func(context.Context, []string) error {
		h, err := p.openHome()
		if err != nil {
			return err
		}
		n, err := p.number(h)
		if err != nil {
			return err
		}
		others, err := otherProfiles(h, n)
		if err != nil {
			return err
		}
		if p.profile == 0 && len(others) > 0 {
			return missing("--profile") // whose keys go is never guessed
		}
		if err := p.free(h, n); err == nil {
			return home.ErrNoProfile
		}
		if err := p.confirmWipe(yes); err != nil {
			return err
		}
		if err := h.Wipe(n); err != nil {
			return err
		}
		return p.print(map[string]any{"wiped": true, "profile": n, "profiles_left": others}, func(w *page) { showWiped(w, others) })
	})
	c.Flags().BoolVar(&yes, "yes", false, p.say.S(text.FlagYes))
	return c
}

func otherProfiles(h *home.Home, n int) ([]int, error) {
	all, err := h.Profiles()
	return slices.DeleteFunc(append([]int{}, all...), func(one int) bool { return one == n }), err
}

func showWiped(w *page, others []int) {
	if len(others) == 0 {
		w.s(text.LaptopWipeDone)
		return
	}
	var names []string
	for _, n := range others {
		names = append(names, strconv.Itoa(n))
	}
	w.s(text.LaptopWipeOthers, "profiles", strings.Join(names, ", "))
}

func (p *program) confirmWipe(yes bool) error {
	if yes {
		return nil
	}
	word := p.say.S(text.PromptWipeWord)
	answer, err := p.term.Line(p.say.S(text.PromptWipe, "word", word))
	if err != nil {
		return err
	}
	if !strings.EqualFold(answer, word) {
		return errStopped
	}
	return nil
}
