#!/usr/bin/env bash
# Checks the system packages that no wheel brings, and installs them where it may: scripts/system.sh demo|dev
set -euo pipefail

has_libgomp1() { ldconfig -p 2>/dev/null | grep -q 'libgomp\.so\.1' || [ -n "$(find /usr/lib /lib -name 'libgomp.so.1' -print -quit 2>/dev/null)" ]; }
has_chromium() { command -v chromium >/dev/null; }
has_openjdk-17-jre-headless() { # Spark 4 runs on Java 17 or later, wherever it is from
  local java="${JAVA_HOME:+$JAVA_HOME/bin/}java" version
  version=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
  [ "${version:-0}" -ge 17 ]
}
has_postgresql() { command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

need() { # need PACKAGE WHY
  if "has_$1"; then return; fi
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "setup: installing the system package $1 ($2)" >&2
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp -t recontact-setup.XXXXXX)
    if { apt-get update -q && apt-get install -q -y --no-install-recommends "$1"; } >"$log" 2>&1; then
      rm -f "$log"
    else
      tail -n 15 "$log" >&2
      echo "setup: apt-get did not succeed: see $log" >&2
    fi
  fi
  if ! "has_$1"; then
    echo "setup: error: the system package $1 is missing ($2): install it, on Debian and Ubuntu with \`apt-get install $1\`" >&2
    exit 1
  fi
}

need libgomp1 "LightGBM's wheel needs libgomp.so.1"
if [ "$1" = dev ]; then
  need chromium "the tests look at the pages in it"
  need openjdk-17-jre-headless "the tests of Spark need Java 17"
  need postgresql "the tests of the service run on it, too"
fi
