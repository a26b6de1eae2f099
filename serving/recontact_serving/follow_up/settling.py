"""What changes by itself on the list: a snooze is over, or nobody took a contact in time."""

import datetime as dt
from itertools import count

import structlog
from sqlalchemy import ColumnElement, Connection, case, func, literal, select, update
from sqlalchemy.exc import OperationalError

from recontact_serving.follow_up.standing import BACK_FOR
from recontact_serving.storage.clock import micros
from recontact_serving.storage.database import Database
from recontact_serving.storage.tables import follow_ups

AT_ONCE = 1000  # rows to a transaction: whoever else writes waits no longer than for these
ROUNDS = 5  # at most, before a list is read; what is left then is for the next, or for the hour

log = structlog.get_logger()
_OWNED = follow_ups.c.owner.is_not(None)
_OPEN = follow_ups.c.state == "open"


def settle(database: Database, at: dt.datetime, rounds: int | None = ROUNDS) -> int:
    """Bring the list up to date, some thousand rows at a time; tell how many changed.

    It costs one look into an index where nothing is due. Without a bound to its `rounds` it goes
    on until nothing is.

    Examples
    --------
    >>> settle(Database("sqlite://"), dt.datetime.now(dt.UTC))
    0
    """
    due = follow_ups.c.changes_at <= micros(at)
    changed = 0
    for _ in count() if rounds is None else range(rounds):
        with database.read() as db:
            if db.execute(select(literal(1)).where(due).limit(1)).first() is None:
                return changed
        try:
            with database.write() as db:
                some = _settle_some(db, due, micros(at))
        except OperationalError as error:  # somebody writes for long; the list can still be read
            log.warning("the list is not up to date", error=type(error).__name__)
            return changed
        changed += some
        if some < AT_ONCE:
            return changed
    return changed


def _settle_some(db: Connection, due: ColumnElement[bool], at: int) -> int:
    """Change some of the rows that are due, as `standing.settled` does one; leave locked ones."""
    chosen = select(follow_ups.c.contact_id).where(due).order_by(follow_ups.c.changes_at)
    locked = chosen.limit(AT_ONCE).with_for_update(skip_locked=True)
    change = update(follow_ups).where(follow_ups.c.contact_id.in_(locked))
    done = db.execute(
        change.values(
            state=case((_OPEN, "lapsed"), (_OWNED, "claimed"), else_="open"),
            changes_at=case((_OPEN | _OWNED, None), else_=_lapses(db, at)),
            changed_at=at,
            version=follow_ups.c.version + 1,
        )
    )
    return done.rowcount


def _lapses(db: Connection, at: int) -> ColumnElement[int]:
    """Tell until when it stays on the list, now that it is back (`follow_ups.lapses_at`)."""
    greatest = func.max if db.dialect.name == "sqlite" else func.greatest
    late = greatest(0, follow_ups.c.scored_at - follow_ups.c.at)
    return greatest(follow_ups.c.closes_at + late, at + BACK_FOR)
