"""People and their sessions: kept so that a copy of the database opens nothing.

A password is kept as Argon2id; a session's token is 256 random bits, so its SHA-256 is enough.
"""

import datetime as dt
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Connection, delete, func, select
from sqlalchemy.exc import IntegrityError

from recontact.errors import UserError
from recontact_serving.clock import instant, micros, now
from recontact_serving.keys import digest
from recontact_serving.tables import keys, sessions, users

SHORTEST_PASSWORD = 12
SESSION = dt.timedelta(hours=12)

_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash(secrets.token_urlsafe())  # unknown names take as long as wrong passwords


def add_user(db: Connection, name: str, password: str) -> None:
    """Add a person who may sign in.

    Raises
    ------
    UserError
        The name is taken or the password too short.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise UserError(
            f"the password has {len(password)} characters",
            mend=f"choose one of at least {SHORTEST_PASSWORD}; several words make a good one",
        )
    row = {"name": name, "password": _HASHER.hash(password), "created_at": micros(now())}
    try:
        db.execute(users.insert(), row)
    except IntegrityError as error:
        raise UserError(
            f"there is a user named '{name}' already",
            mend="choose another name; `recontact users list` shows those there are",
        ) from error


def list_users(db: Connection) -> list[tuple[str, dt.datetime]]:
    """List the people who may sign in and since when, the earliest first."""
    rows = db.execute(select(users.c.name, users.c.created_at).order_by(users.c.created_at))
    return [(row.name, instant(row.created_at)) for row in rows]


def remove_user(db: Connection, name: str) -> None:
    """Remove a person, and end their sessions."""
    _changed(
        db.execute(delete(users).where(users.c.name == name)).rowcount,
        f"there is no user named '{name}'",
        "`recontact users list` shows those there are",
    )


def nobody_may_enter(db: Connection) -> bool:
    """Tell whether there is neither a key in force nor a person."""
    live = db.execute(select(func.count()).where(keys.c.revoked_at.is_(None))).scalar_one()
    return not live and not db.execute(select(func.count()).select_from(users)).scalar_one()


def check_password(db: Connection, name: str, password: str) -> bool:
    """Tell whether this is the person's password; takes as long for an unknown name."""
    kept = db.execute(select(users.c.password).where(users.c.name == name)).scalar()
    try:
        _HASHER.verify(kept or _NOBODY, password)
    except VerificationError:
        return False
    return kept is not None


def begin_session(db: Connection, user: str) -> str:
    """Sign a person in; return the session's token."""
    token = secrets.token_urlsafe(32)
    at = now()
    db.execute(delete(sessions).where(sessions.c.expires_at < micros(at)))
    row = {"digest": digest(token), "user": user, "expires_at": micros(at + SESSION)}
    db.execute(sessions.insert(), row)
    return token


def session_user(db: Connection, token: str) -> str | None:
    """Return who is signed in with a session's token, None for nobody."""
    live = sessions.c.expires_at >= micros(now())
    asked = select(sessions.c.user).where(sessions.c.digest == digest(token), live)
    return db.execute(asked).scalar()


def end_session(db: Connection, token: str) -> None:
    """Sign a person out."""
    db.execute(delete(sessions).where(sessions.c.digest == digest(token)))


def _changed(rows: int, what: str, mend: str) -> None:
    if not rows:
        raise UserError(what, mend)
