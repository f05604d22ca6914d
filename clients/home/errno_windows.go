package home

import "golang.org/x/sys/windows"

const (
	errReadOnly = windows.ERROR_WRITE_PROTECT
	errNoSpace  = windows.ERROR_DISK_FULL
)
