"""The sections of the page that are not of groups, each made of one part of the report."""

from collections.abc import Mapping
from html import escape
from typing import Any

from recontact.durations import HOUR
from recontact.groups import SPANS
from recontact.report import charts
from recontact.report.agreement import SAID
from recontact.report.collect import Report
from recontact.report.html import NONE, figure, paragraph, rate, section, table
from recontact.report.words import percent, title

Row = Mapping[str, Any]

SHOWN, MOST = 12, 100  # rows of a table before the fold, and in all; files hold every row
FOLLOWERS, LEADERS = 3, 12  # next issues of one reason, and reasons


def trend(report: Report) -> str:
    """Show how FCR went, week by week or month by month."""
    by = next((by for by in report.groups if by in SPANS), None)
    if by is None:
        return ""
    drawn = charts.trend(report.groups[by], "fcr", report.overall["fcr"])
    told = f"FCR rate by {by} with its 95 % interval; dashed: all; rings: too few to tell"
    return figure(drawn, told)


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
    if row["fcr"] is None:
        return NONE
    masked = f"<small>unknown follows {percent(row['unknown_reason'])}</small>"
    return f"{rate(row, 'fcr')}{masked}<small>{row['policy_digest']}{own}</small>"
