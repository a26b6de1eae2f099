"""Drawings of the pages, as SVG: read on a phone, in print, in the dark and without colour."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from markupsafe import Markup

from recontact.report.charts import domain, interval
from recontact.report.svg import Scale, across, axes, band, dot, line, svg, upward
from recontact.report.words import percent, share
from recontact_serving.figures.fcr_asked import day

Row = Mapping[str, Any]
FEWEST = 10  # judged contacts that a point of a curve needs
TICKS = 5


def curve(rows: Sequence[Row], name: str, what: str, newest: Row | None = None) -> Markup:
    """Draw a rate over days or weeks with the band of its intervals.

    The line goes over whole days or weeks: a part of one, and above all what is judged early in
    one that is not over, is not like them, so that is a point by itself.

    Parameters
    ----------
    rows : sequence of mapping
        In turn: `day`, counted from 1970, and the rate `name` with its interval and `*_of`; and
        `part` where only a part of it is there, which is drawn as a ring beside the line.
    name : str
        Which rate.
    what : str
        What it is called.
    newest : mapping, optional
        An estimate to draw at the end: `day` and the rate with its interval.

    Returns
    -------
    markupsafe.Markup
        Empty where fewer than two points have `FEWEST` contacts.

    Examples
    --------
    >>> point = {"fcr": 0.7, "fcr_low": 0.6, "fcr_high": 0.8, "fcr_of": 80}
    >>> drawn = curve([{"day": 20454, **point}, {"day": 20455, **point}], "fcr", "FCR rate")
    >>> "FCR rate, 1 Jan 2026 to 2 Jan 2026: first 70.0 %, last 70.0 %" in drawn
    True
    """
    known = [row for row in rows if row[f"{name}_of"] >= FEWEST]
    if len(known) < 2:
        return Markup()
    shown = [*known, newest] if newest else known
    x = across(shown[0]["day"], max(row["day"] for row in shown))
    y = upward(*_reach(shown, name))
    body = axes(x, y, lambda d: _short(int(d)), _percent(y), _ticks(x), "start of the contact, UTC")
    low, middle, high = (
        [(x(row["day"]), y(row[key])) for row in known if not row.get("part")]
        for key in (f"{name}_low", name, f"{name}_high")
    )
    body += band(low, high, "one") + line(middle, "one")
    for row in known:
        told = f"{written(row['day'])}{_part(row)}: {share(row, name)}"
        kind, size = ("ring", 3.5) if row.get("part") else ("plain", 2.5)
        body += _whisker(x(row["day"]), y, row, name, kind) if row.get("part") else ""
        body += dot(x(row["day"]), y(row[name]), kind, told, size)
    if newest:
        body += _estimate(x, y, newest, name)
    # the drawing is made of numbers, and svg and dot escape the texts
    return Markup(svg(body, _told(known, name, what)))  # noqa: S704


def cell(row: Row, name: str, span: tuple[float, float], overall: float | None) -> Markup:
    """Draw one rate of a group as a dot on its interval, for a cell of a table."""
    if row[name] is None:
        return Markup()
    return Markup(interval(row, name, span, overall))  # noqa: S704 - it escapes the texts


def reach(rows: Sequence[Row], name: str) -> tuple[float, float]:
    """Give the span that the cells of a table have in common."""
    return domain([row for row in rows if not row.get("small")], name)


def written(number: int) -> str:
    """Write a day that is counted from 1970.

    Examples
    --------
    >>> written(0)
    '1 Jan 1970'
    """
    found = day(number)
    return f"{found.day} {found:%b %Y}"


def _reach(rows: Sequence[Row], name: str) -> tuple[float, float]:
    """Give whole twentieths (of small rates, hundredths) that hold the rates and most intervals."""
    highest = max(row[name] for row in rows)
    parts = 20 if highest > 0.2 else 100
    low, high = domain(rows, name, parts)
    return low, max(high, low + 1 / parts)


def _estimate(x: Scale, y: Scale, row: Row, name: str) -> str:
    place = x(row["day"])
    told = f"Estimate for {row['words']}: {percent(row[name])}"
    at = y(row[name])
    return _whisker(place, y, row, name, "estimate") + (
        f'<path class="diamond" d="M{place} {at - 5}l5 5l-5 5l-5 -5z">'
        f"<title>{escape(told)}</title></path>"
    )


def _whisker(place: float, y: Scale, row: Row, name: str, kind: str) -> str:
    return (
        f'<line class="reach {kind}" x1="{place}" x2="{place}" '
        f'y1="{y(row[f"{name}_low"])}" y2="{y(row[f"{name}_high"])}"/>'
    )


def _part(row: Row) -> str:
    return f" ({row['part']})" if row.get("part") else ""


def _told(rows: Sequence[Row], name: str, what: str) -> str:
    first, last = rows[0], rows[-1]
    least, most = min(rows, key=lambda r: r[name]), max(rows, key=lambda r: r[name])
    return (
        f"{what}, {written(first['day'])} to {written(last['day'])}: first{_part(first)} "
        f"{percent(first[name])}, last{_part(last)} {percent(last[name])}, "
        f"lowest {percent(least[name])} ({written(least['day'])}), "
        f"highest {percent(most[name])} ({written(most['day'])})"
    )


def _ticks(x: Scale) -> list[float]:
    step = max(1, math.ceil((x.high - x.low) / TICKS))
    step = step if step < 7 else 7 * math.ceil(step / 7)  # the same day of the week
    return [float(d) for d in range(int(x.low), int(x.high) + 1, step)]


def _percent(y: Scale) -> Any:
    whole = all(math.isclose(100 * t, round(100 * t)) for t in y.ticks())
    digits = 0 if whole else 1
    return lambda value: f"{100 * value:.{digits}f} %"


def _short(number: int) -> str:
    found: dt.date = day(number)
    return f"{found.day} {found:%b}"
