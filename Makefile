# What one can do in this clone. `make` alone lists it. Needs Python 3.11 or newer and make, nothing else.

PYTHON ?= python3
UV_VERSION := 0.13.8
BIN := .venv/bin
STAMP := .venv/.installed
PROJECTS := pyproject.toml $(wildcard plugins/*/pyproject.toml)
PYTEST_ARGS ?= -n 3 --dist worksteal

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

# The browser tests use the Chromium that is there; Debian's is installed when there is none and we may. So are PHP,
# MariaDB and nginx for the tests of foreign applications, without starting a service; without them those are skipped.
browser: install
	@$(BIN)/python -m lumbung.testing.browser
	@$(BIN)/python -m lumbung.testing.debian

lint: install ## Check style, types, layers and dependencies
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy core/lumbung
	@$(BIN)/lint-imports
	@$(BIN)/deptry .

bench: install ## Measure what the house costs, beside bare Flask; bench/README.md says how
	@$(BIN)/python bench/all.py

assets: ## Renew the browser files in core/lumbung/static/vendor; needs node and npm
	@npm ci --no-audit --no-fund
	@npm run --silent assets

# The core's catalogue is called lumbung, a plugin's by its own word; Indonesian is the source, English is kept.
translations: install ## Gather new texts into the catalogues and compile them
	@set -e; for package in core/lumbung plugins/*/lumbung_*; do \
		name=$${package##*/}; name=$${name#lumbung_}; folder=$$package/translations; \
		template=$$(mktemp); catalogue=$$folder/en/LC_MESSAGES/$$name.po; \
		printf '[python: **.py]\n[jinja2: **.html]\n[jinja2: **.txt]\n' | $(BIN)/pybabel -q extract -F /dev/stdin \
			-k t -k nt:1,2 -k both -k _l -k _n:1,2 -k lazy_gettext -k lazy_ngettext:1,2 --sort-by-file --no-location \
			--project=$$name --copyright-holder="The Lumbung founders" -o $$template $$package; \
		mkdir -p $$folder; \
		if [ -e $$catalogue ]; then \
			$(BIN)/pybabel -q update -D $$name -l en -i $$template -d $$folder -N --ignore-pot-creation-date; \
		else \
			$(BIN)/pybabel -q init -D $$name -l en -i $$template -d $$folder; \
			sed -i -e 's/FULL NAME <EMAIL@ADDRESS>/-/; s/EMAIL@ADDRESS/-/; s/en <LL@li.org>/English/; /^# FIRST AUTHOR/d' $$catalogue; \
		fi; \
		$(BIN)/pybabel compile -D $$name -d $$folder --statistics; rm -f $$template; \
	done
	@for domain in wtforms refusals; do $(BIN)/pybabel -q compile -D $$domain -d core/lumbung/translations; done

screenshots: install browser ## Make the pictures of the documentation anew
	@$(BIN)/python docs/screenshots.py

clean: ## Remove the environment and what tools leave behind; data in .lumbung stays
	@rm -rf .venv node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
