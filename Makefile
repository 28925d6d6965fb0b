# Every target sets up what it needs in .venv; a machine with Python 3.11+ and make is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FEEDS ?=
MINUTES ?= 10
SEED ?=
JOBS ?= 2
GAZETTEER_PACKAGES = $(shell $(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["gazetteer"])')
PEERS = $(shell $(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["peers"])')
TOPIC_TABLE_PACKAGES = $(shell $(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["topictable"])')
HUFFPOST ?=
HUFFPOST_MAP ?=
LOCK := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --universal --python-version 3.11
.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-fast check format eval gazetteer topic-table bench-archive bench-import bench-store bench-versions bench-places bench-turns sim-schedule soak lock docs clean bench-reindex

help: ## Show what each target does
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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

test: setup check ## Everything: checks, all tests (JOBS=2 at a time), and the measurements where their data is present
	$(BIN)/pytest -q -n $(JOBS) --dist loadfile -m "not alone and not eval"
	$(BIN)/pytest -q -m "alone or eval"

test-fast: setup ## The tests that take no more than a moment (under a minute)
	$(BIN)/pytest -q -n $(JOBS) -m "not slow and not eval"

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

soak: setup ## Random faults on real servers for MINUTES (10); SEED=… repeats a run
	$(BIN)/python -m tests.soak --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

gazetteer: ## Build the file of places that tagging reads (needs npm; packages from pyproject's gazetteer group)
	@test -x .gazetteer/bin/python || $(PYTHON) -m venv .gazetteer
	.gazetteer/bin/pip install --quiet --disable-pip-version-check $(GAZETTEER_PACKAGES)
	cd .gazetteer && npm pack --silent country-region-data@4.1.0 >/dev/null && tar xzf country-region-data-4.1.0.tgz
	.gazetteer/bin/python -m gazetteer .gazetteer/package/data.json

topic-table: ## Build the table of words that tagging reads from HUFFPOST=… (gzipped) and HUFFPOST_MAP=… (pyproject's topictable group)
	@test -n "$(HUFFPOST)" -a -n "$(HUFFPOST_MAP)" || { echo "say HUFFPOST=items.jsonl.gz HUFFPOST_MAP=sections.json (see topictable/examples.py)" >&2; exit 1; }
	@test -x .topictable/bin/python || $(PYTHON) -m venv .topictable
	.topictable/bin/pip install --quiet --disable-pip-version-check $(TOPIC_TABLE_PACKAGES)
	.topictable/bin/python -m topictable $(HUFFPOST) $(HUFFPOST_MAP)

bench-places: setup ## Countries of labelled texts, beside geotext and flashgeotext (fetches them into .peers)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --upgrade --target .peers $(PEERS)
	PYTHONPATH=.peers $(BIN)/python -m bench.places

bench-archive: setup ## What keeping a page costs beside extracting it (needs the labelled pages)
	$(BIN)/python -m bench.archive

bench-import: setup ## What importing WARC files costs beside extracting their pages, and a second time
	$(BIN)/python -m bench.imports

bench-store: setup ## Articles per second through the writer, beside bare requests (needs Elasticsearch)
	$(BIN)/python -m bench.store

bench-versions: setup ## What settling costs while there is a twin of the article index (needs Elasticsearch)
	$(BIN)/python -m bench.versions

bench-turns: setup ## What ingestion feels of a worker's turns at a rebuild
	$(BIN)/python -m bench.turns

bench-reindex: setup ## CPU of a rebuild beside extraction and tagging alone, on both stores (needs Elasticsearch)
	$(BIN)/python -m bench.reindex

sim-schedule: setup ## A year of 10,000 feeds under our polling rules and those of other readers
	$(BIN)/python -m bench.schedule

lock: setup ## Renew the locks (for development, for the image, for building it) after a change of pyproject.toml
	$(LOCK) --upgrade --extra s3 --group dev pyproject.toml -o requirements.txt
	$(LOCK) --no-annotate --extra s3 -c requirements.txt pyproject.toml -o deploy/requirements.txt
	echo hatchling | $(LOCK) --no-annotate -c requirements.txt - -o deploy/build-requirements.txt

docs: setup ## Write the generated pages (docs/settings.md, docs/commands.md)
	$(BIN)/python -m docs.generate

clean: ## Remove what the targets made (not your database)
	rm -rf $(VENV) .gazetteer .topictable .peers build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
