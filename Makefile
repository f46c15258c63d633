# wrun: `make` lists the targets. Needs Go (see go.mod) and make; the tests of `make root` need root.
.DEFAULT_GOAL := help
SHELL := /bin/sh
GO ?= go
PREFIX ?= /usr/local
DESTDIR ?=
# Arguments for the bench, e.g. make bench BENCH='-n 1000 -only run'
BENCH ?=
FUZZTIME ?= 30s

VERSION := $(or $(shell git describe --tags --always --dirty 2>/dev/null),unknown)
COMMIT := $(or $(shell git rev-parse HEAD 2>/dev/null),unknown)

# cgo off: one static file, whatever C library the host has.
export CGO_ENABLED := 0
BUILD := $(GO) build -trimpath -buildvcs=false
# Without its man page and shell completion writers urfave/cli costs a third less at every start.
TAGS := urfave_cli_no_docs wrun_embed
# C guests: WASI preview 1, with Debian's wasi-libc.
WASICC ?= clang --target=wasm32-wasi -O2 -Wall -Werror -s

# Packages whose tests make containers, and so need root.
ROOTED := wrun/tests/integration wrun/tests/stress wrun/tests/clients
UNIT = $(filter-out $(addsuffix %,$(ROOTED)),$(shell $(GO) list ./...))

.PHONY: help build guests rust demo test check unit lint root clients bench golden fuzz vm install clean packages

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "  %-10s %s\n", $$1, $$2}'

build: ## build/wrun with the wasm engine inside, build/wrun-engine, build/wrun-wasm
	@mkdir -p build
	$(BUILD) -ldflags '-s -w -X main.version=$(VERSION)' -o build/wrun-engine ./wasm/engine
	@cmp -s build/wrun-engine wasm/embedded/wrun-engine || cp build/wrun-engine wasm/embedded/wrun-engine
	@cd wasm/embedded && sha256sum wrun-engine >wrun-engine.sha256
	$(BUILD) -tags '$(TAGS)' -ldflags '-s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)' -o build/wrun .
	@ln -sf wrun build/wrun-wasm

guests: ## build/guests: the programs that tests put into containers, native and wasm
	@mkdir -p build/guests
	@for g in $(notdir $(patsubst %/main.go,%,$(wildcard tests/guests/*/main.go))); do \
	  $(BUILD) -ldflags '-s -w' -o build/guests/$$g ./tests/guests/$$g && \
	  GOOS=wasip1 GOARCH=wasm $(BUILD) -ldflags '-s -w' -o build/guests/$$g.wasm ./tests/guests/$$g || exit 1; \
	done
	@for g in $(notdir $(patsubst %/main.c,%,$(wildcard tests/guests/*/main.c))); do \
	  $(WASICC) -o build/guests/$$g.wasm tests/guests/$$g/main.c || { echo 'make guests: C for WASI needs what `make packages` installs' >&2; exit 1; }; \
	done
	@cp tests/guests/*.wasm wasm/engine/testdata/*.wasm build/guests/

rust: ## build/guests/guide.wasm, the guide's server: needs cargo, its target wasm32-wasip1 and crates.io
	cd tests/guests/guide && cargo build --release --locked --target wasm32-wasip1 --target-dir ../../../build/rust
	@mkdir -p build/guests
	cp build/rust/wasm32-wasip1/release/guide.wasm build/guests/

demo: ## watch wrun run a native and a wasm container (needs root; under a minute)
	@tests/demo/demo

test: packages check ## everything: check, and as root the root scripts and the clients
	@if [ "$$(id -u)" = 0 ]; then $(MAKE) --no-print-directory root clients; \
	elif [ -n "$$WRUN_MUST" ]; then echo 'make test: not root: the root scripts and the clients did not run' >&2; exit 1; \
	else echo 'make test: left out, as they need root: root scripts, stress test, clients (sudo env "PATH=$$PATH" make test)'; fi

check: lint unit ## lint, unit, golden and import tests; no root, minutes

unit:
	$(GO) test $(UNIT)

lint: ## gofmt, go vet for amd64 and arm64, the rules of tests/
	@test -z "$$(gofmt -l .)" || { echo 'gofmt -w these:'; gofmt -l .; exit 1; }
	GOARCH=amd64 $(GO) vet ./...
	GOARCH=arm64 $(GO) vet ./...
	$(GO) test ./tests

root: build guests ## the root scripts (also against runc) and the stress test
	$(GO) test -count=1 -timeout 15m ./tests/integration ./tests/stress

clients: build guests ## real clients drive wrun: ctr
	$(GO) test -count=1 -timeout 10m ./tests/clients/...

bench: build ## wrun against crun and runc, interleaved: time, CPU, memory (BENCH='-n 200')
	@$(BUILD) -o build/bench ./tests/bench && $(BUILD) -ldflags '-s -w' -o build/hello ./tests/bench/hello
	build/bench $(BENCH)

golden: ## rewrite the golden files of the compiler
	$(GO) test ./linux/compile -run Golden -update

fuzz: ## each fuzz target for FUZZTIME
	@for p in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
	  for f in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' $$p/*_test.go); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) $$p || exit 1; done; done

vm: build guests ## the demo and the root scripts in a stock Debian guest (kernel 6.1, cgroup v2, systemd)
	tests/vm/run

install: ## PREFIX (/usr/local) and DESTDIR are honoured
	@test -x build/wrun || $(MAKE) --no-print-directory build
	install -D -m 755 build/wrun $(DESTDIR)$(PREFIX)/bin/wrun
	install -D -m 755 build/wrun-engine $(DESTDIR)$(PREFIX)/libexec/wrun/wrun-engine
	ln -sf wrun $(DESTDIR)$(PREFIX)/bin/wrun-wasm

clean: ## remove what was built
	rm -rf build wasm/embedded/wrun-engine wasm/embedded/wrun-engine.sha256

packages:
	@tests/packages
