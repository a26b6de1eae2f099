"""How busy it is now: the contacts of the last day, counted by minute as the service hears of them.

A load counts whole minutes before the minute of the instant, so what it rests on changes with the
minute only: whoever asks first in a new minute reads what has arrived since the last one. Nobody
who asks for an instant that is at hand waits for it.
"""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import structlog
from sqlalchemy.exc import SQLAlchemyError

from recontact.durations import MINUTE
from recontact.features.loads import Loads
from recontact_serving.scoring.arrived import arrived
from recontact_serving.storage.database import Database

DAY = 24 * 60  # minutes: the longest load looks back so far
AFRESH = 60  # minutes after which all is read again, for the sake of what came late
WINDOWS = 2  # that are at hand: the present, and what somebody asks about another time

log = structlog.get_logger()


class Window(NamedTuple):
    """The arrivals of some minutes: from the first one to before the last."""

    begin: int
    end: int
    read_at: int  # the minute in which all of it was read
    loads: Loads

    def covers(self, minute: int) -> bool:
        """Tell whether it holds the day before a minute."""
        return self.begin + DAY <= minute <= self.end

    def leads_to(self, minute: int) -> bool:
        """Tell whether it does once the minutes since its end are read, less than a day."""
        return self.begin + DAY <= minute and self.end < minute < self.end + DAY


class Arrivals:
    """Counts the arrivals before an instant, from the database, and tells what is usual.

    Parameters
    ----------
    database : Database
        Holds the contacts.
    columns : sequence of str
        The columns whose entities' loads are asked for.
    known : mapping of str to str
        Column to the moment from which it is known.
    usual : Loads
        Arrivals by hour of the weeks before (`recontact_serving.hourly.rates`).
    """

    def __init__(
        self,
        database: Database,
        columns: Sequence[str],
        known: Mapping[str, str],
        usual: Loads,
    ) -> None:
        self._database = database
        self._columns = columns
        self._known = known
        self._usual = usual
        self._reading = threading.Lock()  # one reads, whoever needs the same waits for it
        self._windows: tuple[Window, ...] = ()  # the last used first; taken in as one object
        self._apart = ThreadPoolExecutor(1, "arrivals")
        self._afresh: Future[Window] | None = None

    def at_hand(self, at: int) -> bool:
        """Tell whether nothing has to be read for an instant."""
        return self._found(at // MINUTE) is not None

    def prepare(self, at: int) -> None:
        """Read what arrived in the day before an instant, where it is not at hand."""
        self._up_to(at // MINUTE)

    def load_at(
        self, of: str, within: int, program: str | None, name: object, at: int, own_since: int
    ) -> float | None:
        """Give what `Loads.load_at` gives."""
        if name is None:
            return None
        found = self._up_to(at // MINUTE)
        return found.load_at(of, within, program, name, at, own_since)

    def usual_at(
        self, of: str, within: int, program: str | None, name: object, at: int
    ) -> float | None:
        """Give what `Loads.usual_at` gives."""
        return self._usual.usual_at(of, within, program, name, at)

    def as_of(self, at: int) -> Loads:
        """Give the arrivals that are counted, another object once more are."""
        return self._up_to(at // MINUTE)

    def settle(self) -> None:
        """Wait until what is read apart is there; it is taken in with the next minute."""
        if self._afresh is not None:
            self._afresh.exception()

    def _up_to(self, minute: int) -> Loads:
        """Give the arrivals of the day before a minute."""
        found = self._found(minute)
        if found is None:
            with self._reading:
                found = self._found(minute) or self._read(minute)
        return found.loads

    def _found(self, minute: int) -> Window | None:
        return next((one for one in self._windows if one.covers(minute)), None)

    def _read(self, minute: int) -> Window:
        """Read what is not at hand, and keep it in place of what it goes on from."""
        last = next((one for one in self._windows if one.leads_to(minute)), None)
        window = self._whole(minute) if last is None else self._later(last, minute)
        others = [one for one in self._windows if one is not last]
        self._windows = (window, *others)[:WINDOWS]
        return window

    def _later(self, last: Window, minute: int) -> Window:
        """Go on to a minute: from what was read afresh meanwhile, where that is there."""
        last = self._read_afresh(minute) or last
        if minute - last.read_at >= AFRESH and self._afresh is None:
            self._afresh = self._apart.submit(self._whole, minute)
        begin = minute - DAY - AFRESH
        new = self._loads(last.end, minute)
        loads = Loads.together([last.loads, *new], max(begin, last.begin))
        return Window(loads.since, minute, last.read_at, loads)

    def _read_afresh(self, minute: int) -> Window | None:
        if self._afresh is None or not self._afresh.done():
            return None
        done, self._afresh = self._afresh, None
        try:
            window = done.result()
        except SQLAlchemyError as error:
            log.warning("arrivals", error=type(error).__name__)
            return None
        return window if window.leads_to(minute) else None

    def _whole(self, minute: int) -> Window:
        """Read the day before a minute, and an hour more for whoever asks a little later."""
        begin = minute - DAY - AFRESH
        loads = Loads.together(self._loads(begin, minute), begin)
        return Window(begin, minute, minute, loads)

    def _loads(self, begin: int, end: int) -> list[Loads]:
        with self._database.read() as db:
            parts = arrived(db, self._columns, self._known, begin, end)
            return [Loads.from_rows(rows, begin) for rows in parts]
