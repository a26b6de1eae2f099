#!/usr/bin/env bash
# Pins every package by version and hash, for all platforms and with no registry's address:
# scripts/lock.sh [--upgrade]. What is pinned already stays unless --upgrade is given.
set -euo pipefail
cd "$(dirname "$0")/.."

compile() { # compile FILE WHAT...
  local file=requirements/$1.txt
  shift
  echo "lock: $file" >&2
  .venv/bin/uv pip compile "$@" --universal --python-version 3.11 --generate-hashes --no-annotate \
    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet -o "$file"
}

compile tools --group tools "$@"
compile dev pyproject.toml --extra train --extra serve --extra spark --extra postgres --extra oidc --group dev "$@"
compile serve pyproject.toml --extra serve --extra postgres --extra oidc --constraint requirements/dev.txt "$@"
compile demo pyproject.toml --extra train --extra serve --constraint requirements/dev.txt "$@"
