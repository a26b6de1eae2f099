"""One database: SQLite in write-ahead mode by default, anything SQLAlchemy's Core reaches else."""

import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from recontact.errors import UserError
from recontact_serving import tables

BUSY_TIMEOUT_MS = 5000
UPSERTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Database:
    """The service's database, its tables made where they are missing.

    Parameters
    ----------
    url : str
        As SQLAlchemy writes it, for instance ``sqlite:///recontact.db``.

    Raises
    ------
    UserError
        The address can't be read or reached, or holds another version's tables.

    Examples
    --------
    >>> database = Database("sqlite://")
    >>> with database.write() as db:
    ...     put(db, tables.meta, [{"name": "colour", "value": "blue"}])
    >>> with database.read() as db:
    ...     read_meta(db, "colour")
    'blue'
    """

    def __init__(self, url: str) -> None:
        self.url = _url(url)
        self.engine = _engine(self.url)
        weakref.finalize(self, self.engine.dispose)  # connections end with who held them
        try:
            self._prepare()
        except OperationalError as error:
            raise UserError(
                f"the database {self.url} can't be opened: {error.orig}",
                mend="check RECONTACT_DATABASE_URL and who may read and write there",
            ) from error

    def _prepare(self) -> None:
        with self.write() as db:
            tables.metadata.create_all(db)
            found = read_meta(db, "schema")
            if found is None:
                put(db, tables.meta, [{"name": "schema", "value": tables.SCHEMA_VERSION}])
        if found not in {None, tables.SCHEMA_VERSION}:
            raise UserError(
                f"the database {self.url} holds tables of version {found}, "
                f"this recontact needs {tables.SCHEMA_VERSION}",
                mend="use the recontact that made it, or another RECONTACT_DATABASE_URL",
            )

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the database."""
        with self.engine.begin() as db:
            yield db

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection whose changes are kept together or not at all.

        On SQLite it takes the write lock at once, so that what it reads can't change under it.
        """
        with self.engine.connect().execution_options(recontact_write=True) as db, db.begin():
            yield db

    def reachable(self) -> bool:
        """Tell whether the database answers."""
        try:
            with self.read() as db:
                db.execute(select(1))
        except DBAPIError:
            return False
        return True

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def put(db: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; one whose primary key is there already takes the place of the old."""
    if not rows:
        return
    statement = UPSERTS[db.dialect.name](table)
    keys = table.primary_key.columns.keys()
    changes = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    db.execute(statement.on_conflict_do_update(index_elements=keys, set_=changes), rows)


def read_meta(db: Connection, name: str) -> str | None:
    """Read one of the database's own notes; None where it is missing."""
    found = db.execute(select(tables.meta.c.value).where(tables.meta.c.name == name)).scalar()
    return None if found is None else str(found)


def _url(text: str) -> URL:
    try:
        url = make_url(text)
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise UserError(
            f"RECONTACT_DATABASE_URL can't be read: {error}", mend="e.g. sqlite:///recontact.db"
        ) from error
    if url.get_backend_name() not in UPSERTS:
        raise UserError(
            f"the database {url} is none that recontact can use",
            mend="set RECONTACT_DATABASE_URL to an address of SQLite or PostgreSQL",
        )
    return url


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _connect_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _connect_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver would begin transactions late, by itself
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=NORMAL",  # survives a killed process; the last commits may miss a power cut
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(db: Connection) -> None:
    write = db.get_execution_options().get("recontact_write")
    db.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
