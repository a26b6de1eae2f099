"""Registered models: versions, and the champion that is served."""

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from recontact.errors import UserError
from recontact.model.bundle import TARGETS, Bundle
from recontact.tracking.log import who
from recontact.tracking.store import Store, open_store, speaking

NAMES = {target: f"recontact-{target}" for target in TARGETS}
CHAMPION = "champion"
HISTORY_TAG = "recontact.champions"
KEPT = 20  # entries of that history; a tag holds 5,000 characters


@dataclass(frozen=True)
class Version:
    """One registered version of one model.

    Attributes
    ----------
    name, version, run_id : str
        Registered model, its number and the run that trained it.
    tags : dict of str to str
        Digests and figures (`recontact.tracking.version_tags`).
    created_at : datetime.datetime
        When it was registered.
    """

    name: str
    version: str
    run_id: str
    tags: Mapping[str, str]
    created_at: datetime

    @property
    def policy_digest(self) -> str:
        """The digest of the policy that its labels followed."""
        return self.tags.get("policy_digest", "")

    def figure(self, name: str) -> float | None:
        """Give a figure kept as a tag, None where it was not defined."""
        text = self.tags.get(name, "")
        return float(text) if text else None


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
    digests = {target: bundle.policy_digest for target, bundle in bundles.items()}
    if len(set(digests.values())) > 1:
        shown = ", ".join(f"{NAMES[t]} has {digest}" for t, digest in digests.items())
        raise UserError(
            f"the two models follow different policies: {shown}",
            mend="promote two of one training: recontact models, then recontact promote VERSION",
        )
    return bundles


def pair(store: Store, ref: str) -> dict[str, Version]:
    """Find the versions of both models that a reference means, by target."""
    first = resolve(store, NAMES["repeated"], ref)
    other = first.run_id if ref.isdigit() else ref
    return {"repeated": first, "escalation": resolve(store, NAMES["escalation"], other)}


def resolve(store: Store, name: str, ref: str) -> Version:
    """Find the version that an alias, a number or a run's id means."""
    if ref.isdigit():
        found = [v for v in versions(store, name) if v.version == str(int(ref))]
    elif re.fullmatch(r"[0-9a-f]{32}", ref):
        found = [v for v in versions(store, name) if v.run_id == ref]
    else:
        holder = aliases(store, name).get(ref)
        found = [v for v in versions(store, name) if v.version == holder]
    if found:
        return found[0]
    if ref == CHAMPION:
        raise UserError(
            f"{name} has no champion yet",
            mend="train first (recontact train), or choose one: recontact models, "
            "then recontact promote VERSION",
        )
    raise UserError(f"{name} has no version, run or alias '{ref}'", mend="see: recontact models")


def aliases(store: Store, name: str) -> dict[str, str]:
    """Give the aliases of a registered model and the versions that hold them."""
    model = _registered(store, name)
    return {alias: str(version) for alias, version in model.aliases.items()} if model else {}


def champion(store: Store, name: str) -> Version | None:
    """Give the version that is served, None where there is none."""
    holder = aliases(store, name).get(CHAMPION)
    return next((v for v in versions(store, name) if v.version == holder), None)


def versions(store: Store, name: str) -> list[Version]:
    """List the versions of a registered model, the newest first."""
    with speaking(store.uri):
        found = list(store.client.search_model_versions(f"name='{name}'", max_results=1000))
    listed = [
        Version(name, str(v.version), v.run_id, v.tags, _at(v.creation_timestamp)) for v in found
    ]
    return sorted(listed, key=lambda v: int(v.version), reverse=True)


def crown(store: Store, version: Version, why: str) -> None:
    """Let a version hold the champion alias, and write down who, when and why."""
    past = history(store, version.name)
    now = champion(store, version.name)
    if now and (not past or past[-1]["version"] != now.version):
        past.append({"version": now.version, "why": "set outside of recontact"})
    _hold(store, version, [*past, _entry(version, why)])


def uncrown(store: Store, name: str, why: str) -> Version:
    """Give the alias back to the champion before this one."""
    past, now = history(store, name), champion(store, name)
    while past and now and past[-1]["version"] == now.version:
        past.pop()
    if not past or now is None:
        raise UserError(
            f"{name} has no earlier champion to go back to", mend="see: recontact models"
        )
    earlier = resolve(store, name, past[-1]["version"])
    note = json.dumps(_entry(now, why))
    with speaking(store.uri):
        store.client.set_model_version_tag(name, now.version, "recontact.rolled_back", note)
    _hold(store, earlier, past)
    return earlier


def history(store: Store, name: str) -> list[dict[str, str]]:
    """List the champions so far, oldest first: version, at, by, why."""
    found: list[dict[str, str]] = json.loads(tags_of(store, name).get(HISTORY_TAG, "[]"))
    return found


def tags_of(store: Store, name: str) -> dict[str, str]:
    """Give the tags of a registered model; none where there is no such model."""
    model = _registered(store, name)
    return dict(model.tags) if model else {}


def _hold(store: Store, version: Version, past: list[dict[str, str]]) -> None:
    with speaking(store.uri):
        note = json.dumps(past[-KEPT:])
        store.client.set_registered_model_tag(version.name, HISTORY_TAG, note)
        store.client.set_registered_model_alias(version.name, CHAMPION, version.version)


def _entry(version: Version, why: str) -> dict[str, str]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"version": version.version, "at": now, "by": who(), "why": why[:120]}


def _registered(store: Store, name: str) -> Any:
    with speaking(store.uri):
        return next(iter(store.client.search_registered_models(f"name='{name}'")), None)


def _download(store: Store, version: Version) -> Bundle:
    with speaking(store.uri), tempfile.TemporaryDirectory() as folder:
        import mlflow  # noqa: PLC0415 - takes seconds, and open_store has it imported by now

        address = f"models:/{version.name}/{version.version}"
        local = mlflow.artifacts.download_artifacts(address, dst_path=folder)
        return Bundle.load(local).with_version(version.version)


def _at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
