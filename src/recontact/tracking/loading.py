"""Registered models copied from the store and read."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from recontact.errors import UserError
from recontact.model.bundle import FILES, Bundle
from recontact.tracking.registry import CHAMPION, NAMES, Version, pair, resolve
from recontact.tracking.store import Store, open_store, speaking

MOST_BYTES = 64 * 2**20  # of one file of a model


class RefusedModelError(UserError):
    """A model that may not score anybody."""


def load_bundle(
    name: str, ref: str = CHAMPION, uri: str | None = None, store: Store | None = None
) -> Bundle:
    """Load one registered model.

    Parameters
    ----------
    name : str
        `recontact-repeated` or `recontact-escalation`.
    ref : str
        An alias, a version number, or the id of the run that trained it.
    uri : str, optional
        The MLflow store (`open_store`).
    store : Store, optional
        The same, open already.

    Returns
    -------
    Bundle
        With its `version`.

    Raises
    ------
    UserError
        No store, no such version, no champion yet, or a damaged model.
    """
    store = store or open_store(uri)
    return _download(store, resolve(store, name, ref))


def load_bundles(
    ref: str = CHAMPION, uri: str | None = None, store: Store | None = None
) -> dict[str, Bundle]:
    """Load the models of both targets, by target.

    A version number is that of `recontact-repeated`; the other model is of the same run.

    Raises
    ------
    UserError
        As for `load_bundle`, or the two carry different policies.
    """
    store = store or open_store(uri)
    bundles = {target: _download(store, v) for target, v in pair(store, ref).items()}
    one_policy({target: bundle.policy_digest for target, bundle in bundles.items()})
    return bundles


def one_policy(digests: Mapping[str, str]) -> None:
    """Refuse two models whose policies differ; their digests come by target."""
    if len(set(digests.values())) > 1:
        shown = ", ".join(f"{NAMES[t]} has {digest}" for t, digest in digests.items())
        raise UserError(
            f"the two models follow different policies: {shown}",
            mend="promote two of one training: recontact models, then recontact promote VERSION",
        )


def download(store: Store, version: Version, folder: Path) -> None:
    """Copy the two files of a version into a folder.

    Raises
    ------
    RefusedModelError
        A file is missing or larger than any model; nothing of such a file is copied.
    """
    with speaking(store.uri):
        from mlflow.store.artifact import artifact_repository_registry  # noqa: PLC0415 - see held

        address = f"models:/{version.name}/{version.version}"
        kept = artifact_repository_registry.get_artifact_repository(address, store.uri, store.uri)
        try:
            sizes = {info.path: info.file_size or 0 for info in kept.list_artifacts("")}
            for name in FILES:
                if name not in sizes or sizes[name] > MOST_BYTES:
                    raise _refused(version, name, sizes.get(name))
                kept.download_artifacts(name, str(folder))  # type: ignore[no-untyped-call] # theirs
        except OSError as error:
            raise _refused(version, str(error), None) from error


def _refused(version: Version, name: str, size: int | None) -> RefusedModelError:
    what = "is missing" if size is None else f"has {size:,} bytes, which no model has"
    return RefusedModelError(
        f"{version.name} version {version.version} can't be used: {name} {what}",
        mend="train again (recontact train), or go back with: recontact rollback",
    )


def _download(store: Store, version: Version) -> Bundle:
    with tempfile.TemporaryDirectory() as folder:
        download(store, version, Path(folder))
        return Bundle.load(folder, version.bundle_digest or None).with_version(version.version)
