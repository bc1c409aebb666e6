# From a fresh Debian 12 with a C++ compiler, make and Python 3.11: `make serve` starts a game, `make test` proves it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
# Each step builds with all cores by itself; and packages come before what is built from them.
.NOTPARALLEL:

HAS_HEADERS := import os, sysconfig; print("yes" * os.path.exists(sysconfig.get_path("include") + "/Python.h"))
# The one list of system packages: what the server is built from, what its tests need, what only `make bench`,
# `make fuzz`, `make lint` and CI need. A tool that is there by other means is not installed a second time.
BUILD_PACKAGES := cmake ninja-build libboost1.81-dev libssl-dev zlib1g-dev nlohmann-json3-dev libspdlog-dev \
    libcli11-dev libtomlplusplus-dev prometheus-cpp-dev libsoci-dev libpq-dev libsqlite3-dev libgtest-dev libgmock-dev
PYTHON_PACKAGES := $(if $(shell python3 -c 'import ensurepip, venv; print("yes")' 2>/dev/null),,python3-venv) \
    $(if $(shell python3 -c '$(HAS_HEADERS)' 2>/dev/null),,python3-dev)
NODE_PACKAGES := $(if $(and $(shell command -v node),$(shell command -v npm)),,nodejs npm)
TEST_PACKAGES := caddy curl faketime haproxy jq nginx-light openssl postgresql procps prometheus prometheus-alertmanager
BENCH_PACKAGES := libbenchmark-dev valgrind
CLANG_PACKAGES := clang clang-format libclang-rt-14-dev
BROWSER_PACKAGES := chromium

JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 30
PYTHON := .venv/bin/python
# Not the interpreter itself, which is a link to the system's.
VENV := .venv/installed-package
TEST_VENV := .venv/installed-tests
export CTEST_OUTPUT_ON_FAILURE := 1

.PHONY: serve server test example build build-tests package bench fuzz sanitize sanitize-asan sanitize-tsan \
    sanitize-python conformance browser format lint reference clean packages-build packages-test packages-bench \
    packages-clang npm

# The game that the package comes with, and its population.
serve: package
	@exec .venv/bin/mythos serve --demo $(ARGS)
# The server alone, without Python.
server: build
	@exec build/release/mythosd $(ARGS)

# Installs what dpkg does not know of the packages named, or says which line installs them. Never removes a package.
define install
@missing=(); for package in $(1); do \
    dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing+=($$package); \
