"""Sessions: who has signed in, in which browser, and until when.

A session's token is 256 random bits, of which the database keeps the SHA-256 alone. A session ends
12 hours after it began, or when nothing was asked in it for a while, or when it is ended here.
"""

import datetime as dt
import secrets
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from recontact_serving.people.access import Access
from recontact_serving.people.accounts import person_of
from recontact_serving.people.keys import digest
from recontact_serving.storage.clock import micros, now
from recontact_serving.storage.tables import sessions, users

LONGEST = dt.timedelta(hours=12)
IDLE = dt.timedelta(hours=1)
SEEN_EVERY = dt.timedelta(minutes=1)  # how exactly it is kept when somebody was there last


class Session(NamedTuple):
    """A session in force: whose, what that person may do, and whether to note that it is used."""

    access: Access
    stale: bool


def begin(db: Connection, user: str, idle: dt.timedelta = IDLE) -> str:
    """Sign a person in; return the session's token, the only time that it can be seen."""
    token = secrets.token_urlsafe(32)
    at = now()
    db.execute(delete(sessions).where(~_in_force(at, idle)))
    row = {"digest": digest(token), "user": user, "seen_at": micros(at)}
    db.execute(sessions.insert(), row | {"expires_at": micros(at + LONGEST)})
    return token


def find(db: Connection, token: str, idle: dt.timedelta = IDLE) -> Session | None:
    """Return the session of a token, None where it is over or never was."""
    at = now()
    asked = select(users, sessions.c.seen_at).join(sessions, sessions.c.user == users.c.name)
    row = db.execute(asked.where(sessions.c.digest == digest(token), _in_force(at, idle))).first()
    if row is None:
        return None
    return Session(person_of(row).access, row.seen_at <= micros(at - SEEN_EVERY))


def keep_up(db: Connection, token: str) -> None:
    """Note that a session is in use."""
    this = sessions.c.digest == digest(token)
    db.execute(update(sessions).where(this).values(seen_at=micros(now())))


def end(db: Connection, token: str) -> None:
    """Sign a person out."""
    db.execute(delete(sessions).where(sessions.c.digest == digest(token)))


def counts(db: Connection, idle: dt.timedelta = IDLE) -> dict[str, int]:
    """Count the sessions in force of each person who has one."""
    counted = select(sessions.c.user, func.count()).where(_in_force(now(), idle))
    return {row[0]: row[1] for row in db.execute(counted.group_by(sessions.c.user))}


def _in_force(at: dt.datetime, idle: dt.timedelta) -> ColumnElement[bool]:
    return (sessions.c.expires_at > micros(at)) & (sessions.c.seen_at > micros(at - idle))
