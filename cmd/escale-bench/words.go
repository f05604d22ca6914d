package main

import (
	"math/rand/v2"
	"slices"
	"strings"

	"escale/schema/form"
)

// The invented people of the demonstration draw their sentences from a small stock. Five hundred of them under zstd cost
// almost nothing for each, as no five hundred real people's words would. So where bytes are weighed, every text keeps its
// length in words, but its words are drawn anew from all that occur in the batch: no sentence is said twice.

// retell replaces the words of every text of three words or more.
func retell(values []form.Answers, seed uint64) []form.Answers {
	vocabulary := wordsOf(values)
	random := rand.New(rand.NewPCG(seed, uint64(len(vocabulary))))
	out := make([]form.Answers, len(values))
	for i, v := range values {
		out[i] = form.Answers{}
		for _, path := range sortedPaths(v) {
			out[i][path] = retold(v[path], vocabulary, random)
		}
	}
	return out
}

func retold(value any, vocabulary []string, random *rand.Rand) any {
	text, ok := value.(string)
	words := strings.Fields(text)
	if !ok || len(words) < 3 {
		return value
	}
	for i := range words {
		words[i] = vocabulary[random.IntN(len(vocabulary))]
	}
	return strings.Join(words, " ")
}

// wordsOf lists the words of all texts, each once.
func wordsOf(values []form.Answers) []string {
	var out []string
	for _, v := range values {
		for _, value := range v {
			if text, ok := value.(string); ok {
				if words := strings.Fields(text); len(words) >= 3 {
					out = append(out, words...)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func sortedPaths(v form.Answers) []string {
	out := make([]string, 0, len(v))
	for path := range v {
		out = append(out, path)
	}
	slices.Sort(out)
	return out
}
