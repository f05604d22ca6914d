// Recorder serves a real hub and writes every request and response body, as the hub sees them inside TLS, to a file, so
// that the demonstration can search them. Production programs have no such switch.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"escale/cmd/escale-hub/serve"
	"escale/sync/hubhttp"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "recorder:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	flags := flag.NewFlagSet("recorder", flag.ContinueOnError)
	data := flags.String("data", "", "folder of the hub")
	listen := flags.String("listen", "127.0.0.1:0", "address to serve on")
	bodies := flags.String("bodies", "", "file to which bodies are appended")
	if err := flags.Parse(args); err != nil {
		return err
	}
	tape, err := os.OpenFile(*bodies, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tape.Close()) }()
	hub, err := serve.Open(ctx, *data, serve.Options{Clock: time.Now, Rand: rand.Reader})
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(stderr, nil))
	r := &recorder{tape: tape}
	server, err := hub.Listen(ctx, serve.Addresses{Listen: *listen, Ops: serve.NoOps}, hubhttp.Options{Log: log}, r.wrap)
	if err != nil {
		return errors.Join(err, hub.Close(ctx))
	}
	if err := json.NewEncoder(stdout).Encode(map[string]string{"listen": server.Addr()}); err != nil {
		return err
	}
	err = server.Run(ctx)
	return errors.Join(err, r.err, hub.Close(context.WithoutCancel(ctx)))
}

// recorder appends bodies to a file, each as one write, so that the search sees them whole.
type recorder struct {
	mu   sync.Mutex
	tape io.Writer
	err  error
}

func (r *recorder) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		var in, out bytes.Buffer
		q.Body = &tee{ReadCloser: q.Body, copy: &in}
		defer func() { r.keep(q.URL.Path, in.Bytes(), out.Bytes()) }()
		next.ServeHTTP(&response{ResponseWriter: w, copy: &out}, q)
	})
}

func (r *recorder) keep(path string, bodies ...[]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range append([][]byte{[]byte("\n" + path + "\n")}, bodies...) {
		if _, err := r.tape.Write(b); err != nil {
			r.err = err
		}
	}
}

type tee struct {
	io.ReadCloser
	copy *bytes.Buffer
}

func (t *tee) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	t.copy.Write(p[:n])
	return n, err
}

type response struct {
	http.ResponseWriter
	copy *bytes.Buffer
}

func (w *response) Write(p []byte) (int, error) {
	w.copy.Write(p)
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the real connection.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }
