# What a newcomer types. Needs Python 3.11 or newer, make, and a package index that pip can reach;
# pip's own configuration decides which one.

PYTHON ?= python3
Q ?= why did Abe court Putin?
# For each target of `make fuzz`.
SECONDS_EACH ?= 10

VENV := .venv
# Coverage makes the suite half as slow again, so it is measured where it decides.
COVER := $(if $(CI),--cov --cov-report=term)
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check -qq
# A pin, because a plain "torch" may resolve to a build with gigabytes of GPU libraries.
TORCH := torch==2.13.0

# The variable silences the theme's note about its successor (docs/design/0019-the-front-door.md).
MKDOCS := NO_MKDOCS_2_WARNING=1 $(VENV)/bin/python -m mkdocs
SITE := --strict --config-file docs/making/mkdocs.yml

# The question reaches the command through the environment and never as text of a shell command or
# of make's own language, so any character may stand in it.
unexport Q
export QUESTION := $(value Q)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help ask serve test test-browser test-servers fuzz audit release-check docs docs-serve bench constraints clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

ask: $(VENV)/ready-ask ## ask the bundled article; make ask Q="your own question"
	@$(VENV)/bin/footnote ask -- "$$QUESTION"

serve: $(VENV)/ready-serve ## the API, the widget and a demo page, at http://localhost:8000/
	@$(VENV)/bin/footnote serve

test: $(VENV)/ready-test ## lint, types and all tests; with coverage where CI is set
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/ruff format --quiet --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/python -m pytest -q -n auto --dist worksteal $(COVER)
	@echo "ran: ruff check, ruff format --check, mypy --strict, pytest $(COVER); all passed"

test-browser: $(VENV)/ready-browser ## the widget's tests, in the Chromium of this system
	@$(VENV)/bin/python -m pytest -q -n auto --dist worksteal -m browser

test-servers: $(VENV)/ready-servers ## tests that start real servers and clusters, or take long
	@$(VENV)/bin/python -m pytest -q -n auto --dist loadfile -m servers

fuzz: $(VENV)/ready-fuzz ## fuzz every parser; SECONDS_EACH=600 for ten minutes each, FUZZ="cut marks" for some
	@$(VENV)/bin/python -m tests.fuzz --seconds $(SECONDS_EACH) $(FUZZ)

audit: $(VENV)/ready-audit ## known weaknesses in what is pinned; asks PyPI
	@$(VENV)/bin/python -m tests.audit

release-check: $(VENV)/ready-release ## build sdist and wheel, and ask the wheel in an empty environment
	@$(VENV)/bin/python -m tests.release_check

bench: $(VENV)/ready-bench ## measure against LangChain + Chroma and LlamaIndex + Chroma
	@$(VENV)/bin/python -m eval.bench.cold_ask
	@$(VENV)/bin/python -m eval.bench.against

docs: $(VENV)/ready-docs ## the documentation as a site, in build/docs; warnings fail
	@$(VENV)/bin/python -m docs.making.reference
	@$(MKDOCS) build --quiet $(SITE)
	@echo "built: build/docs/index.html"

docs-serve: $(VENV)/ready-docs ## the same at http://localhost:8001/, built again when a page changes
	@$(MKDOCS) serve $(SITE) --dev-addr localhost:8001

constraints: ## resolve every dependency afresh and write constraints.txt
	@$(check_python)
	@rm -rf build/pins && mkdir -p build && echo "$(TORCH)" > build/seed.txt
	@echo "resolving every extra in an empty environment (2 GB on disk, some minutes)"
	@$(PYTHON) -m venv build/pins
	@build/pins/bin/python -m pip --disable-pip-version-check -qq install -c build/seed.txt \
		-e '.[build,langchain,openai,anthropic,google,ollama,postgres,serve,mcp,slack,eval,ray,trace,docs,release,dev,browser,fuzz,bench,fit]'
	@{ sed '/^[^#]/,$$d' constraints.txt; \
		build/pins/bin/python -m pip freeze --exclude-editable | sed 's/+.*//'; } > build/pins.txt
	@mv build/pins.txt constraints.txt && rm -rf build/pins build/seed.txt
	@echo "wrote constraints.txt; make test tells whether it still fits"

clean: ## remove the environment and everything that was built
	rm -rf $(VENV) .bench build dist htmlcov .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Setting up. An environment counts as finished by its last act, a ready-… file: one that was
# interrupted carries the file "unfinished" and is made again from nothing.

