package web

import (
	"net/http"
	"strings"

	"escale/clients/text"
)

// act answers a request, or returns what went wrong.
type act func(*visit) error

// routes lists every place of the page.
func (s *Server) routes() *http.ServeMux {
	m := http.NewServeMux()
	add := func(pattern string, f act) {
		m.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			v := &visit{Server: s, w: w, r: r}
			if err := f(v); err != nil {
				v.fail(err)
			}
		})
	}
	inside := func(pattern string, f act) {
		add(pattern, func(v *visit) error {
			if v.sitting == nil {
				return v.goTo("/")
			}
			return f(v)
		})
	}
	add("GET /style/{name}", (*visit).style)
	add("POST /language", (*visit).language)
	add("POST /unlock", (*visit).unlock)
	add("GET /{$}", (*visit).home)
	add("GET /", func(*visit) error { return errGone })
	inside("POST /lock", (*visit).lockNow)
	inside("GET /sync", (*visit).standings)
	inside("POST /sync", (*visit).exchange)
	inside("POST /begin", (*visit).begin)
	inside("GET /fill/{filling}/{step}", (*visit).fill)
	inside("POST /fill/{filling}/{step}", (*visit).answer)
	inside("GET /records", (*visit).records)
	inside("POST /search", (*visit).search)
	inside("GET /record/{record}", (*visit).record)
	inside("POST /record/{record}", (*visit).change)
	inside("GET /record/{record}/history", (*visit).history)
	inside("GET /conflicts", (*visit).conflicts)
	inside("GET /decide/{decision}", (*visit).decision)
	inside("POST /decide/{decision}", (*visit).decide)
	inside("GET /blank/{form}", (*visit).blank)
	return m
}

// serve answers what was let through.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	v := &visit{Server: s, w: w, r: r}
	if err := s.lockIfIdle(r.Context()); err != nil {
		v.fail(err)
		return
	}
	s.used = s.o.Clock()
	http.StripPrefix(s.base, s.mux).ServeHTTP(w, r)
}

func (v *visit) style() error {
	if v.r.PathValue("name") != v.files.style.name {
		return errGone
	}
	v.w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, err := v.w.Write(v.files.style.content)
	return err
}

// language switches the language and shows the same place again.
func (v *visit) language() error {
	v.say = text.New(v.r.PostForm.Get("language"))
	v.Server.say = v.say
	place := v.r.PostForm.Get("place")
	if !strings.HasPrefix(place, "/") || strings.HasPrefix(place, "//") || strings.Contains(place, `\`) {
		place = "/"
	}
	return v.goTo(place)
}
