"""Tokens for agents' browsers: short-lived, signed, each for one agent's calls or for one call.

A token says all about itself, so nothing is kept of it; the secret that signs is the database's,
so that every worker accepts what another one gave.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from typing import NamedTuple

from recontact_serving.storage.database import UPSERTS, Database, read_meta
from recontact_serving.storage.tables import meta

PREFIX = "rdt_"
LONGEST = 8000  # characters: the names of many programs fit
NOTE = "desktop_secret"


class Grant(NamedTuple):
    """What a token allows.

    Attributes
    ----------
    key : str
        Name of the key that it was made with.
    agent_id, contact_id : str or None
        Whose calls, or which call; one of both.
    programs, teams : list of str or None
        Those of the key; None: all.
    expires_at : int
        Seconds since 1970.
    """

    key: str
    agent_id: str | None
    contact_id: str | None
    programs: list[str] | None
    teams: list[str] | None
    expires_at: int


def sign(secret: str, grant: Grant) -> str:
    """Make a token.

    Examples
    --------
    >>> grant = Grant("crm", "a-7", None, None, None, 1_800_000_000)
    >>> read(sign("s", grant), "s", 1_700_000_000) == grant
    True
    """
    body = _text(json.dumps(list(grant), separators=(",", ":")).encode())
    return f"{PREFIX}{body}.{_seal(secret, body)}"


def read(token: str, secret: str, now_s: float) -> Grant | None:
    """Read a token; None for one that is forged, damaged or over.

    Examples
    --------
    >>> grant = Grant("crm", "a-7", None, None, None, 1_800_000_000)
    >>> read(sign("another secret", grant), "s", 0), read(sign("s", grant), "s", 1_900_000_000)
    (None, None)
    """
    body, _, seal = token.removeprefix(PREFIX).partition(".")
    given, right = seal.encode(errors="replace"), _seal(secret, body).encode()
    if len(token) > LONGEST or not hmac.compare_digest(given, right):
        return None
    try:
        grant = Grant(*json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))
    except (binascii.Error, ValueError, TypeError):  # an earlier form, signed by us
        return None
    return grant if now_s < grant.expires_at else None


def secret_of(database: Database) -> str:
    """Return the secret that signs tokens; the first who asks makes it."""
    with database.read() as db:
        found = read_meta(db, NOTE)
    if found is not None:
        return found
    row = {"name": NOTE, "value": secrets.token_urlsafe(32)}
    with database.write() as db:
        db.execute(UPSERTS[db.dialect.name](meta).on_conflict_do_nothing(), row)
        return read_meta(db, NOTE) or ""


def _seal(secret: str, body: str) -> str:
    signed = f"desktop {body}".encode(errors="replace")
    return _text(hmac.digest(secret.encode(), signed, hashlib.sha256))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
