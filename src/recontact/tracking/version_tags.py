"""What a version shows in the registry: where it comes from, its figures, the gate's conditions."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from recontact.evaluation.figures import CHAMPION as BESIDE
from recontact.evaluation.figures import OURS, RULE
from recontact.model.bundle import Bundle
from recontact.model.training import Learnt
from recontact.tracking.conditions import (
    beats,
    calibrated,
    leakless,
    mean_interval,
    quick,
    unshuffled,
)
from recontact.tracking.tested import SCORE


def tags(learnt: Learnt, bundle: Bundle, beside: str | None) -> dict[str, str]:
    """Give what a version shows in the registry: digests and test figures as text."""
    evaluation, target = learnt.evaluation, bundle.target
    mean = {
        model: _mean_auc(evaluation["figures"], target, model) for model in (OURS, RULE, BESIDE)
    }
    leaks = evaluation.get("leak_check")
    took = evaluation.get("latency", {}).get(target)
    found = {
        "target": target,
        "bundle_digest": bundle.digest,
        "policy_digest": bundle.policy_digest,
        "data_digest": evaluation["data_digest"],
        "test_from": evaluation["test"]["from"],
        "test_roc_auc": mean[OURS],
        "test_roc_auc_rule": mean[RULE],
        "test_roc_auc_champion": mean[BESIDE],
        "test_champion": beside if mean[BESIDE] else "",
        "test_moments": ", ".join(_moments(evaluation["figures"], target)),
        "latency_ms": str(took["median_ms"]) if took else "",
        "latency_steps": str(took["steps"]) if took else "",
        "leak_check": f"{leaks['verdict']}: {leaks['text']}" if leaks else "",
        "constant": bundle.facts.get("constant", ""),
        **_shuffled(evaluation.get("shuffled_check", {}).get(target)),
    }
    return {name: text for name, text in found.items() if text}


def _shuffled(found: Mapping[str, Any] | None) -> dict[str, str]:
    """Give the verdict of the shuffled check as tags; nothing where it was left out."""
    if not found:
        return {}
    if found["passed"] is None:
        return {"shuffled_check": f"not done: {found['undefined']}"}
    verdict = "passed" if found["passed"] else "failed"
    return {"shuffled_check": verdict, "shuffled_roc_auc": f"{found['roc_auc']:.6f}"}


def _moments(figures: list[dict[str, Any]], target: str) -> list[str]:
    """List the moments that the ROC AUC of a target is meaned over."""
    rows = (row for row in figures if row["target"] == target and row["model"] == OURS)
    return list(dict.fromkeys(row["moment"] for row in rows))


def gate_tags(rows: pa.Table, told: Mapping[str, str], beside: str | None) -> dict[str, str]:
    """Give what `recontact models` tells of the gate: the figure's interval, the conditions."""
    if not len(rows):
        return {}
    trained = [look(told) for look in (quick, leakless, unshuffled)]
    found = [beats("rule", rows, RULE, "the rule"), calibrated(rows), *trained]
    if beside and SCORE + BESIDE in rows.column_names:
        found.append(beats("champion", rows, BESIDE, f"champion {beside}"))
    edges = mean_interval(rows)
    held = {
        f"gate_{one.name}": f"{'yes' if one.passed else 'no'}: {one.text}"
        for one in found
        if one.checked
    }
    if edges:
        held |= {"test_roc_auc_low": f"{edges[0]:.6f}", "test_roc_auc_high": f"{edges[1]:.6f}"}
    return held


def _mean_auc(figures: list[dict[str, Any]], target: str, model: str) -> str:
    """Give a model's ROC AUC over all contacts, averaged over the moments; empty if undefined."""
    values = [
        row["roc_auc"]
        for row in figures
        if (row["target"], row["model"], row["history"]) == (target, model, "all")
    ]
    if not values or None in values:
        return ""
    return f"{sum(values) / len(values):.6f}"
