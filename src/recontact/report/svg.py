"""Pieces of charts as SVG text: scales, axes, and the frame that tells what is to be seen."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

Point = tuple[float, float]

WIDTH, HEIGHT = 400, 240
LEFT, RIGHT, TOP, BOTTOM = 44, 24, 14, 34
STEPS = (1, 2, 2.5, 5, 10)  # ticks are these times a power of ten


@dataclass(frozen=True)
class Scale:
    """Places on an axis: `low` at `start`, `high` at `end`.

    Examples
    --------
    >>> Scale(0, 10, 0, 100)(2.5)
    25.0
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Give the place of a value, in the chart's units."""
        span = self.high - self.low or 1.0
        return round(self.start + (self.end - self.start) * (value - self.low) / span, 1)

    def ticks(self, most: int = 5) -> list[float]:
        """Give round values along the axis.

        Examples
        --------
        >>> Scale(0, 0.7, 0, 100).ticks(4)
        [0.0, 0.2, 0.4, 0.6]
        """
        rough = (self.high - self.low) / most
        if rough <= 0:
            return [self.low]
        power = 10 ** math.floor(math.log10(rough))
        step = next(s * power for s in STEPS if s * power >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        count = math.floor(self.high / step + 1e-9) - first + 1
        return [round((first + k) * step, 10) for k in range(count)]


def across(low: float, high: float) -> Scale:
    """Give the horizontal scale of a chart of the common size."""
    return Scale(low, high, LEFT, WIDTH - RIGHT)


def upward(low: float, high: float) -> Scale:
    """Give the vertical scale of a chart of the common size."""
    return Scale(low, high, HEIGHT - BOTTOM, TOP)


def svg(body: str, told: str, height: float = HEIGHT, width: float = WIDTH) -> str:
    """Frame a drawing; `told` is what a screen reader says of it."""
    return (
        f'<svg viewBox="0 0 {width} {height:g}" role="img" aria-label="{escape(told)}">{body}</svg>'
    )


def axes(
    x: Scale,
    y: Scale,
    x_text: Callable[[float], str],
    y_text: Callable[[float], str],
    x_ticks: Sequence[float] | None = None,
    title: str = "",
) -> str:
    """Draw grid lines with their values, and what the horizontal axis is."""
    rows = "".join(
        f'<line class="grid" x1="{x.start}" x2="{x.end}" y1="{y(t)}" y2="{y(t)}"/>'
        f'<text class="tick end" x="{x.start - 6}" y="{y(t) + 4}">{escape(y_text(t))}</text>'
        for t in y.ticks()
    )
    columns = "".join(
        f'<text class="tick" x="{x(t)}" y="{y.start + 15}">{escape(x_text(t))}</text>'
        for t in (x.ticks() if x_ticks is None else x_ticks)
    )
    middle = (x.start + x.end) / 2
    below = f'<text class="tick" x="{middle}" y="{y.start + 30}">{escape(title)}</text>'
    return rows + columns + (below if title else "")


def line(points: Sequence[Point], kind: str, steps: bool = False) -> str:
    """Draw a line through points, or a staircase."""
    if not points:
        return ""
    path = f"M{points[0][0]} {points[0][1]}"
    for x, y in points[1:]:
        path += f"H{x}V{y}" if steps else f"L{x} {y}"
    return f'<path class="line {kind}" d="{path}"/>'


def band(low: Sequence[Point], high: Sequence[Point], kind: str) -> str:
    """Fill what lies between two lines."""
    corners = " ".join(f"{x},{y}" for x, y in [*low, *reversed(high)])
    return f'<polygon class="band {kind}" points="{corners}"/>' if corners else ""


def dot(x: float, y: float, kind: str, told: str, size: float = 4) -> str:
    """Draw a point that tells its figures when it is pointed at."""
    place = f'cx="{x}" cy="{y}" r="{size:g}"'
    return f'<circle class="{kind}" {place}><title>{escape(told)}</title></circle>'


def upright(x: float, y: Scale, text: str) -> str:
    """Mark a place of the horizontal axis by a dashed line with its name."""
    side = "end" if x > WIDTH * 0.7 else "start"
    shift = -5 if side == "end" else 5
    return (
        f'<line class="mark" x1="{x}" x2="{x}" y1="{y.start}" y2="{y.end}"/>'
        f'<text class="tick {side}" x="{x + shift}" y="{y.end + 8}">{escape(text)}</text>'
    )
