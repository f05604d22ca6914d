package hubsqlite

import "golang.org/x/sys/windows"

func room(dir string) (n uint64, err error) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	return n, windows.GetDiskFreeSpaceEx(path, &n, nil, nil)
}
