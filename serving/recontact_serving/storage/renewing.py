"""A table made to hold certain rows by writing only what differs, a little at a time."""

import gc
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, delete, select, true

from recontact_serving.storage.database import Database, put

READ, AT_ONCE = 10_000, 200  # whoever else writes waits no longer than for these

Row = tuple[Any, ...]


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
        gone, new = _differences(db, table, rows, part)
    for change, keys in ((_delete, gone), (_write, new)):
        for first in range(0, len(keys), AT_ONCE):
            with _uncollected(), database.write() as db:
                began = time.monotonic()
                change(db, table, keys[first : first + AT_ONCE])
            time.sleep(time.monotonic() - began)  # SQLite has no queue: others get as long
    return len(gone) + len(new)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let garbage wait: to look through a million rows for it takes a second."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _differences(
    db: Connection, table: Table, rows: Mapping[Row, Row], part: ColumnElement[bool] | None
) -> tuple[list[Row], list[Row]]:
    """Give the primary keys of rows that should not be there, and whole rows that are not."""
    size = len(table.primary_key)
    gone, same = [], set()
    there = select(table).where(true() if part is None else part)
    for row in db.execute(there.execution_options(yield_per=READ)):
        key = tuple(row[:size])
        if key not in rows:
            gone.append(key)
        elif rows[key] == tuple(row[size:]):
            same.add(key)
    new = sorted(rows.keys() - same)  # in turn, so that few pages of the database change at once
    return gone, [(*key, *rows[key]) for key in new]


def _delete(db: Connection, table: Table, keys: Sequence[Row]) -> None:
    columns = list(table.primary_key)
    chosen = and_(*(column == bindparam(f"old_{column.name}") for column in columns))
    old = [{f"old_{c.name}": v for c, v in zip(columns, key, strict=True)} for key in keys]
    db.execute(delete(table).where(chosen), old)


def _write(db: Connection, table: Table, rows: Sequence[Row]) -> None:
    put(db, table, [dict(zip(table.columns.keys(), row, strict=True)) for row in rows])
