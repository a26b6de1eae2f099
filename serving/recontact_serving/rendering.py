"""Pages from templates: how they write numbers and times."""

import datetime as dt
from importlib import metadata
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from recontact_serving.clock import now
from recontact_serving.worklist import told

SPANS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def ago(at: dt.datetime, present: dt.datetime | None = None) -> str:
    """Say how long ago an instant was.

    Examples
    --------
    >>> t = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    >>> ago(t, t + dt.timedelta(hours=3)), ago(t, t), ago(t, t - dt.timedelta(days=1))
    ('3 hours ago', 'just now', 'in 1 day')
    """
    seconds = ((present or now()) - at).total_seconds()
    for size, unit in SPANS:
        number = int(abs(seconds) // size)
        if number:
            span = f"{number:,} {unit}{'s' if number > 1 else ''}"
            return f"{span} ago" if seconds > 0 else f"in {span}"
    return "just now"


def absolute(at: dt.datetime) -> str:
    """Write an instant in full.

    Examples
    --------
    >>> absolute(dt.datetime(2026, 3, 1, 9, 5, tzinfo=dt.UTC))
    '1 Mar 2026, 09:05 UTC'
    """
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def percent(probability: float) -> str:
    """Write a probability; none but what has happened is certain.

    Examples
    --------
    >>> percent(0.416), percent(0.001), percent(0.9999), percent(1.0)
    ('42%', '<1%', '>99%', '100%')
    """
    if 0 < probability < 0.01:
        return "<1%"
    if 0.99 < probability < 1:
        return ">99%"
    return f"{probability:.0%}"


def render(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Fill a template in."""
    text = _PAGES.get_template(template).render(**values)
    return HTMLResponse(text, status, {"Cache-Control": "no-store"})


_PAGES = Environment(
    loader=PackageLoader("recontact_serving"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.filters.update(
    ago=ago, absolute=absolute, percent=percent, told=told, instant=dt.datetime.fromisoformat
)
_PAGES.globals["version"] = metadata.version("recontact")
