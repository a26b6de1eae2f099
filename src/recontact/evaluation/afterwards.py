"""The sections of the evaluation page on what comes after: when customers are back, what about."""

import math
from collections.abc import Mapping

from recontact.evaluation.cells import three
from recontact.evaluation.sections import folded, image
from recontact.evaluation.words import Row, after, share
from recontact.report.html import paragraph, section, table

OFF = 0.02  # a predicted share that is further off is said to be


def when(evaluation: Row, plots: Mapping[str, bytes]) -> str:
    """Tell whether customers come back when they are said to; nothing where it was not learnt."""
    rows = evaluation.get("when")
    if not rows:
        return ""
    lines = [
        [
            f"within {after(row['hours'])}",
            f"{row['contacts']:,}",
            f"{row['probability']:.1%}",
            f"{row['back']:.1%}",
            f"{100 * (row['probability'] - row['back']):+.1f} points",
            three(row["calibration_error"]),
        ]
        for row in rows
    ]
    head = ["", "contacts watched so long", "predicted", "were back", "off by", "calibration error"]
    explained = (
        "Only contacts whose record goes on for that long count, so later rows rest on fewer. "
        "Calibration error: how far off the probability is, over ten groups of rising chance."
    )
    return section(
        "when",
        "When are customers back?",
        paragraph(_said_when(rows), "big"),
        image(
            "Predicted and observed share of customers who are back",
            "By time after the end of the contact. The nearer the two bars, the better.",
            plots.get("when"),
            small=True,
        ),
        folded("The same as a table", table(head, lines, "customers back") + _soft(explained)),
    )


def next_issues(evaluation: Row, plots: Mapping[str, bytes]) -> str:
    """Tell how well the next issue is foretold; nothing where it was not learnt."""
    found = evaluation.get("next_issues")
    if not found:
        return ""
    lines = [
        ["this model", three(found["log_loss"]), share(math.exp(-found["log_loss"]))],
        [
            "what followed each reason, counted",
            three(found["log_loss_of_table"]),
            share(math.exp(-found["log_loss_of_table"])),
        ],
    ]
    head = ["", "log loss", "usual chance given to what came"]
    explained = (
        f"Over {found['contacts']:,} contacts, of which {found['followed']:,} were followed by "
        "another in the window. Log loss: minus the logarithm of the chance that was given to what "
        "came, or to nothing coming, on average (0 is best). The usual chance is the same number "
        "as a probability, the geometric mean."
    )
    return section(
        "next_issues",
        "What is the next contact about?",
        paragraph(_said_issues(found), "big"),
        image(
            "Log loss of the next issue, beside the reason's own table",
            "Shorter is better. The whisker is the 95 % interval of the difference of the two.",
            plots.get("next_issues"),
            small=True,
        ),
        folded("The same as a table", table(head, lines, "next issues") + _soft(explained)),
    )


def _said_when(rows: list[Row]) -> str:
    """Say for a day, or the time nearest to it, what was predicted and what came; and the worst."""
    day = min(rows, key=lambda row: abs(row["hours"] - 24))
    worst = max(rows, key=lambda row: abs(row["probability"] - row["back"]))
    gap = worst["probability"] - worst["back"]
    told = (
        f"Within {after(day['hours'])} of the end, the customer was back after {day['back']:.1%} "
        f"of the contacts; {day['probability']:.1%} were predicted. "
    )
    if abs(gap) <= OFF:
        return f"{told}At no time shown is the prediction off by more than {100 * OFF:.0f} points."
    way = "too many" if gap > 0 else "too few"
    return (
        f"{told}It is furthest off within {after(worst['hours'])}: {100 * abs(gap):.1f} points "
        f"{way} were predicted."
    )


def _said_issues(found: Row) -> str:
    """Say what the model gains over the plain table, and how often a guess is right."""
    times, low, high = (math.exp(found[key]) for key in ("gain", "gain_low", "gain_high"))
    if found["gain_low"] > 0:
        verdict = "That is better by more than chance."
    elif found["gain_high"] < 0:
        verdict = "That is worse by more than chance: the table alone does better."
    else:
        verdict = "That may be chance."
    told = (
        f"To what then happened, this model usually gave {times:.2f} times the chance that a "
        f"plain table of what followed each reason gave (95 % interval {low:.2f} to {high:.2f}; "
        f"log loss less by {found['gain']:.3f}, {found['gain_low']:.3f} to "
        f"{found['gain_high']:.3f}). {verdict}"
    )
    if found["among_first_three"] is None:
        return told
    return (
        f"Where another contact followed, {share(found['among_first_three'])} were about one of "
        f"the three issues named first. {told}"
    )


def _soft(text: str) -> str:
    return paragraph(text, "soft")
