# A checkout sets itself up: Python and make are enough. Everything lies in .venv and is reused.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
NEWEST := .venv-newest
OLD    := $(VENV)/mlflow-2
PANEL  := nbops/labextension/package.json
TARGETS := $(VENV)/targets
PYTHON_TESTS := --numprocesses 3 --dist worksteal --ignore tests/browser tests nbops
TREE   := $(shell find labextension/src labextension/style labextension/schema -type f 2>/dev/null)

# Node comes from PyPI into .venv, so that every machine builds and tests with the same one.
export PATH := $(abspath $(BIN)):$(PATH)
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test lab ui check bench coverage samples targets exports crowd papermill-tests soak format clean test-python test-panel test-browser test-newest test-old-server pictures

help: ## List the commands.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(READY) ## Set up .venv, once.

$(READY): pyproject.toml labextension/package.json
	@echo "Setting up .venv (about a minute) ..."
	@test -x $(BIN)/uv || { $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet uv; }
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --group dev --editable .
	@$(BIN)/jupyter-builder develop . --overwrite >/dev/null
	@touch $@

$(PANEL): $(READY) $(TREE) labextension/package-lock.json
	@cd labextension && { test -d node_modules || npm ci --ignore-scripts --silent; } && npm run --silent build:prod
	@touch $@

demo: $(READY) ## Run the main job on real data, and show what was recorded.
	@rm -rf examples/data
	@$(BIN)/python examples/demo.py

lab: $(PANEL) ## Open JupyterLab on the examples.
	@$(BIN)/jupyter lab --ServerApp.root_dir=examples

ui: $(READY) ## Open MLflow's own UI on what the examples recorded.
	@cd examples && ../$(BIN)/nbops ui

test: test-python test-newest test-panel test-browser ## Pass all tests.

test-python: $(READY) targets
	@$(BIN)/python tests/postgresql.py || test $$? -eq 3
	@$(BIN)/python tests/crontabs.py || test $$? -eq 3
	@$(BIN)/pytest $(PYTHON_TESTS)

targets: $(patsubst tests/scheduling/environments/%,$(TARGETS)/%/.ready,$(basename $(wildcard tests/scheduling/environments/*))) ## Set up what checks and runs exports, an environment each, once.

$(TARGETS)/%/.ready: tests/scheduling/environments/%.txt | $(READY)
	@echo "Setting up $(@D) ..."
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(@D)
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(@D)/bin/python --requirement $<
	@touch $@

$(TARGETS)/%/.ready: tests/scheduling/environments/%.json | $(READY)
	@echo "Setting up $(@D) ..."
	@mkdir -p $(@D) && cp $< $(@D)/package.json && cd $(@D) && npm install --ignore-scripts --silent
	@touch $@

coverage: $(READY) ## Pass the Python tests and say which lines they reach: kernels take twice the time so.
	@$(BIN)/coverage erase
	@$(BIN)/pytest --cov-config pyproject.toml --cov nbops --cov-report term $(PYTHON_TESTS)

test-newest: $(PANEL) ## Pass the tests of capture on the newest Python that the machine has.
	@if found=$$($(BIN)/python tests/capture/find_newest.py); \
	then $(MAKE) --no-print-directory NEWEST_PYTHON=$$found $(NEWEST)/.ready && $(NEWEST)/bin/pytest --numprocesses 3 tests/capture; \
	else test $$? -eq 3; fi

$(NEWEST)/.ready: pyproject.toml
	@echo "Setting up $(NEWEST) with $(NEWEST_PYTHON) ..."
	@$(BIN)/uv venv --quiet --clear --python $(NEWEST_PYTHON) $(NEWEST)
	@$(BIN)/uv pip install --quiet --python $(NEWEST)/bin/python --group capture --editable .
	@touch $@

test-panel: $(PANEL)
	@cd labextension && npm run --silent test

test-browser: $(PANEL)
	@if $(BIN)/python tests/browser/find_chromium.py; then $(BIN)/pytest tests/browser; else test $$? -eq 3; fi

test-old-server: $(READY) ## Test with MLflow 2.22 as the tracking server.
	@test -x $(OLD)/bin/mlflow || { $(BIN)/uv venv --quiet --python $(BIN)/python $(OLD) && \
		$(BIN)/uv pip install --quiet --python $(OLD)/bin/python 'mlflow==2.22.*' 'sqlalchemy<2.1'; }
	@NBOPS_SERVER_PYTHON=$(abspath $(OLD)/bin/python) $(BIN)/pytest tests/reliability/test_servers.py

exports: $(READY) ## Export examples/04_scheduled to every target again.
	@$(BIN)/python examples/04_scheduled/export_all.py

pictures: $(PANEL) ## Take the README's pictures anew, of a real session.
	@mkdir -p .shots && NBOPS_SHOTS=.shots $(BIN)/pytest --quiet tests/browser/test_example.py
	@cd .shots && cp panel.png compare.png compare-dark.png narrow.png ../examples/images/

check: $(PANEL) ## Check format, lint, types and layers.
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@cd labextension && npm run --silent lint

format: $(PANEL) ## Format the code.
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .
	@cd labextension && npx prettier --log-level warn --write .

bench: $(READY) ## Measure the promises of ARCHITECTURE.md; prints a table.
	@$(BIN)/python tests/benchmarks/run.py $(ONLY)

crowd: $(READY) ## Run 100 trivial notebooks, four at once (COUNT=1000 for more).
	@$(BIN)/python tests/reliability/crowd.py

samples: $(READY) ## Compare notebooks untracked, tracked and in warm kernels: the examples, nbclient's, papermill's.
	@$(BIN)/python tests/reliability/samples.py

papermill-tests: $(READY) ## Pass papermill's own tests with nbops as its engine; what differs, and why.
	@$(BIN)/python tests/reliability/papermill_tests.py

soak: $(READY) ## Kill kernels and background processes at random, 200 times; twenty kernels at once; ten minutes.
	@$(BIN)/python tests/reliability/soak.py
	@$(BIN)/python tests/reliability/many_kernels.py

clean: ## Remove what was built.
	rm -rf $(VENV) $(NEWEST) nbops/labextension nbops/static nbops/static labextension/lib labextension/node_modules .coverage*
