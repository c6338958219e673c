# `make demo` and `make test` need only Python 3.11 or later (with venv), make and git.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
GATES := .venv/lint
TEMPLATES := template.yaml demo-api/template.yaml
BENCH := .venv/bench
MUTANTS := .venv/mutants
LINTERS := lint-checkov lint-sam lint-cfn lint-python lint-rest

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint unit e2e gaps mutants bench schema pins clean $(LINTERS)

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## Create .venv with everything pinned in requirements/

$(READY): requirements/dev.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is missing; install Python 3.11 or later, or say which with PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $$($(PYTHON) --version) is too old; Python 3.11 or later is needed, say which with PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "make: $(PYTHON) has no venv module; install it (on Debian: apt-get install python3-venv)"; exit 1; }
	@command -v git >/dev/null || { echo "make: git is missing; install it"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@echo "Installing the pinned tools into .venv (a minute or two, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep -E '^uv==' requirements/dev.txt)"
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: setup ## Poll the demonstration API on an embedded AWS, with progress and the result
	@$(BIN)/poller demo

test: lint ## Run every check and every test
	@$(BIN)/python -m pytest --numprocesses 3 --no-loadscope-reorder

# What some linters need does not fit beside the rest: they have an environment of their own.
$(GATES)/.ready: requirements/lint.txt | $(READY)
	@echo "Installing the pinned linters into $(GATES) (half a minute, once)"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(GATES)
	@$(BIN)/uv pip sync --quiet --python $(GATES)/bin/python requirements/lint.txt
	@touch $@

lint: setup $(GATES)/.ready ## Run the linters and type checkers only
	@$(MAKE) --no-print-directory --jobs 2 $(LINTERS)

lint-checkov:
	@$(BIN)/python scripts/check_template.py $(TEMPLATES) api/*.yaml demo-api/*.openapi.yaml

lint-sam:
	@for template in $(TEMPLATES); do AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 PATH=$(CURDIR)/$(BIN):$$PATH $(BIN)/sam validate --lint --template $$template >/dev/null || exit 1; done

lint-cfn:
	@$(BIN)/cfn-lint

lint-python:
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/ruff check --quiet
	@$(BIN)/mypy
	@$(GATES)/bin/bandit --quiet --recursive src demo-api/src

lint-rest:
	@$(GATES)/bin/shellcheck scripts/*.sh
	@$(BIN)/python scripts/check_dependencies.py requirements/dev.txt src/functions/requirements.txt

unit: setup ## Run the tests that need no local stack
	@$(BIN)/python -m pytest -m "not e2e"

e2e: setup ## Run the tests through the deployed local stack
	@$(BIN)/python -m pytest -m e2e

gaps: setup ## See whether MiniStack, after a change of its pin, still lacks what is added to it (minutes)
	@$(BIN)/python -m pytest -m still_needed tests/laptop_aws

# mutmut and the command line want different versions of the same libraries.
$(MUTANTS)/.ready: requirements/mutants.txt | $(READY)
	@echo "Installing mutmut into $(MUTANTS) (half a minute, once)"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(MUTANTS)
	@$(BIN)/uv pip sync --quiet --python $(MUTANTS)/bin/python requirements/mutants.txt
	@touch $@

mutants: setup $(MUTANTS)/.ready ## Change the code one mutant at a time, and see a test turn red (half an hour)
	@$(MUTANTS)/bin/python -m tests.mutants.pure
	@$(BIN)/python -m tests.mutants

# What is measured against has an environment of its own: boto3 imports more where more is installed.
$(BENCH)/.ready: requirements/bench.txt | $(READY)
	@echo "Installing what is measured against into $(BENCH) (half a minute, once)"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(BENCH)
	@$(BIN)/uv pip sync --quiet --python $(BENCH)/bin/python requirements/bench.txt
	@touch $@

bench: setup $(BENCH)/.ready ## Measure speed, memory and cost against their budgets (minutes)
	@PYTHONPATH=src/functions $(BIN)/python -m benchmarks

schema: setup ## Write api/job-spec.schema.json anew, after a change of the job spec's fields or of docs/job-spec.md
	@$(BIN)/python scripts/job_spec_schema.py

pins: setup ## Resolve the pinned lists in requirements/ anew
	@for name in dev lint bench mutants; do $(BIN)/uv pip compile --quiet --upgrade --no-header --no-emit-index-url requirements/$$name.in -o requirements/$$name.txt || exit 1; done

clean: ## Stop the local stack and remove what was built
	@test ! -x $(BIN)/poller || $(BIN)/poller down --purge
	@rm -rf .venv .aws-sam .poller .pytest_cache .mypy_cache .ruff_cache .hypothesis
