"""The process apart that asks the registry for the champions and brings them into the cache.

MLflow is large and may take long to answer: here neither its memory nor its waiting is the
service's. What is heard goes to the cache, where every worker of this machine reads it.
"""

import argparse
import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from recontact.errors import UserError
from recontact.tracking.loading import RefusedModelError, one_policy
from recontact.tracking.registry import NAMES, Version, held, pair
from recontact.tracking.store import Store, open_store
from recontact_serving.models.cache import Cache, Followed
from recontact_serving.models.fetching import fetch

AGAIN_S = 60.0  # a pair that was refused is tried again after so long
HALF_S = 5.0  # so long one of two aliases may lag behind the other

Key = tuple[str, ...]


class Following:
    """Asks for the champions, again and again.

    Parameters
    ----------
    uri : str or None
        Address of the registry.
    cache : Cache
        Where checked models go, and what is heard.
    """

    def __init__(self, uri: str | None, cache: Cache) -> None:
        self._uri = uri
        self._cache = cache
        self._store: Store | None = None
        self._taken: Key = ()
        self._refused: dict[Key, tuple[float, RefusedModelError]] = {}

    def ask(self) -> Followed:
        """Ask once, and keep what is heard in the cache."""
        before = self._cache.heard(self._uri)
        try:
            found = self._checked(self._champions())
            heard = Followed(found, "", before.refused)
        except _NoChampionError as error:
            heard = Followed({}, _said(error), before.refused)
        except RefusedModelError as error:
            count = before.refused + (_said(error) != before.trouble)
            heard = Followed(before.champions, _said(error), count)
        except UserError as error:
            heard = replace(before, trouble=_said(error))
        except Exception as error:  # noqa: BLE001 - MLflow's own faults are many
            heard = replace(before, trouble=f"the registry can't be read: {error}"[:500])
        self._cache.hear(self._uri, heard)
        return heard

    def _champions(self) -> dict[str, Version]:
        """Give the versions that hold the alias; waits out a promotion that is half done.

        Two of one training are whole. Others may be so on purpose: when they stay for a while.
        """
        if self._store is None:
            self._store = open_store(self._uri)
        until = time.monotonic() + HALF_S
        while True:
            found = {target: held(self._store, name) for target, name in NAMES.items()}
            there = {target: version for target, version in found.items() if version}
            whole = len(there) == len(NAMES) and len({v.run_id for v in there.values()}) == 1
            if whole or _key(there) == self._taken or time.monotonic() > until:
                break
            time.sleep(HALF_S / 40)
        self._taken = _key(there)
        if len(there) == len(NAMES):
            return there
        try:
            return pair(self._store, "champion")  # says what is missing
        except UserError as error:
            raise _NoChampionError(error.what, mend=error.mend) from error

    def _checked(self, versions: Mapping[str, Version]) -> dict[str, dict[str, str]]:
        assert self._store is not None  # noqa: S101 - _champions opened it
        key = _key(versions)
        at, why = self._refused.get(key, (0.0, None))
        if why is not None and time.monotonic() < at + AGAIN_S:
            raise why
        try:
            digests = self._fetched(versions)
        except RefusedModelError as error:
            self._refused = {key: (time.monotonic(), error)}
            raise
        self._refused = {}
        return {
            target: {"name": version.name, "version": version.version, "digest": digest}
            for (target, version), digest in zip(versions.items(), digests, strict=True)
        }

    def _fetched(self, versions: Mapping[str, Version]) -> list[str]:
        assert self._store is not None  # noqa: S101 - _champions opened it
        try:
            one_policy({target: version.policy_digest for target, version in versions.items()})
        except UserError as error:
            raise RefusedModelError(error.what, mend=error.mend) from error
        return fetch(self._store, list(versions.values()), self._cache)


class _NoChampionError(UserError):
    """The registry answers, and names no champion."""


def _key(versions: Mapping[str, Version]) -> Key:
    return tuple(f"{v.version}:{v.bundle_digest}" for v in versions.values())


def _said(error: UserError) -> str:
    return "; ".join(part for part in (error.what, error.mend) if part)


def _end_with_parent() -> None:
    sys.stdin.buffer.read()  # ends when whoever started this is gone
    os._exit(0)


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--uri")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--every", type=float, required=True)
    given = parser.parse_args()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(5)
    following = Following(given.uri, Cache(given.cache))
    while True:
        following.ask()
        time.sleep(given.every)


if __name__ == "__main__":
    _main()
