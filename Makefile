# `make` lists what there is to make. Everything happens in .venv, which is made when needed.
BIN := .venv/bin
DATA ?= simulated
PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format bench cards openapi screenshots campaign mlflow notebooks docs lock wheel clean

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

# A stamp is as new as what it was made from, so that a second run starts at once.
.venv/.demo: requirements/tools.txt requirements/demo.txt pyproject.toml
	@scripts/setup.sh demo
.venv/.dev: requirements/tools.txt requirements/dev.txt pyproject.toml
	@scripts/setup.sh dev

setup: .venv/.dev ## make .venv with recontact and the tests' tools

demo: .venv/.demo ## the main job and the pages; DATA=servicenow for real records, ONCE=1 to end by itself, PORT=8000
	@$(BIN)/recontact demo --data $(DATA) --port $(PORT) $(if $(ONCE),--once)

test: .venv/.dev ## every test; ARGS="-k labels" for some, ARGS="-n 0 -x --pdb" in one process
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 $(ARGS)

check: .venv/.dev ## format, lint and types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

format: .venv/.dev ## put the code into its form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: .venv/.dev ## measure speed and memory
	@for file in tests/bench/bench_*.py; do echo "== $$file" && $(BIN)/python $$file || exit 1; done

cards: .venv/.dev ## write the model cards of what the demo trains again (minutes); ARGS=simulated for some
	@$(BIN)/python scripts/cards.py $(ARGS)

openapi: .venv/.dev ## write the service's description and the TypeScript types again (npm, network)
	@$(BIN)/python scripts/openapi.py

screenshots: .venv/.dev ## take the pictures of the documentation again (minutes)
	@$(BIN)/python scripts/screenshots.py

campaign: .venv/.dev ## the large test campaigns, at their full sizes (hours)
	@RECONTACT_CAMPAIGN=1 $(BIN)/python -m pytest --timeout 0 tests/property tests/bad_input tests/serving/test_openapi.py $(ARGS)
	@$(BIN)/python -m recontact_pipelines.campaigns.servicenow --out campaign
	@$(BIN)/python -m recontact_pipelines.campaigns.origins --out campaign
	@$(BIN)/python tests/bench/automl.py --minutes 60 --out campaign
	@$(BIN)/python -m recontact_pipelines.campaigns.simulated --out campaign
	@$(BIN)/python -m recontact_pipelines.campaigns.promotions --out campaign
	@$(BIN)/python -m recontact_pipelines.campaigns.kills --out campaign
	@$(BIN)/python -m tests.serving.postgres $(BIN)/python -m recontact_pipelines.campaigns.kills --out campaign --database {}

mlflow: .venv/.demo ## MLflow's pages on what the demo trained, at http://127.0.0.1:5000
	@test -f demo/$(DATA)/mlflow.db || { echo "no runs in demo/$(DATA) yet: make demo DATA=$(DATA)" >&2; exit 1; }
	@echo "MLflow takes some seconds, then open http://127.0.0.1:5000 (Ctrl-C ends it)" >&2
	@MLFLOW_DISABLE_TELEMETRY=true $(BIN)/mlflow server --backend-store-uri sqlite:///demo/$(DATA)/mlflow.db \
	  --host 127.0.0.1 --port 5000 --workers 1

notebooks: .venv/.dev ## run the notebooks
	@$(BIN)/python -m pytest tests/notebooks

docs: .venv/.dev ## write the pages that are made from code
	@$(BIN)/python scripts/render_features.py
	@$(BIN)/python scripts/render_rules.py

lock: .venv/.dev ## pin all packages again; ARGS=--upgrade takes newer ones
	@scripts/lock.sh $(ARGS)

wheel: .venv/.dev ## build the wheel into dist/
	@$(BIN)/uv build --wheel --no-build-isolation --python $(BIN)/python --out-dir dist

clean: ## remove .venv, caches and what the demo wrote
	rm -rf .venv demo dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
