"""One database: SQLite in write-ahead mode by default, PostgreSQL by its address."""

import weakref
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

from sqlalchemy import Connection, Table, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from recontact.errors import UserError
from recontact_serving.storage import migrations, tables
from recontact_serving.storage.engines import (
    BUSY_TIMEOUT_MS,
    PATIENCE_MS,
    PATIENT,
    WRITE,
    closing_of,
    engine_of,
    one_state,
    url_of,
)

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
        self.url = url_of(url)
        self.engine = engine_of(self.url)
        self._reading = one_state(self.engine)
        self._close = closing_of(self.engine)
        weakref.finalize(self, self._close)  # connections end with who held them
        try:
            self._prepare()
        except DBAPIError as error:
            raise UserError(
                f"the database {self.url} can't be opened: {error.orig}",
                mend="check RECONTACT_DATABASE_URL and who may read and write there",
            ) from error

    def _prepare(self) -> None:
        """Make the tables, or bring them to today's, once for however many start together."""
        with self.read() as db:
            step = migrations.found(db)
        if step == migrations.HEAD:
            return
        if not migrations.known(step):
            raise UserError(
                f"the database {self.url} holds tables of {migrations.named(step)}, "
                f"this recontact knows those up to step {migrations.HEAD}",
                mend="use the recontact that made it, or another RECONTACT_DATABASE_URL",
            )
        with self._begun(**WRITE, **PATIENT) as db:
            alone(db, "migrations", patient=True)
            migrations.upgrade(db)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the database."""
        with self._reading.begin() as db:
            yield db

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection whose changes are kept together or not at all.

        On SQLite it takes the write lock at once, so that what it reads can't change under it; on
        PostgreSQL `alone` does that where it matters.
        """
        with self._begun(**WRITE) as db:
            yield db

    @contextmanager
    def _begun(self, **options: bool) -> Iterator[Connection]:
        with self.engine.connect().execution_options(**options) as db, db.begin():
            yield db

    def reachable(self) -> bool:
        """Tell whether the database answers."""
        try:
            with self.read() as db:
                db.execute(select(1))
        except SQLAlchemyError:  # also where no connection came free
            return False
        return True

    def rewrite(self) -> None:
        """Take what was deleted out of the files for good; on SQLite, writers wait meanwhile.

        SQLite overwrites what it deletes, but copies may be left where it moved rows in the past,
        and in its write-ahead log. PostgreSQL cleans up by itself, later; told so, at once.
        """
        if self.engine.dialect.name == "postgresql":
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
                db.execute(text("SET statement_timeout = 0"))
                db.execute(text(f"VACUUM {', '.join(tables.metadata.tables)}"))
                db.execute(text("RESET statement_timeout"))
            return
        with closing(self.engine.raw_connection()) as raw:
            run = raw.cursor().execute
            run(f"PRAGMA busy_timeout={PATIENCE_MS}")
            run("VACUUM")
            run("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            run(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")

    def close(self) -> None:
        """Close every connection."""
        self._close()


def put(db: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; one whose primary key is there already takes the place of the old."""
    if not rows:
        return
    statement = UPSERTS[db.dialect.name](table)
    keys = table.primary_key.columns.keys()
    changes = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    db.execute(statement.on_conflict_do_update(index_elements=keys, set_=changes), rows)


def alone(db: Connection, what: str, *, patient: bool = False) -> None:
    """Wait until no other transaction does the same; until this one ends, others wait for it.

    Parameters
    ----------
    db : sqlalchemy.Connection
        A connection that may write. On SQLite it is alone already.
    what : str
        Names what only one may do at a time, in any process on any machine.
    patient : bool
        Wait, and take, as long as it needs.
    """
    if db.dialect.name != "postgresql":
        return
    if patient:
        for limit in ("lock_timeout", "statement_timeout"):
            db.execute(text(f"SET LOCAL {limit} = 0"))
    db.execute(select(func.pg_advisory_xact_lock(zlib.crc32(f"recontact {what}".encode()))))


def read_meta(db: Connection, name: str) -> str | None:
    """Read one of the database's own notes; None where it is missing."""
    found = db.execute(select(tables.meta.c.value).where(tables.meta.c.name == name)).scalar()
    return None if found is None else str(found)
