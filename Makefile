# Every target sets up what it needs in .venv; a machine with Python 3.11+ and make is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FEEDS ?=
.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-fast check format eval lock docs clean

help: ## Show what each target does
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Feedmill needs Python 3.11 or newer; say PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(VENV)/.ready ## Create .venv with everything Feedmill and its tests need

demo: setup ## Ingest a small news site on loopback and search it (no network)
	$(BIN)/feedmill demo

run: setup ## Run the service; FEEDS=file.opml (or a text list) is imported first
	$(BIN)/feedmill run $(if $(FEEDS),--feeds $(FEEDS))

test: setup check ## Everything: checks, all tests, and the measurements where their data is present
	$(BIN)/pytest -q

test-fast: setup ## The tests that take no more than a moment (under a minute)
	$(BIN)/pytest -q -m "not slow and not eval"

check: setup ## Lint, types, layers, spelling, docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/python -m docs.generate --check

format: setup ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

eval: setup ## Measure on labelled data beside the project (skips where it is absent)
	$(BIN)/pytest -q -m eval -s tests/eval

lock: setup ## Renew requirements.txt after a change of pyproject.toml
	$(BIN)/uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --universal --python-version 3.11 --group dev pyproject.toml -o requirements.txt

docs: setup ## Write the generated pages (docs/settings.md, docs/commands.md)
	$(BIN)/python -m docs.generate

clean: ## Remove what the targets made (not your database)
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
