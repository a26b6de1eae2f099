"""People who may sign in: by name, with a role, for some programs and teams or for all."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from recontact.errors import UserError
from recontact_serving.people import limits, passwords
from recontact_serving.people.access import Access
from recontact_serving.people.roles import LEAST, ROLES, scopes_of
from recontact_serving.storage.clock import instant, micros, now
from recontact_serving.storage.database import alone
from recontact_serving.storage.tables import keys, sessions, users

LISTED = "`recontact users list` shows those there are"
LAST_ADMIN = "make somebody else an admin first: recontact users set NAME --role admin"

Names = Sequence[str] | None


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in; `programs` and `teams` are None where they are not limited."""

    name: str
    role: str
    programs: tuple[str, ...] | None
    teams: tuple[str, ...] | None
    agent_id: str | None
    created_at: dt.datetime
    local: bool  # signs in with a password kept here
    subject: str | None

    @property
    def access(self) -> Access:
        """What this person may do."""
        programs, teams = (
            None if some is None else frozenset(some) for some in (self.programs, self.teams)
        )
        scopes = scopes_of(self.role)
        return Access(self.name, scopes, programs, teams, None, self.role, self.agent_id)


def add_user(
    db: Connection,
    name: str,
    password: str | None,
    role: str | None = None,
    *,
    programs: Names = None,
    teams: Names = None,
    agent_id: str | None = None,
    subject: str | None = None,
) -> Person:
    """Add a person who may sign in.

    Parameters
    ----------
    db : sqlalchemy.Connection
        A connection that may write.
    name : str
        What the person signs in with.
    password : str or None
        None: signs in elsewhere.
    role : str, optional
        One of `recontact_serving.people.roles.ROLES`. By default the first person is `admin`, and
        whoever comes later `agent`, which opens least.
    programs, teams : sequence of str, optional
        The only ones whose contacts the person sees; None: all.
    agent_id : str, optional
        Whose contacts are the person's own.
    subject : str, optional
        Issuer and subject at the identity provider.

    Raises
    ------
    UserError
        The name is taken, or a value can't be used.

    Examples
    --------
    >>> from recontact_serving.storage.database import Database
    >>> with Database("sqlite://").write() as db:
    ...     [add_user(db, name, "correct horse battery").role for name in ("ada", "ben")]
    ['admin', 'agent']
    """
    alone(db, "people")
    role = role or (LEAST if _number_of(db) else "admin")
    limits.check({"name": [name]})
    new = rights(role, programs, teams, agent_id)
    if password is not None:
        passwords.check_new(password, name)
    row = {
        "name": name,
        "password": None if password is None else passwords.hashed(password),
        "created_at": micros(now()),
        "subject": subject,
        **new,
    }
    try:
        db.execute(users.insert(), row)
    except IntegrityError as error:
        raise UserError(
            f"there is a user named '{name}' already",
            mend="choose another name; `recontact users list` shows those there are",
        ) from error
    return find_user(db, name)


def set_rights(
    db: Connection, name: str, role: str, programs: Names, teams: Names, agent_id: str | None
) -> Person:
    """Change what a person may do; where that changes the role, all sessions of theirs end.

    Raises
    ------
    UserError
        There is no such person, a value can't be used, or nobody would be an admin any more.
    """
    alone(db, "people")
    before, new = find_user(db, name), rights(role, programs, teams, agent_id)
    if before.role == "admin" and role != "admin":
        _keep_an_admin(db, name)
    return give(db, before, new)


def give(db: Connection, before: Person, new: Mapping[str, Any]) -> Person:
    """Give a person other `rights`, whoever is an admin then; another role ends all sessions."""
    db.execute(update(users).where(users.c.name == before.name).values(**new))
    if before.role != new["role"]:
        end_sessions(db, before.name)
    return find_user(db, before.name)


