package text

import (
	"testing"

	"escale/schema/form"
)

func TestEveryCheckHasASentence(t *testing.T) {
	constants := readConstants(t)
	for _, c := range []form.Check{
		form.CheckUnknown, form.CheckType, form.CheckTooLong, form.CheckTooMany, form.CheckChoice, form.CheckRequired,
		form.CheckIrrelevant, form.CheckConstraint, form.CheckReadOnly, form.CheckTwice, form.CheckSource, form.CheckSyntax,
	} {
		if key := ForCheck(string(c)); key == FormInvalid || constants[string(key)].name == "" {
			t.Errorf("no sentence for check %s", c)
		}
	}
	if got := ForCheck("a rule of tomorrow"); got != FormInvalid {
		t.Errorf("unknown check: %s", got)
	}
}
