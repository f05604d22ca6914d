# Escale. `make demo` runs the main job, `make test` passes every test; `make help` lists the rest.

GO      ?= go
SEED    ?= 1
RECORDS ?= 400
FUZZTIME ?= 20s
export CGO_ENABLED = 0

PROGRAMS = escale escale-hub
PLATFORMS = linux/amd64 linux/arm64 windows/amd64 windows/arm64 darwin/amd64 darwin/arm64

.PHONY: help build demo test check fmt vet lint tidy rules bench conformance load sim mutants kill evil fuzz cross clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

build: ## build escale and escale-hub into bin/
	@mkdir -p bin
	$(GO) build -trimpath -o bin/ $(addprefix ./cmd/,$(PROGRAMS))

demo: build ## play the four-port story and judge it (SEED=, RECORDS=, KEEP=DIR, JSON=FILE)
	$(GO) build -trimpath -o bin/ ./cmd/escale-demo
	$(GO) build -trimpath -o bin/escale-demo-recorder ./cmd/escale-demo/recorder
	bin/escale-demo --seed $(SEED) --records $(RECORDS) $(if $(KEEP),--keep $(KEEP)) $(if $(JSON),--json $(JSON))

test: ## run every test, with 300 simulated stories
	SEEDS=$(or $(SEEDS),300) $(GO) test ./...

check: fmt vet lint tidy rules ## format, vet, static analysis, tidy modules, import rules

fmt:
	@files=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$files" ]; then echo "gofmt: $$files"; exit 1; fi

vet:
	$(GO) vet ./...

lint:
	$(GO) tool staticcheck ./...
	$(GO) tool errcheck -ignoretests ./...

tidy:
	$(GO) mod tidy -diff
	$(GO) mod verify

rules:
	$(GO) test -count=1 ./schema/layout
	$(GO) run ./sync/simtest/mutants -check

bench: ## measure speed and size as ratios in one run (JSON=FILE, ONLY=NAME)
	@mkdir -p bin
	$(GO) build -trimpath -o bin/ ./cmd/escale-bench
	bin/escale-bench $(if $(JSON),-json $(JSON)) $(if $(ONLY),-only $(ONLY))

load: build ## one hub under the load of DEVICES (120) with CHANGESETS (30000) of 100 deltas, and a newcomer who reads all (JSON=FILE)
	$(GO) build -trimpath -o bin/ ./cmd/escale-bench
	bin/escale-bench -load -program bin/escale-hub $(if $(DEVICES),-devices $(DEVICES)) $(if $(CHANGESETS),-changesets $(CHANGESETS)) $(if $(JSON),-json $(JSON))

conformance: ## run cases of forms, expressions and walks in the folder CASES (JSON=FILE)
	$(GO) run -trimpath ./cmd/escale-conformance $(if $(JSON),-json $(JSON)) $(CASES)

sim: ## simulate laptops, hubs, clocks, lines and disks from SEEDS drawn stories (SEED=n replays one)
	SEEDS=$(or $(SEEDS),300) $(if $(filter command line,$(origin SEED)),SEED=$(SEED)) $(GO) test -count=1 -timeout 0 -v -run 'TestSimulation|TestFound' ./sync/simtest

mutants: ## break one line at a time and see which test notices (ONLY=NAME, JSON=FILE)
	$(GO) run ./sync/simtest/mutants $(if $(ONLY),-only $(ONLY)) $(if $(JSON),-json $(JSON))

kill: ## kill real hubs and laptops KILLS=n times at moments drawn from SEED, and ask what is left of what they acknowledged
	KILLS=$(or $(KILLS),200) SEED=$(if $(filter command line,$(origin SEED)),$(SEED),$$(date +%s)) $(GO) test -count=1 -timeout 0 -v -run TestKilled ./cmd/escale/killtest

evil: ## let hostile hubs and laptops try everything, with every byte of what is served flipped
	EVIL=1 $(GO) test -count=1 -timeout 0 -v -run 'TestEvil|TestLying|TestForked|TestPackOfGarbage|TestEveryFlipped|TestFlipped|TestTamper|TestHubHolds|TestWrongShare|TestBombIs|TestPadme' \
	  ./clients/profile ./crypto/... ./store/audit ./cmd/escale-hub

fuzz: ## run every fuzz target for FUZZTIME
	@for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
	    echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$pkg || exit 1; \
	  done; \
	done

cross: ## build for every platform into dist/
	@for p in $(PLATFORMS); do \
	  os=$${p%/*}; arch=$${p#*/}; echo $$p; mkdir -p dist/$$os-$$arch; \
	  GOOS=$$os GOARCH=$$arch $(GO) build -trimpath -o dist/$$os-$$arch/ $(addprefix ./cmd/,$(PROGRAMS)) || exit 1; \
	done

clean: ## remove what was built
	rm -rf bin dist
