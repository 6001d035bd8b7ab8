# Everything installs itself into $(VENV) from constraints.txt; only make and Python 3.11 to 3.13 must be there.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?=

# Settings of the caller's own Python must not leak into this one.
unexport PYTHONPATH PYTHONHOME
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Twice quiet: errors are shown, a private index's warnings are not.
PIP := $(BIN)/python -m pip install --quiet --quiet --no-input --constraint constraints.txt
MADE := $(VENV)/.made
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev

.PHONY: help demo test check format bundle pins clean

help:
	@echo 'make demo     install, and plan the practice area'
	@echo 'make test     install what tests need, and run them (ARGS="-k name" for some)'
	@echo 'make check    lint, format, types, import direction'
	@echo 'make format   put the code in the one format'
	@echo 'make bundle   offline installers into dist/ (PLATFORMS="linux-x86_64", PYTHONS="3.11 3.12" to choose)'
	@echo 'make pins     write constraints.txt anew from pyproject.toml (UPGRADE=1 for newer versions)'
	@echo 'make clean    remove all that make has made'
	@echo 'PYTHON=python3.12 chooses the Python of a new $(VENV)'

demo: $(INSTALLED)
	@$(BIN)/dispatch demo

test: $(INSTALLED_DEV)
	@$(BIN)/python tools/system_needs.py
	@$(BIN)/python -m pytest $(if $(ARGS),$(ARGS),--numprocesses auto --dist loadfile --no-loadscope-reorder)

check: $(INSTALLED_DEV)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(INSTALLED_DEV)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bundle: $(INSTALLED)
	@$(BIN)/python tools/build_bundle.py $(if $(PLATFORMS),--platforms $(PLATFORMS)) $(if $(PYTHONS),--pythons $(PYTHONS))

# One version of each package for every Python and platform; the build backend and the tools are pinned too.
pins: $(MADE)
	@$(BIN)/python -m pip install --quiet uv
	@echo hatchling | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
		--extra dev --extra bench --no-annotate --custom-compile-command 'make pins' $(if $(UPGRADE),--upgrade) \
		--output-file constraints.txt pyproject.toml -

clean:
	rm -rf $(VENV) build dist out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The virtual environment is made anew where it does not run, or was made in another place.
ifneq ($(shell $(BIN)/python -c '' 2>/dev/null && cat $(MADE) 2>/dev/null),$(CURDIR))
.PHONY: $(MADE)
endif
$(MADE):
	@sh tools/make_venv.sh $(VENV) $(PYTHON)

$(INSTALLED): $(MADE) pyproject.toml constraints.txt
	@echo 'Installing into $(VENV) (some minutes the first time) ...'
	@$(PIP) hatchling
	@$(PIP) --no-build-isolation --editable '.[fast-roads,reports]'
	@touch $@

$(INSTALLED_DEV): $(INSTALLED)
	@echo 'Installing what tests and checks need ...'
	@$(PIP) --no-build-isolation --editable '.[dev]'
	@touch $@
