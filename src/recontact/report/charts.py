"""The charts of a report: read at the width of a phone, in print, and without colour."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from recontact.intervals import Z
from recontact.report.svg import (
    LEFT,
    WIDTH,
    Scale,
    across,
    axes,
    band,
    dot,
    line,
    svg,
    upright,
    upward,
)
from recontact.report.words import percent, share, title

Row = Mapping[str, Any]

Z_998 = 3.090232306167813  # the outer limits of a funnel, 99.8 %
CELL = (180, 22)  # an interval in a table
BAR = 24  # height of one bar with its name
BARS = 10
KINDS = ("one", "two", "three", "four")  # styles of lines: colour and dashes


def whole(value: float) -> str:
    """Write a share as whole percent."""
    return f"{100 * value:.0f} %"


def interval(row: Row, name: str, domain: tuple[float, float], overall: float | None) -> str:
    """Draw one rate of a group as a dot on its interval; dashed: the rate of all.

    Examples
    --------
    >>> row = {"group": "x", "fcr": 0.5, "fcr_low": 0.2, "fcr_high": 0.8, "fcr_of": 8}
    >>> interval(row, "fcr", (0, 1), 0.6).count("<circle")
    1
    """
    width, height = CELL
    x, middle = Scale(*domain, 6, width - 6), height / 2
    kind = row.get("verdict") if row.get("verdict") in ("worse", "better") else "plain"
    all_at = None if overall is None else x(overall)
    mark = (
        f'<line class="mark" x1="{all_at}" x2="{all_at}" y1="0" y2="{height}"/>' if all_at else ""
    )
    reach = (
        f'<line class="reach {kind}" x1="{x(row[f"{name}_low"])}" x2="{x(row[f"{name}_high"])}" '
        f'y1="{middle}" y2="{middle}"/>'
    )
    told = f"{title(row['group'])}: {share(row, name)}"
    body = mark + reach + dot(x(row[name]), middle, str(kind), told)
    return svg(body, told, height, width)


def domain(rows: Sequence[Row], name: str, parts: int = 10) -> tuple[float, float]:
    """Give the least stretch of whole tenths (or other parts) that holds a rate's intervals."""
    known = [row for row in rows if row[name] is not None]
    low = min((row[f"{name}_low"] for row in known), default=0.0)
    high = max((row[f"{name}_high"] for row in known), default=1.0)
    return math.floor(parts * low) / parts, math.ceil(parts * high) / parts


def trend(rows: Sequence[Row], name: str, overall: float | None) -> str:
    """Draw a rate over weeks or months with the band of its intervals; small ones are rings."""
    known = [row for row in rows if row[name] is not None]
    large = [row for row in known if not row["small"]]
    if len(large) < 2:
        return ""
    days = [_first_day(row["group"]).toordinal() for row in known]
    x, y = across(days[0], days[-1]), upward(*domain(large, name, parts=20))
    low, middle, high = (
        [(x(_first_day(row["group"]).toordinal()), y(row[key])) for row in large]
        for key in (f"{name}_low", name, f"{name}_high")
    )
    ticks = [days[0] + round(k * (days[-1] - days[0]) / 5) for k in range(6)]
    body = axes(x, y, lambda day: _day(int(day)), whole, ticks) + band(low, high, "one")
    body += line([(x.start, y(overall)), (x.end, y(overall))], "mark") if overall else ""
    body += line(middle, "one")
    for day, row in zip(days, known, strict=True):
        if y.low <= row[name] <= y.high:
            kind = "ring" if row["small"] else "plain"
            body += dot(x(day), y(row[name]), kind, f"{row['group']}: {share(row, name)}", 3)
    first, last = large[0], large[-1]
    told = f"From {first['group']} to {last['group']}: {percent(first[name])} to "
    return svg(body, told + percent(last[name]))


def _first_day(name: str) -> dt.date:
    """Give the first day of a week or month as it is named."""
    return dt.date.fromisoformat(name if len(name) > len("2026-01") else f"{name}-01")


def _day(ordinal: int) -> str:
    day = dt.date.fromordinal(ordinal)
    return f"{day.day} {day:%b}"


def funnel(rows: Sequence[Row], overall: float) -> str:
    """Draw observed over expected against volume; what lies outside the funnel is not chance.

    Limits at 95 and 99.8 %, as in Spiegelhalter (2005), "Funnel plots for comparing
    institutional performance". Groups that do not stand out are one path, so that thousands of
    them stay a small page.
    """
    if len(rows) < 2 or not 0 < overall < 1:
        return ""
    least, most = min(row["of"] for row in rows), max(row["of"] for row in rows)
    ratios = [row["ratio"] for row in rows]
    x = across(0.95 * math.sqrt(least), 1.03 * math.sqrt(max(most, least + 1)))
    reach = Z_998 * math.sqrt((1 - overall) / overall / least)  # so that the funnel is seen whole
    low, high = min(1 - reach, 0.9, *ratios), max(1 + reach, 1.1, *ratios)
    y = upward(max(0.0, math.floor(10 * low) / 10), math.ceil(10 * high) / 10)
    ticks = [t for t in Scale(least, most, 0, 1).ticks(4) if least <= t <= most]
    parts = [axes_of_roots(x, y, ticks)]
    limits = ((-Z, "inner"), (Z, "inner"), (-Z_998, "outer"), (Z_998, "outer"))
    parts += [line(_limit(x, y, z, overall), kind) for z, kind in limits]
    parts.append(line([(x.start, y(1)), (x.end, y(1))], "mark"))
    plain = "".join(
        f"M{x(math.sqrt(row['of']))} {y(row['ratio'])}h0"
        for row in rows
        if row["verdict"] == "as expected"
    )
    parts.append(f'<path class="crowd" d="{plain}"/>')
    parts += [
        dot(x(math.sqrt(row["of"])), y(row["ratio"]), row["verdict"], _ratio(row), 3.5)
        for row in rows
        if row["verdict"] != "as expected"
    ]
    worse = sum(row["verdict"] == "worse" for row in rows)
    return svg("".join(parts), f"{len(rows)} groups, {worse} stand out as worse")


