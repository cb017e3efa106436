# Hookweir. `make help` lists what there is to do.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
export WRANGLER_SEND_METRICS := false
export WRANGLER_LOG_PATH := $(CURDIR)/build/log

TOOL = go tool -modfile=tools.mod
WASM = GOOS=js GOARCH=wasm
SOURCES := $(shell find worker consumers shared -name '*.go' -not -name '*_test.go') go.mod go.sum
GLUE := $(shell find worker consumers shared -name '*.mjs')
GOWASM = $(WASM) go build -trimpath -ldflags='-s -w'

.PHONY: playbook soak send provisioned catalogue help provision setup build demo dev test check bench sim deploy size fmt fuzz clean peers cost

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: node_modules/.installed ## install the pinned npm packages, Node 24 and workerd among them

node_modules/.installed: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	touch $@

# The providers' own libraries, which judge the corpus: apart, so that setup
# stays quick.
e2e/peers/node_modules/.installed: e2e/peers/package.json e2e/peers/package-lock.json
	npm ci --prefix e2e/peers --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

peers: setup ## have the providers' largest libraries judge the corpus too, and write their verdicts down
	npm ci --prefix e2e/peers/heavy --ignore-scripts --no-audit --no-fund --loglevel=error
	node e2e/peers/record.mjs

build: build/deploy/worker/index.js build/deploy/consumers/index.js ## build both Workers exactly as they deploy

build/wasm_exec.js:
	mkdir -p build
	cp "$$(go env GOROOT)/lib/wasm/wasm_exec.js" $@

build/worker.wasm: $(SOURCES)
	$(GOWASM) -o $@ ./worker

build/consumers.wasm: $(SOURCES)
	$(GOWASM) -o $@ ./consumers

# What wrangler would upload: one bundled module and the Wasm beside it.
build/deploy/worker/index.js: wrangler.toml build/worker.wasm build/wasm_exec.js $(GLUE) node_modules/.installed
	@echo "wrangler deploy --dry-run: build/deploy/worker"
	@rm -rf build/deploy/worker
	@wrangler deploy --dry-run --outdir $(CURDIR)/build/deploy/worker >build/deploy-worker.log 2>&1 || { cat build/deploy-worker.log; exit 1; }

build/deploy/consumers/index.js: consumers/wrangler.toml build/consumers.wasm build/wasm_exec.js $(GLUE) node_modules/.installed
	@echo "wrangler deploy --dry-run -c consumers/wrangler.toml: build/deploy/consumers"
	@rm -rf build/deploy/consumers
	@wrangler deploy --dry-run --outdir $(CURDIR)/build/deploy/consumers -c consumers/wrangler.toml >build/deploy-consumers.log 2>&1 || { cat build/deploy-consumers.log; exit 1; }

# The same modules with the tests' crash hooks compiled in. Never deployed.
build/test/worker.wasm: $(SOURCES)
	$(GOWASM) -tags hookweirtest -o $@ ./worker

build/test/consumers.wasm: $(SOURCES)
	$(GOWASM) -tags hookweirtest -o $@ ./consumers

# The consumers with the fixtures of the MCP conformance suite in place of the
# tools. Never deployed.
build/conformance/consumers.wasm: $(SOURCES)
	$(GOWASM) -tags hookweirconformance -o $@ ./consumers

# What is there already is the developer's: kept, and touched so that a newer
# example is no reason to try again.
.dev.vars: .dev.vars.example
	@test -e $@ || cp $< $@
	@touch $@

consumers/.dev.vars: consumers/.dev.vars.example
	@test -e $@ || cp $< $@
	@touch $@

demo: build ## send real signed deliveries through the product on workerd, show what the agent received
	@node e2e/demo.mjs

playbook: build ## every pattern in one run, and six failures without effect: ONLY=dropped-webhook for one
	@ONLY=$(ONLY) node e2e/playbook/run.mjs

soak: build ## mixed load on workerd for MINUTES=30; fails on anything lost, doubled or growing
	MINUTES=$(MINUTES) node e2e/playbook/soak.mjs

send: setup ## send one signed delivery: KIND='github push' SECRET=… TO=https://…/webhooks/{tenant}/{source}
	@KIND="$(KIND)" SECRET="$(SECRET)" TO="$(TO)" node e2e/send.mjs

dev: build .dev.vars consumers/.dev.vars ## serve on 127.0.0.1:8787 (PORT overrides) until stopped
	@node e2e/dev.mjs

test: build .dev.vars consumers/.dev.vars build/test/worker.wasm build/test/consumers.wasm build/conformance/consumers.wasm e2e/peers/node_modules/.installed ## every test: Go on the host, the Wasm in wazero, end to end on workerd
	$(TOOL) gotestsum --format pkgname-and-test-fails -- -timeout 40m ./...
	node --test --test-concurrency=3 --test-reporter=spec 'e2e/*.test.mjs'

check: setup ## formatting, vet, lint for both targets, dead code, import graph
	bash .ci/check

sim: build/worker.wasm build/consumers.wasm ## random hours against the Wasm: SEEDS=1000 FROM=1, PARTS=standard for less than everything, PLANTED=1 for the planted bugs too
	$(if $(PARTS),SIM_PARTS=$(PARTS)) SIM_SEEDS=$(or $(SEEDS),12) SIM_FROM=$(or $(FROM),1) go test ./wasmtest/sim -run '^TestSimulation$$$(if $(PLANTED),|^TestPlantedBugsAreFound$$)' -count=1 -v -timeout 2h

bench: build build/test/worker.wasm build/test/consumers.wasm ## ratios against the peers on one workerd
	node bench/run.mjs
	node bench/mcp.mjs
	node bench/writes.mjs
	node bench/vault.mjs
	node bench/polls.mjs

fuzz: ## every fuzz target for FUZZTIME=5s each; PKG=./shared/tools for one package
	bash .ci/fuzz $(or $(FUZZTIME),5s) $(PKG)

provision: setup ## create the KV, R2, queues, D1 and secrets that the account lacks; safe to repeat
	node deploy/provision.mjs

# A name where Cloudflare's id belongs: nothing was provisioned yet.
provisioned:
	@! grep -qsE '^id = "hookweir-' wrangler.toml consumers/wrangler.toml || { echo "wrangler.toml names KV namespaces that have no id yet: make provision" >&2; exit 1; }
	@! grep -hsE '^database_id = ' wrangler.toml consumers/wrangler.toml | grep -qvE '= "[0-9a-f-]{36}"' || { echo "consumers/wrangler.toml names a D1 database that has no id yet: make provision" >&2; exit 1; }

deploy: provisioned build ## wrangler deploy, consumers first
	wrangler deploy -c consumers/wrangler.toml
	wrangler deploy

size: build ## sizes of what is uploaded
	@ls -l build/deploy/*/*.wasm build/deploy/*/index.js | awk '{printf "%10d  %s\n", $$5, $$9}'

cost: setup build/worker.wasm ## what packages of Go's would add to the public module
	node bench/cost.mjs

catalogue: ## write docs/providers.md, oauth-providers.md, errors.md, limits.md and openapi.json from the tables behind them
	go test -count=1 ./shared/webhook/reference -run TestPage -update
	go test -count=1 ./shared/admin -run TestOpenAPI -update
	go test -count=1 ./shared/oauth -run TestPage -update
	go test -count=1 . -run "TestErrorsPage|TestLimitsPage" -update

fmt: ## format
	$(TOOL) gofumpt -w .

clean: ## remove everything that was built
	rm -rf build .wrangler
