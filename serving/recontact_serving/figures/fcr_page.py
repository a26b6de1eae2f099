"""What the FCR page shows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from recontact.contacts import normalise_reason
from recontact.durations import DAY
from recontact.report.by_day import NOTHING
from recontact.today import FcrToday
from recontact_serving.figures import fcr_figures
from recontact_serving.figures.fcr_asked import OF, Asked, day
from recontact_serving.figures.fcr_words import in_words
from recontact_serving.pages import charts
from recontact_serving.storage.clock import instant

Row = dict[str, Any]
RATES = {
    "fcr": ("FCR rate", "first contacts that were resolved"),
    "gross_fcr": ("Gross FCR rate", "of all judged contacts, the resolved first ones"),
    "repeat": ("Repeat rate", "judged contacts that were followed by a related one"),
    "escalation": ("Escalation rate", "of the contact, or of a related one in its window"),
    "unknown_reason": ("Followed by an unknown reason", "a repeat may hide there"),
}
CURVES = ("fcr", "repeat", "escalation")
KINDS = {"queue": "Queue", "reason": "Reason", "team": "Team", "agent_id": "Agent"}
MOST = 12  # reasons on each side of the map
LISTED = 50  # of a kind of group, where not all are asked for
SHADES = 6


def page_data(db: Connection, asked: Asked) -> Row:
    """Give all that the template needs.

    Parameters
    ----------
    db : sqlalchemy.Connection
        An open connection.
    asked : Asked
        What is asked for, and what may be seen.
    """
    note, there = fcr_figures.note(db), fcr_figures.span(db, asked)
    found: Row = {"asked": asked, "note": note, "choices": fcr_figures.choices(db, asked)}
    if note is None or there is None:
        return found | {"days": None}
    days = asked.between(there)
    whole = fcr_figures.whole(db, asked, days)
    found |= {
        "policy": in_words(note.policy),
        "as_of": instant(note.as_of),
        "built_at": instant(note.built_at),
        "days": tuple(day(number) for number in days),
        "there": tuple(day(number) for number in there),
        "whole": whole,
        "few": asked.of == "agent_id" and whole["fcr_of"] < asked.least,  # no figures of one person
        "rates": RATES,
        "kinds": KINDS,
    }
    newest = None if asked.of else fcr_figures.newest(db, asked)
    rows = [
        row | {"part": _part(row["day"], asked.step, days[0], note.as_of)}
        for row in fcr_figures.curve(db, asked, days)
    ]
    drawn = _drawn(rows, newest, days)
    found |= {
        "newest": newest,
        "curve": [row | {"first": day(row["day"])} for row in rows],
        "drawn": drawn,
        "parts": {row["part"] for row in rows if row["fcr_of"] >= charts.FEWEST} - {""},
        "fewest": charts.FEWEST,
        "least_asked": asked.least,
    }
    return found if asked.of else found | _groups(db, asked, days)


def _part(first: int, step: str, since: int, as_of: int) -> str:
    """Tell which part of a day or week there is; nothing where it is whole.

    Examples
    --------
    >>> _part(4, "week", 0, 10 * DAY), _part(4, "week", 0, 11 * DAY), _part(4, "week", 6, 99 * DAY)
    ('so far', '', 'from 7 Jan 1970')
    """
    if (first + (7 if step == "week" else 1)) * DAY > as_of:
        return "so far"
    return f"from {charts.written(since)}" if first < since else ""


def _groups(db: Connection, asked: Asked, days: tuple[int, int]) -> Row:
    """Give what is shown by group, and what comes next."""
    tables = [_table(db, asked, days, by) for by in ("queue", "reason", "team")]
    return {
        "tables": [table for table in tables if table],
        "agents": _agents(db, asked, days),
        "map": _map(fcr_figures.followers(db, asked), asked),
    }


def _drawn(
    rows: Sequence[Row], newest: FcrToday | None, days: tuple[int, int]
) -> list[tuple[str, Any]]:
    """Draw the curves; the estimate goes beside those of the days that it is of."""
    point = None
    if newest and newest.rate is not None and days[1] >= newest.until_us // DAY:
        since, until = newest.since_us // DAY, newest.until_us // DAY
        words = f"{charts.written(since)} to {charts.written(until)}"
        point = {"day": until, "fcr": newest.rate, "words": words}
        point |= {"fcr_low": newest.low, "fcr_high": newest.high}
    return [
        (RATES[name][0], charts.curve(rows, name, RATES[name][0], point if name == "fcr" else None))
        for name in CURVES
    ]


def _table(db: Connection, asked: Asked, days: tuple[int, int], by: str) -> Row | None:
    """Give the queues, reasons or teams; a single one that is all there is tells nothing."""
    rows = [row for row in fcr_figures.groups(db, asked, days, by) if row["fcr_of"]]
    if len(rows) < 2:
        return None
    large = [row for row in rows if not row["small"]]
    overall, span = _overall(rows), charts.reach(large, "fcr")
    listed = large if asked.all == by else large[:LISTED]
    for row in listed:
        row["plot"] = charts.cell(row, "fcr", span, overall)
        row["link"] = _link(asked, by, row["group"])
    return {
        "by": by,
        "rows": listed,
        "more": _more(large, listed),
        "small": _together(rows),
        "overall": overall,
        "span": span,
    }


def _agents(db: Connection, asked: Asked, days: tuple[int, int]) -> Row | None:
    rows = fcr_figures.agents(db, asked, days)
    rows = [row for row in rows if row["fcr_of"]]
    large = [row for row in rows if row["group"] is not None and not row["small"]]
    if not rows:
        return None
    overall = _overall(rows)
    span = charts.reach(large, "adjusted") if large else (0.0, 1.0)
    listed = large if asked.all == "agent_id" else large[:LISTED]
    for row in listed:
        told = row | {"adjusted_of": row["fcr_of"]}
        row["plot"] = charts.cell(told, "adjusted", span, overall)
        row["link"] = _link(asked, "agent_id", row["group"])
    return {
        "rows": listed,
        "more": _more(large, listed),
        "small": _together(rows),
        "overall": overall,
        "span": span,
    }


def _more(large: Sequence[Row], listed: Sequence[Row]) -> int | None:
    return len(large) if len(large) > len(listed) else None


def _overall(rows: Sequence[Row]) -> float | None:
    of = sum(row["fcr_of"] for row in rows)
    return sum((row["fcr"] or 0) * row["fcr_of"] for row in rows) / of if of else None


def _together(rows: Sequence[Row]) -> Row | None:
    """Add up the groups that are too small to be shown."""
    small = [row for row in rows if row["small"]]
    of = sum(row["fcr_of"] for row in small)
    if not small:
        return None
    return {"groups": len(small), "fcr_of": of, "fcr": _overall(small)}


def _link(asked: Asked, by: str, name: str | None) -> str | None:
    """Lead to the curves of a group alone."""
    if name is None:
        return None
    if by == "team":
        return asked.address(team=name, of=None, name=None)
    return asked.address(of=by, name=name) if by in OF else None


def _map(pairs: Sequence[tuple[str, str, int]], asked: Asked) -> Row | None:
    """Give the map of next issues: how many of the contacts about each were followed by which."""
    counts: dict[tuple[str, str], int] = {}
    for reason, following, count in pairs:
        place = _named(reason, asked), _named(following, asked)
        if reason and place[0]:
            counts[place] = counts.get(place, 0) + count
    of, after = dict[str, int](), dict[str, int]()
    for (reason, following), count in counts.items():
        of[reason] = of.get(reason, 0) + count
        if following != NOTHING:
            after[following] = after.get(following, 0) + count
    reasons = sorted(of, key=lambda name: (-of[name], name))[:MOST]
    columns = sorted((n for n in after if n), key=lambda name: (-after[name], name))[:MOST]
    if not reasons or not columns:
        return None
    most = max((counts.get((r, c), 0) / of[r] for r in reasons for c in columns), default=0) or 1
    rows = [
        {
            "reason": reason,
            "of": of[reason],
            "link": None if asked.about else asked.address(about=reason),
            "cells": [_cell(counts.get((reason, c), 0), of[reason], most) for c in columns],
            "nobody": counts.get((reason, NOTHING), 0) / of[reason],
        }
        for reason in reasons
    ]
    return {"columns": columns, "rows": rows, "left_out": len(of) - len(reasons)}


def _cell(count: int, of: int, most: float) -> Row:
    shade = 0 if not count else 1 + min(SHADES - 1, int(SHADES * count / of / most))
    return {"count": count, "share": count / of, "shade": shade}


def _named(reason: str, asked: Asked) -> str:
    """Give the reason at its first level; inside one, in full, and no other."""
    if reason == NOTHING:
        return NOTHING
    first = normalise_reason(reason, 1) or ""
    if asked.about is None:
        return first
    return reason if first == asked.about else first
