// Package storetest holds the one contract suite that every hub store passes. It knows only the interface.
package storetest
