# What one can do in this clone. `make` alone lists it. Needs Python 3.11 or newer and make, nothing else.

PYTHON ?= python3
UV_VERSION := 0.13.8
BIN := .venv/bin
STAMP := .venv/.installed
PROJECTS := pyproject.toml $(wildcard plugins/*/pyproject.toml)
PYTEST_ARGS ?= -n 2

.DEFAULT_GOAL := help
.PHONY: help install demo test browser lint bench assets translations screenshots clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## Make the environment in .venv, from the lock

# uv follows no pip configuration. A mirror that pip is told to use is handed on to it; where that is not
# enough, pip itself does the work, more slowly. The hashes in the lock hold in both cases.
$(STAMP): requirements.lock $(PROJECTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Lumbung needs Python 3.11 or newer; \
	this is " + sys.version.split()[0] + ". Name another one: make install PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@echo "Installing into .venv, from requirements.lock ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@index="$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get global.index-url 2>/dev/null)}}"; \
	if [ -n "$$index" ]; then export UV_DEFAULT_INDEX="$$index"; fi; \
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock \
	|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --offline --no-deps --no-build-isolation \
		$(foreach project,$(PROJECTS),-e ./$(patsubst %/,%,$(dir $(project))))
	@touch $@

demo: install ## Serve two regencies with sample data; prints addresses and accounts. Ctrl-C stops it
	@exec $(BIN)/lumbung demo

test: install browser ## Run all tests; PYTEST_ARGS="-k queue" runs some
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

# The browser tests take the first of these names that is found.
browser:
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do \
		if command -v $$name >/dev/null 2>&1; then exit 0; fi; \
	done; \
	if [ "$$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo -n"; else as_root=no; fi; \
	if [ "$$as_root" != no ] && command -v apt-get >/dev/null 2>&1; then \
		echo "Installing Chromium for the browser tests ..."; \
		$$as_root apt-get update -qq && \
		$$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null && \
		exit 0; \
	fi; \
	echo "The browser tests need Chromium, which could not be installed here: install the package chromium (or google-chrome) and repeat." >&2; \
	exit 1

lint: install ## Check style, types, layers and dependencies
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy --strict core/lumbung
	@$(BIN)/lint-imports
	@$(BIN)/deptry .

bench: install ## Measure, with the programs in bench/
	@set -e; for program in bench/*.py; do \
		if [ -e "$$program" ]; then echo "== $$program"; $(BIN)/python "$$program"; fi; \
	done

assets: ## Renew the browser files in core/lumbung/static/vendor; needs node and npm
	@npm ci --no-audit --no-fund
	@npm run --silent assets

translations: install ## Gather new texts from the code, and compile the catalogues
	@$(BIN)/python tools/translations.py

screenshots: install browser ## Make the pictures of the documentation anew
	@$(BIN)/python tools/screenshots.py

clean: ## Remove the environment and what tools leave behind; data in .lumbung stays
	@rm -rf .venv node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
