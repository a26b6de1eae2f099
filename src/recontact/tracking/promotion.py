"""The gate before the champion alias, and the way back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from recontact.errors import UserError
from recontact.tracking import log
from recontact.tracking.registry import NAMES, Version, champion, crown, history, resolve, uncrown
from recontact.tracking.store import Store, open_store
from recontact.tracking.weighing import Weighed, wanted, weigh_in


def promote(
    ref: str,
    why: str = "",
    *,
    only: str | None = None,
    force: bool = False,
    uri: str | None = None,
) -> list[dict[str, Any]]:
    """Make both models of one training the champions, or one of them, if they pass the gate.

    The gate: each model follows the champion's policy; ranks the later contacts that neither
    has learnt from better than the champion and than the one-line rule, by more than chance;
    is calibrated; keeps the latency budget; its data passed the leak check; and it
    finds nothing when taught shuffled outcomes (docs/promotion.md).

    Parameters
    ----------
    ref : str
        A version of `recontact-repeated`, or the id of a run.
    why : str
        Kept with who and when; needed to overrule the gate.
    only : {"repeated", "escalation"}, optional
        One model only; the champion of the other target stays.
    force : bool
        Promote in spite of the gate.
    uri : str, optional
        The MLflow store (`open_store`).

    Returns
    -------
    list of dict
        Per model: `name`, `version`, `previous`, `changed`, and what was `overruled`.

    Raises
    ------
    UserError
        The gate refuses, it is overruled without a reason, or there is no such version.
    """
    if force and not why.strip():
        raise UserError("to overrule the gate takes a reason", mend="--force --why TEXT")
    store = open_store(uri)
    weighed = weigh_in(store, ref, only)
    refused = {target: one.objections for target, one in weighed.items()}
    if any(refused.values()) and not force:
        shown = "; ".join(f"{NAMES[t]}: {o}" for t, found in refused.items() for o in found)
        raise UserError(
            f"version {ref} is not promoted: {shown}",
            mend="recontact promote --dry-run shows the comparison; --force --why TEXT overrules",
        )
    _one_policy(store, {target: one.challenger for target, one in weighed.items()})
    at = log.instant()
    return [_promoted(store, one, why, at) for one in weighed.values()]


def rollback(
    why: str = "", *, only: str | None = None, uri: str | None = None
) -> list[dict[str, Any]]:
    """Give the champion alias of both models, or of one, back to the champions before these.

    Raises
    ------
    UserError
        There is no earlier champion, or the two would follow different policies.
    """
    store = open_store(uri)
    now = {target: champion(store, NAMES[target]) for target in wanted(only)}
    _one_policy(store, _earlier(store, now))
    moved, at = [], log.instant()
    for target, holder in now.items():
        name = NAMES[target]
        if holder is None:
            continue
        earlier = uncrown(store, name, why)
        log.note(store, name, "rolled back", earlier.version, holder.version, why, at=at)
        moved.append(_moved(earlier, holder, []))
    return moved


def above_rule(tags: Mapping[str, str]) -> bool:
    """Tell whether a version's ROC AUC is above the one-line rule's on the same test contacts."""
    ours, rule = tags.get("test_roc_auc", ""), tags.get("test_roc_auc_rule", "")
    return bool(ours and rule) and float(ours) > float(rule)


def _promoted(store: Store, weighed: Weighed, why: str, at: datetime) -> dict[str, Any]:
    version, holder = weighed.challenger, weighed.holder
    if not weighed.unchanged:
        crown(store, version, why)
        texts = [f"{'yes' if c.passed else 'no'}: {c.text}" for c in weighed.conditions]
        log.note(
            store,
            version.name,
            "promoted",
            version.version,
            holder.version if holder else None,
            why,
            at=at,
            overruled=weighed.objections,
            compared=texts,
        )
    return _moved(version, holder, weighed.objections)


def _earlier(store: Store, now: Mapping[str, Version | None]) -> dict[str, Version]:
    """Find the champions before; refuse before the first alias moves."""
    past = {target: _others(store, target, holder) for target, holder in now.items()}
    lost = [target for target, versions in past.items() if not versions]
    if lost:
        able = [target for target, versions in past.items() if versions]
        alone = f"; to go back with the other alone: recontact rollback --only {''.join(able)}"
        raise UserError(
            f"{NAMES[lost[0]]} has no earlier champion to go back to",
            mend=f"see: recontact models --history{alone if able else ''}",
        )
    return {t: resolve(store, NAMES[t], versions[-1]) for t, versions in past.items()}


def _others(store: Store, target: str, holder: Version | None) -> list[str]:
    """Give the versions that were champion before this one, the oldest first."""
    past = [entry["version"] for entry in history(store, NAMES[target]) if holder]
    return [version for version in past if holder and version != holder.version]


def _one_policy(store: Store, wanted: Mapping[str, Version]) -> None:
    """Refuse champions of two policies, which no service could score with."""
    held = {t: wanted.get(t) or champion(store, name) for t, name in NAMES.items()}
    digests = {t: version.policy_digest for t, version in held.items() if version}
    if len(set(digests.values())) > 1:
        shown = ", ".join(f"{NAMES[t]} {digest}" for t, digest in digests.items())
        raise UserError(
            f"the champions would follow different policies: {shown}",
            mend="move both models: leave --only out",
        )


def _moved(version: Version, before: Version | None, overruled: list[str]) -> dict[str, Any]:
    return {
        "name": version.name,
        "version": version.version,
        "previous": before.version if before else None,
        "changed": before is None or before.version != version.version,
        "policy_digest": version.policy_digest,
        "overruled": overruled,
    }
