"""Clocks that run wrong: records known too early, times to come, times of the wrong zone."""

import datetime as dt

import numpy as np

from recontact.contacts import known_of
from recontact.doctor.finding import Finding, Ints, Record, day, level, some
from recontact.doctor.hours import profile, shift_between
from recontact.durations import DAY, HOUR, SECOND
from recontact.history import codes
from recontact.report.words import percent

YEAR_2000 = 946_684_800 * SECOND
LEAST = 500  # contacts from which the hours of a day have a shape
ZONE = "write the right time_zone in the mapping file and import again"


def known_early(record: Record) -> Finding:
    """Find records that were known before their contact ended."""
    ahead = record.ended - known_of(record.contacts)
    share = float(np.mean(ahead > 0))
    text = f"{percent(share)} of the records claim to be known before the end of their contact"
    found = level(share, mind=0.001)
    if found == "good":
        return Finding("clock skew", found, text, share)
    by = float(np.median(ahead[ahead > 0])) / SECOND
    text += f", half of them by {by:,.0f} s or more: two clocks, or known_at is another time"
    mend = "map known_at to the time of the record's last change, in the same zone as ended_at"
    return Finding("clock skew", found, text, {"share": share, "median_s": by}, mend)


def impossible_times(record: Record) -> Finding:
    """Find times in the future, and before the year 2000."""
    late = (record.ended > record.now + HOUR) | (known_of(record.contacts) > record.now + HOUR)
    early = record.started < YEAR_2000
    future, past = int(late.sum()), int(early.sum())
    value = {"future": future, "before_2000": past}
    if not future and not past:
        return Finding("impossible times", "good", "no time lies in the future", value)
    text = f"{future:,} contacts lie in the future, {past:,} before the year 2000"
    text += ": they stretch the record, and move as_of"
    mend = "mend these rows or the time_format (seconds read as milliseconds?), and import again"
    return Finding("impossible times", "mind", text, value, mend)


def same_instant(record: Record) -> Finding:
    """Find an instant at which far too many contacts start, as a stamp of a batch would."""
    instant, counts = np.unique(record.started, return_counts=True)
    most = int(counts.max())
    usual = len(record.started) / len(instant)
    if most < max(50, 0.005 * len(record.started), 20 * usual):
        text = "no instant at which contacts start en masse"
        return Finding("same instant", "good", text, most)
    at = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(
        microseconds=int(instant[counts.argmax()])
    )
    text = f"{most:,} contacts start at {at:%Y-%m-%d %H:%M:%S} UTC: stamped in a batch?"
    mend = "map started_at to when the contact began, not to when it was loaded"
    return Finding("same instant", "mind", text, most, mend)


def dates_only(record: Record) -> Finding:
    """Find starts that are a date without time of day: one full hour holds far too many."""
    whole = record.started[record.started % HOUR == 0]
    counts = profile(whole)
    top, third = int(counts.max()), int(np.sort(counts)[-3])  # summer time makes two of midnight
    share = top / len(record.started)
    if top < 50 or share < 0.01 or top <= 10 * third:
        return Finding("dates only", "good", "times have hours and minutes", share)
    text = (
        f"{percent(share)} of the contacts start at {int(counts.argmax()):02d}:00:00.000 UTC: "
        "dates without time of day, so gaps of hours mean nothing"
    )
    found = level(share, mind=0.0, bad=0.5)
    return Finding("dates only", found, text, share, "export started_at with its time of day")


def busy_hours(record: Record) -> Finding:
    """Tell when the day is busy, for a human eye; nights are rarely."""
    counts = profile(record.started)
    around = np.array([counts.take(range(k, k + 8), mode="wrap").sum() for k in range(24)])
    begin = int(around.argmax())
    share = float(around.max() / counts.sum())
    value = {"from": begin, "to": (begin + 8) % 24, "share": share}
    text = f"the 8 busiest hours are {begin:02d} to {(begin + 8) % 24:02d} UTC ({percent(share)})"
    middle = (begin + 4) % 24
    if counts.sum() < LEAST or share < 0.5 or 6 <= middle <= 20:
        return Finding("hours", "good", text, value)
    text += ": night in Europe and Africa, day in the Americas, Asia and Australia"
    return Finding("hours", "mind", text, value, f"if it should not be: {ZONE}")


