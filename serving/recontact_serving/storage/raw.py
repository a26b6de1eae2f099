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
    """How many rows go into a table from one JSON text.

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
        self._name = quoted.quote(table.name)
        self._columns = [quoted.quote(column) for column in columns]
        self._keys = table.primary_key.columns.keys() if replace else []
        self._conflict = ""
        if replace:
            keys = ", ".join(quoted.quote(key) for key in self._keys)
            changed = [quoted.quote(c) for c in columns if c not in {*self._keys, *keep}]
            changes = ", ".join(f"{name} = excluded.{name}" for name in changed)
            self._conflict = f" ON CONFLICT ({keys}) DO UPDATE SET {changes}"
        if where:
            self._conflict += f" WHERE {where}"
        self.in_sqlite = dialect.name == "sqlite"

    def statement(self, source: str) -> str:
        """Write the statement that takes the rows of a JSON text; `source` is where that is."""
        listed = ", ".join(self._columns)
        if self.in_sqlite:
            told = ", ".join(f"value ->> '$.{column}'" for column in self._columns)
            rows = f"SELECT {told} FROM json_each({source}) WHERE true"  # noqa: S608 - names of our own tables
        else:
            set_of = f"json_populate_recordset(NULL::{self._name}, {source}::text::json)"
            rows = f"SELECT {listed} FROM {set_of}"  # noqa: S608 - likewise
        return f"INSERT INTO {self._name} ({listed}) {rows}{self._conflict}"

    def text(self, rows: Sequence[Row]) -> str:
        """Write rows as JSON; of one key the last stays."""
        if self._keys:
            last = {tuple(row[key] for key in self._keys): row for row in rows}
            rows = [last[key] for key in sorted(last)]  # so that no two wait in a ring
        return orjson.dumps(rows).decode()


class Together:
    """Puts rows into several tables by one statement: all of them or none.

    A driver gives up and takes back the interpreter at each statement, and a server is a way off.

    Parameters
    ----------
    parts : sequence of Bulk
        The tables, all of one dialect.

    Examples
    --------
    >>> import sqlite3
    >>> from sqlalchemy import Column, Integer, MetaData
    >>> from sqlalchemy.dialects.sqlite import dialect
    >>> names = ("a", "b")
    >>> tables = [Table(name, MetaData(), Column("k", Integer, primary_key=True)) for name in names]
    >>> db = sqlite3.connect(":memory:", isolation_level=None)
    >>> for name in names:
    ...     _ = db.execute(f"CREATE TABLE {name} (k INTEGER PRIMARY KEY)")
    >>> both = Together([Bulk(table, ["k"], dialect()) for table in tables])
    >>> both.prepare(db)
    >>> both.put(db, [[{"k": 1}, {"k": 2}], [{"k": 3}]])
    >>> db.execute("SELECT k FROM a UNION SELECT k FROM b").fetchall()
    [(1,), (2,), (3,)]
    """

    def __init__(self, parts: Sequence[Bulk]) -> None:
        self._parts = parts
        if parts[0].in_sqlite:
            self._text = f"INSERT INTO temp.together VALUES ({', '.join('?' * len(parts))})"  # noqa: S608 - of marks alone
            return
        *first, last = [part.statement("%s") for part in parts]
        named = ", ".join(f"part_{k} AS ({one})" for k, one in enumerate(first))
        self._text = f"WITH {named} {last}"

    def prepare(self, connection: Any) -> None:
        """Make a driver's new connection ready: in SQLite, what the rows go through."""
        if not self._parts[0].in_sqlite:
            return
        columns = ", ".join(f"NULL AS part_{k}" for k in range(len(self._parts)))
        each = "; ".join(one.statement(f"NEW.part_{k}") for k, one in enumerate(self._parts))
        connection.execute(f"CREATE TEMP VIEW together AS SELECT {columns}")
        connection.execute(
            f"CREATE TEMP TRIGGER put INSTEAD OF INSERT ON together BEGIN {each}; END"
        )

    def put(self, connection: Any, rows: Sequence[Sequence[Row]]) -> None:
        """Put the rows of each table in, on a driver's connection."""
        texts = [part.text(own) for part, own in zip(self._parts, rows, strict=True)]
        connection.execute(self._text, texts)
