# Everything here works on a fresh Debian 12 with Swift: what is missing is installed by `make setup`, which the
# other targets run by themselves.

SWIFT ?= swift
PREFIX ?= /usr/local
CONFIG ?= routes.yaml
# The binary carries Swift's libraries with it; for the rest of the first line see docs/decisions/0016-how-the-release-is-built.md, for
# the second 0059-how-the-binary-is-hardened.md (`.ci/check-binary` looks whether the binary has it).
RELEASE = -c release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked -Xswiftc -cross-module-optimization \
  --disable-local-rpath -Xcc -fstack-protector-strong -Xcxx -D_FORTIFY_SOURCE=2

.DEFAULT_GOAL := help
.PHONY: help setup setup-browser setup-postgres build demo run test bench bench-quick ci floor fuzz lint format install package sbom clean

help: ## Show what there is to do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Check for Swift and the system's libraries, and install what is missing
	@.ci/setup

setup-browser: ## Install what the dashboard's tests need: Chromium, its driver, and axe-core
	@.ci/setup-browser

# Said before a first build, which is silent for long.
define say-how-long
@test -e .build/release/huggy-relay || echo "Compiling for the first time: some five minutes on two cores, most of them for the packages it uses. Later builds take seconds."
endef

setup-postgres: ## Install what the PostgreSQL store's tests need: the server's programs
	@.ci/setup-postgres

build: setup ## Build the release binary: .build/release/huggy-relay
	$(say-how-long)
	$(SWIFT) build $(RELEASE) --product huggy-relay

demo: setup ## Show the main job: relay, receivers, an outage, and the books (about a minute after the build)
	$(say-how-long)
	$(SWIFT) build $(RELEASE) --product huggy-relay
	$(SWIFT) build $(RELEASE) --product relay-demo
	@.build/release/relay-demo

run: build ## Run the relay with CONFIG (default routes.yaml, made from the example if missing) and, where it is there, the secrets of routes.env
	@test -f $(CONFIG) || { test -f routes.env || (umask 077 && .ci/example-secrets > routes.env); \
	  cp routes.yaml.example $(CONFIG); echo "made $(CONFIG), and secrets for it in routes.env"; }
	@own=$$(export -p); if test -f routes.env; then set -a; . ./routes.env; set +a; eval "$$own"; fi; \
	  exec .build/release/huggy-relay serve --config $(CONFIG)

# Some wait for real time-outs: they run by themselves, since a thousand others at once would make them late.
TIMED = RelayCurlTests|RelayIngestTests|EndToEndTests.LogTests
# These have a browser each, which takes a processor for itself; without Chromium they are passed over (`make setup-browser`).
BROWSER = EndToEndTests.Dashboard
# How many run at once, so that each finishes soon after it has begun, as it would alone.
test: export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH = 16

# Those of the PostgreSQL store start a server; without its programs they are passed over (`make setup-postgres`).
test: setup ## Run all tests
	$(SWIFT) build --build-tests
	@SWIFT='$(SWIFT)' .ci/test --skip-build --disable-xctest --skip '$(TIMED)|$(BROWSER)'
	@SWIFT='$(SWIFT)' .ci/test --skip-build --disable-xctest --filter '$(TIMED)'
	@SWIFT='$(SWIFT)' .ci/test --skip-build --disable-xctest --filter '$(BROWSER)'

bench: build ## Measure speed, cost, floor and peers: forty minutes (installs wrk, nginx, redis-server, syslog-ng and others)
	Benchmarks/bench

bench-quick: build ## Measure the two main scenarios and their floor: a minute
	Benchmarks/bench --quick

# What the benchmark measures the relay against, built alike.
floor: setup
	@$(SWIFT) build $(RELEASE) --package-path Benchmarks/Floor --scratch-path .build/floor

# Seconds for each target; TARGET alone, or all of them.
fuzz: SECONDS ?= 60
fuzz: setup ## Fuzz what reads other people's bytes: TARGET=scanner (all without it) for SECONDS=60 each
	@Fuzz/run --seconds $(SECONDS) $(TARGET)

ci: ## What every change must pass: format, build without warnings, all tests, release, metrics, the API (about 20 minutes)
	@CI=true .ci/run

lint: setup ## Check the format of the code
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests Fuzz

format: setup ## Format the code
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests Fuzz

install: build ## Install the binary, its manual pages and completions under PREFIX (default /usr/local)
	install -D -s -m 0755 .build/release/huggy-relay $(DESTDIR)$(PREFIX)/bin/huggy-relay
	.build/release/huggy-relay manual $(DESTDIR)$(PREFIX)/share/man/man1
	@set -e; share=$(DESTDIR)$(PREFIX)/share; \
	  install -d $$share/bash-completion/completions $$share/zsh/site-functions $$share/fish/vendor_completions.d; \
	  .build/release/huggy-relay --generate-completion-script bash > $$share/bash-completion/completions/huggy-relay; \
	  .build/release/huggy-relay --generate-completion-script zsh > $$share/zsh/site-functions/_huggy-relay; \
	  .build/release/huggy-relay --generate-completion-script fish > $$share/fish/vendor_completions.d/huggy-relay.fish

sbom: build ## Say what the binary and the image are made of (CycloneDX): .build/sbom
	@deploy/write-sbom

package: build ## Build the Debian package: .build/package/huggy-relay_VERSION_ARCHITECTURE.deb
	@deploy/package

clean: ## Remove what was built
	rm -rf .build
