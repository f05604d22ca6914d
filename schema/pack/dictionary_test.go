package pack

import (
	"bytes"
	"maps"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/zstd"
)

func coder(t *testing.T, options ...zstd.EOption) *zstd.Encoder {
	t.Helper()
	z, err := zstd.NewWriter(nil, append(options, zstd.WithEncoderCRC(false), zstd.WithEncoderLevel(zstd.SpeedBestCompression))...)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// Sentences that are neither in the forms nor among the phrases.
var sentences = map[string]string{
	"ar": "وصلت المرأة مع طفلها إلى المحطة بعد منتصف الليل، ولم يكن معها هاتف ولا مال، وطلبت أن نتصل بأختها في المدينة.",
	"en": "The woman reached the station with her child after midnight; she had neither a phone nor money and asked us to call her sister in town.",
	"fr": "La femme est arrivée à la gare avec son enfant après minuit ; elle n'avait ni téléphone ni argent et nous a demandé d'appeler sa sœur en ville.",
}

func TestDictionariesHelpShortTexts(t *testing.T) {
	all := bundle(t, starter(t), "fr").Dictionaries()
	if len(all) != len(sentences) {
		t.Fatalf("%d dictionaries, want one for each of %d languages", len(all), len(sentences))
	}
	for i, language := range slices.Sorted(maps.Keys(sentences)) {
		text := []byte(sentences[language])
		small := coder(t, zstd.WithEncoderDict(all[i])).EncodeAll(text, nil)
		reader, err := zstd.NewReader(nil, zstd.WithDecoderDicts(all[i]))
		if err != nil {
			t.Fatal(err)
		}
		if back, err := reader.DecodeAll(small, nil); err != nil || !bytes.Equal(back, text) {
			t.Fatalf("%s does not come back: %v", language, err)
		}
		if without := len(coder(t).EncodeAll(text, nil)); len(small)*10 > without*8 {
			t.Errorf("%s: %d bytes with the dictionary, %d without: it should save 20 %%", language, len(small), without)
		}
	}
}

func TestDictionaryBounds(t *testing.T) {
	s := starter(t)
	for _, name := range s.Names() {
		all := bundle(t, s, name).Dictionaries()
		if len(slices.Concat(all...)) > MaxDictionary || checkDictionaries(all) != nil {
			t.Errorf("%s: dictionaries of %d bytes", name, len(slices.Concat(all...)))
		}
	}
}

func TestPhrasesAreBounded(t *testing.T) {
	for name, file := range map[string]*fstest.MapFile{
		"_shared/phrases_fr.txt":     {Data: make([]byte, maxPhrases+1)},
		"_shared/phrases_french.txt": {Data: []byte("a")},
	} {
		var errs []error
		readPhrases(fstest.MapFS{name: file}, &errs)
		if len(errs) != 1 {
			t.Errorf("%s: %v", name, errs)
		}
	}
}
