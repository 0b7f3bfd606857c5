# demo: the whole thing at work, in under two minutes.   test: all tests.   check: all lints.
# screens: the pictures of docs/console.md, out of a demo that is walked through in a browser.
# bench: the figures, into build/bench*.json.            clean: what can be made again.
# chaos: every fault as often as the list of faults says, for hours, and audited. SEED draws
#   another run, COUNTS a shorter one: make chaos COUNTS="--cycles 5 --fuzz 100000".
# bench-clearing: a night of so many millions, one after the other: MILLIONS="1 2 5".
# soak: half an hour of steady trade, or more: make soak COUNTS="--soak 28800".
# Each makes .venv when it is missing, from the fastest build of Python 3.11 that is found; PYTHON
#   says from which other interpreter (3.11 or newer).

PYTHON ?=
COUNTS ?=
MILLIONS ?= 1
SEED ?= 8583
BIN := .venv/bin
# Made again when what it was made from is newer.
VENV := .venv/made
# Patroni, for the failovers of `make chaos`: in an environment of its own.
PATRONI := .venv-patroni

.PHONY: demo test check screens bench bench-clearing chaos soak clean
.DEFAULT_GOAL := demo

demo: $(VENV)
	$(BIN)/posswitch demo

test: $(VENV)
	$(BIN)/pytest

screens: $(VENV)
	POSSWITCH_SCREENS=docs/screens $(BIN)/pytest -p no:xdist --timeout 600 tests/config/tasks/test_demo_walk.py

check: $(VENV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint --processes 2 host clearing config

bench: $(VENV)
	$(BIN)/posswitch bench

bench-clearing: $(VENV)
	for millions in $(MILLIONS); do $(BIN)/posswitch bench --only night \
		--messages $${millions}000000 --report build/bench_$${millions}m.json || exit 1; done

chaos: $(VENV)
	-@$(MAKE) --no-print-directory $(PATRONI)
	$(BIN)/pytest -m "chaos or counted" --timeout 0 --full --seed $(SEED) $(COUNTS) \
		tests/whole tests/switch tests/host tests/clearing

soak: $(VENV)
	$(BIN)/pytest -m soak --full --seed $(SEED) $(COUNTS) tests/whole/test_soak.py

clean:
	rm -rf build var/demo .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

$(PATRONI): requirements/ha.txt
	.ci/environment $@ $< $(PYTHON)
	touch $@

$(VENV): requirements/dev.txt
	.ci/environment .venv $< $(PYTHON)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation --editable .
	touch $@
