package killtest_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// inside names the folder of small disks for the copy of this test that runs in namespaces of its own.
const inside = "ESCALE_SMALL_DISKS"

// sizes of the small disks, in MiB.
const laptopDisk, hubDisk = 8, 40

// TestFullDisk plays a laptop and a hub whose disks fill up. The disks are file systems in memory, mounted in namespaces that
// only this test sees; they need no right that a user of an ordinary Linux lacks.
func TestFullDisk(t *testing.T) {
	if root := os.Getenv(inside); root != "" {
		fullDisks(t, root)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
	cmd.Env = append(os.Environ(), inside+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}}
	out, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatalf("this machine lets no user mount a small disk (user namespaces are off): %v", err)
	}
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}

// disk is a small file system.
type disk struct {
	t   *testing.T
	dir string
}

func mount(t *testing.T, dir string, mib int) disk {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("none", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", mib)); err != nil {
		t.Fatalf("mount a small disk: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return disk{t, dir}
}

func (d disk) ballast() string { return filepath.Join(d.dir, "somebody's films") }

// fill leaves no room but so many bytes.
func (d disk) fill(left int64) {
	d.t.Helper()
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.dir, &s); err != nil {
		d.t.Fatal(err)
	}
	f, err := os.OpenFile(d.ballast(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	if room := int64(s.Bavail)*s.Bsize - left; room > 0 {
		if _, err := f.Write(make([]byte, room)); err != nil && !errors.Is(err, syscall.ENOSPC) {
			d.t.Fatal(err)
		}
	}
}

// free makes room again.
func (d disk) free() {
	d.t.Helper()
	if err := os.Remove(d.ballast()); err != nil {
		d.t.Fatal(err)
	}
}

func fullDisks(t *testing.T, root string) {
	bin := programs(t)
	laptop := mount(t, filepath.Join(root, "ana"), laptopDisk)
	hub := mount(t, filepath.Join(root, "hub"), hubDisk)
	place := func(who string) string {
		dir := filepath.Join(root, who)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	s := newStage(t, bin, rand.New(rand.NewPCG(1, 0)), place)
	p := &play{stage: s, ids: map[string]string{}}
	t.Run("laptop", func(t *testing.T) { s.t = t; p.fullLaptop(laptop) })
	t.Run("hub", func(t *testing.T) { s.t = t; p.fullHub(hub) })
}

// fullLaptop fills a laptop's disk while its member captures.
func (p *play) fullLaptop(d disk) {
	p.more("ana")
	lines, ack, args := p.file("ana", 400)
	d.fill(384 << 10)
	r := p.exits(failed, nil, "ana", args...)
	if !strings.Contains(r.stderr, "disk of this laptop is full") {
		p.t.Fatalf("the full disk is not named: %s", r.stderr)
	}
	n, _, err := acks(ack, lines)
	p.ok(err)
	if n == 0 || n == len(lines) {
		p.t.Fatalf("%d of %d lines were acknowledged before the disk was full", n, len(lines))
	}
	p.t.Logf("the disk was full after %d lines", n)
	d.fill(0)
	p.readFull()
	d.free()
	p.verify("ana")
	p.look("there is room again", "ana", p.of("ana"), acked)
	p.finish("ana", lines, ack, args)
	p.agree("ana", "ben")
	p.look("there is room again", "ben", p.saves, always)
	p.nothingElse("ben")
}

// readFull reads on a disk without a byte of room, with change-sets left open that cannot be closed.
func (p *play) readFull() {
	p.t.Helper()
	var list struct{ Records []struct{ ID string } }
	r := p.exits(done, &list, "ana", "record", "list")
	if !strings.Contains(r.stderr, "nothing new can be saved") {
		p.t.Fatalf("a disk without room is not named: %s", r.stderr)
	}
	if len(list.Records) == 0 {
		p.t.Fatal("nothing can be read")
	}
	p.verify("ana")
	p.look("without room", "ana", p.of("ana"), acked)
	var refused struct{ Error struct{ Code string } }
	p.exits(failed, &refused, "ana", "record", "edit", list.Records[0].ID, "--set", "household=alone")
	if refused.Error.Code != "disk_full" {
		p.t.Fatalf("an edit without room is refused as %q", refused.Error.Code)
	}
}

// fullHub fills the hub's disk while a laptop pushes.
func (p *play) fullHub(d disk) {
	p.more("ana")
	p.agree("ana")
	p.ready(true)
	d.fill(0)
	p.ready(false)
	p.refusedByFullHub()
	p.must(nil, "ben", "sync") // what is there still goes out
	p.look("the hub is full", "ben", p.of("ana")[:len(p.of("ana"))-p.unsent], always)
	d.free()
	p.ready(true)
	p.agree("ana", "ben")
	p.look("the hub has room again", "ben", p.saves, always)
	p.stopHub()
	p.verifyHub()
}

// refusedByFullHub writes and pushes until the hub has no page left.
func (p *play) refusedByFullHub() {
	p.t.Helper()
	for range 20 {
		lines, ack, args := p.file("ana", 100)
		p.finish("ana", lines, ack, args)
		r := p.run("ana", nil, "sync")
		if r.code == done {
			continue
		}
		p.unsent = len(lines)
		var refused struct{ Error struct{ Code string } }
		p.ok(r.into(&refused))
		if r.code != failed || refused.Error.Code != "hub_full" {
			p.t.Fatalf("a push to a full hub: exit code %d, %s", r.code, r.stdout)
		}
		return
	}
	p.t.Fatal("the hub never was full")
}

// ready asks the hub as whoever watches over it does.
func (p *play) ready(want bool) {
	p.t.Helper()
	reply, err := http.Get("http://" + p.hub.ops + "/readyz")
	p.ok(err)
	p.ok(reply.Body.Close())
	if got := reply.StatusCode == http.StatusOK; got != want {
		p.t.Fatalf("readyz answers %d", reply.StatusCode)
	}
}
