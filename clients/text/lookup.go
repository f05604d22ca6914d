package text

import "strings"

// ForCheck returns the sentence for a rule that an answer broke, by the rule's name; its values are form, field and limit.
// Rules without a sentence of their own get a general one.
func ForCheck(check string) Key {
	switch key := Key("form." + check); key {
	case FormRequired, FormUnknownField, FormType, FormTooLong, FormTooMany, FormChoice, FormNotRelevant, FormConstraint,
		FormReadOnly, FormGivenTwice, FormNoSource, FormSyntax:
		return key
	}
	return FormInvalid
}

// ForCommand returns the help sentence of a command by its words, such as "record new". That of the root command is HelpEscale.
func ForCommand(words string) Key { return Key("help." + strings.ReplaceAll(words, " ", "_")) }

// ForEvent returns what to call an entry of the local log, by the name of its kind.
func ForEvent(kind string) Key { return Key("audit.kind_" + kind) }

// ForBody returns what to call a decision of officers, by the stable name of its kind.
func ForBody(kind string) Key { return Key("body." + kind) }
