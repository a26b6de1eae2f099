"""How each kind of database is talked to."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from recontact.errors import UserError

KINDS = ("sqlite", "postgresql")
WRITE = {"recontact_write": True}  # options of a connection
PATIENT = {"recontact_patient": True}

BUSY_TIMEOUT_MS = 5000
PATIENCE_MS = 3_600_000  # how long a start waits for another one that changes the tables

POOL: dict[str, Any] = {"pool_size": 10, "max_overflow": 10, "pool_timeout": 5}  # of a process
CONNECTION: dict[str, Any] = {  # so that a PostgreSQL that hangs, or is gone, hangs nobody for long
    "application_name": "recontact",
    "connect_timeout": 5,  # seconds
    "keepalives_idle": 15,
    "tcp_user_timeout": 25_000,  # milliseconds until what was sent has to have arrived
}
SESSION = {  # times in milliseconds
    "statement_timeout": 20_000,
    "lock_timeout": 10_000,
    "idle_in_transaction_session_timeout": 60_000,
    "jit": "off",  # compiling a short statement took longer than running it
}


def url_of(text: str) -> URL:
    """Read a database's address.

    Raises
    ------
    UserError
        It is none, or one of a database that can't be used.

    Examples
    --------
    >>> url_of("sqlite:///recontact.db").database
    'recontact.db'
    """
    try:
        url = make_url(text)
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise UserError(
            f"RECONTACT_DATABASE_URL can't be read: {error}", mend="e.g. sqlite:///recontact.db"
        ) from error
    if url.get_backend_name() not in KINDS:
        raise UserError(
            f"the database {url} is none that recontact can use",
            mend="set RECONTACT_DATABASE_URL to an address of SQLite or PostgreSQL",
        )
    return url


def is_missing(text: str) -> bool:
    """Tell whether a database is a file that is not there yet.

    Examples
    --------
    >>> is_missing("sqlite:///no/such/file.db"), is_missing("postgresql://db/recontact")
    (True, False)
    """
    url = url_of(text)
    in_file = url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}
    return in_file and not Path(str(url.database)).exists()


def engine_of(url: URL) -> Engine:
    """Make what gives connections.

    Raises
    ------
    UserError
        The database's driver is not installed.
    """
    if url.get_backend_name() == "postgresql":
        return _postgresql(url)
    engine = create_engine(url, hide_parameters=True, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _connect_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def one_state(engine: Engine) -> Engine:
    """Give the same, but each transaction sees one state of the database however long it takes."""
    if engine.dialect.name == "sqlite":
        return engine  # it does so anyhow
    return engine.execution_options(isolation_level="REPEATABLE READ")


def closing_of(engine: Engine) -> Callable[[], None]:
    """Give what closes all its connections; one that is in use, when it is given back.

    SQLAlchemy itself would put that one aside, into a pool that nobody asks any more.
    """
    closed = Event()

    def given_back(_: Any, record: Any) -> None:
        if closed.is_set():
            record.close()

    def close() -> None:
        closed.set()
        engine.dispose()

    event.listen(engine, "checkin", given_back)
    return close


def _postgresql(url: URL) -> Engine:
    set_so = " ".join(f"-c {name}={value}" for name, value in SESSION.items())
    theirs = url.query.get("options", "")  # what the operator's address says goes before
    ours = {name: value for name, value in CONNECTION.items() if name not in url.query}
    arguments = {**ours, "options": f"{set_so} {theirs}".strip()}
    try:
        return create_engine(
            url, pool_pre_ping=True, hide_parameters=True, connect_args=arguments, **POOL
        )
    except ModuleNotFoundError as error:
        raise UserError(
            f"the database {url} needs a driver that is not installed: {error}",
            mend="pip install 'recontact[serve,postgres]'",
        ) from error


def _connect_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver would begin transactions late, by itself
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    _write_ahead(connection)
    for pragma in (
        "synchronous=NORMAL",  # survives a killed process; the last commits may miss a power cut
        "foreign_keys=ON",
        "secure_delete=ON",  # what is deleted is overwritten
    ):
        connection.execute(f"PRAGMA {pragma}")


def _write_ahead(connection: Any) -> None:
    """Switch to write-ahead mode; SQLite does not wait for others who do so too, so this does."""
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _begin_sqlite(db: Connection) -> None:
    options = db.get_execution_options()
    if "recontact_patient" in options:
        db.exec_driver_sql(f"PRAGMA busy_timeout={PATIENCE_MS}")
    db.exec_driver_sql("BEGIN IMMEDIATE" if "recontact_write" in options else "BEGIN")
    if "recontact_patient" in options:
        db.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
