package web_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"escale/clients/orgtest"
	"escale/clients/text"
)

func worker(t *testing.T) *orgtest.Laptop {
	t.Helper()
	o := orgtest.New(t, "calais")
	l := o.Ask("calais-1", "social_worker", "calais")
	o.ApproveAll()
	l.Sync()
	l.Sync()
	return l
}

// TestForeignRequestsAreRefused: by the name of the host, the page that asks, the token and the cookie.
func TestForeignRequestsAreRefused(t *testing.T) {
	b := unlocked(t, worker(t), text.English)
	token := csrf.FindStringSubmatch(b.page)[1]
	whole := func() *http.Request { return b.request("/search", url.Values{"csrf": {token}, "query": {"Nour"}}) }
	for name, alter := range map[string]func(*http.Request){
		"foreign name":         func(r *http.Request) { r.Host = "evil.example:" + strings.Split(b.host(), ":")[1] },
		"localhost":            func(r *http.Request) { r.Host = "localhost:" + strings.Split(b.host(), ":")[1] },
		"other port":           func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"other site":           func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"foreign origin":       func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") },
		"no origin":            func(r *http.Request) { r.Header.Del("Origin"); r.Header.Del("Sec-Fetch-Site") },
		"origin without proof": func(r *http.Request) { r.Header.Del("Sec-Fetch-Site") },
		"no token":             func(r *http.Request) { *r = *b.request("/search", url.Values{"query": {"Nour"}}) },
		"wrong token":          func(r *http.Request) { *r = *b.request("/search", url.Values{"csrf": {strings.Repeat("0", 32)}}) },
	} {
		r := whole()
		alter(r)
		b.do(r)
		if b.status != http.StatusForbidden && b.status != http.StatusMisdirectedRequest {
			t.Errorf("%s: status %d", name, b.status)
		}
		if strings.Contains(b.page, "<html") {
			t.Errorf("%s: a page was shown", name)
		}
	}
	b.do(whole())
	b.wants(http.StatusOK)

	jar, err := cookiejar.New(nil)
	orgtest.OK(t, err)
	b.client.Jar = jar
	b.do(whole())
	b.wants(http.StatusForbidden)
	b.visit("/")
	b.wants(http.StatusForbidden)
	b.visit(b.entry) // it was used
	b.wants(http.StatusForbidden)
}

// TestTheCookieIsForNobodyElse: not for scripts, not for other sites, and not for the other ports of 127.0.0.1.
func TestTheCookieIsForNobodyElse(t *testing.T) {
	b := open(t, worker(t), text.English)
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	b.visit(b.entry)
	b.wants(http.StatusSeeOther)
	set := b.header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Strict", "Path=/" + strings.Split(b.base, "/")[3] + "/"} {
		if !strings.Contains(set, want) {
			t.Errorf("no %s in the cookie", want)
		}
	}
}

func TestItLocksByItself(t *testing.T) {
	b := unlocked(t, worker(t), text.English)
	*b.now = b.now.Add(9 * time.Minute)
	b.visit("/records")
	b.wants(http.StatusOK, say("en", text.RecordListNone))
	*b.now = b.now.Add(10 * time.Minute)
	b.visit("/records")
	b.wants(http.StatusOK, say("en", text.PagePassphrase))
	if b.laptop.locked != 1 {
		t.Errorf("locked %d times", b.laptop.locked)
	}
	b.post("/unlock", "member", "1", "passphrase", "not this one")
	b.wants(http.StatusOK, say("en", text.PagePassphrase), "wrong passphrase")
	b.post("/unlock", "member", "1", "passphrase", passphrase)
	b.post("/lock")
	b.wants(http.StatusOK, say("en", text.PagePassphrase))
	if b.laptop.locked != 2 {
		t.Errorf("locked %d times", b.laptop.locked)
	}
}
