# `make run` starts the node, `make help` says the rest. Needs git, make and Python 3.11 or newer.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?=
MINUTES ?= 5
SMOKE ?=

# uv does not read pip's configuration; a site's folder of wheels is in it, where there is one.
UV := UV_FIND_LINKS="$${UV_FIND_LINKS:-$${PIP_FIND_LINKS:-$$($(BIN)/pip config get global.find-links 2>/dev/null || true)}}" \
	VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(BIN)/uv
# Compiled now, so that the first start is as quick as the second.
INSTALL := $(UV) pip install --compile-bytecode

.PHONY: help run test lint demo bench chaos requirements clean install install-dev
help: ## say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: install ## install what is missing and start the node in the foreground
	@exec $(BIN)/dicom-node serve

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(BIN)/uv:
	@command -v $(PYTHON) >/dev/null || { \
		echo "There is no $(PYTHON). The node needs Python 3.11 or newer: on Debian or Ubuntu" \
			"'sudo apt install python3 python3-venv', or name one: make run PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is $$($(PYTHON) --version) and the node needs Python 3.11 or newer." \
			"Name another one: make run PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments. On Debian or Ubuntu:" \
			"sudo apt install python3-venv"; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

# The stamps are written last: an installation that broke off is done again.
$(VENV)/.requirements: requirements.txt | $(BIN)/uv
	@echo "Installing what the node runs on"
	@$(INSTALL) -r requirements.txt
	@touch $@

$(VENV)/.installed: pyproject.toml requirements.in $(VENV)/.requirements
	@$(INSTALL) --no-deps --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing what the tests and checks need"
	@$(INSTALL) -r requirements-dev.txt
	@touch $@

test: install-dev ## install the test bench and run every test (PYTEST_ARGS='-k send')
	@tests/peers/install
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: install-dev ## style, types and the arrows between the rooms
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@PYTHONPATH=. $(BIN)/lint-imports

demo: install ## send phantom studies to the node and follow them to their results
	@$(BIN)/python -m bench.demo

bench: install-dev ## measure against other receivers (SMOKE=1: short)
	@tests/peers/install
	@$(BIN)/python -m bench $(if $(SMOKE),--smoke)

chaos: install-dev ## kill processes at random for MINUTES=5 and count what is lost: nothing
	@tests/peers/install
	@$(BIN)/python -m tests.chaos --minutes $(MINUTES)

# A folder of wheels may hold torch for CPUs only; its name would bind every site to that folder.
requirements: install-dev ## compile requirements*.txt from requirements*.in
	@for name in requirements requirements-dev; do \
		$(UV) pip compile --quiet --no-header --no-annotate --python-version 3.11 \
			--upgrade-package torch $$name.in --output-file $$name.txt; \
		sed -i.before 's/+cpu$$//' $$name.txt; rm $$name.txt.before; \
	done

clean: ## remove what was installed and built; data/ stays
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.import_linter_cache
	find . -name __pycache__ -type d -not -path './node_modules/*' -prune -exec rm -rf {} +
