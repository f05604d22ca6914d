// Command mutants breaks one line of Escale at a time and asks the tests to notice: `make mutants`.
//
// list.toml names the mutants: a file, a text that occurs in it exactly once, what replaces it, and why that must not go
// unnoticed. Each mutant is built through an overlay of the go command, so the work tree is never touched and may be
// worked in meanwhile. Then the tests run that stand nearest to the line, and those that stand farther, until one fails.
// A mutant that no test notices survives: a test is missing, and has to be written where the promise belongs.
//
// A mutant that does not compile, or whose text is not found once, is an error of the list and never counts as caught.
// A test that runs into its time limit counts only if the unbroken tree needs less than a third of it, and any failing
// test only if it passes in the unbroken tree. The command is no part of what is shipped, and knows nothing of what the
// broken lines mean.
package main
