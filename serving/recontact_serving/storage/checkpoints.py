"""Moves what SQLite has written ahead into the database, beside those who write.

By itself SQLite does so within the commit that fills its log, which then takes as long as the disk
needs to have it all: some 15 ms rather than half a millisecond, one commit in fifty.
"""

import sqlite3
import threading
from typing import Any

import structlog

from recontact_serving.storage.database import Database

EVERY_S = 1.0
MOST_PAGES = 20_000  # 80 MB: a log that grows to it, as nobody ever pauses, is moved in a commit

log = structlog.get_logger()


class Checkpoints:
    """Does so every second; a database that is none of SQLite needs nothing of it.

    Parameters
    ----------
    database : Database
        The database.

    Examples
    --------
    >>> Checkpoints.leave_to_others(sqlite3.connect(":memory:"))
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        self._needed = database.engine.dialect.name == "sqlite"

    @staticmethod
    def leave_to_others(driver: Any) -> None:
        """Let a driver's connection move pages within its commits only where there are too many."""
        driver.execute(f"PRAGMA wal_autocheckpoint={MOST_PAGES}")

    def start(self) -> None:
        """Begin."""
        if self._needed:
            self._thread.start()

    def stop(self) -> None:
        """End; what is left is moved when the last connection closes."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        connection = self._database.engine.raw_connection()
        driver: Any = connection.driver_connection
        while not self._stop.wait(EVERY_S):
            try:
                driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            except sqlite3.Error as error:  # a full disk, say: the writer will tell of it too
                log.warning("checkpoint", error=type(error).__name__)
        connection.invalidate()
