package text

import (
	"errors"
	"fmt"
	"strings"
)

// ErrLanguage reports a --lang that Escale does not speak.
var ErrLanguage = errors.New("unknown language")

// Negotiate chooses the language: the value of --lang if there is one, else the first of ESCALE_LANG, LC_ALL, LC_MESSAGES
// and LANG that names one of ours, else English. Only a wrong --lang is an error, and the language then comes from the
// environment, so that the refusal can be read. The locales C and POSIX mean English.
func Negotiate(flag string, getenv func(string) string) (string, error) {
	if lang, ok := match(flag); ok {
		return lang, nil
	}
	lang := fromEnvironment(getenv)
	if flag != "" {
		return lang, fmt.Errorf("%w: want en, fr or ar", ErrLanguage)
	}
	return lang, nil
}

func fromEnvironment(getenv func(string) string) string {
	for _, name := range []string{"ESCALE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		if lang, ok := match(getenv(name)); ok {
			return lang
		}
	}
	return English
}

// match reads language tags (fr, ar-LY) and POSIX locales (fr_FR.UTF-8).
func match(locale string) (string, bool) {
	if i := strings.IndexAny(locale, "_-.@"); i >= 0 {
		locale = locale[:i]
	}
	switch strings.ToLower(locale) {
	case "fr":
		return French, true
	case "ar":
		return Arabic, true
	case "en", "c", "posix":
		return English, true
	}
	return "", false
}
