package form

// Text is one text in several languages, by code ("fr", "en", "ar").
type Text map[string]string

// NoLanguage is the language of texts in a form that names none.
const NoLanguage = "default"

// In returns the text in the wanted language, else in the fallback, else without a language, else "".
func (t Text) In(language, fallback string) string {
	for _, l := range []string{language, fallback} {
		if s, ok := t[l]; ok {
			return s
		}
	}
	return t[NoLanguage]
}

// Definition is a form as plain data. It is what sheets and bundles carry; use New to make a Form of it.
type Definition struct {
	ID              string `cbor:"1,keyasint"`
	Version         string `cbor:"2,keyasint"`
	Titles          Text   `cbor:"3,keyasint"`
	DefaultLanguage string `cbor:"4,keyasint"`
	RecordKind      string `cbor:"5,keyasint"`
	ParentKind      string `cbor:"6,keyasint,omitempty"`
	Items           []Item `cbor:"7,keyasint"`
	Lists           []List `cbor:"8,keyasint,omitempty"`
	InstanceName    string `cbor:"9,keyasint,omitempty"`  // expression
	Root            string `cbor:"10,keyasint,omitempty"` // name of the outermost node in paths; "data" when empty
}

// Item is one row of a survey: a field, or a group or repeat with what it encloses.
type Item struct {
	Type       Type     `cbor:"1,keyasint"`
	Name       string   `cbor:"2,keyasint"`
	Label      Text     `cbor:"3,keyasint,omitempty"`
	Hint       Text     `cbor:"4,keyasint,omitempty"`
	List       string   `cbor:"5,keyasint,omitempty"` // name of the list of choices
	Required   bool     `cbor:"6,keyasint,omitempty"`
	ReadOnly   bool     `cbor:"7,keyasint,omitempty"`
	Relevant   string   `cbor:"8,keyasint,omitempty"` // expression
	Constraint string   `cbor:"9,keyasint,omitempty"` // expression
	Message    Text     `cbor:"10,keyasint,omitempty"`
	Export     string   `cbor:"11,keyasint,omitempty"` // keep, drop, week, coarse:country, …; read by exports
	PII        string   `cbor:"12,keyasint,omitempty"` // none, quasi, sensitive, direct
	Retention  string   `cbor:"13,keyasint,omitempty"`
	HXL        string   `cbor:"14,keyasint,omitempty"`
	Sites      []string `cbor:"15,keyasint,omitempty"` // bundles that hold the item; none or "*" means all
	Key        bool     `cbor:"16,keyasint,omitempty"` // records of the kind with equal values are joined by readers

	Compartment string     `cbor:"17,keyasint,omitempty"`
	Merge       Merge      `cbor:"18,keyasint,omitempty"`
	Generate    Generation `cbor:"19,keyasint,omitempty"`
	Children    []Item     `cbor:"20,keyasint,omitempty"`

	Guidance        Text              `cbor:"21,keyasint,omitempty"`
	RequiredMessage Text              `cbor:"22,keyasint,omitempty"`
	RequiredIf      string            `cbor:"23,keyasint,omitempty"` // expression, beside Required
	ReadOnlyIf      string            `cbor:"24,keyasint,omitempty"` // expression, beside ReadOnly
	Calculation     string            `cbor:"25,keyasint,omitempty"` // expression
	Default         string            `cbor:"26,keyasint,omitempty"` // value or expression
	ChoiceFilter    string            `cbor:"27,keyasint,omitempty"` // expression
	RepeatCount     string            `cbor:"28,keyasint,omitempty"` // expression
	Appearance      string            `cbor:"29,keyasint,omitempty"`
	Trigger         []string          `cbor:"30,keyasint,omitempty"` // names of questions: when one changes, Calculation is set
	Parameters      map[string]string `cbor:"31,keyasint,omitempty"`
	File            string            `cbor:"32,keyasint,omitempty"` // of choices
	Media           map[string]Text   `cbor:"33,keyasint,omitempty"` // image, big-image, audio, video: names of files
	Accept          string            `cbor:"34,keyasint,omitempty"` // media types of a file
	Was             string            `cbor:"35,keyasint,omitempty"` // types of earlier versions, and what their choices are now
}

// OtherChoice is the name of the choice that or_other adds.
const OtherChoice = "other"

// List is a named list of choices.
type List struct {
	Name    string   `cbor:"1,keyasint"`
	Choices []Choice `cbor:"2,keyasint"`
}

// Choice is one entry of a list. Rank orders the values of restrict_wins: 0 is the most permissive; nil means that the
// choice is comparable with none but the most restrictive one. Under keep_both the higher rank is shown first.
type Choice struct {
	Name   string   `cbor:"1,keyasint"`
	Label  Text     `cbor:"2,keyasint,omitempty"`
	Sites  []string `cbor:"3,keyasint,omitempty"`
	MapsTo string   `cbor:"4,keyasint,omitempty"`
	Rank   *int     `cbor:"5,keyasint,omitempty"`

	Extra map[string]string `cbor:"6,keyasint,omitempty"` // further columns, which filters read
	Media map[string]Text   `cbor:"7,keyasint,omitempty"`
}
