"""Plots of an evaluation, drawn without a display; colours that colour-blind people tell apart."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np

from recontact.evaluation.figures import CHAMPION, LOGISTIC, OURS, RULE, Trial
from recontact.evaluation.metrics import Floats, at_capacity, cumulated, reliability

STYLES = {  # colours of Okabe and Ito (2008); dashes tell the lines apart in print
    OURS: ("this model", "#0072B2", "-"),
    CHAMPION: ("champion", "#009E73", "-."),
    LOGISTIC: ("logistic regression", "#E69F00", "--"),
    RULE: ("rule: contacts in 7 days", "#555555", ":"),
}
TITLES = {"repeated": "Will call again", "escalation": "Will escalate"}
SHARES = np.linspace(0.01, 0.5, 50)
TOP = 15
POINTS = 500


def plots(
    trials: Sequence[Trial], importance: Mapping[str, Mapping[str, float]]
) -> dict[str, bytes]:
    """Draw all plots of a training as PNG.

    Parameters
    ----------
    trials : sequence of Trial
        Outcomes and scores by target and moment.
    importance : mapping
        By target: each feature's share of the gain.

    Returns
    -------
    dict of str to bytes
        `curves_*`, `capacity_*` and `reliability_*` by target, `importance`.
    """
    drawn = {}
    for target in dict.fromkeys(trial.target for trial in trials):
        own = [trial for trial in trials if trial.target == target]
        drawn[f"curves_{target}"] = _grid(own, [_roc, _precision_recall])
        drawn[f"capacity_{target}"] = _grid(own, [_capacity])
        drawn[f"reliability_{target}"] = _grid(own, [_reliability])
    return drawn | {"importance": _importance(importance)}


def _grid(trials: Sequence[Trial], draw: Sequence[Any]) -> bytes:
    """Draw one row a kind of plot, one column a moment."""
    figure = _figure(4.2 * len(trials), 3.7 * len(draw))
    axes = figure.subplots(len(draw), len(trials), squeeze=False)
    for row, kind in zip(axes, draw, strict=True):
        for axis, trial in zip(row, trials, strict=True):
            kind(axis, trial)
    axes[0][0].legend(frameon=False, fontsize=8)
    title = TITLES.get(trials[0].target, trials[0].target)
    figure.suptitle(title, fontsize=12, fontweight="bold", x=0.02, ha="left")
    return _png(figure)


def _roc(axis: Any, trial: Trial) -> None:
    for model, score in trial.scores.items():
        flagged, hits = _curve(trial.outcome, score)
        misses = flagged - hits
        _line(axis, model, _from_zero(misses), _from_zero(hits))
    axis.plot([0, 1], [0, 1], color="#cccccc", linewidth=0.8, zorder=0)
    _label(axis, f"at {trial.moment}", "share of the others flagged", "share of cases found")


def _precision_recall(axis: Any, trial: Trial) -> None:
    for model, score in trial.scores.items():
        flagged, hits = _curve(trial.outcome, score)
        _line(axis, model, hits / max(hits[-1], 1.0), hits / flagged)
    axis.axhline(trial.outcome.mean(), color="#cccccc", linewidth=0.8, zorder=0)
    _label(axis, f"at {trial.moment}", "share of cases found", "share of flagged that are cases")
    axis.set_ylim(0, 1)


def _capacity(axis: Any, trial: Trial) -> None:
    for model, score in trial.scores.items():
        found = [at_capacity(trial.outcome, score, share).precision or 0.0 for share in SHARES]
        _line(axis, model, 100 * SHARES, 100 * np.array(found))
    axis.axhline(100 * trial.outcome.mean(), color="#cccccc", linewidth=0.8, zorder=0)
    _label(axis, f"at {trial.moment}", "% of contacts followed up", "% of them that are cases")
    axis.set_ylim(bottom=0)


def _reliability(axis: Any, trial: Trial) -> None:
    for model in (OURS, CHAMPION, LOGISTIC):
        if model in trial.scores:
            bins = reliability(trial.outcome, trial.scores[model])
            x, y = (
                100 * np.array([getattr(b, k) for b in bins]) for k in ("predicted", "observed")
            )
            _line(axis, model, x, y, marker="o", markersize=3.5)
    top = max(axis.get_xlim()[1], axis.get_ylim()[1])
    axis.plot([0, top], [0, top], color="#cccccc", linewidth=0.8, zorder=0)
    _label(axis, f"at {trial.moment}", "% predicted", "% that came")


def _importance(importance: Mapping[str, Mapping[str, float]]) -> bytes:
    figure = _figure(5.2 * len(importance), 4.4)
    axes = figure.subplots(1, len(importance), squeeze=False)[0]
    for axis, (target, shares) in zip(axes, importance.items(), strict=True):
        names = list(shares)[:TOP][::-1]
        axis.barh(names, [100 * shares[name] for name in names], color="#0072B2", height=0.65)
        axis.tick_params(labelsize=8)
        _label(axis, TITLES.get(target, target), "% of what the trees gained", "")
    return _png(figure)


def _curve(outcome: Floats, score: Floats) -> tuple[Floats, Floats]:
    """Give flagged contacts and hits at no more thresholds than a plot can show."""
    flagged, hits = cumulated(outcome, score)
    few = np.unique(np.linspace(0, len(hits) - 1, POINTS).astype(np.int64))
    return flagged[few], hits[few]


def _line(axis: Any, model: str, x: Floats, y: Floats, **more: Any) -> None:
    label, colour, dash = STYLES[model]
    axis.plot(x, y, color=colour, linestyle=dash, linewidth=1.6, label=label, **more)


def _from_zero(counts: Floats) -> Floats:
    return np.append(0.0, counts) / max(float(counts[-1]), 1.0)


def _label(axis: Any, title: str, x: str, y: str) -> None:
    axis.set_title(title, fontsize=10, loc="left")
    axis.set_xlabel(x, fontsize=9)
    axis.set_ylabel(y, fontsize=9)
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(color="#eeeeee", linewidth=0.6)
    axis.set_axisbelow(True)


def _figure(width: float, height: float) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - training only
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(width, height), layout="constrained", dpi=110)
    FigureCanvasAgg(figure)
    return figure


def _png(figure: Any) -> bytes:
    out = BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
