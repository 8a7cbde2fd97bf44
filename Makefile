# Every task of the project; `make` alone lists them. CI only calls `make`.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TOOLS := .tools
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/$(TOOLS):$(PATH)
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup tools demo test lint format proto policy messages ftm bench clean

help: ## list the tasks
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

$(VENV)/.done: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev --editable .
	@touch $@

setup: $(VENV)/.done ## make the virtual environment with the program and its development tools

tools: setup ## get pinned opa, regal and buf into .tools (go install, else PATH, else verified download)
	@$(BIN)/python ops/tools.py

demo: setup ## run the main job: six countries, one question under five texts, a person decides, receipts and ledgers verified
	@$(BIN)/python -m comity.sandbox.demo

test: setup tools ## run every test
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

lint: setup tools ## ruff, mypy, buf, opa, regal, and freshness of everything generated
	$(BIN)/ruff check --quiet --output-format concise node ops tests
	$(BIN)/ruff format --check node ops tests
	$(BIN)/mypy
	$(BIN)/python ops/proto_build.py --check
	$(BIN)/python ops/buf_check.py
	$(BIN)/python ops/offence_tables.py --check
	$(BIN)/python ops/policy_build.py --check
	$(BIN)/python ops/messages_build.py --check
	$(BIN)/python ops/policy_lint.py
	$(BIN)/python ops/invariants_schema.py --check
	$(BIN)/comity policy prove policy/invariants/sandbox.yaml --agreements policy/agreements

format: setup ## format Python and Rego
	$(BIN)/ruff check --fix-only --quiet node ops tests
	$(BIN)/ruff format node ops tests
	@if command -v opa >/dev/null; then opa fmt --write policy; fi

proto: setup ## regenerate node/comity/v1 from proto/
	$(BIN)/python ops/proto_build.py

policy: setup tools ## make the offence tables, compile policy/comity to the embedded library (needs opa)
	$(BIN)/python ops/offence_tables.py
	$(BIN)/python ops/policy_build.py

messages: setup ## bring the message catalogues in step with the English (new messages are left to translate)
	$(BIN)/python ops/messages_build.py

ftm: setup ## regenerate node/comity/records/ftm.json from the followthemoney package
	$(BIN)/python ops/ftm_schema.py

bench: setup ## print the measured figures, as ratios
	@$(BIN)/comity bench exchange
	@$(BIN)/comity bench policy

clean: ## remove what setup, tools and runs left behind
	rm -rf $(VENV) $(TOOLS) .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
