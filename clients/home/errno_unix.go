//go:build unix

package home

import "syscall"

const (
	errReadOnly = syscall.EROFS
	errNoSpace  = syscall.ENOSPC
)
