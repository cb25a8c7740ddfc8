# `make help` lists the targets.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test build release bench fuzz fault schedulers changes candidates webhooks format lint clean setup setup-tests

SWIFT_FILES = Package.swift Sources Tests sql

# Further arguments: make demo ARGS="--port 9000", make test ARGS="--filter Drift"
ARGS ?=

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: build ## sets up what is missing, builds, runs the demo (ARGS="--port 9000 --exit-after 60")
	.build/debug/evenkeel demo $(ARGS)

test: setup-tests ## sets up what is missing, builds, runs every test (ARGS="--filter Drift")
	swift build --build-tests
	@# Eight tests at a time: begun all at once, each step of a test waits for a turn of a thousand others, minutes on two cores.
	@# What failed is said once more at the end, where people and CI look.
	@set -o pipefail; swift test --skip-build --experimental-maximum-parallelization-width 8 $(ARGS) 2>&1 | tee .build/test.log || { echo; grep -aE '^✘|^error:|Fatal error:' .build/test.log | cut -c 1-600; exit 1; }

build: setup ## sets up what is missing, a debug build: .build/debug/evenkeel
	swift build --product evenkeel

RELEASE = .build/release-tarball

release: setup ## optimised and stripped, with units, man page and completions: .build/release-tarball/evenkeel-VERSION-linux-ARCH.tar.gz
	scripts/package/tarball.sh $(RELEASE)

bench: setup ## times us beside what one would pick instead (ONLY=drift, ARGS="--rows 200000"); needs python3 with venv
	swift build -c release --product evenkeel
	swift build -c release --product kernel-benchmarks
	swift build -c release --product statistics-benchmarks
	swift build -c release --product alarm-benchmarks
	swift build -c release --product exposition-benchmarks
	@cmp -s Benchmarks/peers/requirements.txt .build/bench-venv/ready || { python3 -m venv .build/bench-venv && .build/bench-venv/bin/pip install -q -r Benchmarks/peers/requirements.txt && cp Benchmarks/peers/requirements.txt .build/bench-venv/ready; }
	.build/bench-venv/bin/python3 -W ignore Benchmarks/run.py $(if $(ONLY),--only $(ONLY)) $(ARGS)

fuzz: setup-tests ## throws broken files and records at the readers (SECONDS=60 each)
	scripts/fuzz.sh $(or $(SECONDS),$(ARGS))

fault: setup-tests build ## kills everything while records come in; none is lost or doubled (SECONDS=60)
	python3 -B scripts/fault.py --seconds $(or $(SECONDS),60) $(ARGS)

schedulers: setup-tests build ## two schedulers, the leader killed again and again: the same alerts as with one (KILLS=50)
	python3 -B scripts/schedulers.py --kills $(or $(KILLS),50) $(ARGS)

changes: setup-tests build ## the services that follow errors killed again and again: the same changes, each once (KILLS=30)
	python3 -B scripts/changes.py --kills $(or $(KILLS),30) $(ARGS)

candidates: setup-tests build ## the runners of candidates killed again and again: the same comparison, each row once (KILLS=30)
	python3 -B scripts/candidates.py --kills $(or $(KILLS),30) $(ARGS)

webhooks: setup-tests build ## the service killed before, while and after it sends, receivers that fail: every alert arrives, under one id (KILLS=15)
	python3 -B scripts/webhook_faults.py --kills $(or $(KILLS),15) $(ARGS)

format: ## rewrites the Swift files in the house style
	swift format -i -p -r $(SWIFT_FILES)

lint: ## says where the Swift files leave the house style
	swift format lint --strict -p -r $(SWIFT_FILES)

clean: ## removes what was built; fetched packages stay
	swift package clean
	rm -rf $(RELEASE)

setup:
	@scripts/setup.sh

setup-tests:
	@scripts/setup.sh tests
