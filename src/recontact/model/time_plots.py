"""Plots of backtests by time, and of accuracy against the cost of explanations."""

from datetime import datetime
from io import BytesIO
from typing import Any

from recontact.evaluation.figures import OURS, RULE
from recontact.model.backtest import Backtest
from recontact.model.tuning import Tuned

TITLES = {"repeated": "Will call again", "escalation": "Will escalate"}
MODELS = {OURS: ("this model", "#0072B2", "-"), RULE: ("rule: contacts in 7 days", "#555555", ":")}


def by_time(found: Backtest) -> dict[str, bytes]:
    """Draw the ROC AUC of every fold at its origin, a picture a target, as PNG."""
    targets = dict.fromkeys(row["target"] for row in found.figures)
    return {target: _by_time(found, target) for target in targets}


def cost(found: Tuned) -> bytes:
    """Draw the loss of every trial against what its explanations cost, as PNG."""
    figure, (axis,) = _figure(6.4, 4.2, 1)
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
    _label(axis, "Accuracy against the cost of an explanation", "steps of one explanation", "loss")
    axis.legend(frameon=False, fontsize=8)
    return _png(figure)


def _by_time(found: Backtest, target: str) -> bytes:
    own = [row for row in found.figures if row["target"] == target and row["history"] == "all"]
    moments = list(dict.fromkeys(row["moment"] for row in own))
    figure, axes = _figure(4.2 * len(moments), 3.4, len(moments))
    when = {fold["fold"]: datetime.fromisoformat(fold["origin"]) for fold in found.folds}
    for axis, moment in zip(axes, moments, strict=True):
        for model, (label, colour, dash) in MODELS.items():
            rows = [r for r in own if r["moment"] == moment and r["model"] == model]
            x, y = zip(*[(when[r["fold"]], r["roc_auc"]) for r in rows], strict=True)
            axis.plot(x, y, color=colour, linestyle=dash, marker="o", markersize=4, label=label)
        _label(axis, f"at {moment}", "origin", "ROC AUC of what came next")
        axis.tick_params(axis="x", labelrotation=30)
    axes[0].legend(frameon=False, fontsize=8)
    title = TITLES.get(target, target)
    figure.suptitle(title, fontsize=12, fontweight="bold", x=0.02, ha="left")
    return _png(figure)


def _dots(axis: Any, tried: Any, colour: str, label: str, size: int, marker: str = "o") -> None:
    x, y = [t.steps for t in tried], [t.loss for t in tried]
    axis.scatter(x, y, s=size, c=colour, marker=marker, label=label, zorder=3)


def _label(axis: Any, title: str, x: str, y: str) -> None:
    axis.set_title(title, fontsize=10, loc="left")
    axis.set_xlabel(x, fontsize=9)
    axis.set_ylabel(y, fontsize=9)
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(color="#eeeeee", linewidth=0.6)
    axis.set_axisbelow(True)


def _figure(width: float, height: float, columns: int) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - training only
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(width, height), layout="constrained", dpi=110)
    FigureCanvasAgg(figure)
    return figure, figure.subplots(1, columns, squeeze=False)[0]


def _png(figure: Any) -> bytes:
    out = BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
