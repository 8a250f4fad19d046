.DEFAULT_GOAL := help
SHELL := /bin/bash
# The distribution's Python is compiled with optimisations; one that `pyenv install` made is not, and costs more per query (decision 0059).
PYTHON ?= $(or $(shell for each in /usr/bin/python3.11 python3.11; do $$each -c 'import ensurepip' 2>/dev/null && echo $$each && break; done),python3.11)
BIN := .venv/bin
SET_UP := .venv/.set-up
TESTS := not chaos and not load
PYTEST := $(BIN)/python -m pytest --cov --cov-report= --durations=15

.PHONY: help demo test chaos serve bench check lint types imports format clean

help: ## list all targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(SET_UP): requirements.txt requirements-dev.txt requirements-broker.txt requirements-batch.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "Python 3.11 is needed; set PYTHON=/path/to/python3.11" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-broker.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --upgrade --target .venv/batch -r requirements-batch.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

demo: $(SET_UP) ## everything from nothing: servers, data, model, graph; three prompts answered over HTTP; stops again
	$(BIN)/leads demo

test: $(SET_UP) check ## lint, types, import contracts, and every test but chaos and load
	rm -f .coverage .coverage.*
	COVERAGE_FILE=.coverage.shared $(PYTEST) -m 'not alone and $(TESTS)' --numprocesses 2 --dist loadfile --no-loadscope-reorder; shared=$$?; \
	COVERAGE_FILE=.coverage.alone $(PYTEST) -m 'alone and $(TESTS)'; test $$shared$$? = 00
	$(BIN)/coverage combine --quiet .coverage.shared .coverage.alone
	$(BIN)/coverage report --skip-covered
	$(BIN)/coverage json --quiet -o .coverage.json
	$(BIN)/python tests/coverage_floor.py .coverage.json

chaos: $(SET_UP) ## kills parts on purpose: members, broker, Postgres; some ten minutes, CHAOS_KILLS=5 for fewer
	$(BIN)/python -m pytest -m chaos tests/chaos

serve: $(SET_UP) ## the demo's system, left running; Ctrl-C stops it, data stays under .data/
	$(BIN)/leads demo --serve

bench: $(SET_UP) ## every benchmark scenario at full size, each writing a record: somewhat over an hour; `leads bench --list` for one
	$(BIN)/python -m bench

check: lint types imports ## what is quick: under a minute

lint: $(SET_UP) ## ruff: rules and format
	$(BIN)/ruff check --output-format concise .
	$(BIN)/ruff format --check .

types: $(SET_UP) ## mypy, strict
	$(BIN)/mypy

imports: $(SET_UP) ## the arrows of docs/architecture.md
	$(BIN)/lint-imports

format: $(SET_UP) ## let ruff format and fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove the environment and all local data
	rm -rf .venv .data .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis
