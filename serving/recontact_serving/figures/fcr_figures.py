"""FCR figures as the database sums them up, of what somebody may see and no more."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Column, ColumnElement, Connection, Table, and_, func, select, true

from recontact.policy import Policy
from recontact.report.by_day import COUNTS
from recontact.report.standing import stand
from recontact.report.sums import adjusted, rates_of
from recontact.today import FcrToday, Newest
from recontact_serving.figures.fcr_asked import Asked
from recontact_serving.hourly.fcr_filling import NOTE
from recontact_serving.storage.cutting import cut
from recontact_serving.storage.database import read_meta
from recontact_serving.storage.tables import fcr_days, fcr_estimates, followed_by

Row = dict[str, Any]
MOST_CHOICES = 500
SUMS = [func.sum(fcr_days.c[name]).label(name) for name in (*COUNTS, "expected")]


class Note(NamedTuple):
    """What all figures rest on.

    Attributes
    ----------
    policy : Policy
        By which contacts were judged.
    as_of, built_at : int
        When the data was taken, and when it was counted, microseconds.
    contacts : int
        How many there are in all.
    """

    policy: Policy
    as_of: int
    built_at: int
    contacts: int


def note(db: Connection) -> Note | None:
    """Read what the figures rest on; None where there are none."""
    found = read_meta(db, NOTE)
    if found is None:
        return None
    told = json.loads(found)
    policy = Policy.from_text(told["policy"])
    return Note(policy, told["as_of"], told["built_at"], told["contacts"])


def span(db: Connection, asked: Asked) -> tuple[int, int] | None:
    """Give the first and the last day on which a contact began that may be seen."""
    days = select(func.min(fcr_days.c.day), func.max(fcr_days.c.day))
    first, last = db.execute(days.where(fcr_days.c.by == "", _seen(fcr_days, asked))).one()
    return None if first is None else (int(first), int(last))


def choices(db: Connection, asked: Asked) -> dict[str, list[str]]:
    """List the programs and teams that figures can be cut to."""
    found = {}
    anything = Asked(programs=asked.programs, teams=asked.teams)
    for name in ("program", "team"):
        column = fcr_days.c[name]
        known = and_(fcr_days.c.by == "", column != "", _seen(fcr_days, anything))
        values = select(column).where(known).distinct().order_by(column).limit(MOST_CHOICES)
        found[name] = [str(value) for value in db.execute(values).scalars()]
    return found


def whole(db: Connection, asked: Asked, days: tuple[int, int]) -> Row:
    """Give the rates of all that is asked for."""
    rows = _summed(db, asked, days, *_chosen(asked), ())
    return rates_of([None], _columns(rows))[0]


def curve(db: Connection, asked: Asked, days: tuple[int, int]) -> list[Row]:
    """Give the rates of each day or week, in turn, with `day`, its first, counted from 1970."""
    summed = _summed(db, asked, days, *_chosen(asked), (fcr_days.c.day,))
    sums: dict[int, list[int]] = {}
    for day, *counts in summed:
        first = day - (day + 3) % 7 if asked.step == "week" else day  # 1970 began on a Thursday
        before = sums.get(first, [0] * len(COUNTS))
        sums[first] = [a + int(b) for a, b in zip(before, counts, strict=False)]
    firsts = sorted(sums)
    rows = rates_of([None] * len(firsts), _columns([sums[first] for first in firsts]))
    return [row | {"day": first} for row, first in zip(rows, firsts, strict=True)]


def groups(db: Connection, asked: Asked, days: tuple[int, int], by: str) -> list[Row]:
    """Rank the queues, reasons or teams by their FCR rate, worst first."""
    rows, _ = _grouped(db, asked, days, by)
    return stand(rows, by, asked.least)


def agents(db: Connection, asked: Asked, days: tuple[int, int]) -> list[Row]:
    """Rank the agents by what they did with what was brought to them, worst first."""
    return adjusted(*_grouped(db, asked, days, "agent_id"), asked.least)


def newest(db: Connection, asked: Asked) -> FcrToday | None:
    """Estimate the rate of the newest contacts; None where it was not estimated."""
    rows = db.execute(select(fcr_estimates).where(_seen(fcr_estimates, asked))).all()
    if not rows:
        return None
    contacts, settled, resolved = (
        np.array([getattr(row, name) for row in rows])
        for name in ("contacts", "settled", "resolved")
    )
    draws = np.array([json.loads(row.draws) for row in rows])
    nothing = np.zeros(len(rows))
    ends = rows[0].since, rows[0].until
    found = Newest([None] * len(rows), contacts, settled, nothing, resolved, draws, *ends)
    return found.today(slice(None))


def followers(db: Connection, asked: Asked) -> list[tuple[str, str, int]]:
    """Count what came next: reason, next reason, contacts."""
    table = followed_by.c
    counts = select(table.reason, table.next_reason, func.sum(table.count))
    found = counts.where(_seen(followed_by, asked)).group_by(table.reason, table.next_reason)
    return [(reason, following, int(count)) for reason, following, count in db.execute(found)]


def _chosen(asked: Asked) -> tuple[str, str | None]:
    return (asked.of, asked.name or "") if asked.of else ("", None)


def _grouped(
    db: Connection, asked: Asked, days: tuple[int, int], by: str
) -> tuple[list[Row], list[float]]:
    """Give groups with their rates, and how many were expected to be resolved."""
    column: Column[Any] = fcr_days.c.team if by == "team" else fcr_days.c.entity
    summed = _summed(db, asked, days, "" if by == "team" else by, None, (column,))
    counts = [row[1:] for row in summed]
    rows = rates_of([row[0] or None for row in summed], _columns(counts))
    return rows, [float(row[-1]) for row in counts]


def _columns(rows: Sequence[Sequence[Any]]) -> dict[str, list[int]]:
    return {name: [int(row[k] or 0) for row in rows] for k, name in enumerate(COUNTS)}


def _summed(
    db: Connection,
    asked: Asked,
    days: tuple[int, int],
    by: str,
    entity: str | None,
    per: Sequence[Column[Any]],
) -> Sequence[Sequence[Any]]:
    wanted = [fcr_days.c.by == by, fcr_days.c.day.between(*days), _seen(fcr_days, asked)]
    if entity is not None:
        wanted.append(fcr_days.c.entity == entity)
    return db.execute(select(*per, *SUMS).where(*wanted).group_by(*per)).all()


def _seen(table: Table, asked: Asked) -> ColumnElement[bool]:
    chosen = {"program": asked.program, "team": asked.team}
    return and_(true(), *cut(table, asked, chosen))
