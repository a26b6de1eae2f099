"""The sections of the evaluation page as HTML."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape

from recontact.evaluation import tables
from recontact.evaluation.cells import figure_cell, small, three
from recontact.evaluation.findings import findings
from recontact.evaluation.trials import HISTORIES, OURS
from recontact.evaluation.words import (
    MODELS,
    MOMENTS,
    OUTCOMES,
    Row,
    last_moment,
    models,
    sentence,
)
from recontact.report.html import NONE, paragraph, section, table

PLOTS = {
    "capacity": (
        "Of the contacts followed up, how many were right to follow up",
        "By share of the contacts followed up, a line a model; higher is better. Grey: by chance.",
    ),
    "reliability": (
        "Do the probabilities mean what they say?",
        "Ten groups of rising risk: what was predicted and what came. On the grey line they agree.",
    ),
    "curves": (
        "What is found, and at what price, at every threshold",
        "Above, cases found against others flagged; below, how pure the flagged are.",
    ),
}
MEASURED = (
    ("roc_auc", "ROC AUC"),
    ("average_precision", "average precision"),
    ("brier", "Brier"),
    ("calibration_error", "calibration error"),
)


def outcome(evaluation: Row, plots: Mapping[str, bytes], target: str) -> str:
    """Tell how well one outcome is foretold."""
    moment = last_moment(evaluation, target)
    said = "".join(f"<li>{escape(text)}</li>" for text in findings(evaluation, target))
    return section(
        target,
        OUTCOMES[target][0],
        f'<p class="big">{escape(sentence(evaluation, target))}</p>',
        f'<ul class="findings">{said}</ul>',
        *(_plot(kind, plots.get(f"{kind}_{target}")) for kind in PLOTS),
        folded("Every model, by how well the customer is known", _histories(evaluation, target)),
        folded("Every model, by when the score is asked for", _moments(evaluation, target)),
        folded("By how many are followed up", tables.capacity(evaluation, target)),
        folded("What it is worth", tables.values(evaluation, target)),
        *(
            folded(f"By {escape(column)}, {MOMENTS[moment]}", text)
            for column, text in tables.groups(evaluation, target, moment).items()
        ),
        folded("The greatest gaps between groups", tables.gaps(evaluation, target, moment)),
    )


def drivers(evaluation: Row, plots: Mapping[str, bytes]) -> str:
    """Tell what drives the scores."""
    parts = [
        f"<h3>{OUTCOMES[target][0]}</h3>"
        + image(
            "What the strongest features did to the risk of some contacts",
            "A dot a contact: to the right, the feature raised its risk. Dark dots are low values, "
            "bright ones high values, grey ones categories or unknown. The table says it in words.",
            plots.get(f"drivers_{target}"),
        )
        + folded("The same as a table, by moment and history", tables.drivers(found))
        for target, found in evaluation.get("drivers", {}).items()
    ]
    told = paragraph(
        "Features tell risks apart; they need not be causes. Sizes are in log-odds, from the "
        "trees' own contributions (Shapley values), before calibration."
    )
    return section("drivers", "What drives the scores", told, *parts) * bool(parts)


def folded(heading: str, text: str) -> str:
    """Fold a part away behind its heading; nothing where it is empty.

    Examples
    --------
    >>> folded("More", "<p>text</p>"), folded("More", "")
    ('<details><summary>More</summary><p>text</p></details>', '')
    """
    return f"<details><summary>{heading}</summary>{text}</details>" if text else ""


def image(caption: str, told: str, png: bytes | None, *, small: bool = False) -> str:
    """Write a picture with what it shows; nothing where there is none.

    A small one is shown whole on a telephone, the others are as wide as can be read and move
    sideways.
    """
    if png is None:
        return ""
    kind = ' class="small"' if small else ""
    data = b64encode(png).decode()
    return (
        f"<figure><h4>{escape(caption)}</h4><figcaption>{escape(told)}</figcaption>"
        f'<div class="wide" role="region" aria-label="{escape(caption)}" tabindex="0">'
        f"<img{kind} alt='{escape(caption)}. {escape(told)}' src='data:image/png;base64,{data}'>"
        "</div></figure>"
    )


def _plot(kind: str, png: bytes | None) -> str:
    return image(*PLOTS[kind], png)


def _histories(evaluation: Row, target: str) -> str:
    moment = last_moment(evaluation, target)
    rows = [row for row in evaluation["figures"] if row["moment"] == moment]
    return _blocks(evaluation, target, rows, "history", HISTORIES)


def _moments(evaluation: Row, target: str) -> str:
    rows = [row for row in evaluation["figures"] if row["history"] == "all"]
    return _blocks(evaluation, target, rows, "moment", MOMENTS)


def _blocks(
    evaluation: Row, target: str, rows: Iterable[Row], by: str, names: Mapping[str, str]
) -> str:
    """Write a table of the models for each stratum or moment."""
    own = [row for row in rows if row["target"] == target]
    parts = []
    for block in dict.fromkeys(row[by] for row in own):
        found = {row["model"]: row for row in own if row[by] == block}
        ours = found[OURS]
        once = ours["by_customer"]
        head = ["", *(title for _, title in MEASURED), "per customer", "ours ahead by"]
        lines = [
            [
                escape(MODELS.get(model, model)),
                *(figure_cell(found[model], name) for name, _ in MEASURED),
                three(found[model]["by_customer"]["roc_auc"]),
                _lead(ours, model),
            ]
            for model in models(evaluation, target)
        ]
        told = (
            f"{names[block]}: {ours['rows']:,} contacts of {once['customers']:,} customers, "
            f"{ours['positives']:,} cases"
        )
        parts.append(f"<h4>{escape(told)}</h4>{table(head, lines, told)}")
    return "".join(parts) + paragraph(
        "Small figures are 95 % intervals. Per customer: the ROC AUC where each customer counts "
        "once. Ours ahead by: difference of the ROC AUC, on the same draws of customers.",
        "soft",
    )


def _lead(ours: Row, model: str) -> str:
    found = ours.get("ahead", {}).get(model, {}).get("roc_auc")
    if not found or found["difference"] is None:
        return NONE
    return f"{found['difference']:+.3f}{small(found['low'], found['high'], '+.3f')}"
