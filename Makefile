# The whole project in a few words: make help.
GO                    ?= go
GOLANGCI_LINT_VERSION := v2.15.0
GOLANGCI_LINT         := .tools/golangci-lint-$(GOLANGCI_LINT_VERSION)

FUNCTIONS := $(notdir $(wildcard functions/*))

# What a run is like: how many users, how many a page (the function's default where empty), where the export goes. With
# GENESYS=live it is the real organisation of GENESYS_ENVIRONMENT (a domain or an AWS region), whose client credentials
# are asked for, or come from the file CREDENTIALS or from the profile GC_PROFILE of gc; YES=1 goes on without asking.
USERS     ?= 25000
PAGE_SIZE ?=
GENESYS   ?= simulated
OUT       ?= .exports$(if $(filter live,$(GENESYS)),/live)

# An option and its value, where there is one.
option = $(if $($2),-$1 "$($2)")

RUN_simulated = run -users $(USERS)
RUN_live      = live $(call option,environment,GENESYS_ENVIRONMENT) $(call option,api-url,GENESYS_API_URL) \
	$(call option,token-url,GENESYS_TOKEN_URL) $(call option,credentials,CREDENTIALS) $(call option,profile,GC_PROFILE) \
	$(call option,state,STATE) $(call option,ca,CA) $(if $(filter 1,$(YES)),-yes)

# How long each fuzz target runs.
FUZZTIME ?= 15s

# The race detector needs a C compiler; without one the tests run without it, and say so.
RACE := $(shell command -v "$$($(GO) env CC)" >/dev/null 2>&1 && echo -race)

.PHONY: help
help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build ## rotate a token and export every user on this machine, and check the export (USERS= PAGE_SIZE= OUT= GENESYS=live)
	@$(if $(RUN_$(GENESYS)),,echo "GENESYS is simulated or live" >&2; exit 2)
	@exec .build/devstack $(RUN_$(GENESYS)) $(call option,page-size,PAGE_SIZE) -out "$(OUT)"

.PHONY: stack
stack: build ## start the local world alone, for the AWS CLI, SDKs and curl (USERS= OUT=)
	@exec .build/devstack stack -users $(USERS) -out "$(OUT)"

.PHONY: sim
sim: ## start the simulated Genesys Cloud alone, to develop against (USERS= OUT= LISTEN= CREDENTIALS= FAULTS=)
	@$(GO) build -buildvcs=false -o .build/devstack ./shared/devstack
	@exec .build/devstack sim -users $(USERS) -out "$(OUT)" $(if $(LISTEN),-listen "$(LISTEN)") $(if $(CREDENTIALS),-credentials "$(CREDENTIALS)") $(if $(FAULTS),-faults "$(FAULTS)")

.PHONY: build
build: $(FUNCTIONS:%=build-function-%) ## build the functions, as they are deployed, and the local world
	@$(GO) build -buildvcs=false -o .build/devstack ./shared/devstack

# Without CGO_ENABLED=0 the binary would not be static; the same flags go to sam build by the environment:
# CGO_ENABLED=0 GOFLAGS="-buildvcs=false -tags=lambda.norpc -trimpath '-ldflags=-s -w'".
build-function-%:
	@CGO_ENABLED=0 $(GO) build -buildvcs=false -tags lambda.norpc -trimpath -ldflags '-s -w' -o .build/$*/bootstrap ./functions/$*

.PHONY: test
test: ## run every test, with the race detector
	@$(if $(RACE),,echo "no C compiler: the tests run without the race detector")
	$(GO) test $(RACE) -count=1 ./...

.PHONY: witness
witness: build ## let clients and emulators of others judge the local world (WITNESS=, see .ci/witness/run)
	@GO="$(GO)" .ci/witness/run $(WITNESS)

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
