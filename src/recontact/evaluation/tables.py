"""The tables of the evaluation page that are folded away."""

from collections.abc import Sequence
from html import escape
from typing import Any

from recontact.evaluation.cells import figure_cell, small, three, times
from recontact.evaluation.trials import HISTORIES, OURS, RULE
from recontact.evaluation.words import (
    FIGURES,
    MODELS,
    SHORT,
    Row,
    count,
    last_moment,
    models,
    of,
    share,
)
from recontact.report.html import NONE, paragraph, table

DIRECTIONS = {
    "raises": "the higher, the riskier",
    "lowers": "the higher, the safer",
    "mixed": "both ways",
}


def capacity(evaluation: Row, target: str) -> str:
    """Tell what following up a share, or so many a day, finds, and what finds a share."""
    row = of(evaluation, target)
    shares = [
        [
            f"highest {at['share']:.0%}",
            count(at["a_day"]),
            share(at["precision"]),
            share(at["recall"]),
            times(at["lift"]),
        ]
        for at in row["capacity"]
    ]
    reach = [
        [share(at["recall"]), share(at["share"]), count(at["a_day"]), share(at["precision"])]
        for at in row["to_reach"]
    ]
    by_day = [
        [
            f"{at['a_day']:,}",
            share(at["precision"]),
            share(at["recall"]),
            share(rule["precision"]),
            share(rule["recall"]),
        ]
        for at, rule in _daily(evaluation, target)
    ]
    cases = ["cases among them", "of all cases"]
    return (
        table(["followed up", "a day", *cases, "times as many as by chance"], shares, "capacity")
        + "<h4>To find a share of all cases</h4>"
        + table(["of all cases", "followed up", "a day", cases[0]], reach, "workload")
        + "<h4>When so many can be followed up each day: the highest of every day</h4>"
        + table(["a day", *cases, *(f"{text}, by the rule" for text in cases)], by_day, "by day")
    )


def _daily(evaluation: Row, target: str) -> list[tuple[Row, Row]]:
    """Pair ours with the rule at each number a day."""
    moment = last_moment(evaluation, target)
    rows = [
        row
        for row in evaluation.get("daily", [])
        if (row["target"], row["moment"]) == (target, moment)
    ]
    ours, rule = ([row for row in rows if row["model"] == model] for model in (OURS, RULE))
    return list(zip(ours, rule, strict=True))


def values(evaluation: Row, target: str) -> str:
    """Tell what following up is worth under the costs."""
    place = (target, last_moment(evaluation, target))
    rows = [r for r in evaluation.get("values", []) if (r["target"], r["moment"]) == place]
    if not rows:
        return ""
    costs = evaluation["costs"]
    lines = [
        [
            escape(MODELS.get(row["choice"], f"follow up {row['choice']}")),
            share(row["share"]),
            _worth(row),
            f"{row['best_value']:+,.0f}" if "best_value" in row else NONE,
            share(row.get("best_share")),
        ]
        for row in rows
    ]
    what = "escalation" if target == "escalation" else "repeat"
    told = (
        f"Assumed, in {costs['unit']}: {what} {costs[what]:g}, follow-up {costs['follow_up']:g}, "
        f"of which {costs['prevented']:.0%} prevent the case. Then a follow-up pays from a risk of "
        f"{share(costs['cuts'][target])} on. Change it: recontact train --costs costs.yaml."
    )
    head = ["", "followed up", "worth for 1,000 contacts", "at the best cut", "followed up then"]
    return (
        paragraph(told)
        + table(head, lines, "what following up is worth")
        + paragraph("The best cut is known only afterwards; a plan can't count on it.", "soft")
    )


def _worth(row: Row) -> str:
    if row["choice"] == "nobody":
        return "0"
    return NONE if row["value"] is None else f"{row['value']:+,.0f}{_reach(row['interval'])}"


def _reach(edges: Sequence[float] | None) -> str:
    return small(edges[0], edges[1], "+,.0f") if edges else ""


