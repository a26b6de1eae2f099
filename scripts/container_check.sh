#!/usr/bin/env bash
# Does what Containerfile does in a folder of its own, and starts what came out: scripts/container_check.sh
# For machines without a container engine; takes a minute or two, needs the network.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

say() { echo "container: $*" >&2; }

say "a wheel, and an environment with nothing but requirements/serve.txt"
.venv/bin/uv build --quiet --wheel --no-build-isolation --python .venv/bin/python --out-dir "$folder/dist"
.venv/bin/python -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --require-hashes -r requirements/serve.txt
"$folder/env/bin/python" -m pip install --quiet --no-deps "$folder"/dist/*.whl
say "$(du -sm "$folder/env" | cut -f1) MB"

cd "$folder"
export RECONTACT_DATABASE_URL="sqlite:///$folder/recontact.db" RECONTACT_MLFLOW_URI="sqlite:///$folder/mlflow.db" RECONTACT_CACHE_DIR="$folder/cache"
env/bin/recontact serve --help >help.txt
env/bin/python -c "
import sys, recontact_serving.app, recontact_serving.server
heavy = [name for name in ('lightgbm', 'matplotlib', 'mlflow', 'pyspark', 'sklearn') if name in sys.modules]
sys.exit(f'the service imports {heavy}' if heavy else 0)"
env/bin/recontact keys add check >key.txt
env/bin/recontact serve --port 0 --json >address.json &
service=$!
trap 'kill "$service" 2>/dev/null || true; rm -rf "$folder"' EXIT
for _ in $(seq 100); do [ -s address.json ] && break; sleep 0.2; done
env/bin/python -c "
import json
from urllib.request import urlopen
print(urlopen(json.load(open('address.json'))['address'] + '/health/live').read().decode())"
kill "$service"
wait "$service" || true
say "it serves"
