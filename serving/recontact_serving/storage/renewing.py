"""A table made to hold certain rows by writing only what differs, a little at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, delete, select, true

from recontact_serving.storage.database import Database, put

READ, AT_ONCE = 10_000, 500  # whoever else writes waits no longer than for these

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
    size = len(table.primary_key)
    gone, same = [], set()
    with database.read() as db:
        found = select(table).where(true() if part is None else part)
        for row in db.execute(found.execution_options(yield_per=READ)):
            key = tuple(row[:size])
            if key not in rows:
                gone.append(key)
            elif rows[key] == tuple(row[size:]):
                same.add(key)
    names = table.columns.keys()
    for keys in _parts(gone):
        _delete(database, table, keys)
    new = ((*key, *rest) for key, rest in rows.items() if key not in same)
    for some in _parts(new):
        with database.write() as db:
            put(db, table, [dict(zip(names, row, strict=True)) for row in some])
    return len(gone) + len(rows) - len(same)


def _delete(database: Database, table: Table, keys: Sequence[Row]) -> None:
    columns = list(table.primary_key)
    chosen = and_(*(column == bindparam(f"old_{column.name}") for column in columns))
    old = [{f"old_{c.name}": v for c, v in zip(columns, key, strict=True)} for key in keys]
    with database.write() as db:
        db.execute(delete(table).where(chosen), old)


def _parts(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rest = iter(rows)
    while some := list(islice(rest, AT_ONCE)):
        yield some
