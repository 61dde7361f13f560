# The same commands for people and for continuous integration. `make` alone says what there is.

PYTHON ?= python3
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e
# What is installed depends on these two; while they stay as they are, nothing is installed again and no network is used.
PINS := pyproject.toml constraints.txt
DEMO_READY := $(VENV)/ready-for-demo
DEV_READY := $(VENV)/ready-for-development
JAVASCRIPT := tests/javascript
JAVASCRIPT_READY := $(JAVASCRIPT)/node_modules/.package-lock.json

.PHONY: help demo test check format lint types layers keywords bench clean
.DELETE_ON_ERROR:

help:
	@echo "make demo     fit a model to 14 kinds of fruit: real photographs, less than a minute after the installation"
	@echo "make test     run every test"
	@echo "make check    formatting, lint, types, layers"
	@echo "make bench    measure speed and accuracy: see benchmarks/README.md"
	@echo "make clean    remove the environment and everything that was built; runs/ stays"

demo: $(DEMO_READY)
	$(BIN)/headstart demo

# Two workers, each with whole files; OMP_NUM_THREADS keeps them from fighting for the cores. WORKERS=0 runs all in one.
test: $(DEV_READY) $(JAVASCRIPT_READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --cov --cov-report=term -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: format lint types layers

format: $(DEV_READY)
	$(BIN)/ruff format --check .

lint: $(DEV_READY)
	$(BIN)/ruff check .

types: $(DEV_READY)
	$(BIN)/mypy

layers: $(DEV_READY)
	$(BIN)/python -m pytest --quiet tests/test_layers.py

# The keywords of the library, written anew from the sections of a recipe.
keywords: $(DEV_READY)
	$(BIN)/python tests/settings/test_keywords.py

# DATA: a folder with train/ and val/ to fit, instead of the demo's fruit. PEER_PYTHON: an interpreter that has fastai.
bench: $(DEV_READY)
	$(BIN)/python benchmarks/start.py
	$(BIN)/python benchmarks/embedding.py
	$(BIN)/python benchmarks/memory.py
	$(BIN)/python benchmarks/heads.py
	$(BIN)/python benchmarks/guard.py
	$(BIN)/python benchmarks/training_steps.py
	$(BIN)/python benchmarks/near_duplicates.py
	$(BIN)/python benchmarks/promise.py
	$(BIN)/python benchmarks/serve.py
	$(BIN)/python benchmarks/export.py
	$(BIN)/python benchmarks/explain.py
	$(BIN)/python benchmarks/literature.py $(DATA)
	$(if $(DATA),$(BIN)/python benchmarks/rank.py $(firstword $(DATA)))
	$(if $(DATA),$(BIN)/python benchmarks/compare.py $(firstword $(DATA)) $(if $(PEER_PYTHON),--peer-python "$(PEER_PYTHON)",--skip-peer))
	$(BIN)/python benchmarks/fine_tuning.py $(DATA) $(if $(PEER_PYTHON),--peer-python "$(PEER_PYTHON)",--skip-peer)
	$(BIN)/python benchmarks/fit.py $(if $(DATA),"$(DATA)") $(if $(PEER_PYTHON),--peer-python "$(PEER_PYTHON)",--skip-peer)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Headstart needs Python 3.11 or newer; '$(PYTHON)' is not." >&2; \
	  echo "Name another one: make demo PYTHON=python3.12" >&2; \
	  exit 1; }
	@echo "Making the environment in $(VENV)/ ..."
# Some distributions ship Python without the part that puts pip into an environment: then their own pip does it.
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { \
	  $(PYTHON) -m venv --clear --without-pip $(VENV) && $(PYTHON) -m pip --python $(BIN)/python install pip; \
	} || { rm -rf $(VENV); exit 1; }

$(DEMO_READY): $(PINS) | $(BIN)/python
	@echo "Installing (this happens once) ..."
	$(INSTALL) ".[demo]" --no-compile  # what is imported is compiled then: all of it takes longer than the download
	@touch $@

$(DEV_READY): $(PINS) | $(BIN)/python
	@echo "Installing, with the tools for development (torch is large; this happens once) ..."
	$(INSTALL) ".[train,demo,dev]"
	@touch $(DEMO_READY) $@

# What the JavaScript of docs/deploy.md is run with; without npm its test is skipped and says so.
$(JAVASCRIPT_READY): $(JAVASCRIPT)/package.json $(JAVASCRIPT)/package-lock.json
	@if command -v npm >/dev/null; then npm ci --silent --prefix $(JAVASCRIPT) || echo "npm ci failed: JavaScript is not tested."; \
	else echo "npm is not installed: JavaScript is not tested."; fi

clean:
	rm -rf $(VENV) $(JAVASCRIPT)/node_modules build dist src/*.egg-info .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find src tests examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