def zones(record: Record) -> Finding:
    """Find sites and programs whose day is that of the largest one, some hours off."""
    found = {}
    for column in ("site", "program"):
        for name, hours in _shifted(record, column).items():
            found[f"{column} {name}"] = hours
    if not found:
        return Finding("time zones", "good", "sites and programs keep the same hours", {})
    said = ", ".join(f"{name} by {hours:+d} h" for name, hours in found.items())
    text = f"the day is shifted against that of the largest: {said}: times of another zone as UTC?"
    mend = f"import these by themselves and {ZONE}; nothing to mend if people live there"
    return Finding("time zones", "mind", text, found, mend)


def _shifted(record: Record, column: str) -> dict[str, int]:
    values = record.contacts[column]
    group = codes(values)
    names = values.drop_null().unique().to_pylist()
    profiles = [profile(record.started[group == k]) for k in range(len(names)) if len(names) < 500]
    if len(profiles) < 2:
        return {}
    largest = max(profiles, key=lambda counts: int(counts.sum()))
    hours = {name: shift_between(largest, one) for name, one in zip(names, profiles, strict=True)}
    return {name: shift for name, shift in hours.items() if shift}


def moves(record: Record) -> Finding:
    """Find weeks from which on the whole day is earlier or later than before."""
    by_site = {name: _moves(at) for name, at in _by_site(record).items()}
    found = _moves(record.started) or next(filter(None, by_site.values()), [])
    said = ", ".join(f"by {hours:+d} h around {day(at)}" for at, hours in found)
    value = [{"at": day(at), "hours": hours} for at, hours in found]
    mend = f"import each stretch by itself: {ZONE}"
    if any(abs(hours) > 1 or not near_clock_change(at) for at, hours in found):
        text = f"the day moves {said}: the zone of the times was changed within the record"
        return Finding("moved hours", "mind", text, value, mend)
    still = [name for name, own in by_site.items() if not own]
    if found and still:
        text = (
            f"the day moves {said}, as true UTC does where the clocks change, but not at "
            f"{some(still)}: local times read as UTC?"
        )
        return Finding("moved hours", "mind", text, value, mend)
    text = "the hours of the day stay the same all through the record"
    if found:
        text = f"the day moves {said}, as true UTC does where the clocks change"
    return Finding("moved hours", "good", text, value)


def _by_site(record: Record) -> dict[str, Ints]:
    """Give the starts at each site that has contacts enough to see its day in every three weeks."""
    sites = record.contacts["site"]
    group, names = codes(sites), sites.drop_null().unique().to_pylist()
    weeks = max(1.0, record.days / 7)
    starts = {name: record.started[group == k] for k, name in enumerate(names[:500])}
    return {name: at for name, at in starts.items() if 3 * len(at) / weeks >= 2 * LEAST}


def _moves(started: Ints) -> list[tuple[int, int]]:
    """Compare the three weeks before and after each week's begin; of neighbours keep the first."""
    first = int(started.min()) // DAY * DAY
    week = (started - first) // (7 * DAY)
    weeks = int(min(week.max(), 52 * 20)) + 1
    hours = (started // HOUR) % 24
    inside = week < weeks
    counts = np.zeros((weeks, 24), dtype=np.int64)
    np.add.at(counts, (week[inside], hours[inside]), 1)
    found: list[tuple[int, int]] = []
    for k in range(3, weeks - 2):
        if found and (k - 3) * 7 * DAY + first < found[-1][0]:
            continue
        shift = shift_between(counts[k - 3 : k].sum(axis=0), counts[k : k + 3].sum(axis=0))
        if shift:
            found.append((first + k * 7 * DAY, shift))
    return found


def near_clock_change(at: int) -> bool:
    """Tell whether clocks change in Europe or North America within two weeks of an instant.

    Examples
    --------
    >>> import datetime as dt
    >>> [near_clock_change(int(dt.datetime(2026, month, 28, tzinfo=dt.UTC).timestamp() * 10**6))
    ...  for month in (1, 3, 10)]
    [False, True, True]
    """
    when = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=at)
    around = [when + dt.timedelta(days=days) for days in range(-14, 15)]
    return any(
        one.weekday() == 6
        and (
            (one.month in (3, 10) and one.day >= 25)
            or (one.month == 3 and 8 <= one.day <= 14)
            or (one.month == 11 and one.day <= 7)
        )
        for one in around
    )
