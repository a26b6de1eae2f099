"""What a score reads, within its time limit: the customer's history and how busy it is.

SQLite answers in microseconds and is asked where the request is; PostgreSQL is asked by threads,
so that one that is slow keeps nobody else waiting. So is SQLite where arrivals are to be counted.
"""

import asyncio
import datetime as dt
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError

from recontact_serving.models.champions import Scores
from recontact_serving.scoring import history
from recontact_serving.storage.database import Database
from recontact_serving.storage.raw import Packed, Raw

THREADS = 4
FEW = 8  # contacts that are read one by one rather than with the whole history

log = structlog.get_logger()


class UnreadError(Exception):
    """The database does not answer in time."""


class Reader:
    """Reads what scores look back at.

    Parameters
    ----------
    database : Database
        Holds the history.
    within_s : float
        How long it may take.
    """

    def __init__(self, database: Database, within_s: float) -> None:
        dialect = database.engine.dialect
        self._database = database
        self._within_s = within_s
        self._errors: Any = dialect.dbapi  # the driver's module
        self._stamps, self._all = (
            Packed(statement, dialect) for statement in (history.STAMPS, history.HISTORY)
        )
        self._one = Raw(history.ONE, dialect)
        self._own = threading.local()
        self._held: list[Any] = []  # the connections of all threads
        self._quick = dialect.name == "sqlite"
        self._threads = ThreadPoolExecutor(THREADS, "reader")

    async def history(self, scorer: Scores, contact: Mapping[str, Any], at: dt.datetime) -> Any:
        """Give what the scorer takes as the history of a contact.

        Raises
        ------
        UnreadError
            The database does not answer, or not in time.
        """
        if self._quick and scorer.at_hand(at):
            return self._read(scorer, contact, at)
        loop = asyncio.get_running_loop()
        reading = loop.run_in_executor(self._threads, self._read, scorer, contact, at)
        try:
            async with asyncio.timeout(self._within_s):
                return await reading
        except TimeoutError:
            raise UnreadError("time") from None

    def close(self) -> None:
        """Read no more."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        for held in self._held:
            held.invalidate()

    def _read(self, scorer: Scores, contact: Mapping[str, Any], at: dt.datetime) -> Any:
        try:
            if not contact.get("customer_id"):
                return scorer.ready((), _nothing, at)
            driver, asked = self._driver(), history.asked(contact, at)
            stamps = [stamp for (stamp,) in self._stamps.all(driver, asked)]
            return scorer.ready(stamps, lambda missing: self._fetch(asked, missing), at)
        except (self._errors.Error, DBAPIError) as error:
            self._forget()
            log.warning("history", error=type(error).__name__)
            raise UnreadError(type(error).__name__) from error

    def _fetch(self, asked: Mapping[str, Any], stamps: Sequence[int]) -> dict[int, dict[str, Any]]:
        driver = self._driver()
        if len(stamps) > FEW:
            rows = self._all.all(driver, asked)
        else:
            each = (self._one.all(driver, {**asked, "stamp": stamp}) for stamp in stamps)
            rows = [row for found in each for row in found]
        wanted = set(stamps)
        return {s: one for s, one in map(history.contact_of, rows) if s in wanted}

    def _driver(self) -> Any:
        """Give this thread's connection."""
        held = getattr(self._own, "connection", None)
        if held is None:
            held = self._own.connection = self._database.engine.raw_connection()
            self._held.append(held)
            driver: Any = held.driver_connection
            if self._quick:
                driver.execute(f"PRAGMA busy_timeout={self._within_s * 1000:.0f}")
            else:
                driver.autocommit = True
        return held.driver_connection

    def _forget(self) -> None:
        held = getattr(self._own, "connection", None)
        if held is not None:
            self._own.connection = None
            self._held.remove(held)
            held.invalidate()


def _nothing(_: Sequence[int]) -> dict[int, dict[str, Any]]:
    return {}
