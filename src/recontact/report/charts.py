"""Charts as SVG text, drawn to be read at the width of a phone and without colour."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from recontact.report.words import share

WIDTH, NAMES, ROW, TOP = 400, 120, 22, 24
LONGEST_NAME = 18


def intervals(rows: Sequence[Mapping[str, Any]], name: str, overall: float | None) -> str:
    """Draw one rate of several groups as dots on their intervals.

    Parameters
    ----------
    rows : sequence of mapping
        Rows of `recontact.rates.rates`; those whose rate is unknown are left out.
    name : str
        Which rate.
    overall : float or None
        Drawn as a dashed line through all groups.

    Returns
    -------
    str
        An ``<svg>`` element; hovering over a group tells its figures.

    Examples
    --------
    >>> row = {"group": "x", "fcr": 0.5, "fcr_low": 0.2, "fcr_high": 0.8, "fcr_of": 8}
    >>> intervals([row], "fcr", 0.6).count("<circle")
    1
    """
    known = [row for row in rows if row[name] is not None]
    if not known:
        return ""
    low, high = _domain(known, name)
    height = TOP + ROW * len(known) + 4

    def x(value: float) -> float:
        return round(NAMES + (WIDTH - NAMES - 14) * (value - low) / (high - low), 1)

    parts = [_grid(x, low, high, height)]
    if overall is not None and low <= overall <= high:
        at = x(overall)
        parts.append(f'<line class="overall" x1="{at}" x2="{at}" y1="{TOP - 6}" y2="{height}"/>')
    parts += [_dot(row, name, x, TOP + ROW * k + ROW / 2) for k, row in enumerate(known)]
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img">{"".join(parts)}</svg>'


def _domain(rows: Sequence[Mapping[str, Any]], name: str) -> tuple[float, float]:
    """Give the least stretch of whole tenths that holds all intervals."""
    low = int(10 * min(row[f"{name}_low"] for row in rows)) / 10
    high = min(1.0, (int(10 * max(row[f"{name}_high"] for row in rows)) + 1) / 10)
    return low, high


def _grid(x: Any, low: float, high: float, height: int) -> str:
    step = 10 if high - low <= 0.6 else 20
    ticks = [tick for tick in range(0, 101, step) if low <= tick / 100 <= high]
    return "".join(
        f'<line class="grid" x1="{x(t / 100)}" x2="{x(t / 100)}" y1="{TOP - 6}" y2="{height}"/>'
        f'<text class="tick" x="{x(t / 100)}" y="{TOP - 10}">{t} %</text>'
        for t in ticks
    )


def _dot(row: Mapping[str, Any], name: str, x: Any, y: float) -> str:
    group = "unknown" if row["group"] is None else row["group"]
    short = group if len(group) <= LONGEST_NAME else group[: LONGEST_NAME - 1] + "…"
    return (
        f"<g><title>{escape(group)}: {share(row, name)}</title>"
        f'<text class="name" x="{NAMES - 8}" y="{y + 4}">{escape(short)}</text>'
        f'<line class="interval" x1="{x(row[f"{name}_low"])}" x2="{x(row[f"{name}_high"])}" '
        f'y1="{y}" y2="{y}"/><circle cx="{x(row[name])}" cy="{y}" r="4"/></g>'
    )
