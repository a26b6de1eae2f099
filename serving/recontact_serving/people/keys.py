"""API keys: 256 random bits each, of which the database keeps the SHA-256 alone.

Two keys of one name may be in force at once, so that machines can change over one by one.
"""

import datetime as dt
import hashlib
import json
import secrets
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

from sqlalchemy import Connection, Row, Select, select, update

from recontact.errors import UserError
from recontact_serving.people import limits
from recontact_serving.storage import tables
from recontact_serving.storage.clock import instant, micros, now

Scope = Literal["score", "ingest", "read", "follow_up"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
PREFIX = "rck_"
LISTED = "`recontact keys list` shows those there are"


class Key(NamedTuple):
    """One API key, without the key; `programs` and `teams` are None where it is not limited."""

    name: str
    digest: str
    scopes: tuple[str, ...]
    programs: tuple[str, ...] | None
    teams: tuple[str, ...] | None
    created_at: dt.datetime
    last_used_at: dt.datetime | None
    revoked_at: dt.datetime | None


def add(
    db: Connection,
    name: str,
    scopes: Sequence[str] = ("score",),
    programs: Sequence[str] | None = None,
    teams: Sequence[str] | None = None,
) -> str:
    """Make an API key and return it, the only time that it can be seen.

    Parameters
    ----------
    db : sqlalchemy.Connection
        A connection that may write.
    name : str
        What the key is called.
    scopes : sequence of str
        What it may do: `score`, `ingest`, `read`, `follow_up`.
    programs, teams : sequence of str, optional
        The only programs and teams whose contacts it may touch; None: all.

    Raises
    ------
    UserError
        A key of this name is in force already, or a value can't be used.

    Examples
    --------
    >>> from recontact_serving.storage.database import Database
    >>> with Database("sqlite://").write() as db:
    ...     made = add(db, "desktop", ["score"], programs=["acme"])
    ...     len(made), listed(db)[0].programs
    (47, ('acme',))
    """
    _check(name, scopes, programs or (), teams or ())
    if _in_force(db, name):
        raise UserError(
            f"there is a key named '{name}' already",
            mend=f"choose another name, or make a second one of it: recontact keys rotate {name}",
        )
    return _insert(db, name, scopes, programs, teams)


def rotate(db: Connection, name: str) -> str:
    """Make a second key of a name, that may do what the first may; return it.

    Raises
    ------
    UserError
        None or two of this name are in force.
    """
    there = _in_force(db, name)
    if not there:
        raise UserError(f"no key named '{name}' is in force", mend=f"recontact keys add {name}")
    if there[1:]:
        raise UserError(
            f"two keys named '{name}' are in force already",
            mend=f"end the older one first: recontact keys revoke {name} --older",
        )
    return _insert(db, name, there[0].scopes, there[0].programs, there[0].teams)


def revoke(db: Connection, name: str, older: bool = False) -> int:
    """Make the keys of a name useless for good; with `older`, the older one of two.

    Returns
    -------
    int
        How many were revoked.

    Raises
    ------
    UserError
        None is in force; or `older` is asked for and there is only one.
    """
    there = _in_force(db, name)
    if not there:
        raise UserError(f"no key named '{name}' is in force", mend=LISTED)
    if older and not there[1:]:
        raise UserError(
            f"only one key named '{name}' is in force",
            mend=f"recontact keys rotate {name} makes a newer one; "
            f"recontact keys revoke {name} ends this one",
        )
    ended = [key.digest for key in (there[:-1] if older else there)]
    chosen = tables.keys.c.digest.in_(ended)
    db.execute(update(tables.keys).where(chosen).values(revoked_at=micros(now())))
    return len(ended)


def listed(db: Connection) -> list[Key]:
    """List all keys, revoked ones included, the oldest first."""
    return _read(db, select(tables.keys))


def live(db: Connection) -> list[Key]:
    """List the keys in force, the oldest first."""
    return _read(db, select(tables.keys).where(tables.keys.c.revoked_at.is_(None)))


def digest(secret: str) -> str:
    """Give what is kept of a key or token.

    Examples
    --------
    >>> len(digest("rck_example"))
    64
    """
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def _in_force(db: Connection, name: str) -> list[Key]:
    """Read the keys of a name that are in force, and keep others from changing them meanwhile."""
    of_name = (tables.keys.c.name == name) & tables.keys.c.revoked_at.is_(None)
    return _read(db, select(tables.keys).where(of_name).with_for_update())


def _read(db: Connection, query: Select[Any]) -> list[Key]:
    in_turn = query.order_by(tables.keys.c.created_at, tables.keys.c.digest)
    return [_key(row) for row in db.execute(in_turn)]


def _key(row: Row[Any]) -> Key:
    return Key(
        row.name,
        row.digest,
        tuple(json.loads(row.scopes)),
        limits.from_text(row.programs),
        limits.from_text(row.teams),
        instant(row.created_at),
        None if row.last_used_at is None else instant(row.last_used_at),
        None if row.revoked_at is None else instant(row.revoked_at),
    )


def _insert(
    db: Connection,
    name: str,
    scopes: Sequence[str],
    programs: Sequence[str] | None,
    teams: Sequence[str] | None,
) -> str:
    key = PREFIX + secrets.token_urlsafe(32)
    row = {
        "digest": digest(key),
        "name": name,
        "created_at": micros(now()),
        "scopes": json.dumps([scope for scope in SCOPES if scope in scopes]),
        "programs": limits.as_text(programs),
        "teams": limits.as_text(teams),
    }
    db.execute(tables.keys.insert(), row)
    return key


def _check(name: str, scopes: Sequence[str], programs: Sequence[str], teams: Sequence[str]) -> None:
    foreign = [scope for scope in scopes if scope not in SCOPES]
    if foreign or not scopes:
        raise UserError(
            f"'{foreign[0]}' is no scope" if foreign else "the key would be for nothing",
            mend=f"scopes are {', '.join(SCOPES)}",
        )
    limits.check({"name": [name], "program": programs, "team": teams})
