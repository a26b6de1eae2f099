"""Who follows which call, and the one look a worker takes at the log for all of them.

Every score is a row of `decisions`, whichever worker or machine gave it. While somebody follows
calls, one task a worker looks for rows that are new, reads the calls that are followed, once each,
and hands them out. Nobody waits for a slow reader: one whose hand is full is let go, and comes back
by itself with the number of what it saw last.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import orjson
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from recontact_serving.desktop.calls import Call, read_calls
from recontact_serving.desktop.decision_log import (
    DEEP,
    Decided,
    Log,
    last_seq,
    latest_of,
    since_then,
)
from recontact_serving.storage.database import Database

EVERY_S = 0.3
AFTER_TROUBLE_S = 2.0
HAND = 16  # events that wait for one reader
ON_A_CALL_S = 4 * 3600  # an agent's last call is shown for so long

log = structlog.get_logger()
Allowed = Callable[[Call], bool]


class Event(NamedTuple):
    """A call as it stands after a score."""

    seq: int
    call: Call
    data: bytes
    late: bool = False


class Watch:
    """One reader: what it follows, what it may see, and what it has yet to be told.

    Parameters
    ----------
    allowed : callable
        Tells whether it may see a call.
    contact_id, agent_id : str, optional
        The call, or the agent whose calls are followed.
    """

    def __init__(
        self, allowed: Allowed, *, contact_id: str | None = None, agent_id: str | None = None
    ) -> None:
        self.allowed = allowed
        self.contact_id = contact_id
        self.agent_id = agent_id
        self.hand: asyncio.Queue[Event] = asyncio.Queue(HAND)
        self.over = asyncio.Event()
        self.floor = 0  # all up to this number was there when the reader came

    def wants(self, one: Decided) -> bool:
        """Tell whether a score is of what is followed."""
        if self.contact_id is not None:
            return one.contact_id == self.contact_id
        return one.agent_id == self.agent_id

    def offer(self, event: Event) -> None:
        """Put an event into the reader's hand; a full hand ends it."""
        try:
            if self.allowed(event.call):
                self.hand.put_nowait(event)
        except asyncio.QueueFull:
            self.over.set()

    async def next(self) -> Event:
        """Wait for an event that was not there when the reader came."""
        while True:
            event = await self.hand.get()
            if event.late or event.seq > self.floor:
                return event


class CallWatching:
    """Everybody who follows calls at this worker.

    Parameters
    ----------
    database : Database
        Holds the log.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._log = Log()
        self._watches: set[Watch] = set()
        self._task: asyncio.Task[None] | None = None
        self._begun = asyncio.Event()
        self._closed = False

    def __len__(self) -> int:
        return len(self._watches)

    @contextmanager
    def watching(self, watch: Watch) -> Iterator[None]:
        """Hand events to a reader for as long as the context lasts."""
        self._watches.add(watch)
        if self._closed:
            watch.over.set()
        if self._task is None or self._task.done():
            self._begun = asyncio.Event()
            self._task = asyncio.create_task(self._look_on())
        try:
            yield
        finally:
            self._watches.discard(watch)

    async def present(self, watch: Watch, since: int | None) -> list[Event]:
        """Read what a reader has to be told at first: all that is newer than it saw last.

        Only once the log is followed: what is decided meanwhile is then told by both, not by none.
        """
        await self._begun.wait()
        return await asyncio.to_thread(self._present, watch, since)

    def close(self) -> None:
        """End every reader, those that still come too: the server is about to stop."""
        self._closed = True
        for watch in self._watches:
            watch.over.set()

    async def _look_on(self) -> None:
        """Look for new scores while somebody follows."""
        self._log = Log()
        try:
            while self._watches and not self._closed:
                await asyncio.sleep(await self._once())
        finally:  # nobody waits for what will not come
            for watch in self._watches:
                watch.over.set()

    async def _once(self) -> float:
        """Look once; return the seconds to wait."""
        try:
            found = await asyncio.to_thread(self._look, list(self._watches))
        except SQLAlchemyError as error:
            log.warning("followed calls can't be read", error=type(error).__name__)
            return AFTER_TROUBLE_S
        self._begun.set()
        self._hand_out(found)
        return EVERY_S

    def _hand_out(self, events: Iterable[tuple[Decided, Event]]) -> None:
        for one, event in events:
            for watch in self._watches:
                if watch.wants(one):
                    watch.offer(event)

    def _look(self, watches: Sequence[Watch]) -> list[tuple[Decided, Event]]:
        contacts = {w.contact_id for w in watches} - {None}
        agents = {w.agent_id for w in watches} - {None}
        with self._database.read() as db:
            new = self._log.new(db, time.monotonic())
            return _events(db, [d for d in new if d.contact_id in contacts or d.agent_id in agents])

    def _present(self, watch: Watch, since: int | None) -> list[Event]:
        with self._database.read() as db:
            end = watch.floor = last_seq(db)
            if since is None or not 0 <= end - since <= DEEP:
                found = _now(db, watch, end)
            else:
                found = [one for one in since_then(db, since) if watch.wants(one)]
            return [event for _, event in _events(db, found) if watch.allowed(event.call)]


def data(call: Call) -> bytes:
    """Write a call as the one line of JSON that an event carries."""
    return orjson.dumps(call.document)


def _now(db: Connection, watch: Watch, end: int) -> list[Decided]:
    """Find the call that is followed as it is now, or the one that its agent is on."""
    contact_id = watch.contact_id
    if watch.agent_id is not None:
        contact_id = latest_of(db, watch.agent_id, int((time.time() - ON_A_CALL_S) * 1e6))
    return [] if contact_id is None else [Decided(end, contact_id, watch.agent_id)]


def _events(db: Connection, wanted: Sequence[Decided]) -> list[tuple[Decided, Event]]:
    """Read calls as they stand now: of each, and each agent on it, the last number is told."""
    last = {(one.contact_id, one.agent_id): one for one in wanted}
    in_turn = sorted(last.values(), key=lambda one: one.seq)
    calls = read_calls(db, list({one.contact_id for one in in_turn}))
    events = {name: (call, data(call)) for name, call in calls.items()}
    known = [one for one in in_turn if one.contact_id in events]
    return [(one, Event(one.seq, *events[one.contact_id], one.late)) for one in known]
