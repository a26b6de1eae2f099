"""A report as one HTML page that needs nothing else: no script, no network."""

from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from typing import Any

from recontact.rates import RATES
from recontact.report.charts import intervals
from recontact.report.collect import Report
from recontact.report.words import percent, policy_line, share

SHOWN = 40  # groups on the page; all of them are in the JSON
LEVELS = {"good": "Good", "mind": "Mind", "bad": "Not supported"}


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
    told = f"Small: 95 % interval and of how many. {policy_line(report.policy)}"
    caption = f"<p class='policy'>{escape(told)}</p>"
    sections = [
        _headline(report.overall) + caption,
        *(_by(column, rows, report.overall, caption) for column, rows in report.groups.items()),
        _under_other_rules(report.sensitivity),
        _findings(report),
        _policy(report),
    ]
    body = "".join(f"<section>{text}</section>" for text in sections if text)
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>First contact resolution</title><style>{style}</style></head>"
        f"<body><h1>First contact resolution</h1>{body}</body></html>\n"
    )


def _headline(row: Mapping[str, Any]) -> str:
    tiles = "".join(
        f"<div class='tile'><b>{percent(row[name]) if row[name] is not None else '&ndash;'}</b>"
        f"<span>{escape(text)}</span><small>{_interval(row, name)}</small></div>"
        for name, text in RATES.items()
        if row[f"{name}_of"] or name != "csat"
    )
    answers = [
        f"NPS {row['nps']:.0f} points of {row['nps_of']:,} answers" if row["nps_of"] else "",
        f"CES {row['ces']:.2f} of {row['ces_of']:,} answers" if row["ces_of"] else "",
    ]
    said = " · ".join(answer for answer in answers if answer)
    return f"<div class='tiles'>{tiles}</div>" + (f"<p>{said}</p>" if said else "")


def _by(
    column: str, rows: Sequence[Mapping[str, Any]], overall: Mapping[str, Any], caption: str
) -> str:
    shown = rows[:SHOWN]
    more = len(rows) - len(shown)
    rest = f"<p>The {SHOWN} most judged of {len(rows):,} groups.</p>" if more else ""
    chart = intervals(shown, "fcr", overall["fcr"])
    told = f"<figcaption>FCR rate with its interval; dashed: all</figcaption>{caption}"
    figure = f"<figure>{chart}{told}</figure>" if chart else ""
    return (
        f"<h2>By {escape(column)}</h2>{rest}{figure}"
        f"{_table(shown, 'group', column, overall)}{caption}"
    )


def _table(
    rows: Sequence[Mapping[str, Any]], key: str, title: str, overall: Mapping[str, Any] | None
) -> str:
    names = [name for name in RATES if any(row[f"{name}_of"] for row in rows)]
    verdict = "<th>FCR against all</th>" if overall else ""
    head = "".join(f"<th>{escape(RATES[name])}</th>" for name in names)
    lines = "".join(
        f"<tr><th>{escape('unknown' if row[key] is None else row[key])}</th>"
        + (f"<td>{_verdict(row, overall)}</td>" if overall else "")
        + "".join(_cell(row, name) for name in names)
        + "</tr>"
        for row in rows
    )
    return (
        f"<div class='wide'><table><thead><tr><th>{escape(title)}</th>{verdict}{head}</tr></thead>"
        f"<tbody>{lines}</tbody></table></div>"
    )


def _cell(row: Mapping[str, Any], name: str) -> str:
    if row[name] is None:
        return "<td>&ndash;</td>"
    told = f"{percent(row[name])}<small>{_interval(row, name)}</small>"
    return f"<td title='{share(row, name)}'>{told}</td>"


def _interval(row: Mapping[str, Any], name: str) -> str:
    if row[name] is None:
        return "nothing to take it of"
    low, high = 100 * row[f"{name}_low"], 100 * row[f"{name}_high"]
    return f"{low:.1f}&ndash;{high:.1f} of {row[f'{name}_of']:,}"


def _verdict(row: Mapping[str, Any], overall: Mapping[str, Any]) -> str:
    """Say whether a group's interval lies beside the rate of all."""
    if row["fcr"] is None or overall["fcr"] is None:
        return "&ndash;"
    if row["fcr_low"] > overall["fcr"]:
        return "▲ above"
    return "▼ below" if row["fcr_high"] < overall["fcr"] else "no clear difference"


def _under_other_rules(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return ""
    told = [{**row, "rule": f"{row['change']} ({row['policy_digest']})"} for row in rows]
    return (
        "<h2>Under other rules</h2><p>The same contacts, one rule changed at a time; the policy's "
        f"digest in brackets.</p>{_table(told, 'rule', 'rule', None)}"
    )


def _findings(report: Report) -> str:
    lines = "".join(
        f"<li class='{finding.level}'><b>{LEVELS[finding.level]}:</b> {escape(finding.text)}</li>"
        for finding in report.findings
    )
    return f"<h2>What the data can support</h2><ul>{lines}</ul>"


def _policy(report: Report) -> str:
    return (
        f"<h2>Policy {report.policy.digest}</h2><pre>{escape(report.policy.text())}</pre>"
        "<p>FCR is taken of first contacts whose outcome is known: no related contact within the "
        "look-back before, none within the window after, not escalated. A group whose interval "
        "holds the rate of all cannot be told apart from it, and of twenty groups one may stand "
        "apart by chance. A contact whose reason is unknown "
        "relates to nothing, so FCR is at most too high by the share shown beside it.</p>"
    )
