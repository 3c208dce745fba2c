.DEFAULT_GOAL := help
.PHONY: help build lab test lint format models bench docs clean

# One configuration for everything, so that nothing is compiled twice. Two jobs unless told: JOBS=8 make lab
JOBS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); [ $$n -gt 2 ] && echo $$n || echo 2)
SWIFT_BUILD = swift build -c release --jobs $(JOBS)
PYTHON = .venv/bin/python
FORMATTED = Package.swift Sources Tests Conformance

help: ## List what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build skylab and labapp into .build/release
	@scripts/bootstrap
	@echo "build: skylab"
	@$(SWIFT_BUILD) --product skylab
	@echo "build: labapp"
	@$(SWIFT_BUILD) --product labapp

lab: build ## Build, start a fresh Skylab and walk the lab, each step checked; report in build/lab-report
	@.build/release/skylab lab run

test: ## Lint, Swift tests, then conformance by the real aws CLI and boto3
	@scripts/bootstrap --test
	@JOBS=$(JOBS) scripts/test

lint: ## Check the source rules, the format, and that generated models are up to date
	@scripts/bootstrap --test
	@scripts/lint

format: ## Format all Swift sources in place
	@swift format --in-place --parallel --recursive $(FORMATTED)

models: ## Rebuild Sources/AWSModels from botocore's service models
	@scripts/bootstrap --test
	@$(PYTHON) scripts/generate-models

bench: ## Benchmarks beside other servers, in one run; writes Benchmarks/RESULTS.md
	@scripts/bootstrap --bench
	@$(SWIFT_BUILD) --product skylab
	@$(SWIFT_BUILD) --product labapp
	@$(PYTHON) Benchmarks/run $(BENCH)

docs: ## DocC archives of the public modules in build/docs
	@scripts/docs

clean: ## Remove everything that was built or installed into this folder
	rm -rf .build build .venv