def rights(role: str, programs: Names, teams: Names, agent_id: str | None) -> dict[str, Any]:
    """Write what a person may do as it is kept.

    Raises
    ------
    UserError
        A value can't be used.
    """
    if role not in ROLES:
        raise UserError(f"'{role}' is no role", mend=f"roles are {', '.join(ROLES)}")
    if role == "admin" and (programs is not None or teams is not None):
        raise UserError(
            "an admin sees every program and team",
            mend="take the programs and teams away, or choose another role",
        )
    own = [agent_id] if agent_id else []
    limits.check({"program": programs or (), "team": teams or (), "agent id": own})
    texts = {"programs": limits.as_text(programs), "teams": limits.as_text(teams)}
    return {"role": role, "agent_id": agent_id or None, **texts}


def set_password(db: Connection, name: str, password: str) -> None:
    """Give a person another password, and end all sessions of theirs.

    Raises
    ------
    UserError
        There is no such person, the person signs in elsewhere, or the password can't be used.
    """
    if find_user(db, name).subject is not None:
        raise UserError(
            f"'{name}' signs in elsewhere and has no password here",
            mend="change it at the identity provider",
        )
    passwords.check_new(password, name)
    new = passwords.hashed(password)
    db.execute(update(users).where(users.c.name == name).values(password=new))
    end_sessions(db, name)


def end_sessions(db: Connection, name: str) -> int:
    """End all sessions of a person; return how many there were."""
    return db.execute(delete(sessions).where(sessions.c.user == name)).rowcount


def remove_user(db: Connection, name: str) -> None:
    """Remove a person, and end their sessions.

    The last admin stays as long as there is anybody else.

    Raises
    ------
    UserError
        There is no such person, or nobody would be an admin any more.
    """
    alone(db, "people")
    if find_user(db, name).role == "admin" and _number_of(db) > 1:
        _keep_an_admin(db, name)
    db.execute(delete(users).where(users.c.name == name))


def find_user(db: Connection, name: str) -> Person:
    """Return a person.

    Raises
    ------
    UserError
        There is none of this name.
    """
    row = db.execute(select(users).where(users.c.name == name)).first()
    if row is None:
        raise UserError(f"there is no user named '{name}'", mend=LISTED)
    return person_of(row)


def is_there(db: Connection, name: str) -> bool:
    """Tell whether there is a person of this name."""
    return db.execute(select(users.c.name).where(users.c.name == name)).first() is not None


def list_users(db: Connection) -> list[Person]:
    """List the people who may sign in, the earliest first."""
    in_turn = select(users).order_by(users.c.created_at, users.c.name)
    return [person_of(row) for row in db.execute(in_turn)]


def nobody_may_enter(db: Connection) -> bool:
    """Tell whether there is neither a key in force nor a person."""
    live = db.execute(select(func.count()).where(keys.c.revoked_at.is_(None))).scalar_one()
    return not live and not _number_of(db)


def check_password(db: Connection, name: str, password: str) -> bool:
    """Tell whether this is the person's password; takes as long for an unknown name."""
    kept = db.execute(select(users.c.password).where(users.c.name == name)).scalar()
    return passwords.is_right(kept, password)


def renew(db: Connection, name: str, password: str) -> None:
    """Keep a right password in today's way, where it was kept in an older one."""
    kept = db.execute(select(users.c.password).where(users.c.name == name)).scalar()
    if kept is not None and passwords.is_old(kept):
        new = passwords.hashed(password)
        same = (users.c.name == name) & (users.c.password == kept)
        db.execute(update(users).where(same).values(password=new))


def person_of(row: Row[Any]) -> Person:
    """Read a person from a row."""
    return Person(
        row.name,
        row.role,
        limits.from_text(row.programs),
        limits.from_text(row.teams),
        row.agent_id,
        instant(row.created_at),
        row.password is not None,
        row.subject,
    )


def _number_of(db: Connection) -> int:
    return db.execute(select(func.count()).select_from(users)).scalar_one()


def _keep_an_admin(db: Connection, name: str) -> None:
    others = select(func.count()).where(users.c.role == "admin", users.c.name != name)
    if not db.execute(others).scalar_one():
        raise UserError(f"'{name}' is the last admin", mend=LAST_ADMIN)
