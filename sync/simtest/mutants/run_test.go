package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// invented is a module with one test that looks and one that does not.
func invented(t *testing.T) string {
	return inModule(t, map[string]string{
		"a/a.go": `package a

func Sum(a, b int) int { return a + b }
func Half(a int) int { return a / 2 }
func Ends(n int) int {
	for n > 0 {
		n--
	}
	return n
}
`,
		"a/a_test.go": `package a

import ("os"; "testing")

func TestSum(t *testing.T) {
	t.Run("small", func(t *testing.T) { if Sum(1, 2) != 3 { t.Error("sum") } })
}
func TestHalf(t *testing.T) { Half(2) }
func TestEnds(t *testing.T) { if Ends(3) < 0 { os.Exit(1) } }
`,
		"b/b_test.go": `package b

import "testing"

func TestRed(t *testing.T) { t.Error("always") }
`,
	})
}

const three = "[suites]\na = ['a']\n" +
	"[[mutant]]\nname='sum'\nfile='a/a.go'\nold='a + b'\nnew='a - b'\nwhy='w'\n" +
	"[[mutant]]\nname='half'\nfile='a/a.go'\nold='a / 2'\nnew='a / 3'\nwhy='w'\n" +
	"[[mutant]]\nname='no type'\nfile='a/a.go'\nold='a / 2'\nnew='\"half\"'\nwhy='w'\n" +
	"[[mutant]]\nname='dies'\nfile='a/a.go'\nold='n > 0'\nnew='n >= 0'\nwhy='w'\n" +
	"[[mutant]]\nname='red anyway'\nfile='a/a.go'\nold='a / 2'\nnew='a / 4'\nwhy='w'\ntests=['b']\n"

func TestAMutantIsCaughtSurvivesOrIsNoMutant(t *testing.T) {
	root := invented(t)
	l, err := parse(three)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(root, "a", "a.go"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	file := filepath.Join(t.TempDir(), "out.json")
	err = try(context.Background(), root, l, options{json: file, limit: time.Minute, seeds: 1}, &out)
	if err == nil || !strings.HasSuffix(out.String(), "\n2 unclear\n2 caught, 1 survived\n") {
		t.Errorf("%v\n%s", err, &out)
	}
	after, err := os.ReadFile(filepath.Join(root, "a", "a.go"))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the tree was touched: %v", err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var rep report
	if err := json.Unmarshal(b, &rep); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		"caught a TestSum/small", "survived ", "unclear .*does not compile.*", "caught a TestEnds", "unclear .*unbroken tree fails.*",
	} {
		v := rep.Mutants[i]
		if got := v.Result + " " + v.By + v.Error; !regexp.MustCompile("^(?s:" + want + ")$").MatchString(got) {
			t.Errorf("%s: %s, want %s", v.Mutant, got, want)
		}
	}
}

func TestAnEndlessTestIsCaughtByItsTimeLimit(t *testing.T) {
	l, err := parse("[suites]\na = ['a TestEnds']\n" +
		"[[mutant]]\nname='endless'\nfile='a/a.go'\nold='n--'\nnew='n++; n--'\nwhy='w'\n")
	if err != nil {
		t.Fatal(err)
	}
	root := invented(t)
	r := runner{root: root, work: t.TempDir(), limit: 3 * time.Second, seeds: 1, whole: map[step]whole{}}
	m, s := &l.Mutants[0], l.steps(&l.Mutants[0])
	r.whole[s[0]] = whole{passes: true}
	if v := r.try(context.Background(), m, s); v.Result != caught || !v.Timeout || v.By != "a TestEnds" {
		t.Errorf("%+v", v)
	}
	r.whole[s[0]] = whole{passes: true, took: 2 * time.Second}
	if v := r.try(context.Background(), m, s); v.Result != unclear {
		t.Errorf("where the unbroken tree needs most of the time: %+v", v)
	}
}

func TestWhoStopsGetsTheFiguresSoFar(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	l, err := parse(three)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = try(ctx, invented(t), l, options{limit: time.Minute, seeds: 1}, &out)
	if err == nil || !strings.Contains(err.Error(), "0 of 5") || !strings.HasSuffix(out.String(), "stopped\n0 caught, 0 survived\n") {
		t.Errorf("%v\n%s", err, &out)
	}
}

func TestOneAloneIsFoundByName(t *testing.T) {
	l, err := parse(three)
	if err != nil {
		t.Fatal(err)
	}
	some, err := chosen(l.Mutants, "half")
	if err != nil || len(some) != 1 || some[0].Name != "half" {
		t.Errorf("%v, %v", some, err)
	}
	if some, err = chosen(l.Mutants, "[hs]*"); err != nil || len(some) != 2 {
		t.Errorf("%v, %v", some, err)
	}
	if _, err := chosen(l.Mutants, "hal"); err == nil {
		t.Error("half a name is no name")
	}
}
