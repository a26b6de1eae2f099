"""The figures of groups: by channel, queue, program, week and columns of choice, and their gaps."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from recontact.evaluation.bootstrap import Draws, interval
from recontact.evaluation.figures import AT
from recontact.evaluation.metrics import Floats, brier, calibration_error, ranked
from recontact.evaluation.trials import OURS, PROBABILITIES, Ints, Line, Trial, flags, undefined
from recontact.groups import Groups
from recontact.intervals import wilson

COLUMNS = ("channel", "queue", "program", "week")
MIN_ROWS = 50  # contacts of a group that is shown
MIN_CASES = 10  # of those that a rate is taken of, where groups are compared
MOST = 30  # groups of a column, the largest
COMPARED = ("flagged", "precision", "recall", "calibration")


class _Group(NamedTuple):
    """The contacts of one group, in a row by one model's scores."""

    line: Line
    flagged: Floats


def grouped(trials: Iterable[Trial], draws: Draws | None = None) -> list[dict[str, Any]]:
    """Measure every model in every group of at least 50 contacts, the 30 largest of a column.

    Parameters
    ----------
    trials : iterable of Trial
        With their `groups`.
    draws : Draws, optional
        Of all their customers, for intervals of our figures.

    Returns
    -------
    list of dict
        One a target, moment, column, group and model: `rows`, `positives`, `base_rate`,
        `predicted` (mean), `calibration` (predicted minus base rate), `flagged` (the share that
        is in the highest tenth of all contacts), `precision` and `recall` of these, `roc_auc`,
        `average_precision`, `brier`, `calibration_error`, `intervals`, `undefined`.

    Examples
    --------
    >>> half = np.arange(200) < 100
    >>> trial = Trial("repeated", "start", half * 1.0, half * 1.0, {"recontact": half * 0.5},
    ...               groups={"site": Groups("site", half.astype(np.int64), ["a", "b"])})
    >>> [(row["group"], round(row["flagged"], 2), row["calibration"]) for row in grouped([trial])]
    [('a', 0.0, 0.0), ('b', 0.2, -0.5)]
    """
    return [
        row
        for trial in trials
        for places in [None if draws is None else draws.places(trial.customers)]
        for column, groups in trial.groups.items()
        for row in _of_column(trial, column, groups, draws, places)
    ]


def shown(groups: Groups) -> list[int]:
    """Choose the groups to show, in the order of their names; weeks by time.

    Examples
    --------
    >>> shown(Groups("site", np.repeat([0, 1, 2], [60, 10, 70]), ["b", "c", "a"]))
    [2, 0]
    """
    counts = np.bincount(groups.codes, minlength=len(groups.names))
    large = [k for k in np.argsort(-counts, kind="stable").tolist() if counts[k] >= MIN_ROWS]
    return sorted(large[:MOST], key=lambda k: (groups.names[k] is None, groups.names[k] or ""))


def left_out(trials: Iterable[Trial]) -> list[dict[str, Any]]:
    """Say of each column how many groups, and contacts in them, are not shown."""
    found = []
    for trial in trials:
        for column, groups in trial.groups.items():
            kept = np.isin(groups.codes, shown(groups))
            place = {"target": trial.target, "moment": trial.moment, "column": column}
            hidden = len(np.unique(groups.codes[~kept]))
            found.append({**place, "groups": hidden, "rows": int((~kept).sum())})
    return found


