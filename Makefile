# Svardesk. `make` alone prints this menu; the lines that begin with two hashes are its texts.
# Nothing needs to be prepared: each command builds what it stands on, and only when something changed.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := menu
PY := .venv/bin/python

.PHONY: menu run test check format bench screenshots openapi docs lock venv venv-dev web web-deps clean

menu:
	@echo "Svardesk, the desk at which every customer gets a real answer"
	@echo
	@sed -n 's/^## \([a-z-]*\): \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

## run: start Svardesk with its demo shop (PORT=8400, SVARDESK_DATA=folder); Ctrl-C stops all of it
run: venv web
	@exec .venv/bin/svardesk run --demo

## test: the whole test suite, or LANES="web server slow browser" of it
test: venv-dev web
	@$(PY) scripts/test.py $(LANES)

## check: everything that can be seen without running it: style, types, imports, texts, sizes, docs
check: venv-dev web-deps web
	@$(PY) scripts/check.py

## format: put code into its one form, and mend what can be mended mechanically
format: venv-dev web-deps
	@.venv/bin/ruff check --fix --quiet . || true
	@.venv/bin/ruff format .
	@cd web && node_modules/.bin/biome check --write .

## bench: measure, and print each figure with its limit beside it (ONLY=name for one of them)
bench: venv-dev web
	@$(PY) -m bench $(ONLY)

## screenshots: take the pictures in the README again, from the demo in a real browser
screenshots: venv-dev web-deps web
	@scripts/ensure_chromium.sh
	@$(PY) scripts/screenshots.py

## openapi: write the OpenAPI document and the typed client that is made from it
openapi: venv-dev web-deps
	@$(PY) scripts/openapi.py

## docs: write the tables of docs/settings.md and docs/events.md again, from the code
docs: venv-dev
	@$(PY) scripts/docs.py

## lock: choose package versions again, within the bounds of pyproject.toml and web/package.json
lock:
	@scripts/lock.sh

## clean: remove what was built (environments, web build, caches); data stays
clean:
	rm -rf .venv .venv.lock web/node_modules web/.stamps src/svardesk/static web/agent/src/texts
	rm -rf .pytest_cache .ruff_cache .hypothesis .import_linter_cache test-results
	find src tests bench scripts migrations -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# What the commands above stand on. Each is a matter of milliseconds when nothing changed.
venv:
	@scripts/make_venv.sh run

venv-dev:
	@scripts/make_venv.sh dev

web-deps:
	@scripts/make_web.sh deps

web: venv
	@scripts/make_web.sh build
