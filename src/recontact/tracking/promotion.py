"""The gate before the champion alias, and the way back."""

from collections.abc import Mapping
from typing import Any

from recontact.errors import UserError
from recontact.tracking.registry import (
    NAMES,
    Version,
    champion,
    crown,
    history,
    pair,
    uncrown,
    versions,
)
from recontact.tracking.store import Store, open_store


def models(uri: str | None = None) -> list[dict[str, Any]]:
    """List the trained pairs of models, the newest first.

    Returns
    -------
    list of dict
        One a run: `version` and `champion` by target, `run_id`, `created_at`,
        `policy_digest`, `data_digest`, and by target the ROC AUC on the test set (mean over
        the moments) of the model and of the rule.
    """
    store = open_store(uri)
    runs: dict[str, dict[str, Any]] = {}
    for target, name in NAMES.items():
        holder = champion(store, name)
        for version in versions(store, name):
            row = runs.setdefault(version.run_id, _row(version))
            row["versions"][target] = version.version
            row["champion"][target] = bool(holder and holder.version == version.version)
            row["roc_auc"][target] = version.figure("test_roc_auc")
            row["roc_auc_rule"][target] = version.figure("test_roc_auc_rule")
    return sorted(runs.values(), key=lambda row: row["created_at"], reverse=True)


def promote(
    ref: str, why: str, *, force: bool = False, uri: str | None = None
) -> list[dict[str, Any]]:
    """Make both models of one training the champions, if they pass the gate.

    The gate: each beats the one-line rule on its own test set, follows the champion's policy,
    and is not worse than the champion on one and the same test set.

    Parameters
    ----------
    ref : str
        A version of `recontact-repeated`, or the id of a run.
    why : str
        Kept with the alias.
    force : bool
        Promote in spite of the gate.
    uri : str, optional
        The MLflow store (`open_store`).

    Returns
    -------
    list of dict
        Per model: `name`, `version`, `previous`, and the `objections` that were overridden.

    Raises
    ------
    UserError
        The gate refuses, or there is no such version.
    """
    store = open_store(uri)
    chosen = pair(store, ref)
    now = {target: champion(store, name) for target, name in NAMES.items()}
    refused = {t: objections(v, now[t]) for t, v in chosen.items()}
    if any(refused.values()) and not force:
        shown = "; ".join(f"{NAMES[t]}: {o}" for t, found in refused.items() for o in found)
        raise UserError(
            f"version {ref} is not promoted: {shown}",
            mend="train again with the champion in place, or overrule it: --force --why TEXT",
        )
    for version in chosen.values():
        crown(store, version, why)
    return [_moved(v, now[t], refused[t]) for t, v in chosen.items()]


def rollback(why: str, *, uri: str | None = None) -> list[dict[str, Any]]:
    """Give the champion alias of both models back to the champions before these.

    Raises
    ------
    UserError
        There is no earlier champion.
    """
    store = open_store(uri)
    now = {target: champion(store, name) for target, name in NAMES.items()}
    _check_earlier(store)
    return [_moved(uncrown(store, name, why), now[t], []) for t, name in NAMES.items()]


def objections(challenger: Version, holder: Version | None) -> list[str]:
    """Say what speaks against a challenger; nothing where it may become champion.

    Parameters
    ----------
    challenger : Version
        Who wants the alias.
    holder : Version or None
        Who has it.
    """
    ours, rule = challenger.figure("test_roc_auc"), challenger.figure("test_roc_auc_rule")
    found = []
    if not beats(challenger.tags):
        found.append(f"it does not beat the one-line rule (AUC {_text(ours)}, rule {_text(rule)})")
    if holder is None or holder.version == challenger.version:
        return found
    if holder.policy_digest != challenger.policy_digest:
        found.append(
            f"it follows policy {challenger.policy_digest}, the champion {holder.policy_digest}"
        )
        return found
    theirs = _champions_figure(challenger, holder)
    if theirs is None:
        found.append(f"it was never tested beside champion {holder.version} on the same contacts")
    elif ours is None or ours < theirs:
        found.append(f"it is worse than the champion (AUC {_text(ours)}, champion {theirs:.4f})")
    return found


def beats(tags: Mapping[str, str]) -> bool:
    """Tell whether a version's figures beat the one-line rule's on the same test contacts."""
    ours, rule = tags.get("test_roc_auc", ""), tags.get("test_roc_auc_rule", "")
    return bool(ours and rule) and float(ours) > float(rule)


def _champions_figure(challenger: Version, holder: Version) -> float | None:
    """Find the champion's figure on the challenger's test set."""
    if challenger.tags.get("test_champion") == holder.version:
        return challenger.figure("test_roc_auc_champion")
    same = ("data_digest", "policy_digest", "test_from")
    if all(challenger.tags.get(tag) == holder.tags.get(tag) for tag in same):
        return holder.figure("test_roc_auc")
    return None


def _check_earlier(store: Store) -> None:
    """Refuse before the first alias moves, so that the two stay together."""
    for name in NAMES.values():
        now = champion(store, name)
        if now is None or all(e["version"] == now.version for e in history(store, name)):
            raise UserError(
                f"{name} has no earlier champion to go back to", mend="see: recontact models"
            )


def _row(version: Version) -> dict[str, Any]:
    return {
        "run_id": version.run_id,
        "created_at": version.created_at,
        "policy_digest": version.policy_digest,
        "data_digest": version.tags.get("data_digest", ""),
        "versions": {},
        "champion": {},
        "roc_auc": {},
        "roc_auc_rule": {},
    }


def _moved(version: Version, before: Version | None, overruled: list[str]) -> dict[str, Any]:
    return {
        "name": version.name,
        "version": version.version,
        "previous": before.version if before else None,
        "policy_digest": version.policy_digest,
        "overruled": overruled,
    }


def _text(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"
