"""Who among several workers and machines does what only one should do, for a time."""

from sqlalchemy import or_, update

from recontact_serving.storage.clock import micros, now
from recontact_serving.storage.database import UPSERTS, Database
from recontact_serving.storage.tables import leases

SECOND = 1_000_000


def take(database: Database, name: str, holder: str, for_s: float) -> bool:
    """Take a lease, or take it anew; tell whether it is ours now.

    It is taken by one statement that compares and sets, so that of several who try at once only
    one has it. Who ends without giving it back loses it when its time is over; clocks of machines
    may differ by less than that.

    Parameters
    ----------
    database : Database
        Where everybody looks.
    name : str
        Of what is to be done.
    holder : str
        Who wants it.
    for_s : float
        For how long.

    Examples
    --------
    >>> database = Database("sqlite://")
    >>> take(database, "tidy up", "a", 60), take(database, "tidy up", "b", 60)
    (True, False)
    >>> give_back(database, "tidy up", "a")
    >>> take(database, "tidy up", "b", 60)
    True
    """
    at = micros(now())
    row = {"name": name, "holder": holder, "until": at + round(for_s * SECOND)}
    free = or_(leases.c.holder == holder, leases.c.until <= at)
    taken = update(leases).where(leases.c.name == name, free).values(row)
    with database.write() as db:
        if db.execute(taken).rowcount:
            return True
        first = UPSERTS[db.dialect.name](leases).values(row).on_conflict_do_nothing()
        return db.execute(first.returning(leases.c.name)).first() is not None


def give_back(database: Database, name: str, holder: str) -> None:
    """Give a lease back before its time is over."""
    mine = (leases.c.name == name) & (leases.c.holder == holder)
    with database.write() as db:
        db.execute(update(leases).where(mine).values(until=0))
