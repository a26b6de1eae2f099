"""A table made to hold certain rows by writing only what differs, a little at a time."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, delete, select, true

from recontact_serving.storage.database import Database, put

READ, AT_ONCE = 10_000, 500  # whoever else writes waits no longer than for these

Row = tuple[Any, ...]


class Differences(NamedTuple):
    """How a table differs from what it should hold.

    Attributes
    ----------
    gone : list of tuple
        Primary keys of rows that should not be there.
    new : list of tuple
        Whole rows that are not there, or otherwise.
    """

    gone: list[Row]
    new: list[Row]


def renew(
    database: Database,
    table: Table,
    rows: Mapping[Row, Row],
    part: ColumnElement[bool] | None = None,
) -> int:
    """Make a table, or a part of it, hold these rows and no others.

    Parameters
    ----------
    database : Database
        Holds the table.
    table : sqlalchemy.Table
        Its first columns are its primary key.
    rows : mapping of tuple to tuple
        By primary key, the other columns in turn.
    part : sqlalchemy.ColumnElement, optional
        Which rows of the table are meant, in SQL; by default all.

    Returns
    -------
    int
        How many rows were written or deleted.

    Examples
    --------
    >>> from recontact_serving.storage import tables
    >>> database = Database("sqlite://")
    >>> renew(database, tables.capacities, {("north",): (50,), ("south",): (20,)})
    2
    >>> renew(database, tables.capacities, {("north",): (60,), ("south",): (20,)})
    1
    """
    with database.read() as db:
        found = differences(db, table, rows, part)
    for some in _parts(found):
        with database.write() as db:
            change(db, table, some)
    return len(found.gone) + len(found.new)


def differences(
    db: Connection, table: Table, rows: Mapping[Row, Row], part: ColumnElement[bool] | None = None
) -> Differences:
    """Compare a table, or a part of it, with what it should hold (as for `renew`)."""
    size = len(table.primary_key)
    gone, same = [], set()
    there = select(table).where(true() if part is None else part)
    for row in db.execute(there.execution_options(yield_per=READ)):
        key = tuple(row[:size])
        if key not in rows:
            gone.append(key)
        elif rows[key] == tuple(row[size:]):
            same.add(key)
    return Differences(gone, [(*key, *rest) for key, rest in rows.items() if key not in same])


def change(db: Connection, table: Table, found: Differences) -> None:
    """Delete what should not be there, and write what is not."""
    for some in _parts(found):
        _delete(db, table, some.gone)
        put(db, table, [dict(zip(table.columns.keys(), row, strict=True)) for row in some.new])


def _delete(db: Connection, table: Table, keys: Sequence[Row]) -> None:
    if not keys:
        return
    columns = list(table.primary_key)
    chosen = and_(*(column == bindparam(f"old_{column.name}") for column in columns))
    old = [{f"old_{c.name}": v for c, v in zip(columns, key, strict=True)} for key in keys]
    db.execute(delete(table).where(chosen), old)


def _parts(found: Differences) -> Iterator[Differences]:
    for first in range(0, len(found.gone), AT_ONCE):
        yield Differences(found.gone[first : first + AT_ONCE], [])
    for first in range(0, len(found.new), AT_ONCE):
        yield Differences([], found.new[first : first + AT_ONCE])
