"""Counts the contacts that arrived, by entity and minute, within the database.

What is added up there comes as some rows a minute rather than one a contact, and the interpreter
is free for others meanwhile.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)

from recontact.durations import MINUTE
from recontact.features.counted import is_late
from recontact.features.entities import entity
from recontact_serving.scoring.history import facts
from recontact_serving.storage.tables import LAST, versions

Arrival = tuple[str, str, int, int]  # column, entity, minute, how many

AT_ONCE = 500  # rows, so few that nobody notices their turn
IN_A_PATH = re.compile(r'[^"\\\x00-\x1f]+')  # names that SQLite finds whatever its version


def arrived(
    db: Connection, columns: Sequence[str], known: Mapping[str, str], begin: int, end: int
) -> Iterator[list[Arrival]]:
    """Read what arrived, or became known, in some minutes, some rows at a time.

    Parameters
    ----------
    db : sqlalchemy.Connection
        An open connection.
    columns : sequence of str
        Whose values are the entities.
    known : mapping of str to str
        Column to the moment from which it is known.
    begin, end : int
        The first minute and the one after the last.
    """
    span = {"since": begin * MINUTE, "last": end * MINUTE - 1}
    for of in columns:
        counts = _counts(db, of, late=is_late(of, known)).execution_options(yield_per=AT_ONCE)
        for rows in db.execute(counts, span).partitions():
            named = ((_entity(of, *told), minute, count) for minute, count, *told in rows)
            yield [(of, name, minute, count) for name, minute, count in named if name]


def _counts(db: Connection, of: str, *, late: bool) -> Select[Any]:
    """Count arrivals by minute and what tells the entity; facts that SQL can't read come whole."""
    span = bindparam("since", type_=BigInteger), bindparam("last", type_=BigInteger)
    started, known_at, payload = versions.c.started_at, versions.c.known_at, versions.c.payload
    instant: ColumnElement[int] = started
    wanted: ColumnElement[bool] = started.between(*span)
    if late:
        instant = case((known_at > started, known_at), else_=started)
        touched = or_(wanted, known_at.between(*span))
        wanted = and_(touched, known_at.is_not(None), instant.between(*span))
    readable, direction, value = _facts(db.dialect.name, "direction", of)
    return (
        select(
            (instant // MINUTE).label("minute"),
            func.count(),
            versions.c.program,
            case((readable, direction)).label("direction"),
            case((readable, value)).label("value"),
            case((readable, None), else_=payload).label("whole"),
        )
        .where(wanted, versions.c.valid_to == LAST)
        .group_by("minute", versions.c.program, "direction", "value", "whole")
    )


def _facts(dialect: str, *names: str) -> Sequence[ColumnElement[Any]]:
    """Tell whether SQL can read the facts of a row, and give some of them as JSON."""
    payload = versions.c.payload
    if dialect == "postgresql":
        strange = [func.strpos(payload, name) > 0 for name in ("NaN", "Infinity")]
        return ~or_(*strange), *(cast(cast(payload, JSON)[name], Text) for name in names)
    if not all(IN_A_PATH.fullmatch(name) for name in names):
        return literal(value=False), *(literal(None) for _ in names)
    paths = [payload.op("->")(f'$."{name}"') for name in names]
    return func.json_valid(payload) == 1, *paths


@lru_cache(10_000)  # entities are few, and come again with each minute
def _entity(
    of: str, program: str, direction: str | None, value: str | None, whole: str | None
) -> str:
    """Name the entity at which a contact arrived; empty where it did not, or that is unknown."""
    told = facts({"payload": whole}) if whole else {}
    if not whole:
        told = {
            "direction": direction and orjson.loads(direction),
            of: value and orjson.loads(value),
        }
    if (told.get("direction") or "inbound") != "inbound" or told.get(of) in (None, ""):
        return ""
    return entity(of, program or None, told[of])
