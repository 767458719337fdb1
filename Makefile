# Orebloc. `make help` lists what there is to do. Everything is set up on the first call, into .venv.
.DEFAULT_GOAL := help
.PHONY: help run play host bundles test test-other soak bench catalogue lock clean setup setup-play setup-test check-format check-types pytest

# The first Python of 3.11 or newer that runs. Override: make run PYTHON=/path/to/python3.12
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
UV := $(shell uv --version >/dev/null 2>&1 && echo uv)
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin

ifdef UV
new_venv = uv venv --quiet --python "$(PYTHON)" $(1)
pip = uv pip install --quiet --python $(1)/bin/python
else
new_venv = $(PYTHON) -m venv $(1) || { rm -rf $(1); echo "error: $(PYTHON) cannot make a virtual environment;" \
	"install its venv module (Debian: apt install python3-venv) or uv." >&2; exit 1; }
pip = $(1)/bin/python -m pip install --quiet --disable-pip-version-check
endif

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##  */@/' | awk -F@ '{printf "  make %-12s %s\n", $$1, $$2}'

run: setup  ## the baseline, 2025 to 2040: summary on the terminal, report in results/
	@$(BIN)/orebloc run baseline
	@echo "See it in the browser, and change it: make play"

play: setup-play  ## the pages in the browser: levers, map, market shares, prices
	@$(BIN)/orebloc serve

host: setup-play  ## a class or workshop plays: code, addresses and your desk (docs/facilitator_guide.md)
	@$(BIN)/orebloc host

test: setup-test check-format check-types pytest  ## every check but the long ones

setup: $(VENV)/run.stamp  ## the environment with the console script .venv/bin/orebloc
setup-play: $(VENV)/play.stamp  ## the same with what the pages need
setup-test: $(VENV)/test.stamp  ## the same with what the tests need

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "error: no Python of 3.11 or newer found; install one or set PYTHON=..." >&2; exit 1; }
	@echo "setting up $(VENV) with $(PYTHON)$(if $(UV), and uv)"
	@$(call new_venv,$(VENV))

$(VENV)/run.stamp: requirements.txt pyproject.toml | $(BIN)/python
	@$(call pip,$(VENV)) --require-hashes -r requirements.txt
	@$(call pip,$(VENV)) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/play.stamp: requirements-play.txt $(VENV)/run.stamp
	@$(call pip,$(VENV)) --require-hashes -r requirements-play.txt
	@touch $@

$(VENV)/test.stamp: requirements-test.txt $(VENV)/run.stamp
	@$(call pip,$(VENV)) --require-hashes -r requirements-test.txt
	@touch $@

check-format:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

check-types:
	$(BIN)/mypy

# A short run first: it compiles the rules on both cores, where two workers of the tests would each compile all.
pytest:
	@folder=$$(mktemp -d); $(BIN)/orebloc run tiny --until 2025Q2 --json --out $$folder/run >/dev/null; told=$$?; \
	rm -rf $$folder; exit $$told
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile -m "not soak and not bench"

# A short look on the newest other Python that is present (3.12 or newer): set up, list, run, read.
test-other:  ## a short smoke test on another Python (3.12 or newer), where one is present
	@sh tests/other_python.sh $(BIN)/python

soak: setup-test  ## the long checks: 10,000 random markets, long runs
	$(BIN)/python -m pytest -q -m soak

bench: setup-test  ## timings, as ratios within one run
	$(BIN)/python -m pytest -q -s -m bench

# A sign that is not as its study tells it ends the first command with 1; the page is written all the same.
catalogue: setup  ## run every shipped study anew and write docs/catalogue.md (an interrupted one goes on)
	-$(BIN)/python orebloc.py study catalogue --workers $(WORKERS)
	$(BIN)/python tests/docs/catalogue.py

# Needs uv. `--universal` writes one file for all systems and Pythons; no host is recorded.
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate --quiet --extra build
lock:  ## new pins and hashes in requirements.txt and requirements-test.txt (needs uv)
	$(LOCK) --upgrade -o requirements.txt
	$(LOCK) --extra play -c requirements.txt --upgrade -o requirements-play.txt
	$(LOCK) --extra test --extra bench --extra play -c requirements.txt -c requirements-play.txt --upgrade -o requirements-test.txt

# Needs node and npm; the built files are committed, so that nobody else does.
bundles:  ## build viz/static/app.js from viz/bundle (needs node and npm)
	cd viz/bundle && npm ci --ignore-scripts --no-progress && node build.mjs

clean:  ## remove the environments and what checks leave behind; results/ stays
	rm -rf .venv .venv-other build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
