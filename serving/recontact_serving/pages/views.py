"""Saved views: filters of the list that somebody keeps by a name."""

from typing import NamedTuple

from sqlalchemy import Connection, delete, select

from recontact_serving.storage.database import put
from recontact_serving.storage.tables import views
from recontact_serving.web.problems import ProblemError, problem

MOST = 50
LONGEST = 100  # characters of a name


class View(NamedTuple):
    """A name and the filters, as the query of an address."""

    name: str
    query: str


def of(db: Connection, user: str) -> list[View]:
    """List somebody's views by name."""
    asked = select(views.c.name, views.c.query).where(views.c.user == user)
    return [View(*row) for row in db.execute(asked.order_by(views.c.name))]


def save(db: Connection, user: str, name: str, query: str) -> str:
    """Keep a view; it takes the place of one of the same name. Return the name as kept.

    Raises
    ------
    ProblemError
        422: nobody has signed in whose it would be, it has no name, or there are too many.
    """
    if not user:
        raise ProblemError(problem(422, "views are kept for whoever has signed in"))
    name = " ".join(name.split())[:LONGEST]
    if not name:
        raise ProblemError(problem(422, "give the view a name"))
    there = {view.name for view in of(db, user)}
    if name not in there and len(there) >= MOST:
        raise ProblemError(problem(422, f"you have {MOST} views; delete one first"))
    put(db, views, [{"user": user, "name": name, "query": query}])
    return name


def remove(db: Connection, user: str, name: str) -> None:
    """Delete a view; one that is not there is deleted already."""
    db.execute(delete(views).where(views.c.user == user, views.c.name == name))
