"""What is older than the operator keeps is deleted, a little at a time."""

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import Column, ColumnElement, Table, delete, func, select, tuple_

from recontact.durations import DAY
from recontact.features.declared import FEATURES
from recontact.features.loads import WEEKS
from recontact.features.measures import VOLUME_DAYS, Past
from recontact_serving.storage.clock import micros
from recontact_serving.storage.database import Database
from recontact_serving.storage.tables import (
    LAST,
    actions,
    agent_actions,
    decisions,
    follow_ups,
    scores,
    sessions,
    versions,
)

AT_ONCE = 500  # rows to a transaction: whoever else writes waits no longer than for these

Counts = Mapping[str, int]


def forget_old(database: Database, days: int | None, now: dt.datetime) -> Counts:
    """Delete what is older than so many days, in small transactions.

    A contact goes with all its versions when the last one ended (without an end: started) before;
    a score and its row of the list by the instant it was asked for, a row of the log by when it
    was given, an agent's action by when it was sent, what people did about the list by when.
    Sessions go when they have expired, whatever `days` is. Rates are sums over many customers and
    stay until they are learnt again.

    Parameters
    ----------
    database : Database
        Holds it all.
    days : int or None
        How long it is kept; None: for good.
    now : datetime
        The present instant.

    Returns
    -------
    mapping of str to int
        Rows deleted by table, only those of which there were any.

    Examples
    --------
    >>> database = Database("sqlite://")
    >>> dict(forget_old(database, 400, dt.datetime.now(dt.UTC)))
    {}
    """
    counts = {"sessions": _forget(database, sessions, sessions.c.expires_at < micros(now))}
    if days is not None:
        before = micros(now) - days * DAY
        ended = func.coalesce(versions.c.ended_at, versions.c.started_at) < before
        # the index of started_at finds them: no contact ends before it starts
        old = (versions.c.started_at < before) & ended & (versions.c.valid_to == LAST)
        counts |= {
            "contact_versions": _forget(database, versions, old, versions.c.contact_id),
            "scores": _forget(database, scores, scores.c.at < before),
            "decisions": _forget(database, decisions, decisions.c.scored_at < before),
            "agent_actions": _forget(database, agent_actions, agent_actions.c.sent_at < before),
            "follow_ups": _forget(database, follow_ups, follow_ups.c.at < before),
            "actions": _forget(database, actions, actions.c.at < before),
        }
    return MappingProxyType({name: count for name, count in counts.items() if count})


def too_short(days: int | None) -> str:
    """Say what a time of keeping takes away from the features; empty where it is nothing.

    Examples
    --------
    >>> too_short(400)
    ''
    >>> too_short(30)
    'RECONTACT_RETENTION_DAYS is 30, but features look back up to 90 days: scores will see less'
    """
    within = [f.measure.within or 0 for f in FEATURES if isinstance(f.measure, Past)]
    needed = max(max(within) // DAY, VOLUME_DAYS, WEEKS * 7)
    if days is None or days >= needed:
        return ""
    return (
        f"RECONTACT_RETENTION_DAYS is {days}, but features look back up to {needed} days: "
        "scores will see less"
    )


def _forget(
    database: Database, table: Table, old: ColumnElement[bool], by: Column[str] | None = None
) -> int:
    """Delete the old rows of a table, or all rows of what an old one belongs to."""
    key = [by] if by is not None else list(table.primary_key.columns)
    deleted = 0
    while True:
        with database.read() as db:  # looking for them takes longer, and stops nobody
            found = [tuple(row) for row in db.execute(select(*key).where(old).limit(AT_ONCE))]
        if not found:
            return deleted
        chosen = tuple_(*key).in_(found)
        with database.write() as db:
            # what has been sent again since then is not old any more
            still = tuple_(*key).in_(select(*key).where(chosen, old))
            deleted += db.execute(delete(table).where(still)).rowcount
