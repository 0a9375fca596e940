# Everything a machine with Python 3.11 or 3.12, make and Node needs to run this project.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
NODE_READY := node_modules/.ready
DEBIAN_READY := build/.debian-ready
POSTINGS ?=

.PHONY: demo test test-all pulumi lint bench lock clean

## make demo: provision a fresh embedded AWS, enrich the sample postings, show what came out
demo: $(READY)
	$(BIN)/dej demo $(if $(POSTINGS),--postings "$(POSTINGS)")

## make test: every test that takes seconds
test: $(READY) $(NODE_READY) $(DEBIAN_READY)
	$(BIN)/pytest -n 2 --dist loadfile -m "not slow"

## make test-all: the slow ones too; those of the Pulumi CLI only where it can be built
test-all: $(READY) $(NODE_READY) $(DEBIAN_READY)
	-$(BIN)/python -m embedded_aws.provider.pulumi_cli.build
	$(BIN)/pytest -n 2 --dist loadfile

## make pulumi: the Pulumi CLI; built once from its Go module where the PATH has none
pulumi: $(READY)
	$(BIN)/python -m embedded_aws.provider.pulumi_cli.build

## make lint: style, types, and the rendered workflows and program against AWS's own rules
lint: $(READY) $(NODE_READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --python-version 3.12 functions
	$(BIN)/python -m infra.lint

## make bench: throughput and size measurements, minutes long
bench: $(READY)
	$(BIN)/python -m tests.bench

## make lock: resolve the dependencies of pyproject.toml into requirements.txt
lock: $(READY)
	$(BIN)/uv pip compile pyproject.toml --extra dev --generate-hashes --universal \
		--python-version 3.11 --quiet --no-strip-extras --no-emit-index-url --no-header -o requirements.txt

clean:
	rm -rf $(VENV) build node_modules

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 12) else \
		"data-engineer-jobs needs Python 3.11 or 3.12; name one with PYTHON=..., for example make demo PYTHON=python3.12")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(NODE_READY): package.json package-lock.json
	@command -v npm > /dev/null || { echo "make lint and make test need Node with npm: install both." >&2; exit 1; }
	npm ci --no-audit --no-fund --silent
	@touch $@

# Programs that only tests need: a PostgreSQL that stands in for Redshift, a browser for the docs.
$(DEBIAN_READY): debian-packages.txt
	@missing=$$(dpkg-query -W -f='$${db:Status-Status} $${Package}\n' $$(cat $<) 2> /dev/null | \
		sed -n 's/^installed //p' | sort | comm -13 - $<); \
	if [ -n "$$missing" ]; then \
		if [ "$$(id -u)" != 0 ]; then \
			echo "make test needs: sudo apt-get install" $$missing >&2; exit 1; \
		fi; \
		apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
	fi
	@mkdir -p $(@D) && touch $@
