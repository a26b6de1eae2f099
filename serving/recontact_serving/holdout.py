"""Which at-risk contacts are left untouched on purpose, so that the list can be judged by them."""

import hashlib
import secrets
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection

from recontact_serving.database import UPSERTS, Database, read_meta
from recontact_serving.tables import meta

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
        """Give the holdout of a database, which keeps the secret from its first use on."""
        if not share:
            return cls()
        with database.write() as db:
            return cls(share, bytes.fromhex(_secret(db)))

    def draws(self, program: str, customer_id: str, contact_id: str) -> bool:
        """Tell whether a customer of a program is held out; unknown ones contact by contact."""
        if not self.share:
            return False
        who = orjson.dumps([program, customer_id, "" if customer_id else contact_id])
        drawn = hashlib.blake2b(who, key=self.secret, digest_size=BITS // 8).digest()
        return int.from_bytes(drawn) < self.share * 2**BITS


def _secret(db: Connection) -> str:
    """Read the secret, made where there is none; of several at once the first one's counts."""
    made = UPSERTS[db.dialect.name](meta).on_conflict_do_nothing()
    db.execute(made, {"name": SECRET, "value": secrets.token_hex(32)})
    return read_meta(db, SECRET) or ""
