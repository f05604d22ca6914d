package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"escale/clients/field"
	"escale/clients/profile"
	"escale/clients/text"
	"escale/crypto/ledger"
	"escale/schema"
)

type deviceDoc struct {
	Device  schema.Device `json:"device"`
	Member  schema.Member `json:"member"`
	Code    string        `json:"code"` // stands for the member in records
	Role    string        `json:"role"`
	Sites   []string      `json:"sites"`
	Name    string        `json:"name,omitempty"` // from the roster, which officers read
	Officer bool          `json:"officer"`
	Self    bool          `json:"self"`
	Revoked bool          `json:"revoked"`
}

func (p *program) devicesCommand() *cobra.Command {
	return p.leaf("org devices", "", cobra.NoArgs, p.unlocked(func(ctx context.Context, s *session, _ []string) error {
		if s.prof.Log() == nil {
			return profile.ErrNotEnrolled
		}
		docs, err := s.devices(ctx)
		if err != nil {
			return err
		}
		return s.print(map[string]any{"devices": docs}, func(w *page) { s.showDevices(w, docs) })
	}))
}

func (s *session) devices(ctx context.Context) ([]deviceDoc, error) {
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	state := s.prof.Log().State()
	out := []deviceDoc{}
	for _, d := range state.Devices() {
		terms := d.Now()
		out = append(out, deviceDoc{Device: d.ID, Member: d.Member, Code: field.MemberCode(d.Member), Role: terms.Role, Sites: s.siteCodes(terms.Sites),
			Name: names[d.Member.String()], Officer: state.IsOfficersDevice(d.ID), Self: d.ID == s.prof.Keys.Device, Revoked: d.RevokedAt > 0})
	}
	return out, nil
}

// names reads the roster, where this laptop can.
func (s *session) names(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	roster, ok := s.prof.ScopeSetting(profile.SettingRoster)
	if !ok {
		return out, nil
	}
	err := s.prof.Facts(ctx, roster, func(form string, f map[string]string) error {
		if form == profile.FormMember {
			out[f["member"]] = f["name"]
		}
		return nil
	})
	return out, err
}

func (s *session) siteCodes(ids []ledger.Site) []string {
	out := []string{}
	for code, id := range s.prof.Directory().Sites {
		if slices.Contains(ids, id) {
			out = append(out, code)
		}
	}
	slices.Sort(out)
	return out
}

func (s *session) showDevices(w *page, docs []deviceDoc) {
	var rows [][]string
	for _, d := range docs {
		state := text.StateEnrolled
		if d.Revoked {
			state = text.StateRevoked
		}
		rows = append(rows, []string{d.Device.String(), d.Code, s.roleLabel(d.Role), strings.Join(d.Sites, ", "), d.Name, s.say.S(state)})
	}
	w.table([]text.Key{text.TableDevice, text.TableMember, text.TableRole, text.TableSites, text.TableName, text.TableState}, rows)
}
