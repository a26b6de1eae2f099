"""Reads the log of decisions as it grows: each row once, also those that show up out of turn."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select

from recontact_serving.storage.tables import decisions

LATE_S = 3.0  # PostgreSQL shows rows out of turn: so long one is waited for
MOST_LATE = 500
AT_ONCE = 500  # rows of one look
DEEP = 5_000  # rows in which a reader who comes back is brought up to date


class Decided(NamedTuple):
    """A row of the log: that a contact was scored, who was on it, whether it is out of turn."""

    seq: int
    contact_id: str
    agent_id: str | None
    late: bool = False


class Log:
    """Tells what is new in the log since it was last asked.

    A number that is left out may be that of a row whose transaction is not over; it is looked for
    again for some seconds. The first look tells nothing: it finds the end.
    """

    def __init__(self) -> None:
        self._last: int | None = None
        self._late: dict[int, float] = {}  # numbers left out, and when that was noticed

    def new(self, db: Connection, now_s: float) -> list[Decided]:
        """Read the rows that were not there at the last look."""
        if self._last is None:
            self._begin(db, now_s)
            return []
        self._late = {seq: at for seq, at in self._late.items() if now_s - at < LATE_S}
        found = decided(db, decisions.c.seq > self._last, AT_ONCE)
        late = decided(db, decisions.c.seq.in_(list(self._late))) if self._late else []
        for one in late:
            del self._late[one.seq]
        if found:
            self._miss(self._last + 1, found, now_s)
            self._last = found[-1].seq
        return [one._replace(late=True) for one in late] + found

    def _begin(self, db: Connection, now_s: float) -> None:
        self._last = last_seq(db)
        there = decided(db, decisions.c.seq > self._last - MOST_LATE)
        self._miss(1, there, now_s)

    def _miss(self, first: int, found: list[Decided], now_s: float) -> None:
        """Note which numbers are left out."""
        if not found:
            return
        there, last = {one.seq for one in found}, found[-1].seq
        missing = (seq for seq in range(max(first, last - MOST_LATE), last) if seq not in there)
        self._late.update(dict.fromkeys(missing, now_s))
        for seq in sorted(self._late)[:-MOST_LATE]:
            del self._late[seq]


def decided(db: Connection, where: ColumnElement[bool], most: int = DEEP) -> list[Decided]:
    """Read rows of the log in turn."""
    columns = (decisions.c.seq, decisions.c.contact_id, decisions.c.agent_id)
    query = select(*columns).where(where).order_by(decisions.c.seq).limit(most)
    return [Decided(*row) for row in db.execute(query)]


def since_then(db: Connection, seq: int) -> list[Decided]:
    """Read the rows after a number."""
    return decided(db, decisions.c.seq > seq)


def last_seq(db: Connection) -> int:
    """Return the number of the newest row, 0 for none."""
    return int(db.execute(select(func.max(decisions.c.seq))).scalar() or 0)


def latest_of(db: Connection, agent_id: str, since: int) -> str | None:
    """Return the contact that an agent was last scored on, None where that is long ago."""
    latest = (
        select(decisions.c.contact_id, decisions.c.scored_at)
        .where(decisions.c.agent_id == agent_id)
        .order_by(decisions.c.seq.desc())
        .limit(1)
    )
    row = db.execute(latest).first()
    return str(row.contact_id) if row is not None and row.scored_at >= since else None
