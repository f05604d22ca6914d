package hubhttp

import (
	"net"
	"net/http"
	"net/netip"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"escale/sync/wire"
)

// Operators returns the three routes for who runs the machine: healthz (the process answers), readyz (the hub can take
// pushes), metrics. They take no key, so they are no part of the exchange's handler, and are to be served on a loopback
// address of their own: there a reverse proxy in front of the exchange never opens them to the world by mistake.
// Requests from elsewhere, and requests that a web page made a browser send, are refused all the same.
func Operators(h Operated, m *Metrics) http.Handler {
	metrics := promhttp.HandlerFor(m.gathering(h), promhttp.HandlerOpts{MaxRequestsInFlight: 2, DisableCompression: true})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !local(r) || r.Method != http.MethodGet {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		switch r.RequestURI {
		case wire.PathHealth:
			say(w, http.StatusOK, "ok\n")
		case wire.PathReady:
			if err := h.Ready(r.Context()); err != nil {
				say(w, http.StatusServiceUnavailable, problemOf(err).Detail+"\n")
				return
			}
			say(w, http.StatusOK, "ready\n")
		case wire.PathMetrics:
			metrics.ServeHTTP(w, r)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	if _, err := w.Write([]byte(text)); err != nil {
		return // who asked is gone
	}
}

// local reports whether a request comes from this machine and names it by address or as localhost.
func local(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !from.Addr().Unmap().IsLoopback() {
		return false
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
