"""Moves what SQLite has written ahead into the database, beside those who write.

By itself SQLite does so within the commit that fills its log, which then takes as long as the disk
needs to have it all: some 15 ms rather than half a millisecond, one commit in fifty.
"""

import sqlite3
import threading
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError

from recontact_serving.storage.database import Database

EVERY_S = 1.0
MOST_PAGES = 20_000  # 80 MB: a log that grows to it, as nobody ever pauses, is moved in a commit

log = structlog.get_logger()


class Checkpoints:
    """Does so within a second of a commit; PostgreSQL needs nothing of it.

    Parameters
    ----------
    database : Database
        The database.

    Examples
    --------
    >>> Checkpoints.leave_to_others(sqlite3.connect(":memory:"))
    """

    def __init__(self, database: Database) -> None:
        self._engine = database.engine
        self._due = threading.Event()
        self._stop = threading.Event()
        self._connection: Any = None
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)

    @staticmethod
    def leave_to_others(driver: Any) -> None:
        """Let a driver's connection move pages within its commits only where there are too many."""
        driver.execute(f"PRAGMA wal_autocheckpoint={MOST_PAGES}")

    def start(self) -> None:
        """Begin."""
        if self._engine.dialect.name == "sqlite":
            self._thread.start()

    def due(self) -> None:
        """Say that something was committed."""
        self._due.set()

    def stop(self) -> None:
        """End; what is left is moved when the last connection closes."""
        self._stop.set()
        self._due.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while self._due.wait() and not self._stop.wait(EVERY_S):
            self._due.clear()
            try:
                self._move()
            except (sqlite3.Error, DBAPIError) as error:  # the writer tells of it too
                log.warning("checkpoint", error=type(error).__name__)
        if self._connection is not None:
            self._connection.invalidate()

    def _move(self) -> None:
        if self._connection is None:
            self._connection = self._engine.raw_connection()
        self._connection.driver_connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
