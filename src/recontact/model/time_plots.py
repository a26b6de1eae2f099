"""Plots of backtests by time, and of accuracy against the cost of explanations."""

from datetime import datetime
from typing import Any

from recontact.evaluation.drawing import figure, label, png
from recontact.evaluation.figures import OURS, RULE
from recontact.model.backtest import Backtest
from recontact.model.tuning import Tuned

MOST_DATES = 6
TITLES = {"repeated": "Will call again", "escalation": "Will escalate"}
MODELS = {OURS: ("this model", "#0072B2", "-"), RULE: ("rule: contacts in 7 days", "#555555", ":")}


def by_time(found: Backtest) -> dict[str, bytes]:
    """Draw the ROC AUC of every fold at its origin, a picture a target, as PNG."""
    targets = dict.fromkeys(row["target"] for row in found.figures)
    return {target: _by_time(found, target) for target in targets}


def cost(found: Tuned) -> bytes:
    """Draw the loss of every trial against what its explanations cost, as PNG."""
    sheet = figure(6.4, 4.2)
    axis = sheet.subplots()
    first, chosen = found.tried[0], found.chosen
    _dots(axis, found.tried, "#bbbbbb", "tried", size=18)
    line = found.front
    axis.plot([t.steps for t in line], [t.loss for t in line], color="#0072B2", label="front")
    _dots(axis, [first], "#E69F00", "defaults", size=70, marker="s")
    _dots(axis, [chosen], "#D55E00", "chosen", size=110, marker="*")
    axis.axvline(found.budget_steps, color="#555555", linestyle=":", label="budget")
    axis.set_xscale("log")
    top = sorted(t.loss for t in found.tried)[max(0, int(0.9 * len(found.tried)) - 1)]
    low = min(t.loss for t in found.tried)
    axis.set_ylim(low - 0.05 * (top - low or 1e-3), max(top, first.loss, chosen.loss) * 1.001)
    label(axis, "Accuracy against the cost of an explanation", "steps of one explanation", "loss")
    axis.legend(frameon=False, fontsize=8)
    return png(sheet)


def _by_time(found: Backtest, target: str) -> bytes:
    own = [row for row in found.figures if row["target"] == target and row["history"] == "all"]
    moments = list(dict.fromkeys(row["moment"] for row in own))
    sheet = figure(4.2 * len(moments), 3.4)
    axes = sheet.subplots(1, len(moments), squeeze=False)[0]
    when = {fold["fold"]: datetime.fromisoformat(fold["origin"]) for fold in found.folds}
    for axis, moment in zip(axes, moments, strict=True):
        for model, (name, colour, dash) in MODELS.items():
            rows = [r for r in own if r["moment"] == moment and r["model"] == model]
            x, y = zip(*[(when[r["fold"]], r["roc_auc"]) for r in rows], strict=True)
            axis.plot(x, y, color=colour, linestyle=dash, marker="o", markersize=4, label=name)
        label(axis, f"at {moment}", "origin", "ROC AUC of what came next")
        _dates(axis, sorted(when.values()))
    axes[0].legend(frameon=False, fontsize=8)
    title = TITLES.get(target, target)
    sheet.suptitle(title, fontsize=12, fontweight="bold", x=0.02, ha="left")
    return png(sheet)


def _dates(axis: Any, days: list[datetime]) -> None:
    """Name the origins themselves, of many some: else a few days are told by the hour."""
    shown = days[:: -(-len(days) // MOST_DATES)]
    names = [f"{day:%Y-%m-%d}" for day in shown]
    axis.set_xticks(shown, names, rotation=30, ha="right", fontsize=8)


def _dots(axis: Any, tried: Any, colour: str, name: str, size: int, marker: str = "o") -> None:
    x, y = [t.steps for t in tried], [t.loss for t in tried]
    axis.scatter(x, y, s=size, c=colour, marker=marker, label=name, zorder=3)
