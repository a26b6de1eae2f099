"""People who sign in at an identity provider: kept as it describes them."""

from sqlalchemy import Connection, select

from recontact_serving.people.accounts import (
    Names,
    add_user,
    end_sessions,
    find_user,
    give,
    rights,
)
from recontact_serving.storage.database import alone
from recontact_serving.storage.tables import users


def known(
    db: Connection,
    subject: str,
    name: str,
    role: str,
    programs: Names,
    teams: Names,
    agent_id: str | None,
) -> str:
    """Keep what an identity provider says of somebody who signs in there; return the name.

    The name is that of the first time. Another role ends the sessions of before.

    Raises
    ------
    UserError
        Somebody else has the name, or a value can't be used.
    """
    alone(db, "people")
    there = _named(db, subject)
    if there is not None:
        return give(db, find_user(db, there), rights(role, programs, teams, agent_id)).name
    limits = {"programs": programs, "teams": teams}
    return add_user(db, name, None, role, **limits, agent_id=agent_id, subject=subject).name


def shut_out(db: Connection, subject: str) -> None:
    """End the sessions of somebody whom the identity provider gives no role any more."""
    there = _named(db, subject)
    if there is not None:
        end_sessions(db, there)


def _named(db: Connection, subject: str) -> str | None:
    """Return what somebody is called here; None for who was never here."""
    return db.execute(select(users.c.name).where(users.c.subject == subject)).scalar()
