"""Registered models: versions, and the champion that is served."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from recontact.errors import UserError
from recontact.model.bundle import TARGETS
from recontact.tracking.log import who
from recontact.tracking.store import Store, speaking

NAMES = {target: f"recontact-{target}" for target in TARGETS}
CHAMPION = "champion"
HISTORY_TAG = "recontact.champions"
NOBODY = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")  # how MLflow says so, by store
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
    def bundle_digest(self) -> str:
        """The digest of its files (`recontact.model.bundle.Bundle.digest`)."""
        return self.tags.get("bundle_digest", "")

    @property
    def policy_digest(self) -> str:
        """The digest of the policy that its labels followed."""
        return self.tags.get("policy_digest", "")

    def figure(self, name: str) -> float | None:
        """Give a figure kept as a tag, None where it was not defined."""
        text = self.tags.get(name, "")
        return float(text) if text else None


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


def held(store: Store, name: str, alias: str = CHAMPION) -> Version | None:
    """Ask for the version that holds an alias, and for nothing else: quick enough to ask often."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - open_store has it by now

    with speaking(store.uri):
        try:
            return _version(store.client.get_model_version_by_alias(name, alias))
        except MlflowException as error:
            if error.error_code in NOBODY:
                return None
            raise


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
    return sorted(map(_version, found), key=lambda v: int(v.version), reverse=True)


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


def _version(found: Any) -> Version:
    created = _at(found.creation_timestamp)
    return Version(found.name, str(found.version), found.run_id, found.tags, created)


def _at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
