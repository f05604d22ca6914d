package web_test

import (
	"context"
	"crypto/rand"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"escale/clients/orgtest"
	"escale/clients/profile"
	"escale/clients/text"
	"escale/clients/web"
	"escale/crypto/vault"
	"escale/store/audit"
)

const passphrase = "correct horse battery"

// laptop lets the page open a laptop of a test's organisation.
type laptop struct {
	*orgtest.Laptop
	entries []audit.Entry
	locked  int
}

func (l *laptop) Members() ([]int, error) { return []int{1}, nil }
func (l *laptop) Unlock(_ context.Context, _ int, secret vault.Secret) (web.Sitting, error) {
	if string(secret.Bytes()) != passphrase {
		return nil, vault.ErrWrongPassphrase
	}
	return sitting{l}, nil
}
func (l *laptop) Tell(_ *text.Printer, err error) string { return err.Error() }

type sitting struct{ l *laptop }

func (s sitting) Profile() *profile.Profile  { return s.l.Laptop.Profile }
func (s sitting) Record(e audit.Entry) error { s.l.entries = append(s.l.entries, e); return nil }
func (s sitting) Lock(context.Context) error { s.l.locked++; return nil }
func (s sitting) Exchange(ctx context.Context, say *text.Printer) ([]string, error) {
	rep := s.l.Sync()
	if !rep.Synced {
		return []string{say.N(text.SyncDiverged, len(rep.Differ))}, nil
	}
	return []string{say.S(text.SyncSynced)}, s.Profile().Agreed(ctx, rep.HubTime)
}

// browser is one that opened the page, over real HTTP.
type browser struct {
	t      *testing.T
	client *http.Client
	entry  string // the one-time address
	base   string // of all pages
	at     string // the address shown
	page   string
	status int
	header http.Header
	places []string // every address that was visited
	now    *time.Time
	laptop *laptop
}

func open(t *testing.T, l *orgtest.Laptop, lang string) *browser {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	orgtest.OK(t, err)
	now := time.Now()
	b := &browser{t: t, now: &now, laptop: &laptop{Laptop: l}}
	s, err := web.New(listener.Addr(), web.Options{Laptop: b.laptop, Clock: func() time.Time { return *b.now }, Rand: rand.Reader, Language: lang, Idle: 10 * time.Minute})
	orgtest.OK(t, err)
	server := httptest.NewUnstartedServer(s)
	orgtest.OK(t, server.Listener.Close())
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	b.entry = s.Entry()
	b.base, _, _ = strings.Cut(b.entry, "/enter/")
	jar, err := cookiejar.New(nil)
	orgtest.OK(t, err)
	b.client = &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		b.places = append(b.places, r.URL.String())
		return nil
	}}
	return b
}

// unlocked opens the page and unlocks it.
func unlocked(t *testing.T, l *orgtest.Laptop, lang string) *browser {
	t.Helper()
	b := open(t, l, lang)
	b.visit(b.entry)
	b.post("/unlock", "member", "1", "passphrase", passphrase)
	b.wants(http.StatusOK, `action="`+strings.TrimPrefix(b.base, "http://"+b.host())+`/lock"`)
	return b
}

func (b *browser) host() string { u, _ := url.Parse(b.entry); return u.Host }

func (b *browser) do(r *http.Request) {
	b.t.Helper()
	b.places = append(b.places, r.URL.String())
	resp, err := b.client.Do(r)
	orgtest.OK(b.t, err)
	body, err := io.ReadAll(resp.Body)
	orgtest.OK(b.t, err)
	orgtest.OK(b.t, resp.Body.Close())
	b.page, b.status, b.header, b.at = string(body), resp.StatusCode, resp.Header, resp.Request.URL.String()
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"} {
		if got := b.header.Get(name); got != want {
			b.t.Errorf("%s %s: %s is %q", r.Method, r.URL.Path, name, got)
		}
	}
	if csp := b.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'self';") || strings.Contains(csp, "unsafe") {
		b.t.Errorf("%s: policy %q", r.URL.Path, csp)
	}
}

