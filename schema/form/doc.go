// Package form holds what a form is, what may be answered, and a form while it is being filled in: fields, choices, languages,
// merge policies, conditions, calculations.
//
// A Session is a running form. It keeps relevance, calculated values, choices and numbers of instances up to date after each
// answer, each computation after those whose results it reads; it shows labels in a language with their references filled, tells
// what is wrong with an answer, and is saved and resumed as a Draft. Whatever a person wrote is kept, also when it is wrong or
// not asked for at the moment.
//
// A Definition is plain data, as read from sheets or from a bundle. New checks it completely and compiles it into a Form,
// which is immutable and safe for concurrent use. The same Definition always gives the same Form, in the same order.
//
// Answers are a map from field path to value. A path is the name of the field, or for a field in a repeat
// "repeat/<16 hex digits>/name"; groups do not appear in it. Values are string, int64, float64 or []string (sorted, each
// name once); nil stands for "cleared" in a set of changes. For append and counter the value is the entry, or the number,
// that a save adds. Problems name form, field and check, never a value.
//
// The package does no I/O and reads no clock. It knows nothing of keys, of storage and of who may read what.
package form
