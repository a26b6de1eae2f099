"""Plots of an evaluation, drawn without a display; colours that colour-blind people tell apart."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recontact.evaluation import afterwards_plots
from recontact.evaluation.drawing import figure, label, png
from recontact.evaluation.metrics import Floats, at_share, ranked, reliability
from recontact.evaluation.trials import (
    CHAMPION,
    HIST_GB,
    LOGISTIC,
    OURS,
    REASON,
    RULE,
    Trial,
)

STYLES = {  # colours of Okabe and Ito (2008); dashes tell the lines apart in print
    OURS: ("this model", "#0072B2", "-"),
    CHAMPION: ("champion", "#009E73", "-."),
    HIST_GB: ("scikit-learn's boosted trees", "#CC79A7", (0, (5, 1))),
    LOGISTIC: ("logistic regression", "#E69F00", "--"),
    REASON: ("the reason's usual rate", "#56B4E9", (0, (3, 1, 1, 1, 1, 1))),
    RULE: ("rule: contacts in 7 days", "#555555", ":"),
}
TITLES = {"repeated": "Will call again", "escalation": "Will escalate"}
SHARES = np.linspace(0.01, 0.5, 50)
OTHER = ("#333333", (0, (1, 3)))  # of a model that is not among them
POINTS = 500
SPREAD = 0.32  # how far dots lie from their line


def plots(trials: Sequence[Trial], evaluation: Mapping[str, Any]) -> dict[str, bytes]:
    """Draw all plots of a training as PNG.

    Parameters
    ----------
    trials : sequence of Trial
        Outcomes and scores by target and moment.
    evaluation : mapping
        Of the same training: what drives the scores (`drivers`), and what came after
        (`recontact.evaluation.afterwards`).

    Returns
    -------
    dict of str to bytes
        `curves_*`, `capacity_*`, `reliability_*` and `drivers_*` by target; `when`, `next_issues`.
    """
    drawn = {}
    for target in dict.fromkeys(trial.target for trial in trials):
        own = [trial for trial in trials if trial.target == target]
        drawn[f"curves_{target}"] = _grid(own, [_roc, _precision_recall])
        drawn[f"capacity_{target}"] = _grid(own, [_capacity])
        drawn[f"reliability_{target}"] = _grid(own, [_reliability])
    for target, found in evaluation.get("drivers", {}).items():
        drawn[f"drivers_{target}"] = _swarm(target, found["points"])
    return drawn | afterwards_plots.plots(evaluation)


def _grid(trials: Sequence[Trial], draw: Sequence[Any]) -> bytes:
    """Draw one row a kind of plot, one column a moment."""
    sheet = figure(4.2 * len(trials), 3.7 * len(draw))
    axes = sheet.subplots(len(draw), len(trials), squeeze=False)
    for row, kind in zip(axes, draw, strict=True):
        for axis, trial in zip(row, trials, strict=True):
            kind(axis, trial)
    axes[0][0].legend(frameon=False, fontsize=9)
    title = TITLES.get(trials[0].target, trials[0].target)
    sheet.suptitle(title, fontsize=14, fontweight="bold", x=0.02, ha="left")
    return png(sheet)


def _roc(axis: Any, trial: Trial) -> None:
    for model, score in trial.scores.items():
        flagged, hits = _curve(trial.outcome, score)
        misses = flagged - hits
        _line(axis, model, _from_zero(misses), _from_zero(hits))
    axis.plot([0, 1], [0, 1], color="#cccccc", linewidth=0.8, zorder=0)
    label(axis, f"at {trial.moment}", "share of the others flagged", "share of cases found")


def _precision_recall(axis: Any, trial: Trial) -> None:
    for model, score in trial.scores.items():
        flagged, hits = _curve(trial.outcome, score)
        _line(axis, model, hits / max(hits[-1], 1.0), hits / flagged)
    axis.axhline(trial.outcome.mean(), color="#cccccc", linewidth=0.8, zorder=0)
    label(axis, f"at {trial.moment}", "share of cases found", "share of flagged that are cases")
    axis.set_ylim(0, 1)


def _capacity(axis: Any, trial: Trial) -> None:
    for model, score in trial.scores.items():
        ranks = ranked(trial.outcome, score)
        found = [at_share(ranks, share).precision or 0.0 for share in SHARES]
        _line(axis, model, 100 * SHARES, 100 * np.array(found))
    axis.axhline(100 * trial.outcome.mean(), color="#cccccc", linewidth=0.8, zorder=0)
    label(axis, f"at {trial.moment}", "% of contacts followed up", "% of them that are cases")
    axis.set_ylim(bottom=0)


def _reliability(axis: Any, trial: Trial) -> None:
    for model in (OURS, CHAMPION, LOGISTIC):  # more would hide each other
        if model in trial.scores:
            bins = reliability(trial.outcome, trial.scores[model])
            x, y = (
                100 * np.array([getattr(b, k) for b in bins]) for k in ("predicted", "observed")
            )
            _line(axis, model, x, y, marker="o", markersize=3.5)
    top = max(axis.get_xlim()[1], axis.get_ylim()[1])
    axis.plot([0, top], [0, top], color="#cccccc", linewidth=0.8, zorder=0)
    label(axis, f"at {trial.moment}", "% predicted", "% that came")


def _swarm(target: str, points: Sequence[Mapping[str, Any]]) -> bytes:
    """Draw a dot for what each feature did to each of some contacts; many lie side by side."""
    sheet = figure(8.4, 0.6 + 0.34 * len(points))
    axis = sheet.subplots()
    for row, one in enumerate(reversed(points)):
        effect = np.array(one["effect"])
        place = np.array([np.nan if p is None else p for p in one["place"]], dtype=np.float64)
        height = row + _side_by_side(effect)
        unknown = np.isnan(place)
        axis.scatter(effect[unknown], height[unknown], s=9, color="#999999", linewidths=0)
        shown = axis.scatter(
            effect[~unknown],
            height[~unknown],
            c=place[~unknown],
            s=9,
            cmap="viridis",
            vmin=0,
            vmax=1,
            linewidths=0,
        )
    axis.axvline(0, color="#cccccc", linewidth=0.8, zorder=0)
    names = [str(one["feature"]) for one in reversed(points)]
    axis.set_yticks(range(len(points)), names, fontsize=8)
    axis.set_ylim(-0.6, len(points) - 0.4)
    bar = sheet.colorbar(shown, ax=axis, pad=0.01, aspect=30, ticks=[0, 1])
    bar.ax.set_yticklabels(["low value", "high value"], fontsize=8)
    bar.outline.set_visible(False)
    label(axis, TITLES.get(target, target), "safer   <   effect on the log-odds   >   riskier", "")
    return png(sheet)


def _side_by_side(effect: Floats) -> Floats:
    """Move dots that would lie on each other off their line, upward and downward by turns."""
    reach = float(np.ptp(effect)) if len(effect) else 0.0
    place = np.round(effect / reach * 60) if reach else np.zeros(len(effect))
    turn = np.zeros(len(effect))
    for value in np.unique(place):
        own = np.flatnonzero(place == value)
        k = np.arange(len(own))
        turn[own] = np.where(k % 2, 1, -1) * ((k + 1) // 2)
    most = max(float(np.abs(turn).max(initial=0.0)), 12.0)
    moved: Floats = SPREAD * turn / most
    return moved


def _curve(outcome: Floats, score: Floats) -> tuple[Floats, Floats]:
    """Give flagged contacts and hits at no more thresholds than a plot can show."""
    flagged, hits = ranked(outcome, score)
    few = np.unique(np.linspace(0, len(hits) - 1, POINTS).astype(np.int64))
    return flagged[few], hits[few]


def _line(axis: Any, model: str, x: Floats, y: Floats, **more: Any) -> None:
    name, colour, dash = STYLES.get(model, (model, *OTHER))
    axis.plot(x, y, color=colour, linestyle=dash, linewidth=1.6, label=name, **more)


def _from_zero(counts: Floats) -> Floats:
    return np.append(0.0, counts) / max(float(counts[-1]), 1.0)