done; \
if [ $${#missing[@]} -gt 0 ]; then \
    if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
        echo "installing $${missing[*]}"; \
        apt-get update -qq; \
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends --no-remove "$${missing[@]}" >/dev/null; \
    else \
        echo "Mythos needs packages that are not installed. Run this line, then make again:"; \
        echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends $${missing[*]}"; \
        exit 1; \
    fi; \
fi
endef

packages-build:
	$(call install,$(BUILD_PACKAGES) $(PYTHON_PACKAGES) $(NODE_PACKAGES))
packages-test:
	$(call install,$(BUILD_PACKAGES) $(TEST_PACKAGES))
packages-bench:
	$(call install,$(BENCH_PACKAGES))
packages-clang:
	$(call install,$(BUILD_PACKAGES) $(CLANG_PACKAGES))

build: build/release/build.ninja
	@cmake --build build/release -j $(JOBS) --target mythosd
build-tests: packages-test $(TEST_VENV) build/release/build.ninja
	@cmake --build build/release -j $(JOBS)

# The Python package, mythosd included, into .venv: what is compiled for it is compiled in build/release.
package: build/release/build.ninja
	@cmake --build build/release -j $(JOBS) --target mythosd _core
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-build-isolation --config-settings build-dir=build/release .

build/release/build.ninja build/asan/build.ninja build/tsan/build.ninja: | $(VENV)
build/bench/build.ninja build/silent/build.ninja: | packages-bench
build/%/build.ninja: CMakePresets.json | packages-build
	cmake --preset $* -G Ninja
	@touch $@

$(VENV): bindings/requirements.txt | packages-build
	python3 -m venv .venv
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r bindings/requirements.txt
	@touch $@
$(TEST_VENV): tests/requirements.txt $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@

npm: $(patsubst %/package-lock.json,%/node_modules/.package-lock.json,$(wildcard tests/functional/node/package-lock.json))
%/node_modules/.package-lock.json: %/package-lock.json | packages-test
	cd $* && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

test: build-tests package npm
	@tests/run.sh

# Shows the promise on a server that runs: make example, or make example URL=http://127.0.0.1:9000
URL := http://127.0.0.1:8000
EXAMPLE_PACKAGES = $(shell grep -E '^(httpx|httpx-sse|websockets)==' tests/requirements.txt)
example:
	$(call install,$(PYTHON_PACKAGES))
	@$(PYTHON) -c 'import httpx_sse, websockets' 2>/dev/null || { python3 -m venv .venv && \
	    $(PYTHON) -m pip install --quiet --disable-pip-version-check $(EXAMPLE_PACKAGES); }
	@$(PYTHON) docs/examples/two_wires.py $(URL)

bench: build/bench/build.ninja
	cmake --build build/bench -j $(JOBS)

# One record of a latency, beside prometheus-cpp's histogram: a few seconds.
bench-record: build/bench/build.ninja
	cmake --build build/bench -j $(JOBS) --target bench_stats_record
	build/bench/bench_stats_record

# What the statistics cost a delivery, in instructions, counted by callgrind: three minutes, whatever else the machine does.
bench-instructions: packages-bench build/bench/build.ninja build/silent/build.ninja
	cmake --build build/bench -j $(JOBS) --target mythosd bench_loadgen
	cmake --build build/silent -j $(JOBS) --target mythosd
	$(PYTHON) bench/instructions.py --with build/bench/mythosd --without build/silent/mythosd

fuzz: packages-clang build/fuzz/build.ninja
	cmake --build build/fuzz -j $(JOBS) --target fuzz_targets
	tests/fuzz.sh build/fuzz $(FUZZ_SECONDS)

sanitize: sanitize-asan sanitize-tsan
sanitize-asan sanitize-tsan: sanitize-%: build/%/build.ninja
	cmake --build build/$* -j $(JOBS)
	tests/sanitized.sh build/$*

# What Python and the core do to each other, on both sanitized cores.
sanitize-python: build/asan/build.ninja build/tsan/build.ninja $(TEST_VENV)
	cmake --build build/asan -j $(JOBS) --target _core
	tests/sanitized_python.sh build/asan libasan
	cmake --build build/tsan -j $(JOBS) --target _core
	tests/sanitized_python.sh build/tsan libtsan

# What is built from web/: the client for browsers and node, the React hook.
.PHONY: web test-web test-browser packages-web
packages-web:
	$(call install,$(NODE_PACKAGES))
# What the build of the pages installs by itself is less: it leaves out what tests and checks need.
web/node_modules/.installed: web/package-lock.json | packages-web
	cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@
web: web/node_modules/.installed
	cd web && npm run --silent build
# On node, against the real server: half a minute.
test-web: build web
	cd web && npm run --silent lint && npm test
# The client in a real Chromium, whose links are cut: half a minute.
test-browser: package web
	$(call install,$(BROWSER_PACKAGES))
	cd web && npm run test-browser

# A real Chromium with nothing of ours on the page.
browser: build-tests
	$(call install,$(BROWSER_PACKAGES))
	$(PYTHON) -m pytest tests/functional/browser

conformance: build-tests
	$(PYTHON) tests/conformance/run_kosoku.py build/release/mythos-echo --listen 127.0.0.1:0

# The alerts' expressions, by a real Prometheus and by the engine: $(EXPRESSIONS) of them must be answered alike. And the
# states of random rules at every minute, by promtool.
EXPRESSIONS ?= 5000
.PHONY: conformance-alerts bench-alerts
conformance-alerts: build-tests package
	$(PYTHON) tests/conformance/run_promql.py --count $(EXPRESSIONS)
	$(PYTHON) tests/conformance/run_rules.py --tests 200
# A round of 100 rules over 1,000 series: the median is bounded by 20 ms.
bench-alerts: build-tests package
	$(PYTHON) bench/alert_rules.py

# Both kinds of server, held to docs/api/openapi.yaml for at most $(CONTRACT_SECONDS) seconds each.
CONTRACT_SECONDS ?= 90
.PHONY: contract
contract: build-tests package
	$(PYTHON) tests/conformance/run_contract.py build/release/mythosd .venv/bin/mythos --seconds $(CONTRACT_SECONDS)

# Both modes of a client's second wire, $(CUTS) cuts a fault and wire: nothing may be lost, repeated or out of order. The
# pauses are printed beside what is promised of them; only a quiet machine can be held to them (failover.py --strict).
CUTS ?= 60
.PHONY: failover bench-quick bench-record bench-instructions
failover: build-tests $(VENV)
	$(PYTHON) tests/functional/failover.py --mode mirror --cuts $(CUTS)
	$(PYTHON) tests/functional/failover.py --mode standby --cuts $(CUTS)

# The server that is tested beside a bare send loop, in about two minutes. Memory is held to its bound; CPU, which depends
# on what else the machine does, is told as a ratio.
QUICK_BENCH = $(PYTHON) bench/run.py --binaries build/release build/bench --without guide --seconds 1
bench-quick: build-tests package build/bench/build.ninja $(VENV)
	cmake --build build/bench -j $(JOBS) --target bench_loadgen bench_baseline_send
	$(QUICK_BENCH) --repeat 2 --set idle
	$(QUICK_BENCH) --repeat 3 --set fanout --case "N=1,000 W=1" --bounds told
	$(PYTHON) bench/scrape.py --mythosd build/release/mythosd
	$(PYTHON) bench/alert_rules.py

CPP_FILES = $(shell find bindings cpp tests bench -name node_modules -prune -o \( -name '*.hpp' -o -name '*.cpp' \) -print)
format: packages-clang $(TEST_VENV)
	clang-format -i $(CPP_FILES)
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .
lint: packages-clang $(TEST_VENV)
	clang-format --dry-run --Werror $(CPP_FILES)
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy

# The reference page and the Python model come from the table of options; tests fail while they differ.
reference: package
	build/release/mythosd --reference > docs/reference/config.md.new
	mv docs/reference/config.md.new docs/reference/config.md
	build/release/mythosd --reference-errors > docs/reference/errors.md.new
	mv docs/reference/errors.md.new docs/reference/errors.md
	$(PYTHON) -m typer mythos.cli utils docs --name mythos > docs/reference/command.md
	$(PYTHON) bindings/generate_settings.py

clean:
	rm -rf build
