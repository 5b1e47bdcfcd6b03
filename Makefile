# Every target makes what it needs; what is there already costs milliseconds.
.DEFAULT_GOAL := help
.PHONY: help run stop reset deploy-local deploy test rollback-test lint format migrate schema openapi quarantine rollups replay key admin analyst export lake backup restore demo screenshots bench fuzz fire build capacity sbom audit lock clean

PYTHON := .venv/bin/python
SAM := $(PYTHON) -m infra.local.sam
HAVE := @python3 infra/local/environments.py

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Run the whole stack on http://127.0.0.1:8000 until Ctrl-C (PORT, API_KEY and other settings of README.md)
	$(HAVE) project ministack sam
	@$(PYTHON) -m infra.local run

deploy-local: ## Put the code of this moment behind the URL of the running stack
	$(HAVE) project sam
	@$(PYTHON) -m infra.local deploy

deploy: ## Build, migrate and deploy to AWS (STAGE=prod; the first time it asks)
	$(HAVE) project sam
	@$(PYTHON) -m infra.deploy "$(STAGE)" $(ARGS)

stop: ## End the running stack and its database
	$(HAVE) project
	@$(PYTHON) -m infra.local stop

reset: ## End the running stack and delete its data
	$(HAVE) project
	@$(PYTHON) -m infra.local reset

test: ## Run all tests (ARGS="tests/tilt -k history" for some)
	$(HAVE) project ministack sam
	@$(PYTHON) -m pytest --pooler $(ARGS)

rollback-test: ## Run the tests of the commit before the newest migration on today's schema
	$(HAVE) project
	@$(PYTHON) -m tests.rollback $(ARGS)

bench: ## Measure speed against its floors (ONLY=tilt.record,cold.tilt for some)
	$(HAVE) project bench bench-tracker
	@ONLY="$(ONLY)" $(PYTHON) -m tests.benchmarks

fuzz: ## Make up requests and messages for minutes (SEED=… repeats a run, EXAMPLES=60 of each route)
	$(HAVE) project ministack sam
	@SEED="$(SEED)" EXAMPLES="$(EXAMPLES)" $(PYTHON) -m tests.support.fuzz $(ARGS)

fire: ## Set a stack of its own on fire, and hold what was answered against what is stored (ARGS="--help" for more)
	$(HAVE) project ministack sam
	@$(PYTHON) -m tests.fire --report infra/FIRE.md $(ARGS)

lint: ## Check style, types, the template and that openapi.json is fresh
	$(HAVE) project sam node typescript checkov
	@$(PYTHON) -m ruff check
	@$(PYTHON) -m ruff format --check
	@$(PYTHON) -m mypy
	@.local/node/lib/*/site-packages/*/bin/node .local/typescript/node_modules/typescript/bin/tsc -p infra/console/jsconfig.json
	@$(SAM) validate --lint
	@$(PYTHON) -m infra.checkov
	@$(PYTHON) -m infra.openapi --check

format: ## Lay the code out
	$(HAVE) project
	@$(PYTHON) -m ruff check --fix
	@$(PYTHON) -m ruff format

migrate: ## Bring DATABASE_URL, or the local database, to the schema of this checkout (ARGS=--status only lists)
	$(HAVE) project
	@$(PYTHON) -m infra.local.database schema.engine.migrate $(ARGS)

schema: ## Write schema/schema.sql and what analysts read (schema/ROLLUPS.md, infra/dbt/sources.yml)
	$(HAVE) project
	@$(PYTHON) -m infra.local.database schema.engine.snapshot

openapi: ## Write openapi.json from routes and models
	$(HAVE) project
	@$(PYTHON) -m infra.openapi

quarantine: ## Show refused TTT rounds that are kept (ARGS=replay records them after a fix)
	$(HAVE) project
	@$(PYTHON) -m infra.local.database infra.ops.quarantine $(ARGS)

rollups: ## Show the rollups, their lag and last audit (ARGS="--help" for more)
	$(HAVE) project
	@$(PYTHON) -m infra.local.database infra.ops.rollups $(ARGS)

replay: ## Put dead letters back into the queue (ARGS="--list" only shows them)
	$(HAVE) project
	@$(PYTHON) -m infra.ops.replay $(ARGS)

key: ## Issue, list or revoke API keys (ARGS="--help" says how)
	$(HAVE) project
	@$(PYTHON) -m infra.ops.keys $(ARGS)

admin: ## Make the first admin, give roles, rotate signing keys (ARGS="--help" says how)
	$(HAVE) project
	@$(PYTHON) -m infra.ops.admin $(ARGS)

analyst: ## Add, list or remove logins that read rollups (ARGS="--help" says how)
	$(HAVE) project
	@$(PYTHON) -m infra.local.database infra.ops.analysts $(ARGS)

export: ## Write rows of a rollup into a file (ARGS="--help" says how)
	$(HAVE) project
	@$(PYTHON) -m infra.local.database infra.ops.export $(ARGS)

lake: ## Write days that are over into the lake (ARGS="--list", "--verify", "--help")
	$(HAVE) project
	@$(PYTHON) -m infra.local.database infra.ops.lake $(ARGS)

backup: ## Save the database in a folder (ARGS=folder)
	$(HAVE) project
	@$(PYTHON) -m infra.local.database infra.ops.backup $(ARGS)

restore: ## Make a database of a backup again (ARGS="folder --database name")
	$(HAVE) project
	@$(PYTHON) -m infra.local.database infra.ops.restore $(ARGS)

demo: ## Play an evening on two servers against the running stack (ARGS="--help" for more)
	$(HAVE) project
	@$(PYTHON) -m infra.demo $(ARGS)

screenshots: ## Take README's pictures of the running stack's console, after `make demo`
	$(HAVE) project
	@$(PYTHON) -m tests.support.screenshots

build: ## Build for AWS into .aws-sam/build (TILTYARD_TARGET=python3.13-arm64)
	$(HAVE) project sam
	@$(PYTHON) -m infra.build

capacity: ## Write infra/CAPACITY.md, what a number of events a second asks for, from infra/capacity.toml
	$(HAVE) project
	@$(PYTHON) -m infra.capacity

sbom: ## Write what the last build holds that is not ours, as CycloneDX
	$(HAVE) project
	@$(PYTHON) -m infra.sbom

audit: ## Ask for known vulnerabilities of everything that is pinned (needs the network)
	$(HAVE) project audit
	@$(PYTHON) -m infra.audit

lock: ## Write the hashes of all pins, and pin requirements-dev.in (ARGS=--upgrade takes the newest)
	@python3 -m infra.local.locks $(ARGS)

clean: stop ## Remove what was built and installed here; the local data stays (see reset)
	@rm -rf .venv .aws-sam .local/ministack .local/checkov .local/checkov-input .local/sam .local/audit .local/lambda .local/node .local/typescript .local/axe .local/bench .local/bench-tracker .local/redis .local/sam-settings .local/sam-scratch .local/uv .local/layers \
	  .local/stack .local/e2e .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -prune -exec rm -rf {} +

# What `sam build` calls, once for the layer and once for each function of template.yaml.
build-Dependencies:
	@$(PYTHON) -m infra.package layer "$(ARTIFACTS_DIR)"

build-Rs256:
	@$(PYTHON) -m infra.package rs256 "$(ARTIFACTS_DIR)"

build-Matching:
	@$(PYTHON) -m infra.package matching "$(ARTIFACTS_DIR)"

build-Exports:
	@$(PYTHON) -m infra.package exports "$(ARTIFACTS_DIR)"

build-%Function:
	@$(PYTHON) -m infra.package code $*Function "$(ARTIFACTS_DIR)"
