"""How often somebody may try to sign in: by name and by address, counted for all workers together.

Some tries may come at once, further ones at a slow pace. So guessing goes at a crawl, and nobody is
locked out for good: whoever waits a minute gets a try. One that came too early is not looked at and
does not count. Names and addresses are kept as digests: people type passwords into the field of the
name.
"""

import math
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from sqlalchemy import Connection, delete, select

from recontact_serving.people.keys import digest
from recontact_serving.storage.clock import micros, now
from recontact_serving.storage.database import alone, put
from recontact_serving.storage.tables import attempts


class Pace(NamedTuple):
    """How many tries may come at once, and how many seconds make good for one."""

    at_once: int
    every_s: int

    def wait(self, until: int, at: int) -> int:
        """Give the microseconds to wait, where all tries so far are made good by an instant."""
        return until - at - (self.at_once - 1) * self.every

    @property
    def every(self) -> int:
        """The seconds, in microseconds."""
        return self.every_s * 1_000_000


NAME = Pace(10, 60)  # below a hundred an hour
ADDRESS = Pace(30, 10)  # a whole site may be behind one


def begin(db: Connection, name: str, address: str) -> int:
    """Count a try before the password is looked at; return 0, or the seconds to wait for one.

    Parameters
    ----------
    db : sqlalchemy.Connection
        A connection that may write.
    name : str
        What was typed, whether or not there is such a person.
    address : str
        Where it came from.

    Examples
    --------
    >>> from recontact_serving.storage.database import Database
    >>> with Database("sqlite://").write() as db:
    ...     [begin(db, "ada", "192.0.2.1") > 0 for _ in range(12)][-3:]
    [False, True, True]
    """
    alone(db, "attempts")
    at = micros(now())
    db.execute(delete(attempts).where(attempts.c.until <= at))
    paces = _paces(name, address)
    asked = select(attempts.c.key, attempts.c.until).where(attempts.c.key.in_(paces))
    until = dict.fromkeys(paces, at) | {row.key: row.until for row in db.execute(asked)}
    wait = max(pace.wait(until[key], at) for key, pace in paces.items())
    if wait > 0:
        return math.ceil(wait / 1_000_000)
    rows = [{"key": key, "until": until[key] + pace.every} for key, pace in paces.items()]
    put(db, attempts, rows)
    return 0


def forget(db: Connection, name: str, address: str) -> None:
    """Count nothing against a person who has signed in; the address gets this try back."""
    by_name, by_address = _paces(name, address)
    db.execute(delete(attempts).where(attempts.c.key == by_name))
    mine = attempts.c.key == by_address
    back = attempts.c.until - ADDRESS.every
    db.execute(attempts.update().where(mine).values(until=back))


def _paces(name: str, address: str) -> dict[str, Pace]:
    return {f"name {digest(name)}": NAME, f"address {digest(_network(address))}": ADDRESS}


def _network(address: str) -> str:
    """Take the many addresses that one connection has by IPv6 for one.

    Examples
    --------
    >>> _network("2001:db8:0:1:2::3"), _network("192.0.2.1"), _network("")
    ('20010db800000001', '192.0.2.1', '')
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return found.packed[:8].hex() if isinstance(found, IPv6Address) else address
