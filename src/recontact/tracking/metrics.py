"""The figures of a training under the names that MLflow shows them by."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from recontact.evaluation.figures import OURS

MEASURED = ("roc_auc", "average_precision", "brier", "calibration_error")
AT = 0.10
AT_ONCE = 900  # MLflow takes 1,000 at a time


def metrics(evaluation: Mapping[str, Any]) -> dict[str, float]:
    """Name every defined figure of a training.

    Parameters
    ----------
    evaluation : mapping
        Of `recontact.model.training.learn`.

    Returns
    -------
    dict of str to float
        Of our model on all contacts, what one looks at first, as `repeated.start.roc_auc`, with
        the 95 % interval (`..._low`, `..._high`), customers weighed alike (`by_customer_...`),
        workload, and how far it is ahead of each other model; what following up so many a day finds
        (`repeated.wrapup.recall_of_20_a_day`), what it is worth for 1,000 contacts under the costs
        (`value`, `best_value`, `value_of_everybody`), the greatest gaps between groups
        (`gap.queue.recall`), each at every moment; `repeated.latency_ms`; and of every
        model and history, as `repeated/start/4_or_more/logistic/roc_auc`, the main figures.
    """
    named: dict[str, float | None] = {}
    for row in evaluation["figures"]:
        place = "/".join(str(row[k]) for k in ("target", "moment", "history", "model"))
        place = place.replace("4+", "4_or_more")  # MLflow takes no plus sign
        tenth = next(at for at in row["capacity"] if at["share"] == AT)
        named |= {f"{place}/{figure}": row[figure] for figure in MEASURED}
        named |= {f"{place}/{figure}_at_10": tenth[figure] for figure in ("precision", "recall")}
        if (row["history"], row["model"]) == ("all", OURS):
            first = f"{row['target']}.{row['moment']}"
            named |= {f"{first}.{name}": value for name, value in _first(row, tenth)}
    for target, took in evaluation.get("latency", {}).items():
        named[f"{target}.latency_ms"] = took["median_ms"]
    named |= dict(_followed_up(evaluation)) | dict(_gaps(evaluation))
    return {name: float(value) for name, value in named.items() if value is not None}


def _followed_up(evaluation: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    """Give what our choice of contacts finds by day, and what it is worth."""
    for row in evaluation.get("daily", ()):
        if row["model"] == OURS:
            for figure in ("precision", "recall"):
                yield f"{_place(row)}.{figure}_of_{row['a_day']}_a_day", row[figure]
    for row in evaluation.get("values", ()):
        if row["choice"] == OURS:
            yield f"{_place(row)}.value", row["value"]
            yield from _edges(f"{_place(row)}.value", row["interval"])
            yield f"{_place(row)}.best_value", row["best_value"]
        elif row["choice"] == "everybody":
            yield f"{_place(row)}.value_of_everybody", row["value"]


def _gaps(evaluation: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    """Give how far the groups of each column lie apart, in a name that MLflow takes."""
    for row in evaluation.get("gaps", ()):
        column = re.sub(r"[^\w.\- ]", "_", row["column"], flags=re.ASCII)
        yield f"{_place(row)}.gap.{column}.{row['figure']}", row["gap"]


def _place(row: Mapping[str, Any]) -> str:
    return f"{row['target']}.{row['moment']}"


def in_parts(named: Mapping[str, float]) -> Iterator[dict[str, float]]:
    """Give the metrics in as many as MLflow takes at once.

    Examples
    --------
    >>> [len(part) for part in in_parts({str(k): 0.0 for k in range(1000)})]
    [900, 100]
    """
    names = list(named)
    for k in range(0, len(names), AT_ONCE):
        yield {name: named[name] for name in names[k : k + AT_ONCE]}


def _first(row: Mapping[str, Any], tenth: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    yield from ((figure, row[figure]) for figure in MEASURED)
    for name, edges in row.get("intervals", {}).items():
        yield from _edges(name, edges)
    for name, value in row.get("by_customer", {}).items():
        yield f"by_customer_{name}", value
    for name in ("precision", "recall", "lift", "a_day"):
        yield f"{name}_at_10", tenth.get(name)
    for one in row.get("to_reach", ()):
        yield f"share_to_reach_{one['recall']:.0%}".rstrip("%"), one["share"]
    for model, gains in row.get("ahead", {}).items():
        for figure, gain in gains.items():
            yield f"ahead_of_{model}.{figure}", gain["difference"]
            edges = None if gain["low"] is None else (gain["low"], gain["high"])
            yield from _edges(f"ahead_of_{model}.{figure}", edges)


def _edges(name: str, edges: Any) -> Iterator[tuple[str, float | None]]:
    if edges is not None:
        yield from zip((f"{name}_low", f"{name}_high"), edges, strict=True)
