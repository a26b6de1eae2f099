"""Which at-risk contacts are left untouched on purpose, so that the list can be judged by them."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import NamedTuple

import orjson
from sqlalchemy import Connection

from recontact_serving.storage.clock import micros, now
from recontact_serving.storage.database import UPSERTS, Database, alone, put, read_meta
from recontact_serving.storage.tables import meta

PERIODS = "holdout_periods"  # since when which share is held out, as JSON
SECRET = "holdout secret"  # noqa: S105 - the name of a row
BITS = 64


@dataclass(frozen=True)
class Holdout:
    """Draws customers by a keyed hash: the same one always falls the same way.

    Attributes
    ----------
    share : float
        Of the customers, 0 to 0.5.
    secret : bytes
        Without it nobody can tell beforehand who is drawn.

    Examples
    --------
    >>> half = Holdout(0.5, b"a secret")
    >>> [half.draws("acme", f"u-{i}", "c-1") for i in range(4)]
    [True, False, False, True]
    >>> half.draws("acme", "u-3", "another contact of the same customer")
    True
    """

    share: float = 0.0
    secret: bytes = b""

    @classmethod
    def of(cls, database: Database, share: float) -> "Holdout":
        """Give the holdout of a database, which keeps the secret and since when a share holds."""
        with database.read() as db:
            if not share and not _periods(db):
                return cls()
        with database.write() as db:
            _begin(db, share)
            return cls(share, bytes.fromhex(_secret(db))) if share else cls()

    def draws(self, program: str, customer_id: str, contact_id: str) -> bool:
        """Tell whether a customer of a program is held out; unknown ones contact by contact."""
        if not self.share:
            return False
        who = orjson.dumps([program, customer_id, "" if customer_id else contact_id])
        drawn = hashlib.blake2b(who, key=self.secret, digest_size=BITS // 8).digest()
        return int.from_bytes(drawn) < self.share * 2.0**BITS


class Period(NamedTuple):
    """A time in which one share was held out.

    Attributes
    ----------
    since : int
        Its first microsecond.
    until : int or None
        When another share, or none, took its place; None: it goes on.
    holdout : Holdout
        As it drew then.
    """

    since: int
    until: int | None
    holdout: Holdout


def last_period(db: Connection) -> Period | None:
    """Give the last time in which anybody was held out; None where nobody ever was."""
    noted = _periods(db)
    ends = [*(since for since, _ in noted), None][1:]  # each ends where the next one begins
    for (since, share), until in reversed([*zip(noted, ends, strict=True)]):
        if share:
            secret = bytes.fromhex(read_meta(db, SECRET) or "")
            return Period(since, until, Holdout(share, secret))
    return None


def _periods(db: Connection) -> list[tuple[int, float]]:
    found: list[tuple[int, float]] = orjson.loads(read_meta(db, PERIODS) or "[]")
    return found


def _begin(db: Connection, share: float) -> None:
    """Note that another share holds from now on; contacts of two shares can't be compared."""
    alone(db, "holdout")
    noted = _periods(db)
    if share == (noted[-1][1] if noted else 0.0):
        return
    value = orjson.dumps([*noted, (micros(now()), share)]).decode()
    put(db, meta, [{"name": PERIODS, "value": value}])


def _secret(db: Connection) -> str:
    """Read the secret, made where there is none; of several at once the first one's counts."""
    made = UPSERTS[db.dialect.name](meta).on_conflict_do_nothing()
    db.execute(made, {"name": SECRET, "value": secrets.token_hex(32)})
    return read_meta(db, SECRET) or ""
