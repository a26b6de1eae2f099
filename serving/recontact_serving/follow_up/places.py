"""Which programs, teams and queues there are on the list, found without reading it.

From one to the next there is one look into an index, so it takes as long as there are different
ones, however many contacts each has.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, Connection, ScalarSelect, Select, func, select

from recontact_serving.people.access import Access
from recontact_serving.storage.tables import follow_ups

MOST = 10_000  # places
MOST_CHOICES = 500  # of a filter, shown in the form
NAMES = ("program", "team", "queue")


def choices(db: Connection, access: Access) -> dict[str, list[str]]:
    """List the programs, teams and queues of the contacts that somebody may see.

    Examples
    --------
    >>> from recontact_serving.storage.database import Database
    >>> with Database("sqlite://").read() as db:
    ...     choices(db, Access("lea", frozenset({"read"})))
    {'program': [], 'team': [], 'queue': []}
    """
    if access.programs is None and access.teams is None:  # each by itself is fewer looks
        known = {name: _different(db, access, [name])[name] for name in NAMES}
    else:
        known = _different(db, access, NAMES)
    return {name: values[:MOST_CHOICES] for name, values in known.items()}


def teams(db: Connection, access: Access) -> list[str]:
    """List the teams of the contacts that somebody may see."""
    names = NAMES[:2] if access.programs is not None else ["team"]
    return _different(db, access, names)["team"]


def _different(db: Connection, access: Access, names: Sequence[str]) -> dict[str, list[str]]:
    limits = {"program": access.programs, "team": access.teams}
    found: CTE | None = None
    for name in names:
        found = _further(found, name, limits.get(name))
    assert found is not None  # noqa: S101 - there are names
    places = db.execute(select(found).limit(MOST)).mappings().all()
    return {name: sorted({place[name] for place in places} - {""}) for name in names}


def _further(places: CTE | None, name: str, allowed: frozenset[str] | None) -> CTE:
    """Give all different values of a column, at each of the places that are found so far."""
    column = follow_ups.c[name]
    known = [] if places is None else list(places.c)
    least = select(func.min(column))
    first = select(*known, _at(least, known).label(name)).cte(f"{name}_walk", recursive=True)
    so_far = [first.c[one.name] for one in known]
    after = _at(least.where(column > first.c[name]), so_far)
    walk = first.union_all(select(*so_far, after).where(first.c[name].is_not(None)))
    there = select(walk).where(walk.c[name].is_not(None))
    if allowed is not None:
        there = there.where(walk.c[name].in_(sorted(allowed)))
    return there.cte(name)


def _at(query: Select[Any], places: Sequence[ColumnElement[Any]]) -> ScalarSelect[Any]:
    """Keep a look into the index to one place."""
    for place in places:
        query = query.where(follow_ups.c[place.name] == place)
    return query.scalar_subquery()
