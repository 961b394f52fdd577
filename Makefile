# The whole project in a few words: make help.
GO                    ?= go
GOLANGCI_LINT_VERSION := v2.15.0
GOLANGCI_LINT         := .tools/golangci-lint-$(GOLANGCI_LINT_VERSION)

FUNCTIONS := $(notdir $(patsubst %/main.go,%,$(wildcard functions/*/main.go)))

# What a run is like: which listings, with commas between them, or all; how many users there are, how many entities a page (the
# function's default where empty), where the export goes. With
# GENESYS=live it is the real organisation of GENESYS_ENVIRONMENT (a domain or an AWS region), whose client credentials
# are asked for, or come from the file CREDENTIALS or from the profile GC_PROFILE of gc; YES=1 goes on without asking.
LISTINGS  ?= users
USERS     ?= 25000
PAGE_SIZE ?=
GENESYS   ?= simulated
OUT       ?= .exports$(if $(filter live,$(GENESYS)),/live)

ifeq ($(filter simulated live,$(GENESYS)),)
$(error GENESYS is "$(GENESYS)": give simulated or live)
endif

# An option and its value, where there is one.
option = $(if $($2),-$1 "$($2)")

RUN_simulated = run -users "$(USERS)"
RUN_live      = live $(call option,environment,GENESYS_ENVIRONMENT) $(call option,api-url,GENESYS_API_URL) \
	$(call option,token-url,GENESYS_TOKEN_URL) $(call option,credentials,CREDENTIALS) $(call option,profile,GC_PROFILE) \
	$(call option,state,STATE) $(call option,ca,CA) $(if $(filter 1,$(YES)),-yes)

# The SAM CLI that sam-test installed, else the one on the PATH; and the stack that the targets for operators speak of, with
# parameters for make deploy, such as PARAMETERS="GenesysEnvironment=mypurecloud.de AlarmEmail=me@example.com".
SAM        ?= $(or $(wildcard .tools/sam/bin/sam),sam)
STACK      ?= genesys-cloud-export
PARAMETERS ?=

# What an execution of make export asks for beside LISTINGS; what make sam-invoke-… sends.
EXPORT_ID ?=
OPTIONS   ?=
EVENT     ?=

# Everything is built with the same flags, which are those of the deployed functions: with others every package would be
# compiled once more. Without CGO_ENABLED=0 a binary would not be static.
BUILD := CGO_ENABLED=0 $(GO) build -buildvcs=auto -tags lambda.norpc -trimpath -ldflags '-s -w'

# One processor is as good as another to the functions.
export SAM_CLI_TELEMETRY := 0
SAM_BUILD := CGO_ENABLED=0 GOFLAGS="-buildvcs=auto -tags=lambda.norpc -trimpath '-ldflags=-s -w'" $(SAM) build

# How long each fuzz target runs.
FUZZTIME ?= 15s

# The race detector needs a C compiler; without one the tests run without it, and say so.
RACE := $(shell command -v "$$($(GO) env CC)" >/dev/null 2>&1 && echo -race)

.PHONY: help
help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+(-%)?:.*## / {sub("%", "…", $$1); printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build ## rotate a token, export listings on this machine, and check the exports (LISTINGS=all USERS= PAGE_SIZE= OUT= GENESYS=live)
	@exec .build/devstack $(RUN_$(GENESYS)) -listings "$(LISTINGS)" $(call option,page-size,PAGE_SIZE) -out "$(OUT)"

.PHONY: stack
stack: build ## start the local world alone, for the AWS CLI, SDKs and curl (USERS= OUT=)
	@exec .build/devstack stack -users "$(USERS)" -out "$(OUT)"

.PHONY: sim
sim: build-devstack ## start the simulated Genesys Cloud alone, to develop against (USERS= OUT= LISTEN= CREDENTIALS= FAULTS= TLS=)
	@exec .build/devstack sim -users "$(USERS)" -out "$(OUT)" $(call option,listen,LISTEN) $(call option,credentials,CREDENTIALS) $(call option,faults,FAULTS) $(call option,tls,TLS)

.PHONY: build
build: build-functions build-devstack ## build the functions, as they are deployed, and the local world

.PHONY: build-functions
build-functions: $(FUNCTIONS:%=build-function-%)

.PHONY: say-build
say-build:
	@echo "building what has changed; the first time this takes one to three minutes"

build-function-%: say-build
	@$(BUILD) -o .build/$*/bootstrap ./functions/$*

.PHONY: build-devstack
build-devstack: say-build
	@$(BUILD) -o .build/devstack ./shared/devstack

.PHONY: build-operator
build-operator: say-build
	@$(BUILD) -o .build/operator ./shared/operator/command

GO_TEST := $(GO) test -count=1

.PHONY: test
test: build build-operator ## run every test, the functions' and what they are made of with the race detector
	@$(if $(RACE),,echo "no C compiler: the tests run without the race detector")
	@$(MAKE) --no-print-directory -j 2 test-product test-local-world

# Side by side: the product's tests take the processor, those of the local world wait most of the time.
.PHONY: test-product test-local-world
test-product:
	$(GO_TEST) $(RACE) $$($(GO) list ./functions/... ./shared/... | grep -v /shared/devstack)

test-local-world:
	$(GO_TEST) ./shared/devstack/...

.PHONY: test-race
test-race: build build-operator ## run every test with the race detector
	$(GO_TEST) -race ./...

.PHONY: conformance
conformance: build ## let clients and emulators of others judge the local world (CONFORMANCE=, see .ci/conformance/run)
	@GO="$(GO)" .ci/conformance/run $(CONFORMANCE)

.PHONY: sam-test
sam-test: build build-operator ## validate, scan, build, invoke and execute with AWS's own tools, installed where they are missing (STEPS=)
	@GO="$(GO)" .ci/sam/run $(STEPS)

.PHONY: deploy-test
deploy-test: build build-operator ## deploy the stack to LocalStack and use it as its operator does, installed where it is missing
	@GO="$(GO)" .ci/deploy/run

.PHONY: validate
validate: need-sam ## validate and lint the template by the SAM CLI
	@AWS_DEFAULT_REGION="$${AWS_DEFAULT_REGION:-eu-central-1}" $(SAM) validate --lint

.PHONY: sam-build
sam-build: need-sam ## build the functions by the SAM CLI into .aws-sam, for ARCHITECTURE=arm64 (default) or x86_64
	@$(GO) vet ./functions/... # a compile error shows in sam build as a missing bootstrap
	@$(SAM_BUILD) --parameter-overrides Architecture=$(or $(ARCHITECTURE),arm64)

sam-invoke-%: build need-sam ## invoke a function by sam local invoke against the local world (EVENT=events/….json)
	@test -d functions/$* || { echo "there is no function $*: sam-invoke- goes with one of $(FUNCTIONS)" >&2; exit 1; }
	@$(SAM_BUILD) --build-dir .aws-sam/local/build --parameter-overrides Architecture=$(if $(filter arm64 aarch64,$(shell uname -m)),arm64,x86_64) >/dev/null 2>&1 || { echo "sam build failed: make sam-build says why" >&2; exit 1; }
	@.ci/sam/run invoke-one $* "$(or $(EVENT),events/$*-$(if $(filter rotator,$*),check,new).json)"

# Account and region are those of the operator's commands, and architecture and version are those of the binaries that were
# built, so that all tools mean the same. TEMPLATE= deploys what make package made, without building again.
TEMPLATE ?=
BUILT     = $(if $(TEMPLATE),$$(cat "$(TEMPLATE:.yaml=.parameters)"),$$(.build/operator built))

.PHONY: deploy
deploy: need-sam build-operator ## build and deploy the stack (STACK= PARAMETERS= ARCHITECTURE= TEMPLATE= YES=1 ROLE_ARN= TAGS= ARTIFACT_BUCKET=)
	@.build/operator ready -stack "$(STACK)" $(call option,-template,TEMPLATE) $(PARAMETERS)
	@$(if $(TEMPLATE),,$(MAKE) --no-print-directory sam-build)
	@region=$$(.build/operator region) && built="$(BUILT)" && exec $(SAM) deploy $(call option,-template-file,TEMPLATE) \
		--stack-name "$(STACK)" --region "$$region" --parameter-overrides $(PARAMETERS) $$built \
		$(if $(filter 1,$(YES)),--no-confirm-changeset) $(call option,-role-arn,ROLE_ARN) $(if $(TAGS),--tags $(TAGS)) \
		$(if $(ARTIFACT_BUCKET),--s3-bucket "$(ARTIFACT_BUCKET)" --no-resolve-s3)

.PHONY: package
package: need-sam build-operator ## build once what is deployed later, with TEMPLATE=.aws-sam/packaged.yaml (ARTIFACT_BUCKET= ARCHITECTURE=)
	@test -n "$(ARTIFACT_BUCKET)" || { echo "give ARTIFACT_BUCKET=, a bucket that whoever deploys can read" >&2; exit 1; }
	@$(MAKE) --no-print-directory sam-build
	@region=$$(.build/operator region) && $(SAM) package --region "$$region" --s3-bucket "$(ARTIFACT_BUCKET)" \
		--output-template-file .aws-sam/packaged.yaml && .build/operator built >.aws-sam/packaged.parameters

.PHONY: policies
policies: build-operator ## print the IAM policies of whoever deploys the stack, and of its operator
	@.build/operator policy -of deployer
	@.build/operator policy -of operator

.PHONY: set-credentials
set-credentials: build-operator ## put the OAuth client's id and secret into the stack's secret, typed unseen or from CREDENTIALS=FILE (STACK=)
	@exec .build/operator set-credentials -stack "$(STACK)" $(call option,credentials,CREDENTIALS) $(if $(filter 1,$(YES)),-yes)

.PHONY: doctor
doctor: build-operator ## after a deployment: look at everything that has to be in place, and say what to do where it is not (STACK=)
	@exec .build/operator doctor -stack "$(STACK)"

.PHONY: export
export: build-operator ## start an export in AWS and follow it to its end (STACK= LISTINGS= EXPORT_ID= OPTIONS='{"state":"any"}')
	@exec .build/operator export -stack "$(STACK)" -listings "$(LISTINGS)" $(call option,export-id,EXPORT_ID) $(if $(OPTIONS),-options '$(OPTIONS)')

.PHONY: logs
logs: need-sam build-operator ## follow the logs of the functions and the state machine (STACK= SINCE=)
	@region=$$(.build/operator region) && exec $(SAM) logs --tail --region "$$region" $(call option,s,SINCE) \
		$(foreach f,$(FUNCTIONS),--cw-log-group "/aws/lambda/$(STACK)-$f") --cw-log-group "/aws/vendedlogs/states/$(STACK)-export"

.PHONY: destroy
destroy: need-sam build-operator ## delete the stack, after saying what stays and what of it AWS bills (STACK= YES=1)
	@.build/operator delete-stack -stack "$(STACK)"
	@region=$$(.build/operator region) && exec $(SAM) delete --stack-name "$(STACK)" --region "$$region" $(if $(filter 1,$(YES)),--no-prompts)

.PHONY: need-sam
need-sam:
	@command -v $(SAM) >/dev/null || { echo "this needs the SAM CLI: pipx install aws-sam-cli, or make sam-test STEPS=validate, which installs it below .tools" >&2; exit 1; }

.PHONY: bench
bench: build build-bench ## measure speed and size beside a floor and beside other clients (BENCH=--smoke, or --write for the documents)
	@GO="$(GO)" .ci/bench/run $(BENCH)

# The floor and the empty function, which the built functions are held against.
.PHONY: build-bench
build-bench: say-build
	@for program in floor empty; do $(BUILD) -o .build/bench/$$program ./shared/devstack/testdata/bench/$$program || exit; done

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
	rm -rf .build .aws-sam
