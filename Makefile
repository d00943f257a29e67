# Two commands are enough: `make demo` and `make test`. `make help` lists the rest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet --quiet
PYTEST := $(BIN)/python -m pytest
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
DEMO := warcs/demo
PORT ?= 8000
REPLAY_PORT ?= 8001
ONCE ?=
# What `make coverage` and `make mutants` judge, and by which tests.
VERIFIER := $(wildcard archive/verify/*.py archive/verify/*/*.py) archive/log/merkle.py archive/log/note.py archive/log/proof.py
VERIFIER_TESTS := tests/unit/archive/log tests/unit/archive/verify \
	tests/tamper/test_table_*.py tests/tamper/test_log_history.py \
	tests/tamper/test_forgeries.py tests/tamper/test_unreadable.py tests/tamper/test_adversary.py \
	tests/tamper/test_adversary_folder.py tests/tamper/test_adversary_golden.py \
	tests/tamper/test_adversary_log.py tests/tamper/test_adversary_segments.py \
	tests/property/test_log_formats.py tests/property/test_log_tree.py
# Of `make mutants`: which by name, about how many of these, seconds of tests for each.
MUTANTS ?=
SAMPLE ?=
SEED ?= 20261129
BUDGET ?=
WORKERS ?= 3
FUZZ_SECONDS ?= 3600
DOCUMENTS ?= 50000
ELASTICSEARCH ?=

# On a build server the tests may not skip anything quietly (tests/conftest.py).
IN_CI := $(filter-out 0 false no,$(CI))

# When a build server's run began: the slow suites end before it is ended.
ifneq ($(IN_CI),)
MAKE_STARTED ?= $(shell date +%s)
export MAKE_STARTED := $(MAKE_STARTED)
endif

.DEFAULT_GOAL := help
.PHONY: help setup demo run test everyday check test-slow lint types docs \
	goldens lock fuzz coverage mutants screenshots system-packages clean bench-packages \
	bench-search bench-search-scale bench-capture bench-append bench-web bench-crawl bench-verify
.DELETE_ON_ERROR:

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' Makefile

setup: $(RUNTIME) ## make .venv with the command .venv/bin/evidence

demo: $(RUNTIME) ## made-up sites: crawl, sign, index, verify, serve (ONCE=1: do not serve)
	$(BIN)/evidence demo --archive $(DEMO) $(if $(ONCE),--once,--port $(PORT) --replay-port $(REPLAY_PORT))

run: $(RUNTIME) ## serve the archive warcs/main
	$(BIN)/evidence --archive warcs/main serve --port $(PORT) --replay-port $(REPLAY_PORT)

test: $(DEV) system-packages ## all everyday tests; with CI set also lint, types, docs, slow suites
ifneq ($(IN_CI),)
	$(MAKE) --no-print-directory lint types docs
endif
	$(MAKE) --no-print-directory everyday
ifneq ($(IN_CI),)
	$(MAKE) --no-print-directory test-slow
endif

# A file stays with one worker: its fixtures are made once. In the order of the folders
# the long ones come first, so that the workers end together. Three of them keep two
# cores busy: half of the time a test waits for a server, a browser or a time limit.
everyday: $(DEV)
	$(BIN)/python -m tests.second_look \
		-m "not slow" -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: lint types docs everyday ## lint, types, docs and the everyday tests

test-slow: $(DEV) ## the slow suites, in the order of tests/slow_suites.txt
	$(BIN)/python -m tests.run_slow

lint: $(DEV) ## ruff: format and rules
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .

types: $(DEV) ## mypy, strict
	$(BIN)/mypy

docs: $(DEV) ## the tests that keep the documents true
	$(PYTEST) -q tests/test_documents.py tests/test_docs.py tests/test_shown_commands.py \
		tests/unit/archive/attest/test_format_page.py \
		tests/unit/archive/verify/test_codes.py \
		tests/unit/web/test_languages.py

goldens: $(DEV) ## make generated fixtures again; look at the difference before you commit
	$(BIN)/python tests/make/demo_assets.py crawlers/demo/site/outlet.example/both
	rm -rf build/golden && $(BIN)/python tests/make/golden_archive.py build/golden
	$(PYTEST) -q --update-goldens tests/tamper/test_table_untouched.py \
	    tests/tamper/test_table_*.py tests/tamper/test_forgeries.py tests/unit/archive/verify
	@echo "compare build/golden with tests/golden: a difference breaks archives made before;"
	@echo "in tests/golden/reports it is what readers of a report are told from now on"