$(VENV)/ready-ask: pyproject.toml constraints.txt
	@$(begin)
	@echo "footnote: installing PyTorch, to build indexes with (some 200 MB to fetch, a minute or two)"
	@$(PIP) install -c constraints.txt torch
	@echo "footnote: installing the rest (some 300 MB to fetch, a minute or two)"
	@$(PIP) install -c constraints.txt -e '.[build]'
	@$(finish)

$(VENV)/ready-serve: $(VENV)/ready-ask
	@$(begin)
	@echo "footnote: installing the server (some 10 MB to fetch, a few seconds)"
	@$(PIP) install -c constraints.txt -e '.[build,serve]'
	@$(finish)

$(VENV)/ready-test: $(VENV)/ready-ask
	@$(begin)
	@echo "footnote: installing the tools that tests need (some 50 MB to fetch, under a minute)"
	@$(PIP) install -c constraints.txt -e '.[build,langchain,openai,anthropic,postgres,serve,mcp,slack,eval,trace,dev]'
	@$(finish)

$(VENV)/ready-browser: $(VENV)/ready-test
	@$(begin)
	@command -v chromium chromium-browser google-chrome google-chrome-stable > /dev/null || { \
		echo "the widget's tests drive a Chromium; on Debian:  sudo apt-get install chromium" >&2; exit 1; }
	@echo "footnote: installing the browser's driver (some 50 MB to fetch, under a minute)"
	@$(PIP) install -c constraints.txt -e '.[browser]'
	@# What tests need is there too; from the oldest to the newest, as make compares them.
	@rm $(VENV)/unfinished && touch $(VENV)/ready-ask $(VENV)/ready-test $@

$(VENV)/ready-servers: $(VENV)/ready-test
	@$(begin)
	@echo "footnote: installing Ray (some 100 MB to fetch, under a minute)"
	@$(PIP) install -c constraints.txt -e '.[ray,fuzz]'
	@# As above.
	@rm $(VENV)/unfinished && touch $(VENV)/ready-ask $(VENV)/ready-test $@

$(VENV)/ready-fuzz: $(VENV)/ready-test
	@$(begin)
	@echo "footnote: installing the fuzzer (35 MB to fetch, a few seconds)"
	@$(PIP) install -c constraints.txt -e '.[fuzz]'
	@# As above.
	@rm $(VENV)/unfinished && touch $(VENV)/ready-ask $(VENV)/ready-test $@

$(VENV)/ready-audit: $(VENV)/ready-ask
	@$(begin)
	@echo "footnote: installing the auditor (some 10 MB to fetch, a few seconds)"
	@$(PIP) install -c constraints.txt -e '.[release]'
	@$(finish)

$(VENV)/ready-release: $(VENV)/ready-ask
	@$(begin)
	@echo "footnote: installing what builds a release (some 10 MB to fetch, a few seconds)"
	@$(PIP) install -c constraints.txt -e '.[build,release]'
	@$(finish)

$(VENV)/ready-bench: $(VENV)/ready-ask
	@$(begin)
	@echo "footnote: installing the peer to measure against (some 20 MB to fetch, under a minute)"
	@$(PIP) install -c constraints.txt -e '.[build,bench]'
	@$(finish)

$(VENV)/ready-docs: $(VENV)/ready-serve
	@$(begin)
	@echo "footnote: installing the site's builder (some 20 MB to fetch, under a minute)"
	@$(PIP) install -c constraints.txt -e '.[build,serve,eval,mcp,slack,docs]'
	@# As above.
	@rm $(VENV)/unfinished && touch $(VENV)/ready-ask $(VENV)/ready-serve $@

check_python = $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "footnote needs Python 3.11 or newer, and '$(PYTHON)' is not: name another one," \
	"for example  make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }

begin = if [ -e $(VENV)/unfinished ]; then rm -rf $(VENV); fi; \
	if [ ! -e $(VENV)/unfinished ] && [ ! -x $(VENV)/bin/python ]; then \
		$(check_python); \
		echo "footnote: making $(VENV) (a few seconds)"; \
		mkdir -p $(VENV) && touch $(VENV)/unfinished && $(PYTHON) -m venv $(VENV) || exit 1; \
	fi; \
	rm -f $(VENV)/ready-* && touch $(VENV)/unfinished

# Every set-up holds what asking needs, so ready-ask is told to be as new as the others.
finish = rm $(VENV)/unfinished && touch $(VENV)/ready-ask $@
