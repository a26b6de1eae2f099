"""The section of each grouping: its rates, worst first, and what is left of them when adjusted."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from recontact.groups import SPANS
from recontact.report import charts
from recontact.report.case_mix import OUTCOMES, WITHIN_QUEUE
from recontact.report.collect import Report
from recontact.report.html import NONE, figure, paragraph, rate, section, table
from recontact.report.words import GROUPS, percent, title

Row = Mapping[str, Any]

SHOWN, MOST = 12, 100  # rows of a table before the fold, and in all; files hold every row
VERDICTS = {
    "worse": "▼ worse",
    "better": "▲ better",
    "not told apart": "not told apart",
    "as expected": "as expected",
}
OUTCOME_WORDS = {"repeat": "repeats", "escalation": "escalations"}


def by_group(report: Report, by: str, rows: Sequence[Row]) -> str:
    """Show the groups, worst first, and for agents and the like also adjusted for case mix."""
    judged = [row for row in rows if row["fcr_of"]]
    one, several = GROUPS.get(by, (by, f"groups of {by}"))
    told = [] if by in SPANS else [_compared(judged, several, report.min_volume)]
    if by in report.case_mix:
        told.append("These rates are as they are; what each was given is adjusted for below.")
    silent = len(rows) - len(judged)
    if silent:
        none_of = [title(row["group"]) for row in rows if not row["fcr_of"]][:5]
        more = f" and {silent - len(none_of):,} more" if silent > len(none_of) else ""
        told.append(f"Nothing to judge in: {', '.join(none_of)}{more}.")
    return section(
        _anchor(by),
        f"By {one}",
        paragraph(" ".join(told)),
        _groups(report, one, judged, folded=by in SPANS),
        _too_many(judged, several),
        _adjusted(report.case_mix.get(by, []), report, several),
    )


def _compared(rows: Sequence[Row], several: str, min_volume: int) -> str:
    verdicts = [row["verdict"] for row in rows if row["verdict"]]
    small = sum(row["small"] for row in rows)
    few = f" {small:,} with fewer than {min_volume} judged contacts are not compared." * bool(small)
    if not verdicts:
        return f"There are no {several} to compare.{few}"
    worse, better = verdicts.count("worse"), verdicts.count("better")
    verb = "is" if worse == 1 else "are"
    return (
        f"Worst first, by the best guess. Of {len(verdicts):,} {several}, {worse or 'none'} {verb} "
        f"worse and {better or 'none'} better than the rest by more than chance.{few}"
    )


def _groups(report: Report, one: str, rows: Sequence[Row], folded: bool) -> str:
    scale = charts.domain([row for row in rows if not row["small"]] or rows, "fcr")
    answers = any(row["csat_of"] for row in rows)
    head = [one, "FCR: 95 % interval, dashed: all", "FCR rate", "best guess", "against the rest"]
    head += ["unknown reason follows", "repeats: same → any issue", "escalation"]
    cells = [
        [
            escape(title(row["group"])),
            charts.interval(row, "fcr", scale, report.overall["fcr"]),
            rate(row, "fcr"),
            NONE if row["fcr_guess"] is None else percent(row["fcr_guess"]),
            _verdict(row),
            _plain(row["unknown_reason"]),
            f"{_plain(row['same_issue'])} → {_plain(row['any_issue'])}",
            rate(row, "escalation"),
            *([_satisfied(row)] * answers),
        ]
        for row in rows[:MOST]
    ]
    told = f"rates by {one}"
    shown = 0 if folded else SHOWN
    return table([*head, *["CSAT"] * answers], cells, told, shown)


def _plain(value: float | None) -> str:
    return NONE if value is None else percent(value)


def _satisfied(row: Row) -> str:
    return rate(row, "csat") if row["csat_of"] else NONE


def _verdict(row: Row) -> str:
    if row["small"]:
        return '<span class="soft">small</span>'
    verdict = row["verdict"]
    return NONE if verdict is None else f'<span class="{verdict}">{VERDICTS[verdict]}</span>'


def _too_many(rows: Sequence[Row], several: str) -> str:
    if len(rows) <= MOST:
        return ""
    text = f"The first {MOST} of {len(rows):,} {several}; the JSON and CSV files hold all."
    return paragraph(text, "soft")


def _adjusted(rows: Sequence[Row], report: Report, several: str) -> str:
    parts = []
    for outcome in OUTCOMES:
        own = [row for row in rows if row["outcome"] == outcome]
        if len(own) < 2:
            continue
        overall = report.overall[outcome]
        drawn = charts.funnel(own, overall) if overall is not None else ""
        caption = (
            f"{OUTCOME_WORDS[outcome].capitalize()} observed over expected; inside the funnel (95 "
            "and 99.8 %) lies what chance explains"
        )
        parts.append(f"<div>{figure(drawn, caption)}{_ratios(own, several, outcome)}</div>")
    if not parts:
        return ""
    within = "queues, " if rows[0]["by"] in WITHIN_QUEUE else ""
    told = (
        f"Expected is what is usual for the same reasons, channels, programs, {within}hours and "
        "customers' histories. 1 is as expected, 1.2 is a fifth more. Who stands out is chosen so "
        f"that about 5 % of those named are named wrongly. From {report.min_volume} judged "
        "contacts up."
    )
    return (
        f"<h3>Adjusted for what they were given</h3>{paragraph(told)}"
        f'<div class="pair">{"".join(parts)}</div>'
    )


def _ratios(rows: Sequence[Row], several: str, outcome: str) -> str:
    cells = [
        [
            escape(title(row["group"])),
            f"{row['ratio']:.2f}<small>{row['ratio_low']:.2f}&ndash;{row['ratio_high']:.2f}</small>",
            f"{row['observed']:,} / {row['expected']:,.1f}<small>of {row['of']:,}</small>",
            percent(row["adjusted"]),
            f'<span class="{row["verdict"]}">{VERDICTS[row["verdict"]]}</span>',
        ]
        for row in rows[:MOST]
    ]
    head = ["", "ratio", "observed / expected", "adjusted rate", ""]
    return table(head, cells, f"{OUTCOME_WORDS[outcome]} of {several}, adjusted", 5)


def _anchor(by: str) -> str:
    return "by-" + "".join(c if c.isascii() and c.isalnum() else "-" for c in by)
