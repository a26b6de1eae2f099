"""How many more contacts of the same customer are still to do: counted for the rows of a page."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, literal, select

from recontact_serving.follow_up.worklist import TO_DO
from recontact_serving.people.access import Access
from recontact_serving.storage import cutting
from recontact_serving.storage.tables import follow_ups

MOST = 100  # of one customer: one id may stand for everybody who is not known


def others(db: Connection, contact_ids: Sequence[str], access: Access) -> dict[str, int]:
    """Count the customer's other contacts that are to do, those alone that somebody may see.

    Parameters
    ----------
    db : sqlalchemy.Connection
        An open connection.
    contact_ids : sequence of str
        Contacts of the list.
    access : Access
        Who looks.

    Returns
    -------
    dict of str to int
        By contact, up to `MOST`; those of customers who are not known, or have no other, are left
        out.

    Examples
    --------
    >>> from recontact_serving.storage.database import Database
    >>> with Database("sqlite://").read() as db:
    ...     others(db, ["c1"], Access("lea", frozenset({"read"})))
    {}
    """
    own, other = follow_ups.alias("own"), follow_ups
    some = select(literal(1)).where(
        other.c.customer_id == own.c.customer_id,
        other.c.program == own.c.program,
        other.c.contact_id != own.c.contact_id,
        other.c.state.in_(TO_DO),
        *cutting.cut(other, access, {}),
    )
    counted = select(func.count()).select_from(some.limit(MOST).correlate(own).subquery())
    known = own.c.contact_id.in_(contact_ids), own.c.customer_id != ""
    chosen = select(own.c.contact_id, counted.scalar_subquery()).where(*known)
    return {contact_id: count for contact_id, count in db.execute(chosen) if count}
