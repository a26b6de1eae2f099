"""What stands out of an evaluation, in sentences, and the headline figures for a terminal."""

from recontact.evaluation.trials import BASELINES, CHAMPION, OURS, RULE
from recontact.evaluation.words import (
    FIGURES,
    MODELS,
    SHORT,
    Row,
    between,
    count,
    group,
    last_moment,
    models,
    of,
    share,
    summary,
    targets,
)

NAMED = MODELS | {RULE: "the one-line rule"}  # as part of a sentence


def findings(evaluation: Row, target: str) -> list[str]:
    """Say what stands out of the figures of a target, a sentence each."""
    row = of(evaluation, target)
    if row["roc_auc"] is None:
        return [f"Nothing to measure: {row['undefined']}."]
    said = [
        _ranking(row),
        _ahead(row),
        _calibration(row),
        _work(row),
        _worth(evaluation, target),
        _customers(row),
        _gaps(evaluation, target),
        _shuffled(evaluation, target),
    ]
    return [text for text in said if text]


def _ranking(row: Row) -> str:
    reach = between(row, "roc_auc", 100, 0)
    return (
        f"Of two contacts, one a case and one not, it gives the case the higher risk "
        f"{100 * row['roc_auc']:.0f} times in 100{reach}: a ROC AUC of {row['roc_auc']:.3f}."
    )


def _ahead(row: Row) -> str:
    """Say whom it beats by more than chance, and whom it does not."""
    ahead = row.get("ahead", {})
    parts = []
    for told, fits in (
        ("better by more than chance than", lambda low, _: low > 0),
        ("no different, as far as chance allows to say, from", lambda low, high: low <= 0 <= high),
        ("worse than", lambda _, high: high < 0),
    ):
        names = [
            f"{NAMED.get(model, model)} ({found['roc_auc']['difference']:+.3f})"
            for model, found in ahead.items()
            if found["roc_auc"]["low"] is not None
            and fits(found["roc_auc"]["low"], found["roc_auc"]["high"])
        ]
        if names:
            parts.append(f"{told} {', '.join(names)}")
    return f"In this it is {'; '.join(parts)}." if parts else ""


def _calibration(row: Row) -> str:
    return (
        f"Its probabilities are off by {100 * row['calibration_error']:.1f} percentage points "
        "on average, over ten groups of rising risk."
    )


def _work(row: Row) -> str:
    half, most = (
        next(one for one in row["to_reach"] if one["recall"] == recall) for recall in (0.5, 0.8)
    )
    return (
        f"To reach half of all cases, {share(half['share'])} of the contacts must be followed up "
        f"({count(half['a_day'])} a day); to reach 80 %, {share(most['share'])}."
    )


def _worth(evaluation: Row, target: str) -> str:
    rows = {
        one["choice"]: one
        for one in evaluation.get("values", [])
        if (one["target"], one["moment"]) == (target, last_moment(evaluation, target))
    }
    if OURS not in rows:
        return ""
    ours, unit = rows[OURS], evaluation["costs"]["unit"]
    if ours["cut"] is None:
        return "Under the assumed costs a follow-up costs more than it can save."
    return (
        f"Under the assumed costs, following up from a risk of {share(ours['cut'])} on is worth "
        f"{ours['value']:+,.0f} {unit} for 1,000 contacts; following up everybody "
        f"{rows['everybody']['value']:+,.0f}, nobody 0, by the rule at its best "
        f"{rows[RULE]['best_value']:+,.0f}."
    )


def _customers(row: Row) -> str:
    once = row["by_customer"]["roc_auc"]
    if once is None:
        return ""
    return (
        f"With each customer counted once, however often they called, the ROC AUC is {once:.3f}: "
        + (
            "frequent callers do not carry it."
            if once > row["roc_auc"] - 0.02
            else "frequent callers carry part of it."
        )
    )


def _gaps(evaluation: Row, target: str) -> str:
    """Name the gaps between groups that chance hardly explains, of chosen columns first."""
    moment = last_moment(evaluation, target)
    apart = [
        gap
        for gap in evaluation.get("gaps", [])
        if gap["apart"] and (gap["target"], gap["moment"]) == (target, moment)
        if gap["figure"] == "calibration" or gap["column"] in evaluation["slices_chosen"]
    ]
    told = [
        f"{gap['column']} ({FIGURES[gap['figure']]}: {group(gap['high'])}, {group(gap['low'])})"
        for gap in apart
    ]
    return f"Groups that differ by more than chance: {'; '.join(told)}." if told else ""


def _shuffled(evaluation: Row, target: str) -> str:
    found = evaluation.get("shuffled_check", {}).get(target)
    if not found or found["passed"] is None:
        return ""
    told = f"{found['roc_auc']:.3f}, where {0.5:.3f} is a coin"
    if found["passed"]:
        return f"Taught shuffled outcomes, it finds nothing in later ones, as it should ({told})."
    return (
        f"Taught shuffled outcomes, it still tells later ones ({told}): something in the data or "
        "the features has seen the outcome, so do not trust the other figures."
    )


def scoreboard(evaluation: Row) -> list[str]:
    """Give the headline figures as lines of text for a terminal."""
    test = evaluation["test"]
    head = (
        f"tested on {test['contacts']:,} later contacts, {test['from'][:10]} to {test['to'][:10]}"
        "; ROC AUC with its 95 % interval, and of others (* ours is better by more than chance)"
    )
    ours = [
        row for row in evaluation["figures"] if row["model"] == OURS and row["history"] == "all"
    ]
    lines = [_line(evaluation, row) for row in ours]
    failed = [
        text
        for target in targets(evaluation)
        if evaluation.get("shuffled_check", {}).get(target, {}).get("passed") is False
        for text in [_shuffled(evaluation, target)]
    ]
    return [head, *lines, *summary(evaluation), *failed]


def _line(evaluation: Row, row: Row) -> str:
    edges = row.get("intervals", {}).get("roc_auc")
    reach = f" [{edges[0]:.3f}, {edges[1]:.3f}]" if edges else ""
    cells = [f"ours {_three(row['roc_auc'])}{reach}"]
    for model in (CHAMPION, *reversed(BASELINES)):
        if model not in models(evaluation, row["target"]):
            continue
        other = of(evaluation, row["target"], model, row["moment"])
        low = row.get("ahead", {}).get(model, {}).get("roc_auc", {}).get("low")
        mark = "*" if low is not None and low > 0 else ""
        cells.append(f"{SHORT[model]} {_three(other['roc_auc'])}{mark}")
    return f"  {row['target']:<11}{row['moment']:<8}" + "   ".join(cells)


def _three(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
