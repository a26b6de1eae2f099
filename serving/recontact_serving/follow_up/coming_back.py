"""Who has been in touch again since: looked up when a row of the list is read."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, select

from recontact.labels.table import label
from recontact_serving.figures import fcr_figures
from recontact_serving.follow_up.judging import table_of
from recontact_serving.scoring.history import READ, contact_of, facts
from recontact_serving.storage.clock import instant, text
from recontact_serving.storage.tables import LAST, follow_ups, versions

AT_ONCE = 500  # contacts to a statement: databases limit its parameters
MOST = 50  # later contacts that are looked at: one id may stand for everybody who is not known

Row = Mapping[Any, Any]  # of the database, or a plain one


def called_again(
    db: Connection, contact_ids: Sequence[str], teams: frozenset[str] | None = None
) -> dict[str, dict[str, Any]]:
    """Find what the customer came back with after each of some, whether it goes on or is over.

    That is the contact which makes it a repeated one, by the policy of the figures; without one,
    the first one about anything.

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
    later: dict[str, list[Row]] = {}
    for first in range(0, len(contact_ids), AT_ONCE):
        for row in _later(db, contact_ids[first : first + AT_ONCE]):
            if _by_the_customer(row):
                later.setdefault(row["of"], []).append(row)
    repeats = _repeats(db, {of: rows for of, rows in later.items() if len(rows) > 1})
    chosen = {of: repeats.get(of) or min(rows, key=_place) for of, rows in later.items()}
    return {of: _told(row, teams) for of, row in chosen.items()}


def _repeats(db: Connection, later: Mapping[str, Sequence[Row]]) -> dict[str, Row]:
    """Choose from later contacts the one that makes a contact a repeated one, where one does."""
    note = fcr_figures.note(db) if later else None
    if note is None:
        return {}
    known = {row["contact_id"]: _contact(row) for rows in later.values() for row in rows}
    known |= _own(db, list(later))
    labels = label(table_of(list(known.values())), note.policy)
    names, nexts = (labels[name].to_pylist() for name in ("contact_id", "next_contact_id"))
    following = dict(zip(names, nexts, strict=True))
    return {
        of: row
        for of, rows in later.items()
        for row in rows
        if row["contact_id"] == following.get(of)
    }


def _own(db: Connection, contact_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Read contacts of the list themselves; their end is known since they were scored."""
    columns = [versions.c[name] for name in READ]
    found = select(follow_ups.c.at, *columns).join(
        versions,
        and_(versions.c.contact_id == follow_ups.c.contact_id, versions.c.valid_to == LAST),
    )
    own = {}
    for first in range(0, len(contact_ids), AT_ONCE):
        chosen = follow_ups.c.contact_id.in_(contact_ids[first : first + AT_ONCE])
        for row in db.execute(found.where(chosen)).mappings():
            contact = _contact(row)
            contact["ended_at"] = contact["ended_at"] or instant(row["at"])
            own[contact["contact_id"]] = contact
    return own


def _contact(row: Row) -> dict[str, Any]:
    return contact_of([row[name] for name in READ])[1]


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
    columns = [versions.c[name] for name in READ]
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
