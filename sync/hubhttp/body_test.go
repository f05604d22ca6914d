package hubhttp_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"escale/schema"
	"escale/sync/hubhttp"
	"escale/sync/wire"
)

// frames returns the body of a push of one change-set: an opening and n data frames of full size.
func frames(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	size := n * (schema.MaxFrame - 3)
	if err := wire.WriteSet(&b, wire.Opening{Total: uint64(size)}, make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// begin sends the header of a push and a part of its chunked body, and leaves the connection open.
func (r *rig) begin(t *testing.T, part []byte) *tls.Conn {
	t.Helper()
	c, err := tls.Dial("tcp", r.addr, r.config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	head := "POST " + wire.PathPush + " HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\n"
	if _, err := fmt.Fprintf(c, "%s%x\r\n%s\r\n", head, len(part), part); err != nil {
		t.Fatal(err)
	}
	return c
}

func (r *rig) whole(t *testing.T) int {
	t.Helper()
	select {
	case n := <-r.hub.pushed:
		return n
	case <-time.After(30 * time.Second):
		t.Fatal("the push did not end")
		return 0
	}
}

func TestCutKeepsWholeFrames(t *testing.T) {
	r := newRig(t, hubhttp.Options{})
	b := frames(t, 5)
	c := r.begin(t, b[:len(b)-schema.MaxFrame/2])
	c.NetConn().Close()
	if n := r.whole(t); n != 1+4 {
		t.Fatalf("%d whole frames under a living context, want 5", n)
	}
}

func TestStalledPushEndsAndKeepsWholeFrames(t *testing.T) {
	r := newRig(t, hubhttp.Options{Stall: 200 * time.Millisecond})
	b := frames(t, 3)
	r.begin(t, b[:len(b)-1])
	if n := r.whole(t); n != 1+2 {
		t.Fatalf("%d whole frames, want 3", n)
	}
}

func TestTricklingPushEnds(t *testing.T) {
	r := newRig(t, hubhttp.Options{Stall: time.Minute, Window: 500 * time.Millisecond, WindowBytes: 64 << 10})
	c := r.begin(t, append(frames(t, 1), 'D', 4, 0))
	go func() {
		for range 1000 {
			if _, err := io.WriteString(c, "1\r\n0\r\n"); err != nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	if n := r.whole(t); n < 2 {
		t.Fatalf("%d whole frames, want at least 2", n)
	}
}

func TestOversizePush(t *testing.T) {
	r := newRig(t, hubhttp.Options{})
	b := bytes.Repeat(frames(t, 200), wire.MaxPush/(200*schema.MaxFrame)+1)
	if len(b) <= wire.MaxPush {
		t.Fatalf("only %d bytes", len(b))
	}
	status, reply := r.post(t, r.known, wire.PathPush, io.MultiReader(bytes.NewReader(b))) // length not declared
	if p := problem(t, reply); status != http.StatusRequestEntityTooLarge || !strings.Contains(p.Detail, fmt.Sprint(wire.MaxPush)) {
		t.Fatalf("%d %+v", status, p)
	}
	if n := r.whole(t); n < wire.MaxPush/schema.MaxFrame-10 {
		t.Fatalf("only %d whole frames were kept", n)
	}
}

func TestSlowClientHoldsUpNobody(t *testing.T) {
	r := newRig(t, hubhttp.Options{Memory: 16 << 20})
	var slow []*tls.Conn
	b := frames(t, 2)
	for range 3 {
		slow = append(slow, r.begin(t, b[:len(b)-10]))
	}
	for range 20 {
		if status, _ := r.post(t, r.known, wire.PathSync, bytes.NewReader(message(t, wire.PathSync))); status != http.StatusOK {
			t.Fatal(status)
		}
	}
	for _, c := range slow {
		if _, err := fmt.Fprintf(c, "a\r\n%s\r\n0\r\n\r\n", b[len(b)-10:]); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp, err)
		}
		resp.Body.Close()
	}
}

func TestTooManyAtOnce(t *testing.T) {
	inside, leave := make(chan struct{}, 8), make(chan struct{})
	r := newRig(t, hubhttp.Options{Memory: 4 << 20, Wait: 300 * time.Millisecond})
	r.hub.during = func() { inside <- struct{}{}; <-leave }
	done := make(chan int, 1)
	go func() {
		status, _ := r.post(t, r.known, wire.PathSync, bytes.NewReader(message(t, wire.PathSync)))
		done <- status
	}()
	<-inside
	status, b := r.post(t, r.known, wire.PathPull, bytes.NewReader(message(t, wire.PathPull)))
	if p := problem(t, b); status != http.StatusServiceUnavailable || p.Code != wire.CodeNotReady {
		t.Errorf("%d %+v", status, p)
	}
	close(leave)
	if got := <-done; got != http.StatusOK {
		t.Errorf("the first got %d", got)
	}
	if status, _ := r.post(t, r.known, wire.PathPull, bytes.NewReader(message(t, wire.PathPull))); status != http.StatusOK {
		t.Errorf("after that: %d", status)
	}
}

func TestStopLetsARunningPushFinish(t *testing.T) {
	started := make(chan struct{}, 16)
	r := newRig(t, hubhttp.Options{})
	r.hub.frame = func() { started <- struct{}{} }
	b := frames(t, 2)
	c := r.begin(t, b[:len(b)-10])
	<-started
	r.stop()
	for { // the door is closed
		probe, err := tls.Dial("tcp", r.addr, r.config)
		if err != nil {
			break
		}
		probe.Close()
	}
	if _, err := fmt.Fprintf(c, "a\r\n%s\r\n0\r\n\r\n", b[len(b)-10:]); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
	if n := r.whole(t); n != 3 {
		t.Fatalf("%d whole frames, want 3", n)
	}
}

func TestLongReplyToASlowReader(t *testing.T) {
	r := newRig(t, hubhttp.Options{Stall: time.Second})
	r.hub.blob = 12 << 20
	c, err := tls.Dial("tcp", r.addr, r.config)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	body := message(t, wire.PathGetBlobs)
	if _, err := fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: hub\r\nContent-Length: %d\r\n\r\n%s", wire.PathGetBlobs, len(body), body); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	total := 0
	buf := make([]byte, 256<<10)
	for { // takes longer than Stall as a whole, but always moves
		n, err := io.ReadFull(resp.Body, buf)
		total += n
		if err != nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if total < r.hub.blob {
		t.Fatalf("%d bytes, want more than %d", total, r.hub.blob)
	}
}

// TestSlowReaderHoldsOnlyWhatItReads: room is reserved for the largest reply, and given back when the reply is known.
func TestSlowReaderHoldsOnlyWhatItReads(t *testing.T) {
	r := newRig(t, hubhttp.Options{Memory: 64 << 20, Wait: time.Second})
	r.hub.blob = 12 << 20
	c, err := tls.Dial("tcp", r.addr, r.config)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	body := message(t, wire.PathGetBlobs)
	if _, err := fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: hub\r\nContent-Length: %d\r\n\r\n%s", wire.PathGetBlobs, len(body), body); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil { // the reply has begun, and is not read on
		t.Fatal(err)
	}
	if status, _ := r.post(t, r.known, wire.PathSync, bytes.NewReader(message(t, wire.PathSync))); status != http.StatusOK {
		t.Fatal(status)
	}
}