// visit follows an address; a path is one of the page's own.
func (b *browser) visit(at string) {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.address(at), nil)
	orgtest.OK(b.t, err)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	b.do(r)
}

func (b *browser) address(at string) string {
	if strings.HasPrefix(at, "http") {
		return at
	}
	return b.base + at
}

var csrf = regexp.MustCompile(`name="csrf" value="([0-9a-f]+)"`)

// post sends a form as a browser does under Referrer-Policy no-referrer, with the token of the page shown.
func (b *browser) post(at string, pairs ...string) {
	b.t.Helper()
	token := csrf.FindStringSubmatch(b.page)
	if token == nil {
		b.t.Fatalf("no form on %s (%d): %s", b.at, b.status, b.page)
	}
	v := url.Values{"csrf": {token[1]}}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	b.do(b.request(at, v))
}

func (b *browser) request(at string, v url.Values) *http.Request {
	r, err := http.NewRequest(http.MethodPost, b.address(at), strings.NewReader(v.Encode()))
	orgtest.OK(b.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "null")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

// path is the address shown, as the page's own.
func (b *browser) path() string { return strings.TrimPrefix(b.at, b.base) }

var shown = regexp.MustCompile(`name="shown" value="([^"]+)"`)
var preset = regexp.MustCompile(`<input id="q\d+" name="answer:([^"]+)" value="([^"]*)"`)
var checked = regexp.MustCompile(`name="answer:([^"]+)" value="([^"]*)" checked`)

// answer fills in the page of a form that is shown: what stands there already, with answers by the names of fields.
func (b *browser) answer(button string, answers map[string]string) {
	b.t.Helper()
	pairs := []string{"go", button}
	kept := append(preset.FindAllStringSubmatch(b.page, -1), checked.FindAllStringSubmatch(b.page, -1)...)
	for _, m := range shown.FindAllStringSubmatch(b.page, -1) {
		key := html.UnescapeString(m[1])
		pairs = append(pairs, "shown", key)
		name := key[strings.LastIndexByte(key, '/')+1:]
		if value, ok := answers[name]; ok {
			for one := range strings.SplitSeq(value, "|") {
				pairs = append(pairs, "answer:"+key, one)
			}
			continue
		}
		for _, k := range kept {
			if k[1] == m[1] {
				pairs = append(pairs, "answer:"+key, html.UnescapeString(k[2]))
			}
		}
	}
	b.post(b.path(), pairs...)
}

// wants checks status and words of the page shown.
func (b *browser) wants(status int, words ...string) {
	b.t.Helper()
	if b.status != status {
		b.t.Fatalf("%s: status %d, want %d: %s", b.at, b.status, status, b.page)
	}
	for _, w := range words {
		if !strings.Contains(b.page, w) {
			b.t.Fatalf("%s lacks %q:\n%s", b.at, w, b.page)
		}
	}
}

// button returns what a button sends by its label.
func (b *browser) button(name, label string) string {
	b.t.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]+)">` + regexp.QuoteMeta(html.EscapeString(label)) + `</button>`).FindStringSubmatch(b.page)
	if m == nil {
		b.t.Fatalf("no button %q on %s:\n%s", label, b.at, b.page)
	}
	return html.UnescapeString(m[1])
}

// link returns where a link leads, by a piece of its address.
func (b *browser) link(piece string) string {
	b.t.Helper()
	m := regexp.MustCompile(`href="[^"]*?(` + piece + `[^"]*)"`).FindStringSubmatch(b.page)
	if m == nil {
		b.t.Fatalf("no link to %s on %s:\n%s", piece, b.at, b.page)
	}
	return html.UnescapeString(m[1])
}

func say(lang string, key text.Key, args ...any) string {
	return html.EscapeString(text.New(lang).S(key, args...))
}
