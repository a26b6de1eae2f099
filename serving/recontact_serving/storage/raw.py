"""Statements written out once for the database's driver, for what every score asks of it.

To build and run a statement through SQLAlchemy takes longer than to score a contact.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Dialect, Executable, Select, Table, Text, cast, func, select

Row = Mapping[str, Any]


class Raw:
    """A statement as the driver takes it.

    Parameters
    ----------
    statement : sqlalchemy.Executable
        With `bindparam` for what changes.
    dialect : sqlalchemy.Dialect
        Of the database.

    Examples
    --------
    >>> import sqlite3
    >>> from sqlalchemy import bindparam, literal, select
    >>> from sqlalchemy.dialects.sqlite import dialect
    >>> twice = Raw(select(bindparam("a", type_=None) + literal(1)), dialect())
    >>> twice.all(sqlite3.connect(":memory:"), {"a": 2})
    [(3,)]
    """

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)  # type: ignore[attr-defined] # has it
        self._text = str(compiled)
        self._constants = compiled.params
        self._order = compiled.positiontup

    def all(self, connection: Any, values: Row) -> list[tuple[Any, ...]]:
        """Run it on a driver's connection; give all rows."""
        found = {**self._constants, **values}
        given = found if self._order is None else [found[name] for name in self._order]
        rows: list[tuple[Any, ...]] = connection.execute(self._text, given).fetchall()
        return rows


class Packed(Raw):
    """A statement whose rows come as one JSON text.

    SQLite's driver gives up and takes back the interpreter at each row.

    Parameters
    ----------
    statement : sqlalchemy.Select
        With `bindparam` for what changes; of columns that JSON knows.
    dialect : sqlalchemy.Dialect
        Of SQLite or PostgreSQL.
    """

    def __init__(self, statement: Select[Any], dialect: Dialect) -> None:
        group, one = _AS_JSON[dialect.name]
        rows = statement.subquery()
        super().__init__(select(cast(group(one(*rows.c)), Text)), dialect)

    def all(self, connection: Any, values: Row) -> list[Any]:
        """Run it on a driver's connection; give all rows, each a list."""
        ((found,),) = super().all(connection, values)
        return orjson.loads(found) if found else []


_AS_JSON = {
    "sqlite": (func.json_group_array, func.json_array),
    "postgresql": (func.json_agg, func.json_build_array),
}


class Bulk:
    """Puts many rows into a table by one statement, to which they go as one JSON text.

    A driver that runs a statement row by row gives up and takes back the interpreter at each.

    Parameters
    ----------
    table : sqlalchemy.Table
        Where they go.
    columns : sequence of str
        What the rows hold.
    dialect : sqlalchemy.Dialect
        Of SQLite or PostgreSQL.
    replace : bool
        Whether a row takes the place of one of the same primary key.
    keep : collection of str
        Columns that stay as they were where a row takes the place of another.
    where : str, optional
        Which rows may be replaced, in SQL; `excluded` names the new one.
    """

    def __init__(
        self,
        table: Table,
        columns: Sequence[str],
        dialect: Dialect,
        *,
        replace: bool = False,
        keep: Collection[str] = (),
        where: str = "",
    ) -> None:
        quoted = dialect.identifier_preparer
        name = quoted.quote(table.name)
        listed = ", ".join(quoted.quote(c) for c in columns)
        if dialect.name == "sqlite":
            values = ", ".join(f"value ->> '$.{column}'" for column in columns)
            self._text = (
                f"INSERT INTO {name} ({listed}) SELECT {values} FROM json_each(?) WHERE true"  # noqa: S608 - names of our own tables
            )
        else:
            rows = f"json_populate_recordset(NULL::{name}, %s::text::json)"
            self._text = f"INSERT INTO {name} ({listed}) SELECT {listed} FROM {rows}"  # noqa: S608 - likewise
        self._keys = table.primary_key.columns.keys() if replace else []
        if replace:
            keys = ", ".join(quoted.quote(key) for key in self._keys)
            changed = [quoted.quote(c) for c in columns if c not in {*self._keys, *keep}]
            changes = ", ".join(f"{name} = excluded.{name}" for name in changed)
            self._text += f" ON CONFLICT ({keys}) DO UPDATE SET {changes}"
        if where:
            self._text += f" WHERE {where}"

    def put(self, connection: Any, rows: Sequence[Row]) -> None:
        """Put rows in on a driver's connection; of one key the last stays."""
        if self._keys:
            last = {tuple(row[key] for key in self._keys): row for row in rows}
            rows = [
                last[key] for key in sorted(last)
            ]  # in one order, so that no two wait in a ring
        if rows:
            connection.execute(self._text, [orjson.dumps(rows).decode()])
