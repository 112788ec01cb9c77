# Two commands are enough for a newcomer: `make demo` and `make test`. Each makes .venv and installs what it needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
REQUIRE ?=

.PHONY: demo test test-fast test-all lint types bench docs matrix clean

demo: $(STAMP)
	$(BIN)/bridge demo
	$(BIN)/bridge demo --stream

test: $(STAMP) matrix
	$(BIN)/pytest -m "not matrix"

test-fast: $(STAMP)
	$(BIN)/pytest -m "not matrix and not slow"

# What the tests send upstream is noted in a file, which tests/judges/test_requests.py judges when the others are done.
test-all: $(STAMP)
	mkdir -p .matrix
	rm -f .matrix/requests.jsonl
	NOTED_REQUESTS=$(CURDIR)/.matrix/requests.jsonl REQUIRE=$(REQUIRE) $(BIN)/pytest

# The clients of the doors' tests at versions other than the installed one, each in an environment of its own.
matrix: $(STAMP)
	$(BIN)/python tests/doors/environments.py 1.21.0

lint: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

types: $(STAMP)
	$(BIN)/mypy
	$(BIN)/pyright tests/typing

bench: $(STAMP)
	$(BIN)/python -m benchmarks

docs: $(STAMP)
	$(BIN)/python -m bridge.parity > docs/parity.md
	$(BIN)/python docs/draw_states.py > docs/states.md
	$(BIN)/python docs/draw_errors.py > docs/errors.md
	$(BIN)/python docs/draw_models.py > docs/models.md

clean:
	rm -rf $(VENV) .matrix build dist

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python -e '.[dev]'
	touch $(STAMP)
