//go:build linux || darwin

package hubsqlite

import "golang.org/x/sys/unix"

// room asks for what is left to who is not the superuser.
func room(dir string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}
