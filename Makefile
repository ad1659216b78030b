# make demo    install, then train the small policy on the CPU and write demo/report.html
# make test    install, then run the whole test suite
# make lint    ruff, its formatter and mypy
# make venv    only install what the tests need
#
# Everything lives in .venv; after the first installation nothing is fetched again until pyproject.toml or constraints.txt change.
# PYTHON=python3.12 chooses the interpreter; TORCH_INDEX= (empty) takes torch from your usual package index.

.SUFFIXES:
.DELETE_ON_ERROR:
SHELL := /bin/sh

TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
PIP := .venv/bin/python -m pip --disable-pip-version-check
# pip compiles what it copies; an editable install copies nothing, so its modules are compiled here, and the command starts quickly.
COMPILE := .venv/bin/python -m compileall -q rewardlang verifiers trainer

# Waiting threads of OpenMP sleep: with spinning ones, training is several times slower on a machine that does anything else.
export OMP_WAIT_POLICY := PASSIVE

.PHONY: demo test lint venv clean help

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

demo: .venv/.installed-train
	@.venv/bin/rewardlang demo

test: .venv/.installed-dev
	@.venv/bin/python -m pytest $(PYTEST_ARGS)

lint: .venv/.installed-dev
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy

venv: .venv/.installed-dev

clean:
	rm -rf .venv build dist demo .mypy_cache .ruff_cache .pytest_cache .hypothesis ./*.egg-info

# A virtual environment by the first Python that is new enough and can make one.
.venv/.created:
	@chosen=; \
	for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python; do \
	    if $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then chosen=$$python; break; fi; \
	done; \
	if [ -z "$$chosen" ]; then \
	    echo "make: needs Python 3.11 or newer with its venv module on PATH (on Debian: apt install python3-venv); or name one: make PYTHON=/path/to/python3" >&2; exit 1; \
	fi; \
	[ -x .venv/bin/python ] || $$chosen -m venv .venv
	@touch $@

# torch alone first, from the index of CPU builds: the usual index would bring CUDA on Linux. Where that index cannot be
# reached the next step takes torch from the usual one.
.venv/.installed-torch: .venv/.created constraints.txt
	@echo "Installing (once; torch is the large part) ..."
	@[ -z "$(TORCH_INDEX)" ] || $(PIP) install -qq --no-deps --retries 0 --timeout 30 --index-url $(TORCH_INDEX) -c constraints.txt torch >/dev/null 2>&1 || true
	@touch $@

.venv/.installed-train: .venv/.installed-torch pyproject.toml constraints.txt
	@[ .venv/.installed-dev -nt pyproject.toml ] && [ .venv/.installed-dev -nt constraints.txt ] || $(PIP) install -qq -c constraints.txt -e '.[train]'
	@$(COMPILE)
	@touch $@

.venv/.installed-dev: .venv/.installed-torch pyproject.toml constraints.txt
	@$(PIP) install -qq -c constraints.txt -e '.[dev]'
	@$(COMPILE)
	@touch $@
