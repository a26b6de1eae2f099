"""Figures with their intervals, one below the other, as dots with whiskers: SVG for the pages."""

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

from markupsafe import Markup

from recontact.report.svg import Scale, dot, svg
from recontact_serving.pages.charts import TICKS

WIDTH, EDGE = 400, 12
ROW, HEAD, FOOT = 36, 24, 22  # heights of a line, of a heading and of the axis
CAP = 4  # half the height of the ends of a whisker


class Line(NamedTuple):
    """A figure to draw.

    Attributes
    ----------
    words : str
        What it is of.
    value : float
        Where the dot is.
    low, high : float or None
        The interval; None of a figure that is known.
    other : bool
        Drawn as a ring: of those who are compared with.
    """

    words: str
    value: float
    low: float | None
    high: float | None
    other: bool = False


Groups = Sequence[tuple[str, Sequence[Line]]]


def whiskers(groups: Groups, write: Callable[[float], str], what: str, unit: str = "") -> Markup:
    """Draw figures with their intervals on one axis that holds 0.

    Parameters
    ----------
    groups : sequence of (str, sequence of Line)
        The figures with a heading; an empty one is left out.
    write : callable
        Writes a value.
    what : str
        What is drawn, for who does not see it.
    unit : str
        What stands behind the values of the axis.

    Examples
    --------
    >>> drawn = whiskers([("Came back", [Line("held out", 3, 2, 5)])], "{:g}".format, "Rates")
    >>> 'aria-label="Rates. Came back: held out 3 (2 to 5)"' in drawn
    True
    """
    shown = [(name, lines) for name, lines in groups if lines]
    if not shown:
        return Markup()
    x = _scale([line for _, lines in shown for line in lines])
    body, y = [], 0
    for name, lines in shown:
        if name:
            body.append(f'<text class="head" x="{EDGE}" y="{y + 15}">{escape(name)}</text>')
        y += HEAD if name else 0
        for line in lines:
            body.append(_drawn(x, y, line, write))
            y += ROW
    told = "; ".join(_told(name, lines, write) for name, lines in shown)
    drawn = _grid(x, y, unit) + "".join(body)
    # the drawing is made of numbers, and svg, dot and escape write the texts
    return Markup(svg(drawn, f"{what}. {told}", y + FOOT))  # noqa: S704


def _scale(lines: Sequence[Line]) -> Scale:
    """Reach from and to a tick, with 0 among them."""
    ends = [0.0] + [v for one in lines for v in one[1:4] if v is not None]
    low, high = min(ends), max(ends)
    ticks = Scale(low, high, 0, 1).ticks(TICKS)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    low, high = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Scale(low * step, max(high, low + 1) * step, EDGE, WIDTH - EDGE)


def _grid(x: Scale, bottom: float, unit: str) -> str:
    ticks = x.ticks(TICKS + 1)
    lines = "".join(
        f'<line class="{"zero" if tick == 0 else "grid"}" x1="{x(tick)}" x2="{x(tick)}" '
        f'y1="0" y2="{bottom}"/>'
        for tick in ticks
    )
    texts = "".join(
        f'<text class="{_side(x, tick)}" x="{x(tick)}" y="{bottom + 15}">{tick:,.10g}'
        f"{escape(unit) if tick == ticks[-1] else ''}</text>"
        for tick in ticks
    )
    return lines + texts


def _side(x: Scale, tick: float) -> str:
    """Keep the texts at both ends within the drawing."""
    at = x(tick)
    if at > WIDTH - 3 * EDGE:
        return "end"
    return "start" if at < 3 * EDGE else "tick"


def _drawn(x: Scale, top: float, line: Line, write: Callable[[float], str]) -> str:
    kind, middle = ("ring" if line.other else "plain"), top + 25
    texts = (
        f'<text class="start name" x="{EDGE}" y="{top + 13}">{escape(line.words)}</text>'
        f'<text class="end name" x="{WIDTH - EDGE}" y="{top + 13}">{escape(_figure(line, write))}'
        "</text>"
    )
    if line.low is not None and line.high is not None:
        low, high = x(line.low), x(line.high)
        ends = "".join(f"M{at} {middle - CAP}v{2 * CAP}" for at in (low, high))
        texts += f'<path class="reach {kind}" d="M{low} {middle}H{high}{ends}"/>'
    return texts + dot(x(line.value), middle, kind, f"{line.words}: {_figure(line, write)}", 4.5)


def _figure(line: Line, write: Callable[[float], str]) -> str:
    if line.low is None or line.high is None:
        return write(line.value)
    return f"{write(line.value)} ({write(line.low)} to {write(line.high)})"


def _told(name: str, lines: Sequence[Line], write: Callable[[float], str]) -> str:
    figures = ", ".join(f"{line.words} {_figure(line, write)}" for line in lines)
    return f"{name}: {figures}" if name else figures
