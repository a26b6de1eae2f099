"""What goes with an action on the list, checked: until when, to whom, with which outcome."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, get_args

from sqlalchemy import Connection

from recontact_serving.people import colleagues
from recontact_serving.people.accounts import list_users
from recontact_serving.web.problems import ProblemError, invalid
from recontact_serving.web.schemas import WorkOutcome

LONGEST_SNOOZE = dt.timedelta(days=30)
LONGEST = 2000  # characters of a note or a reason

Row = Mapping[Any, Any]  # of the database, or a plain one


def checked(
    db: Connection, row: Row, action: str, details: Mapping[str, Any], at: dt.datetime
) -> dict[str, Any]:
    """Give the details of an action.

    Raises
    ------
    ProblemError
        422, with what is wrong.
    """
    needed = NEEDED.get(action)
    if needed is None:
        return {}
    name, check = needed
    return {name: check(db, row, details.get(name), at)}


def _until(_: Connection, __: Row, value: Any, at: dt.datetime) -> dt.datetime:
    if not isinstance(value, dt.datetime) or not at < value <= at + LONGEST_SNOOZE:
        raise _wrong("until", f"give an instant of the next {LONGEST_SNOOZE.days} days")
    return value


def _outcome(_: Connection, __: Row, value: Any, ___: dt.datetime) -> str:
    known = get_args(WorkOutcome)
    if value not in known:
        raise _wrong("outcome", f"give one of {', '.join(known)}")
    return str(value)


def _said(name: str) -> Callable[[Connection, Row, Any, dt.datetime], str]:
    def check(_: Connection, __: Row, value: Any, ___: dt.datetime) -> str:
        said = value.strip() if isinstance(value, str) else ""
        if not said or len(said) > LONGEST or "\0" in said:
            raise _wrong(name, f"write 1 to {LONGEST:,} characters")
        return said

    return check


def _to(db: Connection, row: Row, value: Any, _: dt.datetime) -> str:
    """Take somebody who may see the contact and follow it up; anybody where nobody is known."""
    may = colleagues.for_row(db, row["program"], row["team"])
    if isinstance(value, str) and value and (value in may or not list_users(db)):
        return value
    raise _wrong("to", "name somebody who may follow up this contact")


def _wrong(name: str, mend: str) -> ProblemError:
    return ProblemError(invalid([{"loc": (name,), "msg": mend}]))


NEEDED: Mapping[str, tuple[str, Callable[[Connection, Row, Any, dt.datetime], Any]]] = {
    "assign": ("to", _to),
    "snooze": ("until", _until),
    "resolve": ("outcome", _outcome),
    "disagree": ("reason", _said("reason")),
    "note": ("text", _said("text")),
}
