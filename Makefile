# Needletail on Debian 12 with a Swift 6.2+ toolchain, as root or with sudo.
#
#   make run      install the system libraries, build, start on the built-in configuration
#   make test     install what the tests need and run all of them
#   make build    only build: .build/release/needletail
#   make demo     start with a small shop that sends real telemetry
#   make bench    compare with other collectors on this machine, and scrapes with gzip
#   make bench-sampling   how tail sampling scales: memory, stalls, bursts; SOAK=600 soaks for ten minutes too
#   make bench-scrape     the scrapes alone, and up to a million series
#   make pictures draw dashboards/pictures from a quarter of an hour of the demo
#   make format   format the Swift sources

SHELL := /bin/bash
SWIFT ?= swift
PYTHON ?= python3
SUDO := $(shell test "$$(id -u)" = 0 || echo sudo)

# Relocations packed and symbols left out: they would be a fifth of an idle process's memory.
LINKING := -Xswiftc -use-ld=lld -Xlinker -s -Xlinker -z -Xlinker pack-relative-relocs -Xlinker --no-export-dynamic
RELEASE := $(SWIFT) build -c release --static-swift-stdlib $(LINKING)
NEEDLETAIL := .build/release/needletail
VENV := .venv

BUILD_PACKAGES := pkg-config libprotobuf-c-dev zlib1g-dev libre2-dev
TEST_PACKAGES := curl openssl prometheus protobuf-c-compiler libprotobuf-dev python3-venv
BENCH_PACKAGES := nginx-light python3-venv

# $(call install,PACKAGES): only what is missing, so that it works offline once it has worked.
define install
@missing=$$(for package in $(1); do \
    dpkg-query -W -f '$${Status}\n' $$package 2>/dev/null | grep -q 'ok installed' || echo $$package; done); \
if [ -n "$$missing" ]; then \
    echo "==> installing" $$missing; \
    $(SUDO) apt-get update -qq && \
    $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing </dev/null; \
fi
endef

.PHONY: run build demo test swift-test end-to-end bench bench-sampling bench-scrape pictures format build-needs \
    test-needs bench-needs

run: build
	$(NEEDLETAIL)

demo: build
	$(NEEDLETAIL) demo

build: build-needs
	@echo "==> building $(NEEDLETAIL)"
	$(RELEASE) --product needletail

test: swift-test end-to-end

swift-test: build-needs test-needs
	@echo "==> unit, differential and golden tests"
	# One after the other: the tests with real sockets have time limits, which busy neighbours would use up.
	@mkdir -p .build; set -o pipefail; $(SWIFT) test --no-parallel 2>&1 | tee .build/swift-test.log || \
	    { echo "==> what failed"; grep '✘' .build/swift-test.log; exit 1; }

# What users run is what is tested: the release executable.
end-to-end: build test-needs $(VENV)/installed
	@echo "==> tests with real peers"
	$(RELEASE) --product WireBenchmark
	NEEDLETAIL_BINARY=$(NEEDLETAIL) $(VENV)/bin/python -m pytest Tests/EndToEnd

bench: build bench-needs $(VENV)/bench-installed
	$(RELEASE) --product otlpload
	$(VENV)/bin/python Tests/Bench/bench.py
	$(VENV)/bin/python Tests/Bench/scrape.py --series 100000

bench-sampling: build
	$(RELEASE) --product otlpload
	$(PYTHON) Tests/Bench/sampling.py $(if $(SOAK),--soak $(SOAK))

bench-scrape: build
	$(RELEASE) --product otlpload
	$(PYTHON) Tests/Bench/scrape.py

pictures: build test-needs $(VENV)/installed
	$(VENV)/bin/python Tests/Pictures/render.py

format:
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests

build-needs:
	$(call install,$(BUILD_PACKAGES))

test-needs:
	$(call install,$(TEST_PACKAGES))

bench-needs:
	$(call install,$(BENCH_PACKAGES))

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: Tests/requirements.txt | test-needs $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

$(VENV)/bench-installed: Tests/Bench/requirements.txt | bench-needs $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@
