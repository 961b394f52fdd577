# The whole project in a few words: make help.
GO                    ?= go
GOLANGCI_LINT_VERSION := v2.15.0
GOLANGCI_LINT         := .tools/golangci-lint-$(GOLANGCI_LINT_VERSION)

FUNCTIONS := $(notdir $(wildcard functions/*))

# What a run is like: how many users, how many a page (the function's default where empty), where the export goes.
USERS     ?= 25000
PAGE_SIZE ?=
OUT       ?= .exports

# How long each fuzz target runs.
FUZZTIME ?= 15s

# The race detector needs a C compiler; without one the tests run without it, and say so.
RACE := $(shell command -v "$$($(GO) env CC)" >/dev/null 2>&1 && echo -race)

.PHONY: help
help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build ## rotate a token and export every user on this machine, and check the export (USERS= PAGE_SIZE= OUT=)
	@.build/devstack run -users $(USERS) $(if $(PAGE_SIZE),-page-size $(PAGE_SIZE)) -out "$(OUT)"

.PHONY: stack
stack: build ## start the local world alone, for the AWS CLI, SDKs and curl (USERS= OUT=)
	@.build/devstack stack -users $(USERS) -out "$(OUT)"

.PHONY: build
build: $(FUNCTIONS:%=build-function-%) ## build the functions, as they are deployed, and the local world
	@$(GO) build -buildvcs=false -o .build/devstack ./shared/devstack

# The flags are the ones that sam build uses: without CGO_ENABLED=0 the binary would not be static.
build-function-%:
	@CGO_ENABLED=0 $(GO) build -buildvcs=false -tags lambda.norpc -trimpath -ldflags '-s -w' -o .build/$*/bootstrap ./functions/$*

.PHONY: test
test: ## run every test, with the race detector
	@$(if $(RACE),,echo "no C compiler: the tests run without the race detector")
	$(GO) test $(RACE) -count=1 ./...

.PHONY: bench
bench: ## run the benchmarks, each with the ratio that it shows
	$(GO) test -run '^$$' -bench . -benchmem ./...

.PHONY: fuzz
fuzz: ## run every fuzz target for a while (FUZZTIME=)
	@set -e; $(GO) list -f '{{range .TestGoFiles}}{{$$.ImportPath}} {{$$.Dir}}/{{.}}{{"\n"}}{{end}}{{range .XTestGoFiles}}{{$$.ImportPath}} {{$$.Dir}}/{{.}}{{"\n"}}{{end}}' ./... | \
	while read -r package file; do \
		sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$$file" | while read -r target; do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$package" </dev/null; \
		done; \
	done

.PHONY: lint
lint: $(GOLANGCI_LINT) ## lint, after building the linter once
	$(GOLANGCI_LINT) run ./...

.PHONY: fmt
fmt: $(GOLANGCI_LINT) ## format
	$(GOLANGCI_LINT) fmt ./...

$(GOLANGCI_LINT):
	@mkdir -p .tools
	GOBIN="$(CURDIR)/.tools" GOFLAGS= $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	@mv .tools/golangci-lint $@

.PHONY: clean
clean: ## remove what was built; exports stay
	rm -rf .build
