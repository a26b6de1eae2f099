#!/usr/bin/env bash
# Builds .venv from hash-pinned requirements: scripts/setup.sh demo|dev
# `demo` is what recontact itself needs with the extras train and serve; `dev` adds the tests' tools.
# It says one line a step; what the installers say goes to .venv/setup.log, which a failure names.
set -euo pipefail
cd "$(dirname "$0")/.."

what=$1
venv=.venv
requirements=requirements/$what.txt
log=$PWD/$venv/setup.log
began=$SECONDS

say() { echo "setup: $*" >&2; }
fail() { say "error: $*"; exit 1; }

usable() { # a Python of 3.11 or later that can make an environment with pip in it
  "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
  local name
  for name in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
    if usable "$name"; then echo "$name"; return; fi
  done
  fail "no usable ${PYTHON:-Python 3.11 or later with its venv module}: install it, on Debian and Ubuntu with \`apt-get install python3.11-venv\`, or name one with PYTHON=/path/to/python3"
}

quietly() { # what it says goes to the log; a failure is told by whoever asked
  echo "== $*" >>"$log"
  "$@" >>"$log" 2>&1
}

ended() { # the last words of a step that failed, and where all of them are
  tail -n 15 "$log" >&2
  fail "$1 did not succeed: see $log"
}

install() { # uv is quick; where it can't reach the index that pip is configured for, pip does the same
  local words=$1
  shift
  say "installing $words"
  if quietly "$venv/bin/uv" pip install --python "$venv/bin/python" "$@"; then return; fi
  say "uv did not manage; the same with pip, which takes some minutes"
  quietly "$venv/bin/python" -m pip install --progress-bar off "$@" || ended "installing $words"
}

scripts/system.sh "$what"

if [ ! -x "$venv/bin/python" ]; then
  python=$(find_python)
  say "making $venv with $python ($("$python" -V))"
  "$python" -m venv "$venv"
fi

# Without a home that can be written to, caches stay inside the environment.
if ! mkdir -p "${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}" 2>/dev/null || [ ! -w "${XDG_CACHE_HOME:-$HOME/.cache}" ]; then
  export UV_CACHE_DIR=$PWD/$venv/cache/uv PIP_NO_CACHE_DIR=1
fi
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

echo "== setup $what" >"$log"
say "installing the build tools (requirements/tools.txt)"
quietly "$venv/bin/python" -m pip install --require-hashes -r requirements/tools.txt || ended "installing the build tools"
size="about 300 MB; a minute or so"
if [ "$what" = dev ]; then size="about 800 MB, most of it Spark; two minutes or so"; fi
count=$(grep -c '^[a-z0-9].*==' "$requirements")
install "$count packages ($requirements, $size)" --require-hashes -r "$requirements"
install "recontact itself" --no-deps --no-build-isolation --editable .
touch "$venv/.$what"
say "ready after $((SECONDS - began)) s"
