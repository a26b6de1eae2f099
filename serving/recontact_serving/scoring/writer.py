"""What scores leave behind: one thread commits all that has gathered, then the answers go out.

A commit costs about as much for eight scores as for one, so under load several share one.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import structlog

from recontact_serving.follow_up import follow_ups
from recontact_serving.scoring import history, latest
from recontact_serving.scoring.decisions import COLUMNS as DECISION
from recontact_serving.storage.checkpoints import Checkpoints
from recontact_serving.storage.database import Database
from recontact_serving.storage.raw import Bulk, Together
from recontact_serving.storage.tables import decisions, scores, versions
from recontact_serving.storage.tables import follow_ups as listed
from recontact_serving.web.metrics import Metrics

MOST = 10_000  # scores that wait for a database that does not answer
AGAIN_S = 0.5
STOP_S = 5.0

log = structlog.get_logger()


class Kept(NamedTuple):
    """The rows of one score.

    Attributes
    ----------
    arrival : mapping
        Of `contact_versions`: that the contact began.
    score : mapping
        Of `scores`: the latest of the contact at its moment.
    decision : mapping
        Of `decisions`: all that gives the answer again.
    follow_up : mapping or None
        Of `follow_ups`: at wrap-up, the contact's row of the list.
    """

    arrival: Mapping[str, Any]
    score: Mapping[str, Any]
    decision: Mapping[str, Any]
    follow_up: Mapping[str, Any] | None = None


class _Order(NamedTuple):
    rows: Sequence[Kept]
    done: "asyncio.Future[bool]"
    loop: asyncio.AbstractEventLoop


class Writer:
    """Keeps scores.

    Parameters
    ----------
    database : Database
        Where they are kept.
    metrics : Metrics
        Is told how long commits take and how many scores wait.
    """

    def __init__(self, database: Database, metrics: Metrics) -> None:
        self._database = database
        self._metrics = metrics
        dialect = database.engine.dialect
        new = "contact_versions.known_at IS NULL AND contact_versions.stamp <> excluded.stamp"
        done = follow_ups.DONE
        self._tables = Together(
            [
                Bulk(versions, history.COLUMNS, dialect, replace=True, where=new),
                Bulk(scores, latest.COLUMNS, dialect, replace=True),
                Bulk(listed, follow_ups.COLUMNS, dialect, replace=True, keep=done),
                Bulk(decisions, DECISION, dialect),
            ]
        )
        self._errors: Any = dialect.dbapi  # the driver's module
        self._waiting: deque[_Order] = deque()
        self._more = threading.Event()
        self._stopping = False
        self._connection: Any = None
        self._checkpoints = Checkpoints(database)
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._checkpoints.start()
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, for some seconds at most, and end."""
        self._stopping = True
        self._more.set()
        if self._thread.is_alive():
            self._thread.join(timeout=STOP_S)
        self._checkpoints.stop()

    async def keep(self, rows: Sequence[Kept], within_s: float) -> bool:
        """Keep the rows of scores; tell whether they are kept by now.

        Parameters
        ----------
        rows : sequence of Kept
            Kept together or not at all.
        within_s : float
            How long to wait for it.

        Returns
        -------
        bool
            False where the database has not taken them yet: they wait in memory, unless too
            many do.

        Raises
        ------
        Exception
            The driver's, where it can't take these rows.
        """
        if len(self._waiting) >= MOST:
            self._metrics.dropped(len(rows))
            return False
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bool] = loop.create_future()
        self._waiting.append(_Order(rows, done, loop))
        loop.call_soon(self._more.set)  # after the scores that are at hand too
        late = loop.call_later(within_s, _settle, [done], False)
        try:
            return await done
        finally:
            late.cancel()

    def _run(self) -> None:
        while not (self._stopping and not self._waiting):
            self._more.wait()
            self._more.clear()
            while self._waiting:
                orders = [self._waiting.popleft() for _ in range(len(self._waiting))]
                if not self._written(orders):
                    self._waiting.extendleft(reversed(orders))
                    if self._stopping:
                        log.error("not kept", scores=sum(len(one.rows) for one in orders))
                        return
                    threading.Event().wait(AGAIN_S)
        self._close()

    def _written(self, orders: Sequence[_Order]) -> bool:
        """Commit orders together; one by one where one of them can't be taken."""
        try:
            self._commit([row for one in orders for row in one.rows])
        except (self._errors.DataError, self._errors.IntegrityError) as error:
            if len(orders) == 1:
                _tell(orders, error)
                return True
            return all(self._written([one]) for one in orders)
        except self._errors.Error as error:
            self._close()
            log.warning("the database takes no scores", error=type(error).__name__)
            return False
        _tell(orders, None)
        return True

    def _commit(self, rows: Sequence[Kept]) -> None:
        if self._connection is None:
            self._connect()
        driver = self._connection.driver_connection
        began, told, log_rows, listing = zip(*rows, strict=True)
        with self._metrics.stage("commit"):
            self._tables.put(driver, [began, told, [row for row in listing if row], log_rows])
        self._checkpoints.due()

    def _connect(self) -> None:
        """Open the connection; each statement on it is a transaction."""
        self._connection = self._database.engine.raw_connection()
        driver = self._connection.driver_connection
        if self._database.engine.dialect.name != "sqlite":
            driver.autocommit = True
        else:
            Checkpoints.leave_to_others(driver)
        self._tables.prepare(driver)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection = None


def _tell(orders: Sequence[_Order], error: Exception | None) -> None:
    """Tell those who wait what became of their rows, all of one loop by one call."""
    for loop in {one.loop for one in orders}:
        own = [one.done for one in orders if one.loop is loop]
        try:
            loop.call_soon_threadsafe(_settle, own, True if error is None else error)
        except RuntimeError:  # the loop has ended: nobody waits any more
            log.debug("kept after the end", scores=len(own))


def _settle(waiting: Sequence["asyncio.Future[bool]"], kept: bool | Exception) -> None:
    """Tell those who still wait whether their rows are kept, or why they can't be."""
    for done in waiting:
        if done.done():
            continue
        if isinstance(kept, Exception):
            done.set_exception(kept)
        else:
            done.set_result(kept)
