"""The sections of the page, each made of one part of the report."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from recontact.durations import HOUR
from recontact.groups import SPANS
from recontact.report import charts
from recontact.report.agreement import SAID
from recontact.report.case_mix import OUTCOMES, WITHIN_QUEUE
from recontact.report.collect import Report
from recontact.report.html import NONE, figure, paragraph, rate, section, table
from recontact.report.words import GROUPS, percent, title

Row = Mapping[str, Any]

SHOWN, MOST = 12, 100  # rows of a table before the fold, and in all; files hold every row
FOLLOWERS, LEADERS = 3, 12  # next issues of one reason, and reasons
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


def trend(report: Report) -> str:
    """Show how FCR went, week by week or month by month."""
    by = next((by for by in report.groups if by in SPANS), None)
    if by is None:
        return ""
    drawn = charts.trend(report.groups[by], "fcr", report.overall["fcr"])
    told = f"FCR rate by {by} with its 95 % interval; dashed: all; rings: too few to tell"
    return figure(drawn, told)


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


def reasons(report: Report) -> str:
    """Show what causes the repeats, and what follows each reason."""
    rows = report.repeats_caused
    cells = [
        [
            escape(title(row["reason"])),
            f"{row['repeats']:,}",
            percent(row["share"]),
            percent(row["cumulative"]),
            f"{percent(row['repeat'])}<small>of {row['of']:,}</small>",
        ]
        for row in rows[:MOST]
    ]
    head = ["reason", "repeats", "of all repeats", "together", "repeat rate"]
    drawn = figure(charts.pareto(rows), "Reasons by the repeats that followed their contacts")
    listed = table(head, cells, "repeats by reason", 0)
    return section("reasons", "What causes the repeats", drawn, listed if rows else "")


def next_issues(report: Report) -> str:
    """Show for the most frequent reasons which reasons followed."""
    leaders = list(dict.fromkeys(row["reason"] for row in report.next_issues))[:LEADERS]
    cells = []
    for reason in leaders:
        own = [row for row in report.next_issues if row["reason"] == reason][:FOLLOWERS]
        for k, row in enumerate(own):
            name = "the same again" if row["next"] == reason else row["next"]
            about = f"{escape(reason)}<small>{row['of']:,} judged</small>" if k == 0 else ""
            times = f"{row['lift_low']:.1f}&ndash;{row['lift_high']:.1f}"
            cells.append(
                [
                    about,
                    escape(name),
                    rate({**row, "share_of": row["of"]}, "share"),
                    f"{row['count']:,}",
                    f"{row['lift']:.1f} times<small>{times}</small>",
                ]
            )
    head = ["reason", "followed by", "share", "contacts", "lift"]
    told = (
        "The next contact within the window, whatever it was about: what to settle before hanging "
        "up. The lift compares the share with that after all contacts: above 1, more than usual."
    )
    listed = table(head, cells, "next issues", SHOWN) if cells else ""
    return section("next", "What customers call about next", paragraph(told) * bool(cells), listed)


def waiting(report: Report) -> str:
    """Show how long it takes until customers are back."""
    drawn = charts.curve(report.time_to_repeat, report.policy.window / HOUR)
    told = (
        "Share of contacts that were followed by then, with 95 % intervals (Kaplan and Meier: "
        "contacts near the end of the record count for as long as they could be watched)"
    )
    return section("waiting", "When they come back", figure(drawn, told))


def words(report: Report) -> str:
    """Show how far customers, agents and the record agree on what was resolved."""
    row = report.overall
    answers = [
        f"NPS {row['nps']:.0f} points of {row['nps_of']:,} answers." if row["nps_of"] else "",
        f"CES {row['ces']:.2f} of {row['ces_of']:,} answers." if row["ces_of"] else "",
    ]
    cells = [
        [
            f"{SAID[pair['first']]} against: {SAID[pair['second']]}",
            rate(pair, "agreed"),
            _kappa(pair),
            *(f"{pair[key]:,}" for key in ("both", "only_first", "only_second", "neither")),
            rate(pair, "wrong"),
        ]
        for pair in report.agreement
    ]
    head = ["resolved, says", "agree", "beyond chance (kappa)", "both", "only the first"]
    head += ["only the second", "neither", "of the first's, not the second's"]
    listed = table(head, cells, "agreement on what was resolved") if cells else ""
    told = " ".join(answer for answer in answers if answer)
    return section("words", "What customers and agents say", paragraph(told), listed)


def _kappa(pair: Row) -> str:
    if pair["kappa"] != pair["kappa"]:
        return NONE
    reach = f"{pair['kappa_low']:.2f} to {pair['kappa_high']:.2f}"
    return f"{pair['kappa']:.2f}<small>{reach}</small>"


def other_rules(report: Report) -> str:
    """Show the FCR rate under other windows, relatedness and rules of counting."""
    rows = report.sensitivity
    if not rows:
        return ""
    names = list(dict.fromkeys(row["window"] for row in rows))
    known = [row for row in rows if row["fcr_of"]]
    lines = list(dict.fromkeys((row["related"], row["abandoned"]) for row in known))
    found = {(row["related"], row["abandoned"], row["window"]): row for row in rows}
    cells = [
        [
            escape(f"{way}{', abandoned attempts count' if abandoned else ''}"),
            *(_under(found[way, abandoned, name]) for name in names),
        ]
        for way, abandoned in lines
    ]
    drawn = charts.windows(rows)
    caption = "FCR rate by window and way of relating; abandoned attempts do not count here"
    told = (
        "The same contacts under other rules; all else is as the policy says, the look-back of "
        "the FCR too. The digest of each policy stands below its rate."
    )
    listed = table(["related by", *names], cells, "FCR under other rules")
    return section("rules", "Under other rules", paragraph(told), figure(drawn, caption), listed)


def _under(row: Row) -> str:
    own = " <b>this policy</b>" if row["own"] else ""
    told = f"<small>{row['policy_digest']}{own}</small>"
    return NONE if row["fcr"] is None else f"{rate(row, 'fcr')}{told}"


def _anchor(by: str) -> str:
    return "by-" + "".join(c if c.isascii() and c.isalnum() else "-" for c in by)