def axes_of_roots(x: Scale, y: Scale, ticks: Sequence[float]) -> str:
    """Draw axes whose horizontal one is of square roots, but tells the numbers themselves."""
    return axes(
        x,
        y,
        lambda root: f"{root**2:,.0f}",
        lambda ratio: f"{ratio:g}",
        [math.sqrt(t) for t in ticks],
        "judged contacts",
    )


def _limit(x: Scale, y: Scale, z: float, overall: float) -> list[tuple[float, float]]:
    roots = [x.low + (x.high - x.low) * k / 60 for k in range(61)]
    limits = [1 + z * math.sqrt((1 - overall) / overall) / root for root in roots]
    return [
        (x(r), y(limit)) for r, limit in zip(roots, limits, strict=True) if y.low <= limit <= y.high
    ]


def _ratio(row: Row) -> str:
    return (
        f"{row['group']}: {row['observed']:,} observed, {row['expected']:,.1f} expected, "
        f"{row['ratio']:.2f} times ({row['ratio_low']:.2f} to {row['ratio_high']:.2f})"
    )


def pareto(rows: Sequence[Row]) -> str:
    """Draw the reasons by their share of all repeats, the most first, with the running sum."""
    shown = rows[:BARS]
    if not shown:
        return ""
    x = Scale(0, shown[0]["share"], 0, WIDTH - LEFT - 110)
    parts = []
    for k, row in enumerate(shown):
        y = k * (BAR + 16)
        told = f"{row['repeats']:,} repeats, {percent(row['share'])} of all"
        parts.append(
            f'<text x="0" y="{y + 13}">{escape(_short(title(row["reason"])))}</text>'
            f'<rect class="bar" x="0" y="{y + 19}" width="{x(row["share"])}" height="12" rx="2">'
            f"<title>{escape(told)}</title></rect>"
            f'<text class="tick start" x="{x(row["share"]) + 6}" y="{y + 29}">'
            f"{percent(row['share'])} · together {percent(row['cumulative'])}</text>"
        )
    told = f"{title(shown[0]['reason'])} causes most repeats: {percent(shown[0]['share'])}"
    return svg("".join(parts), told, len(shown) * (BAR + 16) + 2)


def _short(name: str, most: int = 56) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def curve(rows: Sequence[Row], window_h: float) -> str:
    """Draw the share that came back by then, about the same and about any issue."""
    known = [row for row in rows if row["same"] == row["same"] and row["any"] == row["any"]]
    if len(known) < 2:
        return ""
    top = max(row["any"] for row in known)
    x, y = across(0, known[-1]["hours"] / 24), upward(0, math.ceil(20 * top + 0.2) / 20)
    body = axes(x, y, lambda t: f"{t:g}", whole, title="days since the contact ended")
    for name, kind, words in (("any", "two", "any issue"), ("same", "one", "same issue")):
        points = [(x(row["hours"] / 24), y(row[name])) for row in known]
        sure = [row for row in known if row[f"{name}_low"] == row[f"{name}_low"]]
        low, high = (
            [(x(row["hours"] / 24), y(row[f"{name}_{side}"])) for row in sure]
            for side in ("low", "high")
        )
        body += band(low, high, kind) + line(points, kind, steps=True)
        body += f'<text class="tick end" x="{x.end}" y="{points[-1][1] - 6}">{words}</text>'
    if window_h / 24 <= x.high:
        body += upright(x(window_h / 24), y, f"window {window_h:g} h")
    told = f"After {known[-1]['hours'] / 24:.0f} days {percent(known[-1]['same'])} came back about "
    return svg(body, told + f"the same issue, {percent(known[-1]['any'])} about any")


def windows(rows: Sequence[Row]) -> str:
    """Draw FCR by window, one line for each way of relating; abandoned attempts not counted."""
    known = [row for row in rows if row["fcr"] is not None and not row["abandoned"]]
    names = list(dict.fromkeys(row["window"] for row in rows))
    ways = list(dict.fromkeys(row["related"] for row in known))
    if not ways:
        return ""
    x, y = across(-0.2, len(names) - 0.6), upward(*domain(known, "fcr"))
    body = axes(x, y, lambda t: names[int(t)], whole, range(len(names)), "window")
    for k, way in enumerate(ways):
        own = [row for row in known if row["related"] == way]
        points = [(x(names.index(row["window"])), y(row["fcr"])) for row in own]
        kind = KINDS[k % len(KINDS)]
        body += line(points, kind)
        body += "".join(
            dot(*point, f"{kind} {'own' if row['own'] else ''}", f"{way}, {share(row, 'fcr')}")
            for point, row in zip(points, own, strict=True)
        )
    told = "; ".join(f"{way}: {percent(_last(known, way))} at {names[-1]}" for way in ways)
    return legend(ways) + svg(body, f"FCR by window. {told}")


def _last(rows: Sequence[Row], way: str) -> float:
    return float([row["fcr"] for row in rows if row["related"] == way][-1])


def legend(names: Sequence[str]) -> str:
    """Name the lines of a chart, each beside a piece of it."""
    keys = "".join(
        '<li><svg viewBox="0 0 26 8" aria-hidden="true">'
        f"{line([(0, 4), (26, 4)], KINDS[k % len(KINDS)])}</svg>{escape(name)}</li>"
        for k, name in enumerate(names)
    )
    return f'<ul class="legend">{keys}</ul>'
