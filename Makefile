# Hydradesk. `make up` runs the desk, `make test` proves it; both set everything up first.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
STAMPS := .stamps
RECORDINGS := $(firstword $(wildcard ../shared/data/candles))
export UV_PYTHON_DOWNLOADS := never

# Node from the machine when it is new enough, else from PyPI, into the same .venv.
NODE_OK := $(shell node -e 'const [a,b]=process.versions.node.split(".");process.exit(a>20||(a==20&&b>=19)?0:1)' 2>/dev/null && echo yes)
ifneq ($(NODE_OK),yes)
export PATH := $(CURDIR)/$(BIN):$(PATH)
endif

.PHONY: setup up test lint bench gen clean

setup: $(STAMPS)/python $(STAMPS)/web

up: setup
	@$(BIN)/hydradesk run --demo $(if $(RECORDINGS),--recordings $(RECORDINGS)) $(ARGS)

test: setup $(STAMPS)/browser $(STAMPS)/anvil
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)
	@cd web && npm run --silent test

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=src:. $(BIN)/lint-imports
	$(BIN)/bandit -q -r src -c pyproject.toml
	cd web && npm run --silent lint

bench: setup
	$(BIN)/python -m benchmarks $(ARGS)

gen: setup
	$(BIN)/python -m hydradesk.app.openapi > web/src/shared/api/openapi.json
	cd web && npm run --silent gen

clean:
	rm -rf .venv .stamps build dist web/node_modules tests/node/node_modules web/dist src/hydradesk/doors/gateway/static
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit("Hydradesk needs Python 3.11 to 3.13" if not (3, 11) <= sys.version_info[:2] < (3, 14) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.8

$(STAMPS)/python: requirements/dev.lock pyproject.toml | $(BIN)/uv
	$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements/dev.lock
	$(BIN)/uv pip install --quiet --no-deps --python $(BIN)/python --editable .
ifneq ($(NODE_OK),yes)
	$(BIN)/uv pip install --quiet --require-hashes --python $(BIN)/python -r requirements/node.lock
endif
	@mkdir -p $(STAMPS) && touch $@

# The page is built once and again only when something of it changed.
$(STAMPS)/web: $(STAMPS)/node $(shell find web/src web/public web/index.html web/*.json web/*.ts web/*.js -type f 2>/dev/null)
	cd web && npm run --silent build
	rm -rf src/hydradesk/doors/gateway/static && cp -r web/dist src/hydradesk/doors/gateway/static
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/node: $(STAMPS)/python web/package-lock.json
	cd web && npm ci --no-audit --no-fund --silent
	@mkdir -p $(STAMPS) && touch $@

# Only the tests of contract wallets need an Ethereum node. Not `npm ci`: it refuses a lock without
# the other platforms' binaries, which registries do not always hold. Hashes are checked all the same.
$(STAMPS)/anvil: tests/node/package-lock.json | $(STAMPS)/python
	cd tests/node && npm install --no-save --no-audit --no-fund --silent
	@mkdir -p $(STAMPS) && touch $@

# Only the browser tests need Chromium; without it they are skipped, in CI they fail.
$(STAMPS)/browser:
	@command -v chromium chromium-browser google-chrome >/dev/null || \
		{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		  apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || \
		echo "No Chromium and no way to install it: the browser tests will be skipped."
	@mkdir -p $(STAMPS) && touch $@
