# The one front door. `make` lists the targets; each does all of its own set-up.
#
#   make test PYTHON=3.13     another interpreter: a version, a name or a path
#   make test ARGS="-k name"  more arguments for pytest
#   make bench ROUNDS=5       fewer rounds
#   make model-soak OPS=1000000 SEED=7

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?=
ARGS ?=
ROUNDS ?=
OPS ?=
SEED ?=

INTERPRETER := $(shell tools/find_python.sh "$(PYTHON)" 2>/dev/null)
VERSION := $(if $(INTERPRETER),$(shell $(INTERPRETER) -c 'import sys; print("%d.%d" % sys.version_info[:2])'))
VENV := .venvs/$(VERSION)
BIN := $(VENV)/bin
PIP := $(BIN)/pip --quiet --disable-pip-version-check install --constraint constraints.txt
RUST_SOURCES := Cargo.toml Cargo.lock $(shell find rust -name '*.rs' -o -name Cargo.toml)
# Loom replaces the atomics of the core, so it builds apart from everything else; without
# link-time optimisation, which costs more than it saves here.
LOOM := RUSTFLAGS="--cfg loom" CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 cargo test --locked --release --package seawall-core --target-dir target/loom
PYTEST := $(BIN)/python -m pytest
COVERAGE := $(BIN)/coverage

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

# ---------------------------------------------------------------- what people run

.PHONY: demo
demo: $(VENV)/.demo ## watch a database die and the program live (about a minute)
	@$(BIN)/python -m seawall.demo $(ARGS)

.PHONY: test
test: test-rust test-python ## every test, real servers included, with coverage

.PHONY: check
check: check-rust check-python loom mutants ## formats, lints, types, layers, loom, mutants

.PHONY: services
services: $(VENV)/.test ## the tests against real servers only
	$(PYTEST) tests/services tests/mission $(ARGS)

.PHONY: bench
bench: $(VENV)/.bench ## what a guarded call costs, as ratios, peers included
	$(BIN)/python benches/python/run.py $(if $(ROUNDS),--rounds $(ROUNDS)) $(ARGS)

.PHONY: model-soak
model-soak: $(VENV)/.native ## ten million random operations of a breaker against its model
	$(BIN)/python tools/model_soak.py $(if $(OPS),--ops $(OPS)) $(if $(SEED),--seed $(SEED))

.PHONY: wheel
wheel: $(VENV)/.tools ## build the wheel into dist/
	@rm -rf dist
	$(BIN)/maturin build --release --locked --out dist
	@ls dist

.PHONY: test-wheel
test-wheel: wheel ## unit tests of the wheel, in empty environments, without the sources
	tools/test_wheel.sh dist/*.whl $(if $(PYTHON),"$(PYTHON)",3.11 3.12 3.13)

.PHONY: docs
docs: $(VENV)/.docs ## build the site into docs/_build/html and run every block of it
	$(BIN)/sphinx-build -q -W -n -b html docs docs/_build/html
	$(PYTEST) docs README.md -p no:randomly $(ARGS)

.PHONY: classification
classification: $(VENV)/.test ## write the table of errors, and ask the newest libraries
	$(BIN)/python tools/classification.py
	$(BIN)/python tools/classification_newest.py $(ARGS)

.PHONY: format
format: $(VENV)/.check ## format everything
	cargo fmt --all
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only --quiet .

.PHONY: clean
clean: ## remove what was built
	rm -rf .venvs target dist .cache docs/_build

# ---------------------------------------------------------------- parts of them

.PHONY: test-rust
test-rust: cargo
	cargo test --locked --quiet --package seawall-core

# Twice: once through the generated wrappers, once over the plain path. One semantics.
.PHONY: test-python
test-python: $(VENV)/.test
	@rm -rf .cache/coverage && mkdir -p .cache/coverage
	SEAWALL_GENERATE=0 $(COVERAGE) run -m pytest tests/unit tests/properties tests/integration $(ARGS)
	$(COVERAGE) run -m pytest --ignore tests/typing $(ARGS)
	@$(COVERAGE) combine --quiet
	$(COVERAGE) report

.PHONY: check-rust
check-rust: cargo
	cargo fmt --all --check
	cargo clippy --locked --quiet --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --quiet --no-deps --package seawall-core

.PHONY: check-python
check-python: $(VENV)/.check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/basedpyright --pythonpath $(BIN)/python
	PATH="$(CURDIR)/$(BIN):$$PATH" basedpyright --ignoreexternal --verifytypes seawall
	$(BIN)/python -m mypy.stubtest seawall._native
	$(BIN)/lint-imports
	$(BIN)/python tools/classification.py --check
	$(PYTEST) tests/typing

.PHONY: loom
loom: cargo ## every interleaving of everything atomic
	$(LOOM) --test '*_loom' -- --nocapture

.PHONY: mutants
mutants: interpreter cargo ## break the core on purpose; each break must be noticed
	$(INTERPRETER) tools/mutants.py

# ---------------------------------------------------------------- set-up

.PHONY: interpreter
interpreter:
	@tools/find_python.sh "$(PYTHON)" > /dev/null

.PHONY: cargo
cargo:
	@command -v cargo > /dev/null || { echo "seawall builds its core with Rust and finds no cargo: install Rust (rustup) and open a new shell" >&2; exit 1; }

$(VENV)/.tools: pyproject.toml constraints.txt | interpreter cargo
	@echo "setting up $(VENV)"
	@test -x $(BIN)/python || $(INTERPRETER) -m venv $(VENV)
	@$(BIN)/python -m pip --quiet --disable-pip-version-check install --upgrade pip
	@$(PIP) maturin
	@touch $@

# Editable: Python sources are used where they stand, the core is built in release mode.
$(VENV)/.native: $(RUST_SOURCES) $(VENV)/.tools
	@echo "building the core"
	@. $(BIN)/activate && PIP_QUIET=1 PIP_CONSTRAINT=constraints.txt maturin develop --quiet --release --locked
	@touch $@

$(VENV)/.demo: $(VENV)/.native
	@echo "installing the demo's clients and servers"
	@$(PIP) "seawall[demo]"
	@touch $@

$(VENV)/.test: $(VENV)/.demo
	@$(PIP) --group test
	@touch $@

$(VENV)/.check: $(VENV)/.test
	@$(PIP) --group check
	@touch $@

$(VENV)/.docs: $(VENV)/.test
	@$(PIP) --group docs
	@touch $@

$(VENV)/.bench: $(VENV)/.test
	@$(PIP) --group bench
	@touch $@