def groups(evaluation: Row, target: str, moment: str) -> dict[str, str]:
    """Write a table of the groups of each column."""
    rows = [
        row
        for row in evaluation.get("slices", [])
        if (row["target"], row["moment"]) == (target, moment)
    ]
    others = [model for model in models(evaluation, target) if model != OURS]
    head = [
        "", "contacts", "cases", "ROC AUC", "average precision", "in the highest tenth",
        "cases among them", "cases found", "predicted", "came",
        *(f"ROC AUC {SHORT.get(model, model)}" for model in others),
    ]  # fmt: skip
    found = {}
    for column in dict.fromkeys(row["column"] for row in rows):
        own = {(r["group"], r["model"]): r for r in rows if r["column"] == column}
        lines = [
            [
                escape(name or "unknown"),
                f"{row['rows']:,}",
                f"{row['positives']:,}",
                figure_cell(row, "roc_auc"),
                figure_cell(row, "average_precision"),
                *(_share(row, figure) for figure in ("flagged", "precision", "recall")),
                share(row["predicted"]),
                share(row["base_rate"]),
                *(three(own[name, model]["roc_auc"]) for model in others),
            ]
            for (name, model), row in own.items()
            if model == OURS
        ]
        found[column] = table(head, lines, f"figures by {column}") + _hidden(
            evaluation, target, moment, column
        )
    return found


def _hidden(evaluation: Row, target: str, moment: str, column: str) -> str:
    for row in evaluation.get("slices_left_out", []):
        if (row["target"], row["moment"], row["column"]) == (target, moment, column):
            told = f"Not shown: {row['groups']} small groups, {row['rows']:,} contacts."
            return paragraph(told, "soft") * bool(row["groups"])
    return ""


def _share(row: Row, figure: str) -> str:
    if row[figure] is None:
        return NONE
    edges = row.get("intervals", {}).get(figure)
    reach = f"<small>{edges[0]:.0%} to {edges[1]:.0%}</small>" if edges else ""
    return f"{row[figure]:.0%}{reach}"


def gaps(evaluation: Row, target: str, moment: str) -> str:
    """Tell how far groups lie apart, and whether by more than chance."""
    lines = [
        [
            escape(gap["column"]),
            FIGURES[gap["figure"]],
            f"{100 * gap['gap']:.1f} points",
            *(
                f"{escape(gap[e]['group'] or 'unknown')} {gap[e]['value']:.1%}"
                for e in ("high", "low")
            ),
            "more than chance" if gap["apart"] else "may be chance",
        ]
        for gap in evaluation.get("gaps", [])
        if (gap["target"], gap["moment"]) == (target, moment)
    ]
    told = (
        "Groups differ in how often they call again, so gaps in what is flagged need not be "
        "unfair; a gap between predicted and came is the model's own error. More than chance: the "
        "95 % intervals of the two groups do not touch."
    )
    head = ["", "figure", "gap", "highest", "lowest", "is it chance?"]
    return table(head, lines, "gaps between groups") + paragraph(told, "soft") if lines else ""


def drivers(found: Row) -> str:
    """Tell how strong each feature is, and in which direction."""
    rows: list[Any] = [row for row in found["features"] if row["effect"] > 0]
    parts = list(rows[0]["parts"]) if rows else []
    lines = [
        [
            escape(row["feature"]),
            f"{row['effect']:.3f}",
            share(row["share"]),
            _direction(row),
            *(f"{row['parts'][part]:.3f}" for part in parts),
        ]
        for row in rows
    ]
    head = ["feature", "size", "of all", "direction", *(_part(part) for part in parts)]
    told = f"mean size of each feature's effect over {found['rows']:,} test contacts"
    return table(head, lines, told, shown=20)


def _part(name: str) -> str:
    kind, _, value = name.partition(": ")
    told = {"moment": f"at {value}", "history": HISTORIES.get(value, value)}
    return told.get(kind, name)


def _direction(row: Row) -> str:
    if row["direction"]:
        return DIRECTIONS[row["direction"]]
    named = [
        f"{text}: {escape(', '.join(row[side]))}"
        for side, text in (("raises", "riskier"), ("lowers", "safer"))
        if row.get(side)
    ]
    return "<br>".join(named) or NONE
