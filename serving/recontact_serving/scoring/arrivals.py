"""How busy it is now: the contacts of the last day, counted by minute as the service hears of them.

A load counts whole minutes before the minute of the instant, so what it rests on changes with the
minute only: whoever asks first in a new minute reads what has arrived since the last one.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, or_, select

from recontact.durations import MINUTE
from recontact.features.counted import is_late
from recontact.features.entities import entity
from recontact.features.loads import Loads
from recontact_serving.scoring.history import facts
from recontact_serving.storage.database import Database
from recontact_serving.storage.tables import LAST, versions

DAY = 24 * 60  # minutes: the longest load looks back so far
AFRESH = 60  # minutes after which all is read again, for the sake of what came late

Arrival = tuple[str, str, int, int]  # column, entity, minute, how many


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
        self._lock = threading.Lock()
        self._rows: list[Arrival] = []
        self._begin = self._end = self._read_at = 0  # minutes that are counted
        self._loads = Loads({}, 0)

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

    def _up_to(self, minute: int) -> Loads:
        """Give the arrivals of the day before a minute."""
        with self._lock:
            if not self._begin <= minute - DAY <= minute <= self._end:
                self._read(minute)
            return self._loads

    def _read(self, minute: int) -> None:
        later = self._begin <= minute - DAY and minute - self._read_at < AFRESH
        since = self._end if later and minute > self._end else minute - DAY
        with self._database.read() as db:
            new = list(self._arrived(db, since, minute))
        if since == self._end:
            self._rows = [row for row in self._rows if row[2] >= minute - DAY - AFRESH] + new
            self._begin = max(self._begin, minute - DAY - AFRESH)
        else:
            self._rows, self._begin, self._read_at = new, since, minute
        self._end = minute
        self._loads = Loads.from_rows(self._rows, self._begin)

    def _arrived(self, db: Connection, begin: int, end: int) -> list[Arrival]:
        """Read what arrived, or became known, in some minutes."""
        since, until = begin * MINUTE, end * MINUTE
        wanted = or_(
            versions.c.started_at.between(since, until - 1),
            versions.c.known_at.between(since, until - 1),
        )
        found: dict[tuple[str, str, int], int] = {}
        for row in db.execute(
            select(versions).where(wanted, versions.c.valid_to == LAST)
        ).mappings():
            for of, name, instant in self._entities(dict(row)):
                if since <= instant < until:
                    key = (of, name, instant // MINUTE)
                    found[key] = found.get(key, 0) + 1
        return [(*key, count) for key, count in found.items()]

    def _entities(self, row: Mapping[str, Any]) -> list[tuple[str, str, int]]:
        """Give the entities that a contact arrived at, each with the instant that counts."""
        contact = facts(row)
        if (contact.get("direction") or "inbound") != "inbound":
            return []
        found = []
        for of in self._columns:
            late = is_late(of, self._known)
            if contact.get(of) in (None, "") or (late and row["known_at"] is None):
                continue
            instant = max(row["started_at"], row["known_at"]) if late else row["started_at"]
            found.append((of, entity(of, row["program"] or None, contact[of]), instant))
        return found
