"""Who has been in touch again since: looked up when a row of the list is read."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, tuple_

from recontact_serving.clock import instant, text
from recontact_serving.history import facts
from recontact_serving.tables import LAST, versions

AT_ONCE = 500  # customers to a statement

Row = Mapping[str, Any]


def called_again(db: Connection, rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Find the first later contact of each row's customer, whether it goes on or is over.

    Parameters
    ----------
    db : sqlalchemy.Connection
        An open connection.
    rows : sequence of mapping
        With `contact_id`, `program`, `customer_id`, `started_at`.

    Returns
    -------
    dict of str to dict
        By contact `contact_id`, `at` and `reason` of the later one; calls that the centre itself
        made are none.
    """
    known = [row for row in rows if row["customer_id"]]
    later: dict[tuple[str, str], list[Row]] = {}
    for first in range(0, len(known), AT_ONCE):
        for found in _later(db, known[first : first + AT_ONCE]):
            later.setdefault((found["program"], found["customer_id"]), []).append(found)
    again = {}
    for row in known:
        theirs = later.get((row["program"], row["customer_id"]), ())
        after = next((contact for contact in theirs if _comes_after(contact, row)), None)
        if after is not None:
            again[row["contact_id"]] = _told(after)
    return again


def _later(db: Connection, rows: Sequence[Row]) -> list[Row]:
    """Read what customers came with since the first of some rows, in order."""
    whose = sorted({(row["program"], row["customer_id"]) for row in rows})
    since = min(row["started_at"] for row in rows)
    columns = ("contact_id", "program", "customer_id", "started_at", "payload")
    chosen = select(*(versions.c[name] for name in columns)).where(
        tuple_(versions.c.program, versions.c.customer_id).in_(whose),
        versions.c.started_at >= since,
        versions.c.valid_to == LAST,
    )
    in_turn = chosen.order_by(versions.c.started_at, versions.c.contact_id)
    found = db.execute(in_turn).mappings().all()
    return [row for row in found if facts(row).get("direction", "inbound") == "inbound"]


def _comes_after(contact: Row, row: Row) -> bool:
    place = (contact["started_at"], contact["contact_id"])
    return contact["contact_id"] != row["contact_id"] and place > (
        row["started_at"],
        row["contact_id"],
    )


def _told(contact: Row) -> dict[str, Any]:
    at, reason = text(instant(contact["started_at"])), facts(contact).get("reason")
    return {"contact_id": contact["contact_id"], "at": at, "reason": reason}
