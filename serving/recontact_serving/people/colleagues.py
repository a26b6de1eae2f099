"""To whom a contact can be given: people who may follow up, and may see it."""

from sqlalchemy import Connection

from recontact_serving.people.access import Access
from recontact_serving.people.accounts import list_users


def for_row(db: Connection, program: str | None, team: str | None) -> list[str]:
    """List who can be given a contact of this program and team."""
    people = [person.access for person in list_users(db)]
    return sorted(one.name for one in people if one.may("follow_up") and one.sees(program, team))


def around(db: Connection, access: Access) -> list[str]:
    """List who can be given at least some of the contacts that somebody sees."""
    people = [person.access for person in list_users(db)]
    return sorted(one.name for one in people if one.may("follow_up") and _meet(one, access))


def _meet(one: Access, other: Access) -> bool:
    limits = ((one.programs, other.programs), (one.teams, other.teams))
    return all(a is None or b is None or a & b for a, b in limits)
