# Everything a person or a build machine runs. Needed beforehand: git, make, Python 3.11 to 3.14.
#
#   make demo            the simulated house on http://localhost:8080
#   make demo PORT=9000 ARGS="--speed 600 --no-browser"
#   make test            style, types, layering and the quick tests
#   make check           the slow stage: long tests, a real browser, the dashboard's build
#   make bench           measurements; writes the tables of docs/benchmarks.md

PORT ?= 8080
ARGS ?=
BENCH ?=
BIN := .venv/bin
LOCK := uv.lock pyproject.toml

.PHONY: demo test lint types layers unit check bench clean
.DEFAULT_GOAL := demo

demo: .venv/.installed
	@exec $(BIN)/ohmstead demo --port $(PORT) $(ARGS)

test: lint types layers unit

lint: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.installed-dev
	$(BIN)/mypy

layers: .venv/.installed-dev
	$(BIN)/lint-imports

unit: .venv/.installed-dev
	$(BIN)/pytest -n 2 -m "not slow and not browser"

check: .venv/.installed-dev
	$(BIN)/pytest -n 2 --dist worksteal -m "slow or browser"
	tools/check_dashboard.sh

bench: .venv/.installed-dev
	$(BIN)/python -m benchmarks $(BENCH)

clean:
	rm -rf .venv .uv .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/.installed: $(LOCK) tools/install.sh
	@tools/install.sh
	@touch $@

.venv/.installed-dev: $(LOCK) tools/install.sh
	@tools/install.sh --dev
	@touch $@ .venv/.installed