lock: $(DEV) ## pin requirements/*.in again; no address is recorded
	cd requirements && for name in runtime browser cluster pkcs11 dev fuzz mutants; do \
	    ../$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	        --no-header --no-annotate --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	        --no-emit-options --output-file $$name.txt $$name.in || exit 1; \
	done

screenshots: $(DEV) ## pictures of every page for docs/tour.md (needs chromium)
	$(BIN)/python -m tests.make.screenshots docs/images

bench-capture: $(DEV) ## CPU and memory of a crawl against plain Scrapy, wget, warcprox and a Scrapy archiver
	$(BIN)/python benchmarks/capture.py

bench-crawl: $(DEV) ## forty sources due at once: pages a second, CPU, memory, politeness
	$(BIN)/python benchmarks/crawl.py

bench-append: $(DEV) ## captures a second signed, logged and synced; proofs made and checked
	$(BIN)/python benchmarks/append.py

coverage: $(DEV) ## branches of the verifier that its tests reach, 100 % is asked (3 minutes of CPU)
	$(BIN)/coverage erase
	$(BIN)/coverage run --source=archive.verify,archive.log -m pytest -q -p no:xdist -p tests.mutation.reach -m "not slow" $(VERIFIER_TESTS)
	$(BIN)/coverage report --show-missing --skip-covered --fail-under=100 --include="$$(echo $(VERIFIER) | tr ' ' ,)"

mutants: $(DEV) ## after `make coverage`: change the verifier in small ways; its tests must notice (SAMPLE=300 BUDGET=10)
	$(PIP) --require-hashes -r requirements/mutants.txt
	nice -n 5 $(BIN)/python -m tests.mutation.judge $(if $(SAMPLE),--sample $(SAMPLE) --seed $(SEED)) $(if $(BUDGET),--budget $(BUDGET)) \
	    $(foreach name,$(MUTANTS),--only '$(name)') $(VERIFIER)

fuzz: $(DEV) ## the response parser under atheris, for an hour or FUZZ_SECONDS
	$(PIP) --require-hashes -r requirements/fuzz.txt
	$(BIN)/python -m tests.fuzz.framing build/fuzz $(FUZZ_SECONDS)

bench-search: $(DEV) ## every figure of search, quality, speed and scale, in one table (DOCUMENTS=, ELASTICSEARCH=1)
	$(BIN)/python benchmarks/search_figures.py --documents $(DOCUMENTS) $(if $(ELASTICSEARCH),--elasticsearch)

bench-search-scale: $(DEV) ## many documents of real text: queries, size, memory (DOCUMENTS=50000, ELASTICSEARCH=1)
	$(BIN)/python benchmarks/search_scale.py --documents $(DOCUMENTS) $(if $(ELASTICSEARCH),--elasticsearch)

bench-web: $(DEV) ## latency of pages and cleaned replay at 100,000 captures, beside pywb
	$(BIN)/python benchmarks/web_latency.py --folder build/web

bench-packages: $(DEV) ## forged packages and WARC files, judged by us and by today's tools
	$(BIN)/python benchmarks/packages.py

bench-verify: $(DEV) ## CPU and memory of verifying 2 GB against a loop that only inflates and hashes
	$(BIN)/python benchmarks/verify.py

clean: ## remove .venv and the example archive with its keys and trust
	rm -rf $(VENV) $(DEMO) $(DEMO)-trust $(DEMO)-keys

system-packages:
	@tests/system_packages.sh

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Python 3.11 or newer is needed and $(PYTHON) is not: make PYTHON=python3.11 ..." >&2; \
	    exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	    echo "$(PYTHON) cannot make virtual environments; on Debian install python3-venv" >&2; \
	    exit 1; }

$(RUNTIME): requirements/runtime.txt pyproject.toml setup.cfg | $(BIN)/python
	$(PIP) --require-hashes -r requirements/runtime.txt
	PYTHONWARNINGS='ignore:Editable installation' \
	    $(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements/dev.txt $(RUNTIME)
	$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@
