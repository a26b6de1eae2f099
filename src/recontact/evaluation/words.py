"""An evaluation in plain words: what the page and the terminal say."""

from collections.abc import Mapping
from typing import Any

from recontact.evaluation.figures import AT, find
from recontact.evaluation.trials import CHAMPION, HIST_GB, LOGISTIC, OURS, REASON, RULE
from recontact.report.words import percent

Row = Mapping[str, Any]

MODELS = {
    OURS: "this model",
    CHAMPION: "the champion",
    HIST_GB: "boosted trees of scikit-learn",
    LOGISTIC: "logistic regression",
    REASON: "the reason's usual rate",
    RULE: "rule: contacts in 7 days",
}
SHORT = {
    OURS: "ours",
    CHAMPION: "champion",
    HIST_GB: "boosted",
    LOGISTIC: "logistic",
    REASON: "reason",
    RULE: "rule",
}
OUTCOMES = {
    "repeated": (
        "Will the customer have to call again?",
        "led to another call",
        "without another call yet",  # the others ask for no score (`recontact.model.fitting`)
    ),
    "escalation": ("Will the case escalate?", "escalated", "not escalated yet"),
}
MOMENTS = {
    "start": "when the contact starts",
    "live": "while it goes on",
    "wrapup": "when it has ended",
}
FIGURES = {
    "flagged": "share in the highest tenth",
    "precision": "cases among those flagged",
    "recall": "cases found",
    "calibration": "predicted minus what came",
}


def targets(evaluation: Row) -> list[str]:
    """Name the outcomes that there are figures of."""
    return list(dict.fromkeys(row["target"] for row in evaluation["figures"]))


def last_moment(evaluation: Row, target: str) -> str:
    """Name the moment that knows most: headlines are about it."""
    there = {row["moment"] for row in evaluation["figures"] if row["target"] == target}
    return [moment for moment in MOMENTS if moment in there][-1]


def models(evaluation: Row, target: str) -> list[str]:
    """Name the models that were measured on a target, ours first."""
    there = {row["model"] for row in evaluation["figures"] if row["target"] == target}
    known = [model for model in MODELS if model in there]
    return known + sorted(there - set(known))


def of(evaluation: Row, target: str, model: str = OURS, moment: str = "") -> dict[str, Any]:
    """Give a model's figures over all contacts at a moment, the last one by default."""
    place = {"target": target, "moment": moment or last_moment(evaluation, target)}
    return find(evaluation["figures"], **place, history="all", model=model)


def summary(evaluation: Row) -> list[str]:
    """Say in one sentence a target what following up a tenth of the contacts finds."""
    return [sentence(evaluation, target) for target in targets(evaluation)]


def sentence(evaluation: Row, target: str) -> str:
    """Say what following up the highest tenth finds, beside the rule."""
    rows = [of(evaluation, target, model) for model in (OURS, RULE)]
    ours, rule = (tenth(row) for row in rows)
    _, what, still_open = OUTCOMES[target]
    if ours["recall"] is None:
        return f"No test contact {what}, so nothing can be said."
    return (
        f"Of the tenth of contacts with the highest risk, {share(ours['precision'])} {what}; "
        f"the rule's tenth: {share(rule['precision'])}; "
        f"all contacts {still_open}: {share(rows[0]['base_rate'])}. "
        f"Following them up would reach {share(ours['recall'])} of all that {what} "
        f"(scored {MOMENTS[rows[0]['moment']]})."
    )


def group(end: Row) -> str:
    """Name a group with its value."""
    return f"{end['group'] or 'unknown'} {percent(end['value'])}"


def tenth(row: Row) -> dict[str, Any]:
    """Give what following up the highest tenth finds."""
    return next(dict(at) for at in row["capacity"] if at["share"] == AT)


def share(value: float | None) -> str:
    """Write a share in whole percent.

    Examples
    --------
    >>> share(0.123), share(None)
    ('12%', '-')
    """
    return "-" if value is None else f"{value:.0%}"


def count(value: float | None) -> str:
    """Write how many; below ten with a decimal.

    Examples
    --------
    >>> count(3.21), count(1234.5)
    ('3.2', '1,234')
    """
    if value is None:
        return "-"
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def after(hours: float) -> str:
    """Write a time after the end; from three days on in days.

    Examples
    --------
    >>> after(1.0), after(48.0), after(168.0), after(0.5)
    ('1 h', '48 h', '7 days', '30 min')
    """
    if hours < 1:
        return f"{60 * hours:g} min"
    return f"{hours:g} h" if hours < 72 else f"{hours / 24:g} days"


def between(row: Row, figure: str, times: float = 1, digits: int = 3) -> str:
    """Write the interval of a figure, in brackets; nothing where there is none.

    Examples
    --------
    >>> between({"intervals": {"roc_auc": [0.701, 0.7342]}}, "roc_auc", 100, 0)
    ' (95 % interval 70 to 73)'
    """
    edges = row.get("intervals", {}).get(figure)
    if edges is None:
        return ""
    low, high = (f"{times * edge:.{digits}f}" for edge in edges)
    return f" (95 % interval {low} to {high})"