def gaps(table: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give the greatest gap between two groups of a column, in what our model does to them.

    Only groups whose figure rests on at least 10 contacts are compared. `apart` tells whether
    the intervals of the two do not touch, so that chance is a poor explanation.

    Returns
    -------
    list of dict
        One a target, moment, column and figure: `gap`, `high`, `low` (the two groups, each with
        its value), `groups` (how many were compared), `apart`.
    """
    found, places = [], ("target", "moment", "column")
    ours = [row for row in table if row["model"] == OURS]
    for key in dict.fromkeys(tuple(row[k] for k in places) for row in ours):
        rows = [row for row in ours if tuple(row[k] for k in places) == key]
        for figure in COMPARED:
            fit = [row for row in rows if row[figure] is not None and _rests_on(row, figure)]
            if len(fit) > 1:
                found.append(dict(zip(places, key, strict=True)) | _gap(fit, figure))
    return found


def _gap(rows: list[Mapping[str, Any]], figure: str) -> dict[str, Any]:
    low, high = (choose(rows, key=lambda row: row[figure]) for choose in (min, max))
    edges = [_reach(row, figure) for row in (low, high)]
    return {
        "figure": figure,
        "gap": high[figure] - low[figure],
        "high": {"group": high["group"], "value": high[figure]},
        "low": {"group": low["group"], "value": low[figure]},
        "groups": len(rows),
        "apart": bool(edges[0] and edges[1] and edges[0][1] < edges[1][0]),
    }


def _reach(row: Mapping[str, Any], figure: str) -> tuple[float, float] | None:
    """Give the interval of a group's figure, and of a share at least Wilson's.

    Where all or none of the contacts have it, every draw says the same, however few they are.
    """
    drawn = row.get("intervals", {}).get(figure)
    of = _taken_of(row, figure)
    if drawn is None or figure == "calibration":
        return drawn  # type: ignore[no-any-return] # a pair of floats or None
    low, high = wilson(row[figure] * of, of)
    return min(drawn[0], float(low)), max(drawn[1], float(high))


def _rests_on(row: Mapping[str, Any], figure: str) -> bool:
    return _taken_of(row, figure) >= MIN_CASES


def _taken_of(row: Mapping[str, Any], figure: str) -> float:
    """Tell how many contacts a figure is taken of."""
    of = {"recall": row["positives"], "precision": row["flagged"] * row["rows"]}
    return float(of.get(figure, row["rows"]))


def _of_column(
    trial: Trial, column: str, groups: Groups, draws: Draws | None, places: Ints | None
) -> Iterator[dict[str, Any]]:
    place = {"target": trial.target, "moment": trial.moment, "column": column}
    kept = shown(groups)
    for model in trial.scores:
        parts = _parts(trial.line(model), groups)
        for k in kept:
            row: dict[str, Any] = {**place, "group": groups.names[k], "model": model}
            row |= _measure(parts[k], model, trial.target)
            if model == OURS and draws is not None and places is not None:
                row["intervals"] = _intervals(parts[k], draws, places)
            yield row


def _parts(line: Line, groups: Groups) -> dict[int, _Group]:
    """Cut a row into its groups, each still in order."""
    flagged = flags(line, AT)
    codes = groups.codes[line.rows]
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(groups.names)))[:-1]
    return {
        k: _Group(Line(line.rows[own], line.outcome[own], line.score[own]), flagged[own])
        for k, own in enumerate(np.split(order, ends))
    }


def _measure(group: _Group, model: str, target: str) -> dict[str, Any]:
    (_, outcome, score), flagged = group
    ranks, chance = ranked(outcome, score), model in PROBABILITIES
    hits, positives, picked = (
        float((outcome * flagged).sum()),
        float(outcome.sum()),
        float(flagged.sum()),
    )
    rate = float(outcome.mean())
    predicted = float(score.mean()) if chance else None
    return {
        "rows": len(outcome),
        "positives": int(positives),
        "base_rate": rate,
        "predicted": predicted,
        "calibration": None if predicted is None else predicted - rate,
        "flagged": picked / len(outcome),
        "precision": hits / picked if picked else None,
        "recall": hits / positives if positives else None,
        "roc_auc": ranks.area,
        "average_precision": ranks.precision,
        "brier": brier(outcome, score) if chance else None,
        "calibration_error": calibration_error(outcome, score) if chance else None,
        "undefined": undefined(outcome, target),
    }


def _intervals(group: _Group, draws: Draws, places: Ints) -> dict[str, Any]:
    (rows, outcome, score), flagged = group
    own = places[rows]
    areas = draws.sorted_areas(outcome, score, own)
    columns = [np.ones(len(rows)), outcome, flagged, outcome * flagged, score - outcome]
    with np.errstate(invalid="ignore", divide="ignore"):  # nothing drawn is NaN, hence no bound
        there, positives, picked, hits, over = draws.sums(columns, own)
        drawn = {
            "flagged": picked / there,
            "precision": hits / picked,
            "recall": hits / positives,
            "calibration": over / there,
        }
    return {name: interval(values) for name, values in (areas._asdict() | drawn).items()}
