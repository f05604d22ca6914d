// Package shorthand writes what a delta says with the fewest bits that its form bundle allows: fields and choices by their
// numbers, dates and codes as numbers, and all free text behind one another, so that it can be compressed as text.
//
// What was written with a bundle is read with the same bundle, for ever: a Lexicon is therefore made of a bundle's stored
// definitions alone, by rules that must never change. A payload that the lexicon cannot say is not an error of anybody's;
// it travels as it is. Reading is bounded, gives exactly the payload that was written, and refuses what no writer writes.
package shorthand
