"""A report as one HTML page that needs nothing else: no script, no network."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from importlib import resources
from typing import Any

from recontact.doctor import Finding
from recontact.rates import RATES
from recontact.report import sections
from recontact.report.collect import Report
from recontact.report.group_sections import by_group
from recontact.report.headlines import headlines
from recontact.report.html import paragraph, reach, section, table
from recontact.report.words import percent, policy_line

LEVELS = {"good": "Good", "mind": "Mind", "bad": "Not supported"}
CAN = {"yes": "yes", "weak": "weakly", "no": "<b>no</b>"}
METHODS = """
Intervals of rates are Wilson's at 95 %. The best guess draws small groups towards the rate of all
as far as chance explains the distance (empirical Bayes, beta-binomial). A group is compared with
the rest by an exact test; who is named follows Benjamini and Hochberg, so that about 5 % of the
named are named by chance.

FCR is taken of first contacts whose outcome is known: no related contact within the look-back
before, none within the window after, not escalated unless the policy says so. A contact whose
reason is unknown relates to nothing by reason, so FCR is at most too high by the share shown beside
it. Intervals take contacts as independent; customers with many contacts make them a little too
narrow.
"""


def page(report: Report) -> str:
    """Write a report as HTML.

    Examples
    --------
    >>> import datetime as dt, pyarrow as pa, recontact
    >>> from recontact.report.collect import collect
    >>> t = [dt.datetime(2026, 1, d) for d in (1, 9, 10, 20)]
    >>> contacts = pa.table({"contact_id": list("abcd"), "customer_id": ["w", "x", "x", "z"],
    ...                      "reason": ["bill"] * 4, "started_at": t, "ended_at": t})
    >>> html = page(collect(contacts, recontact.label(contacts), by=["reason"]))
    >>> html.startswith("<!doctype html>"), recontact.Policy().digest in html
    (True, True)
    """
    style = resources.files("recontact.report").joinpath("page.css").read_text(encoding="utf-8")
    parts = [
        _findings(report),
        *(by_group(report, by, rows) for by, rows in report.groups.items()),
        sections.reasons(report),
        sections.next_issues(report),
        sections.waiting(report),
        sections.words(report),
        sections.other_rules(report),
        _limits(report),
        _policy(report),
    ]
    body = "".join(part for part in parts if part)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>First contact resolution</title><style>{style}</style></head>"
        f'<body>{_head(report)}{_contents(body)}<main id="main">{body}</main></body></html>\n'
    )


def _head(report: Report) -> str:
    period = report.period
    told = (
        f"{period['contacts']:,} contacts from {_day(period['first_start'])} to "
        f"{_day(period['last_end'])}; {period['eligible']:,} may be judged, {period['judged']:,} "
        f"are first contacts whose outcome is known as of {_day(period['as_of'])}."
    )
    return (
        '<header><a class="skip" href="#main">Skip to the report</a>'
        f"<h1>First contact resolution</h1>{paragraph(told)}"
        f"{paragraph(policy_line(report.policy), 'policy')}</header>"
    )


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"


def _contents(body: str) -> str:
    """Link to each section."""
    links = "".join(
        f'<li><a href="#{anchor}">{heading}</a></li>'
        for anchor, heading in re.findall(r'<section id="([^"]+)"><h2>(.*?)</h2>', body)
    )
    return f'<nav aria-label="Contents"><ul>{links}</ul></nav>'


def _findings(report: Report) -> str:
    lines = "".join(f"<li>{escape(line)}</li>" for line in headlines(report))
    said = f'<div class="split"><ul class="findings">{lines}</ul>{sections.trend(report)}</div>'
    return section("findings", "What stands out", _tiles(report.overall), said)


def _tiles(row: Mapping[str, Any]) -> str:
    tiles = "".join(
        f'<div class="tile"><span>{escape(text)}</span>'
        f"<b>{percent(row[name]) if row[name] is not None else '&ndash;'}</b>"
        f"<small>{reach(row, name).replace(' of ', '<br>of ')}</small></div>"
        for name, text in RATES.items()
        if row[f"{name}_of"] or name != "csat"
    )
    return f'<div class="tiles">{tiles}</div>'


def _limits(report: Report) -> str:
    """List what limits the figures; what is good is folded away."""
    found = {good: [f for f in report.findings if (f.level == "good") == good] for good in (0, 1)}
    told = f"{len(found[1])} checks found nothing to mind"
    fine = f"<details><summary>{told}</summary>{_list(found[1])}</details>" * bool(found[1])
    cells = [[escape(one.use), CAN[one.can], escape(one.text)] for one in report.supports]
    uses = table(["use", "", "because"], cells, "what the data supports")
    return section("limits", "What the data can support", uses, _list(found[0]), fine)


def _list(findings: Sequence[Finding]) -> str:
    lines = "".join(
        f'<li class="{one.level}"><b>{LEVELS[one.level]}:</b> {escape(one.text)}'
        f"{f'<br><i>{escape(one.mend)}</i>' if one.mend else ''}</li>"
        for one in findings
    )
    return f"<ul>{lines}</ul>" if lines else ""


def _policy(report: Report) -> str:
    rules = f'<pre tabindex="0" aria-label="policy">{escape(report.policy.text())}</pre>'
    told = "".join(paragraph(text) for text in METHODS.split("\n\n"))
    return section("policy", f"Policy {report.policy.digest} and methods", rules, told)
