"""Until when a contact can be snoozed: what the forms offer, in the zone of whoever looks."""

import datetime as dt
from zoneinfo import ZoneInfo

from recontact_serving.web.problems import ProblemError, problem

EVENING, MORNING = dt.time(18), dt.time(9)
OWN = "own"


def offered(zone: ZoneInfo, present: dt.datetime) -> list[tuple[str, str]]:
    """List what is offered now: the value of each choice, and its words.

    Examples
    --------
    >>> noon = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    >>> [words for _, words in offered(ZoneInfo("UTC"), noon)]
    ['in 1 hour', 'this evening, 18:00', 'tomorrow, 9:00']
    >>> len(offered(ZoneInfo("UTC"), noon.replace(hour=18)))
    2
    """
    evening = [("evening", "this evening, 18:00")]
    today = _at(zone, present, EVENING, 0) > present
    return [("hour", "in 1 hour"), *(evening if today else []), ("morning", "tomorrow, 9:00")]


def until(choice: str, own: str, zone: ZoneInfo, present: dt.datetime) -> dt.datetime:
    """Give the instant of a choice; that of a time of one's own is read in the zone.

    Raises
    ------
    ProblemError
        422: there is no such choice, or no time.

    Examples
    --------
    >>> noon, zone = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC), ZoneInfo("Asia/Kolkata")
    >>> until("morning", "", zone, noon).isoformat()
    '2026-03-02T03:30:00+00:00'
    >>> until("own", "2026-03-01T20:00", zone, noon).isoformat()
    '2026-03-01T14:30:00+00:00'
    """
    if choice == OWN:
        return _read(own, zone)
    times = {
        "hour": present + dt.timedelta(hours=1),
        "evening": _at(zone, present, EVENING, 0),
        "morning": _at(zone, present, MORNING, 1),
    }
    if choice not in times:
        raise ProblemError(problem(422, "choose until when to snooze"))
    return times[choice]


def _read(text: str, zone: ZoneInfo) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        detail = "give the time until which to snooze, like 2026-03-01T14:30"
        raise ProblemError(problem(422, detail)) from None


def _at(zone: ZoneInfo, present: dt.datetime, time: dt.time, days: int) -> dt.datetime:
    day = present.astimezone(zone).date() + dt.timedelta(days)
    return dt.datetime.combine(day, time, zone).astimezone(dt.UTC)
