package web

import (
	"crypto/subtle"
	"net/http"
	"strings"

	"escale/clients/text"
	"escale/schema/form"
)

const (
	cookieName = "escale"
	csrfName   = "csrf"
	maxBody    = 2 * form.MaxJSON // a form's answers, percent-encoded
)

// protect sets what every answer carries, the refusals included.
func protect(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
}

// ServeHTTP lets through what this laptop's own browser asks, and answers it one request after the other: a profile serves
// one at a time.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	protect(w.Header())
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.Host != s.host: // a foreign name that was made to point here
		s.refuse(w, http.StatusMisdirectedRequest)
	case r.Method == http.MethodGet && s.entering(r):
		s.enter(w, r)
	case !sameSite(r) || !s.known(r):
		s.refuse(w, http.StatusForbidden)
	case r.Method == http.MethodPost && !s.posted(w, r):
		s.refuse(w, http.StatusForbidden)
	default:
		s.serve(w, r)
	}
}

// sameSite refuses what another page, also one of another port here, made the browser ask. An older browser says nothing;
// then cookie, origin and token have to do.
func sameSite(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "" || site == "same-origin" || site == "none"
}

// known reports whether the browser shows the cookie.
func (s *Server) known(r *http.Request) bool {
	c, err := r.Cookie(cookieName)
	return err == nil && s.cookie != "" && same(c.Value, s.cookie) && strings.HasPrefix(r.URL.Path, s.base+"/")
}

// posted reports whether a form was sent by one of our own pages. Under Referrer-Policy no-referrer, browsers send the
// origin "null" also for their own pages; then they must say themselves that it was the same one.
func (s *Server) posted(w http.ResponseWriter, r *http.Request) bool {
	origin, site := r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site")
	own := origin == "http://"+s.host || (origin == "null" || origin == "") && site == "same-origin"
	if !own {
		return false
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	return r.ParseForm() == nil && same(r.PostForm.Get(csrfName), s.csrf)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// entering recognises the one-time address.
func (s *Server) entering(r *http.Request) bool {
	return s.token != "" && same(r.URL.Path, s.base+"/enter/"+s.token)
}

// enter turns the one-time address into a cookie. The address is worth nothing from then on.
func (s *Server) enter(w http.ResponseWriter, r *http.Request) {
	s.token = ""
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: s.cookie, Path: s.base + "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, s.base+"/", http.StatusSeeOther)
}

// refuse says no, in the language of the terminal.
func (s *Server) refuse(w http.ResponseWriter, status int) {
	http.Error(w, s.say.S(text.PageRefused), status)
}
