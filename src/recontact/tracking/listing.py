"""What the registry holds, and what happened to the champion alias."""

from datetime import datetime
from typing import Any

from recontact.tracking import log
from recontact.tracking.registry import NAMES, Version, champion, tags_of, versions
from recontact.tracking.store import open_store

GATE_TAG = "gate_"


def models(uri: str | None = None) -> list[dict[str, Any]]:
    """List the trained pairs of models, the newest first.

    Returns
    -------
    list of dict
        One a run: `run_id`, `created_at`, `policy_digest`, `data_digest`, and by target:
        `versions`, `champion`, `roc_auc` on the run's own test contacts, meaned over `moments`,
        with `roc_auc_interval` (95 %) and `roc_auc_rule`; `conditions` of the gate as they were
        when it was trained, each `passed` and `text`; `constant`: why a target has no model.
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
            edges = [version.figure(f"test_roc_auc_{end}") for end in ("low", "high")]
            row["roc_auc_interval"][target] = None if None in edges else edges
            row["roc_auc_rule"][target] = version.figure("test_roc_auc_rule")
            row["moments"][target] = [
                *filter(None, version.tags.get("test_moments", "").split(", "))
            ]
            row["conditions"][target] = told(version)
            row["constant"][target] = version.tags.get("constant") or None
    return sorted(runs.values(), key=lambda row: row["created_at"], reverse=True)


def told(version: Version) -> dict[str, dict[str, Any]]:
    """Give the conditions of the gate as they were when a version was trained."""
    found = {}
    for tag in sorted(tag for tag in version.tags if tag.startswith(GATE_TAG)):
        said, _, text = version.tags[tag].partition(": ")
        found[tag.removeprefix(GATE_TAG)] = {"passed": said == "yes", "text": text}
    return found


def changes(uri: str | None = None) -> list[dict[str, Any]]:
    """List what happened to the champion aliases, the newest first.

    What one command did to both models has one instant: `repeated` stands before `escalation`.

    Returns
    -------
    list of dict
        `name`, `action`, `version`, `previous`, `at`, `by`, `why`, what was `overruled`, and
        what was `compared`.
    """
    store = open_store(uri)
    found = [entry for name in NAMES.values() for entry in log.entries(tags_of(store, name))]
    return sorted(found, key=lambda e: datetime.fromisoformat(e["at"]), reverse=True)  # is stable


def _row(version: Version) -> dict[str, Any]:
    parts = ("versions", "champion", "roc_auc", "roc_auc_interval", "roc_auc_rule", "moments")
    return {
        "run_id": version.run_id,
        "created_at": version.created_at,
        "policy_digest": version.policy_digest,
        "data_digest": version.tags.get("data_digest", ""),
        **{part: {} for part in (*parts, "conditions", "constant")},
    }
