"""Registered models into the cache: copied, compared with their digest, tested apart."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from recontact.errors import UserError
from recontact.model.bundle import FILES, Bundle
from recontact.model.digest import digest_of_files
from recontact.tracking.loading import RefusedModelError, download
from recontact.tracking.registry import Version, resolve
from recontact.tracking.store import Store, open_store
from recontact_serving.models.cache import Cache

WITHIN_S = 300  # what a self-test may take: the first one after an installation also compiles
MEND = "train again (recontact train), or go back with: recontact rollback"
SLOW = "it is tried again every minute; if this machine is not just busy, the model hangs: " + MEND


def fetch(store: Store, versions: Sequence[Version], cache: Cache) -> list[str]:
    """Bring versions into the cache, where they are not there yet.

    Parameters
    ----------
    store : Store
        Where they are registered.
    versions : sequence of Version
        Which ones.
    cache : Cache
        Where to.

    Returns
    -------
    list of str
        Their digests.

    Raises
    ------
    RefusedModelError
        One is damaged or fails its self-test; none of those that were missing is kept.
    UserError
        The store does not answer.
    """
    missing = [v for v in versions if not cache.has(_digest(v))]
    with cache.staged() as folder:
        places = {_digest(v): folder / _digest(v) for v in missing}
        for version in missing:
            _copy(store, version, places[_digest(version)])
        if places:
            try_apart(places)
        for digest, place in places.items():
            cache.keep(place, digest)
    for version in versions:
        cache.note_version(store.uri, version.name, version.version, _digest(version))
    return [_digest(v) for v in versions]


def load_version(
    name: str, version: str, uri: str | None = None, cache: Cache | None = None
) -> Bundle:
    """Load any registered version, by way of the cache and its checks.

    Where the registry does not answer, the copy that was made of this version before is taken.

    Parameters
    ----------
    name : str
        `recontact-repeated` or `recontact-escalation`.
    version : str
        Its number.
    uri : str, optional
        The MLflow store (`recontact.tracking.open_store`).
    cache : Cache, optional
        By default the user's.

    Raises
    ------
    UserError
        There is no such version, or it is refused.
    """
    cache = cache or Cache.open()
    try:
        bundle = cache.load(_digest_by_name(name, version, uri, cache))
    except RefusedModelError:
        raise
    except UserError:  # the copy was damaged, and is gone now
        bundle = cache.load(_digest_by_name(name, version, uri, cache))
    return bundle.with_version(version)


def _digest_by_name(name: str, version: str, uri: str | None, cache: Cache) -> str:
    try:
        store = open_store(uri)
        return fetch(store, [resolve(store, name, version)], cache)[0]
    except RefusedModelError:
        raise
    except UserError:
        kept = cache.digest_of(uri, name, version)
        if kept is None or not cache.has(kept):
            raise
        return kept


def try_apart(places: dict[str, Path]) -> None:
    """Let a process of its own load models and compare their numbers; it may die or hang.

    Parameters
    ----------
    places : dict of str to pathlib.Path
        By digest the folder of each model.

    Raises
    ------
    RefusedModelError
        What came of it.
    """
    asked = json.dumps({digest: str(place) for digest, place in places.items()})
    command = [sys.executable, "-m", "recontact_serving.models.self_testing"]
    try:
        done = subprocess.run(  # noqa: S603 - ourselves
            command, input=asked, capture_output=True, text=True, timeout=WITHIN_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise RefusedModelError(f"a model's self-test took over {WITHIN_S} s", mend=SLOW) from error
    told = done.stdout.strip().splitlines()
    if done.returncode or not told:
        raise RefusedModelError(f"a model's self-test ended with {_end(done)}", mend=MEND)
    trouble = json.loads(told[-1])
    if trouble:
        raise RefusedModelError(f"a model fails its self-test: {trouble}", mend=MEND)


def _digest(version: Version) -> str:
    if not re.fullmatch("[0-9a-f]{64}", version.bundle_digest):
        raise RefusedModelError(
            f"{version.name} version {version.version} has no digest", mend=MEND
        )
    return version.bundle_digest


def _copy(store: Store, version: Version, place: Path) -> None:
    place.mkdir()
    download(store, version, place)
    files = {name: (place / name).read_bytes() for name in FILES}
    if digest_of_files(files) != version.bundle_digest:
        raise RefusedModelError(
            f"{version.name} version {version.version} is damaged: its files are not those "
            "that were registered",
            mend=MEND,
        )


def _end(done: subprocess.CompletedProcess[str]) -> str:
    last = done.stderr.strip().splitlines()[-1:] or ["no word"]
    return f"{'signal' if done.returncode < 0 else 'exit code'} {abs(done.returncode)}: {last[0]}"
