"""Times in the zone of whoever looks: how instants are written, and when a day begins."""

import datetime as dt
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from recontact_serving.storage.clock import now

COOKIE = "recontact_zone"  # set by zone.js; without a script, times are in UTC
UTC = ZoneInfo("UTC")
LONGEST = 100  # characters of a zone's name
SPANS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def zone_of(cookies: Mapping[str, str]) -> ZoneInfo:
    """Return the zone that a browser told, UTC where it told none that there is.

    Examples
    --------
    >>> zone_of({COOKIE: "Europe/Berlin"}).key, zone_of({COOKIE: "../etc"}).key, zone_of({}).key
    ('Europe/Berlin', 'UTC', 'UTC')
    """
    name = cookies.get(COOKIE, "")[:LONGEST]
    try:
        return ZoneInfo(name) if name else UTC
    except (ValueError, OSError, LookupError):  # no name, a folder's, none that there is
        return UTC


def ago(at: dt.datetime, present: dt.datetime | None = None) -> str:
    """Say how long ago an instant was.

    Examples
    --------
    >>> t = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    >>> ago(t, t + dt.timedelta(hours=3)), ago(t, t), ago(t, t - dt.timedelta(days=1))
    ('3 hours ago', 'just now', 'in 1 day')
    """
    seconds = ((present or now()) - at).total_seconds()
    words = span(abs(seconds))
    if not words:
        return "just now"
    return f"{words} ago" if seconds > 0 else f"in {words}"


def span(seconds: float) -> str:
    """Say how long something takes, in the largest unit; nothing below a minute.

    Examples
    --------
    >>> span(7300), span(86_400), span(59)
    ('2 hours', '1 day', '')
    """
    for size, unit in SPANS:
        number = int(seconds // size)
        if number:
            return f"{number:,} {unit}{'s' if number > 1 else ''}"
    return ""


def absolute(at: dt.datetime, zone: ZoneInfo = UTC) -> str:
    """Write an instant in full.

    Examples
    --------
    >>> t = dt.datetime(2026, 3, 1, 9, 5, tzinfo=dt.UTC)
    >>> absolute(t), absolute(t, ZoneInfo("Asia/Kolkata"))
    ('1 Mar 2026, 09:05 UTC', '1 Mar 2026, 14:35 IST')
    """
    there = at.astimezone(zone)
    return f"{there.day} {there:%b %Y, %H:%M %Z}"


def clock(at: dt.datetime, zone: ZoneInfo = UTC, present: dt.datetime | None = None) -> str:
    """Write an instant as one says it: the time alone today, with the day otherwise.

    Examples
    --------
    >>> t = dt.datetime(2026, 3, 1, 9, 5, tzinfo=dt.UTC)
    >>> hour = dt.timedelta(hours=1)
    >>> [clock(t + n * hour, present=t) for n in (0, 24, -24, 240, 24 * 365)]
    ['09:05', 'tomorrow 09:05', 'yesterday 09:05', '11 Mar, 09:05', '1 Mar 2027, 09:05']
    """
    there, here = at.astimezone(zone), (present or now()).astimezone(zone)
    days = (there.date() - here.date()).days
    near = {0: "", 1: "tomorrow ", -1: "yesterday "}
    if days in near:
        return f"{near[days]}{there:%H:%M}"
    year = f" {there.year}" if there.year != here.year else ""
    return f"{there.day} {there:%b}{year}, {there:%H:%M}"


def described(zone: ZoneInfo, present: dt.datetime | None = None) -> str:
    """Say which zone it is.

    Examples
    --------
    >>> described(ZoneInfo("Asia/Kolkata")), described(UTC)
    ('Asia/Kolkata (UTC+05:30)', 'UTC')
    """
    if zone.key == "UTC":
        return "UTC"
    offset = (present or now()).astimezone(zone).strftime("%z")
    return f"{zone.key.replace('_', ' ')} (UTC{offset[:3]}:{offset[3:]})"
