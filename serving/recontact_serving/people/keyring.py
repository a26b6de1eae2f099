"""The keys in force, held in memory and read again every second.

So a request is admitted without a look into the database, a revoked key is dead within two
seconds in every worker, and known keys stay good for a while when the database does not answer.
"""

import math
import threading
import time
from collections.abc import Callable, Mapping

import structlog
from sqlalchemy import bindparam, or_, update
from sqlalchemy.exc import SQLAlchemyError

from recontact_serving.people import keys
from recontact_serving.people.access import Access, Bucket
from recontact_serving.storage import tables
from recontact_serving.storage.database import Database

FRESH_S = 1.0  # how often the keys are read
GUESSES = 10.0  # an unknown key has them read at once, but no oftener than this a second
PATIENCE_S = 0.5  # how long an unknown key waits for that
A_GUESS_S = 0.01  # so long a wait counts as one more: waits take a tenth of the time at most
KEPT_S = 600.0  # how long known keys stay good without the database
USES_S = 30.0  # how often the last use of a key is written

log = structlog.get_logger()


class UnreachableError(Exception):
    """Whether the key is good can't be told: the database does not answer."""


class Keyring:
    """Finds what a key may do.

    Parameters
    ----------
    database : Database
        Holds the keys.
    made : callable
        Turns a key's row into what it may do; is asked once for each key.
    """

    def __init__(self, database: Database, made: Callable[[keys.Key], Access]) -> None:
        self._database = database
        self._made = made
        self._held: Mapping[str, Access] = {}
        self._read_at = self._tried_at = -math.inf  # when the last reading that ended began
        self._under_way: float | None = None  # since when one goes on
        self._changed = threading.Condition()
        self._wanted = threading.Event()
        self._stopped = False
        self._thread: threading.Thread | None = None
        self._guesses = Bucket(GUESSES)
        self._uses = Uses(database)

    def find(self, digest: str) -> Access | None:
        """Return what the key of a digest may do, None where there is none in force.

        Raises
        ------
        UnreachableError
            It can't be told.
        """
        if self._thread is None:
            self.start()
        found = self._held.get(digest)
        if found is None:
            self._read_soon()
            found = self._held.get(digest)
        kept_s = 2 * FRESH_S if found is None else KEPT_S
        if time.monotonic() - self._read_at > kept_s:
            raise UnreachableError
        if found is not None:
            self._uses.note(digest)
        return found

    def start(self) -> None:
        """Read the keys, and from now on again and again."""
        with self._changed:
            if self._thread is not None:
                return
            self._thread = threading.Thread(target=self._run, name="keys", daemon=True)
        self._read()
        self._thread.start()

    def stop(self) -> None:
        """Read no more, and write down which keys were used."""
        self._stopped = True
        self._wanted.set()
        if self._thread is not None and self._thread.is_alive():
            self._thread.join(timeout=FRESH_S)
        self._uses.write()

    def _run(self) -> None:
        while True:
            self._wanted.wait(FRESH_S)
            self._wanted.clear()
            if self._stopped:
                return
            self._read()
            self._uses.write_soon()

    def _read(self) -> None:
        began = self._under_way = time.monotonic()
        held = None
        try:
            with self._database.read() as db:
                there = keys.live(db)
            old = self._held
            held = {key.digest: old.get(key.digest) or self._made(key) for key in there}
        except Exception as error:  # noqa: BLE001 - the keys must be read again, come what may
            log.warning("the keys can't be read", error=type(error).__name__)
        with self._changed:
            if held is not None:
                self._held, self._read_at = held, began
            self._tried_at, self._under_way = began, None
            self._changed.notify_all()

    def _read_soon(self) -> None:
        """Have the keys read again for the sake of an unknown one: it may be new.

        Guesses cost a few readings a second, a tenth of the time, and no memory; where a reading
        does not end, nobody waits for it.
        """
        asked = time.monotonic()
        began = self._under_way
        hangs = began is not None and asked - began > PATIENCE_S
        if hangs or self._guesses.take():
            return
        self._wanted.set()
        with self._changed:
            self._changed.wait_for(lambda: self._tried_at >= asked, PATIENCE_S)
        self._guesses.charge((time.monotonic() - asked) / A_GUESS_S)


class Uses:
    """When each key was used last: noted in memory, written now and then, never in the way."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: dict[str, int] = {}
        self._written: dict[str, int] = {}
        self._writer: threading.Thread | None = None

    def note(self, digest: str) -> None:
        """Note that a key is used now."""
        self._noted[digest] = time.time_ns() // 1000

    def write_soon(self) -> None:
        """Write, in a thread of its own, what was last written long enough ago."""
        idle = self._writer is None or not self._writer.is_alive()
        if idle and self._due(USES_S):
            self._writer = threading.Thread(target=self.write, args=(USES_S,), daemon=True)
            self._writer.start()

    def write(self, apart_s: float = 0.0) -> None:
        """Write what is newer by so much than what was written; a failure waits for the next."""
        due = self._due(apart_s)
        if not due:
            return
        column = tables.keys.c.last_used_at
        statement = (
            update(tables.keys)
            .where(tables.keys.c.digest == bindparam("key"))
            .where(or_(column.is_(None), column < bindparam("used")))
            .values(last_used_at=bindparam("used"))
        )
        try:
            with self._database.write() as db:
                db.execute(statement, [{"key": key, "used": at} for key, at in due.items()])
            self._written.update(due)
        except SQLAlchemyError as error:
            log.warning("the keys' last use can't be written", error=type(error).__name__)

    def _due(self, apart_s: float) -> dict[str, int]:
        noted = self._noted.copy()
        return {k: at for k, at in noted.items() if at - self._written.get(k, 0) > apart_s * 1e6}
