"""Who has been in touch again since: looked up when a row of the list is read."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, select

from recontact_serving.scoring.history import facts
from recontact_serving.storage.clock import instant, text
from recontact_serving.storage.tables import LAST, follow_ups, versions

AT_ONCE = 500  # contacts to a statement: databases limit its parameters
MOST = 50  # later contacts that are looked at: one id may stand for everybody who is not known
COLUMNS = ("contact_id", "started_at", "payload")

Row = Mapping[Any, Any]  # of the database, or a plain one


def called_again(
    db: Connection, contact_ids: Sequence[str], teams: frozenset[str] | None = None
) -> dict[str, dict[str, Any]]:
    """Find the customer's first contact after each of some, whether it goes on or is over.

    Parameters
    ----------
    db : sqlalchemy.Connection
        An open connection.
    contact_ids : sequence of str
        Contacts of the list.
    teams : frozenset of str, optional
        The only ones that whoever asks may see: of another team's contact is told when it began,
        no more.

    Returns
    -------
    dict of str to dict
        By contact `contact_id`, `at` and `reason` of the later one; calls that the centre itself
        made are none. Only the first `MOST` later ones are looked at.
    """
    again: dict[str, Row] = {}
    for first in range(0, len(contact_ids), AT_ONCE):
        for row in _later(db, contact_ids[first : first + AT_ONCE]):
            known = again.get(row["of"])
            if _by_the_customer(row) and (known is None or _place(row) < _place(known)):
                again[row["of"]] = row
    return {of: _told(row, teams) for of, row in again.items()}


def _later(db: Connection, contact_ids: Sequence[str]) -> Sequence[Row]:
    """Read what the customers of some contacts came with afterwards, of each the first `MOST`."""
    known = and_(follow_ups.c.contact_id.in_(contact_ids), follow_ups.c.customer_id != "")
    beyond = select(versions.c.started_at).where(_theirs()).correlate(follow_ups)
    beyond = beyond.order_by(versions.c.started_at).offset(MOST).limit(1)
    ids = select(follow_ups.c.contact_id, beyond.scalar_subquery().is_not(None)).where(known)
    told = db.execute(ids).all()
    few = [contact_id for contact_id, many in told if not many]
    found = list(db.execute(_both().where(follow_ups.c.contact_id.in_(few))).mappings())
    for contact_id, many in told:
        if many:
            one = _both().where(follow_ups.c.contact_id == contact_id)
            first = one.order_by(versions.c.started_at, versions.c.contact_id).limit(MOST)
            found += db.execute(first).mappings()
    return [row for row in found if _place(row) > (row["since"], row["of"])]


def _both() -> Select[Any]:
    columns = [versions.c[name] for name in COLUMNS]
    of, since = follow_ups.c.contact_id.label("of"), follow_ups.c.started_at.label("since")
    return select(of, since, *columns).join(versions, _theirs())


def _theirs() -> ColumnElement[bool]:
    """Tell whether a contact is another one of the customer, and not earlier."""
    return and_(
        versions.c.program == follow_ups.c.program,
        versions.c.customer_id == follow_ups.c.customer_id,
        versions.c.started_at >= follow_ups.c.started_at,
        versions.c.contact_id != follow_ups.c.contact_id,
        versions.c.valid_to == LAST,
    )


def _by_the_customer(row: Row) -> bool:
    return bool(facts(row).get("direction", "inbound") == "inbound")


def _place(row: Row) -> tuple[int, str]:
    return row["started_at"], row["contact_id"]


def _told(row: Row, teams: frozenset[str] | None) -> dict[str, Any]:
    at, known = text(instant(row["started_at"])), facts(row)
    if teams is not None and known.get("team") not in teams:
        return {"contact_id": None, "at": at, "reason": None}
    return {"contact_id": row["contact_id"], "at": at, "reason": known.get("reason")}
