"""What the page "Does it work?" is made of: rows of the list, who followed them up, what came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select, true

from recontact.durations import DAY
from recontact.proof import Cases, stories
from recontact_serving.follow_up.follow_ups import AT_RISK
from recontact_serving.follow_up.holdout import Holdout, Period
from recontact_serving.people.access import Access
from recontact_serving.storage.cutting import cut
from recontact_serving.storage.tables import actions, capacities, follow_ups

Flags = npt.NDArray[np.bool_]
WORK = ("claim", "resolve")
BEFORE = 30 * DAY  # so far back is looked whether a contact is part of an earlier story
MOST = 50_000  # contacts at risk, the newest: more would keep a worker from scoring


@dataclass(frozen=True)
class Part:
    """Of which contacts it is asked.

    Attributes
    ----------
    access : Access
        Who asks; only their programs and teams count.
    program, team : str or None
        Only contacts of these.
    """

    access: Access
    program: str | None = None
    team: str | None = None

    def rows(self) -> ColumnElement[bool]:
        """Cut the list to them."""
        chosen = {"program": self.program, "team": self.team}
        return and_(true(), *cut(follow_ups, self.access, chosen))


class Trial(NamedTuple):
    """The contacts at risk of a time in which some were held out.

    Attributes
    ----------
    cases : Cases
        Each story once.
    matured : numpy.ndarray of bool
        Of which of them it is known what came.
    first, last : int
        When the first and the last ended, microseconds; 0 of none.
    """

    cases: Cases
    matured: Flags
    first: int
    last: int


def trial(db: Connection, part: Part, period: Period, since: int) -> Trial:
    """Read the contacts at risk that were scored while a share was held out, the newest `MOST`.

    They are at risk by their last score and held out by the lot, whatever happened since: neither
    hangs on whether anybody followed them up.

    Parameters
    ----------
    db : sqlalchemy.Connection
        An open connection.
    part : Part
        Of which contacts.
    period : Period
        The time.
    since : int
        Not those that ended before, microseconds.
    """
    table = follow_ups.c
    bands = or_(
        *(column.in_(sorted(AT_RISK)) for column in (table.repeated_band, table.escalation_band))
    )
    going_on = (table.at >= since - BEFORE, table.closes_at >= since)
    times = [*going_on, table.scored_at >= period.since]
    if period.until is not None:
        times.append(table.scored_at < period.until)
    chosen = select(*_columns()).where(part.rows(), bands, *times)
    rows = db.execute(chosen.order_by(table.at.desc()).limit(MOST)).all()
    return _trial(rows, period.holdout, worked(db, rows), since)


def _columns() -> list[Any]:
    names = (
        *("contact_id", "program", "customer_id", "team", "at", "started_at", "closes_at"),
        *("cost", "state", "outcome", "disputed", "repeated_probability", "repeated", "escalated"),
    )
    return [follow_ups.c[name] for name in names]


def _trial(rows: Sequence[Row[Any]], holdout: Holdout, treated: set[str], since: int) -> Trial:
    customer = customers(rows)
    _, first, place = np.unique(customer, return_index=True, return_inverse=True)
    drawn = np.array([_drawn(holdout, rows[k]) for k in first.tolist()], dtype=bool)
    cases = Cases(
        customer,
        drawn[place] if len(rows) else np.zeros(0, dtype=bool),
        np.array([row.contact_id in treated for row in rows], dtype=bool),
        np.array([bool(row.repeated) for row in rows], dtype=bool),
        np.array([bool(row.escalated) for row in rows], dtype=bool),
        np.array([row.repeated_probability for row in rows], dtype=float),
    )
    started, closes = (
        np.array([getattr(row, name) for row in rows], dtype=np.int64)
        for name in ("started_at", "closes_at")
    )
    within = np.array([row.at >= since for row in rows], dtype=bool)
    chosen = stories(customer, started, closes) & within
    known = np.array([row.repeated is not None for row in rows], dtype=bool)
    ends = [row.at for row in rows if row.at >= since]
    span = min(ends, default=0), max(ends, default=0)
    return Trial(cases.only(chosen), known[chosen], *span)


def _drawn(holdout: Holdout, row: Row[Any]) -> bool:
    return holdout.draws(row.program, row.customer_id, row.contact_id)


def customers(rows: Sequence[Row[Any]]) -> npt.NDArray[np.int64]:
    """Number the customers of rows; who is not known is one of their own."""
    number: dict[tuple[str, str, str], int] = {}
    found = [
        number.setdefault(
            (row.program, row.customer_id, "" if row.customer_id else row.contact_id), len(number)
        )
        for row in rows
    ]
    return np.array(found, dtype=np.int64)


def worked(db: Connection, rows: Sequence[Row[Any]]) -> set[str]:
    """Tell which rows somebody claimed or resolved before their window closed, and meant it."""
    closes = {row.contact_id: row.closes_at for row in rows}
    if not closes:
        return set()
    since = min(row.at for row in rows)
    table = actions.c
    done = select(table.contact_id, table.action, table.at).where(table.at >= since)
    last: dict[str, list[tuple[str, int]]] = {}
    for contact_id, action, at in db.execute(done.order_by(table.seq)):
        if contact_id in closes:
            _add(last.setdefault(contact_id, []), action, at)
    return {
        contact_id
        for contact_id, acted in last.items()
        if any(action in WORK and at <= closes[contact_id] for action, at in acted)
    }


def _add(acted: list[tuple[str, int]], action: str, at: int) -> None:
    """Note an action; an undo takes the one before away."""
    if action == "undo" and acted:
        acted.pop()
    else:
        acted.append((action, at))


class Week(NamedTuple):
    """The rows of the last days of which it is known what came.

    Attributes
    ----------
    rows : sequence
        Of the list, all bands, the held out too.
    first, last : int
        The days, counted from 1970.
    """

    rows: Sequence[Row[Any]]
    first: int
    last: int


def last_week(db: Connection, part: Part) -> Week | None:
    """Read the rows of the seven days up to the last of which it is known what came.

    They are fewer days, each of them whole, where there are more than `MOST` rows; of a single
    day with more, these are the newest.
    """
    table = follow_ups.c
    known = select(table.at).where(part.rows(), table.repeated.is_not(None))
    newest = db.execute(known.order_by(table.at.desc()).limit(1)).scalar()
    if newest is None:
        return None
    last = int(newest) // DAY
    span = table.at.between((last - 6) * DAY, (last + 1) * DAY - 1)
    chosen = select(*_columns()).where(part.rows(), span, table.repeated.is_not(None))
    rows = db.execute(chosen.order_by(table.at.desc()).limit(MOST + 1)).all()
    if len(rows) <= MOST:
        return Week(rows, last - 6, last)
    first = min(rows[-1].at // DAY + 1, last)
    return Week([row for row in rows[:MOST] if row.at // DAY >= first], first, last)


def capacity_of(db: Connection, usual: int) -> Mapping[str, int]:
    """Give how many follow-ups each team can do in a day; others can do the usual number."""
    return _Usual({row.team: row.per_day for row in db.execute(select(capacities))}, usual)


class _Usual(dict[str, int]):
    def __init__(self, known: Mapping[str, int], usual: int) -> None:
        super().__init__(known)
        self._usual = usual

    def __missing__(self, _: str) -> int:
        return self._usual
