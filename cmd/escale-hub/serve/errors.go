package serve

import "errors"

// Errors that an operator is told in a sentence.
var (
	ErrExists   = errors.New("there is a hub in the folder already")
	ErrMissing  = errors.New("there is no hub in the folder")
	ErrInUse    = errors.New("another process uses the folder")
	ErrNotEmpty = errors.New("the folder is not empty")
	ErrKeyFile  = errors.New("the key file is damaged or readable by others")
	ErrOps      = errors.New("operators' routes are for a loopback address only")
	ErrListen   = errors.New("the address cannot be served")
	ErrTaken    = errors.New("the backup's place is taken")
	ErrBackup   = errors.New("not a backup of a hub")
)
