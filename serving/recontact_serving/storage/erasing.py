"""One customer, erased everywhere."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, select, tuple_, update

from recontact_serving.storage.database import Database
from recontact_serving.storage.tables import FIRST, LAST, metadata, versions

AT_ONCE = 500  # rows to a statement
TABLES = tuple(table for table in metadata.sorted_tables if "customer_id" in table.c)

Key = tuple[Any, ...]
Found = Mapping[Table, Sequence[Key]]


def erase(database: Database, customer_id: str, program: str | None = None) -> dict[str, int]:
    """Delete a customer's contacts, scores, rows of the log and whatever else names them.

    What was kept about a contact of theirs while nobody knew whose it was goes too. Rates are
    sums over many customers and stay. Contacts sent or loaded again afterwards are kept again.
    What is deleted may be readable in the database's files until `Database.rewrite`.

    Parameters
    ----------
    database : Database
        Holds it all.
    customer_id : str
        The customer.
    program : str, optional
        Only as a customer of this program; by default of all.

    Returns
    -------
    dict of str to int
        Rows deleted by table, only those of which there were any.

    Examples
    --------
    >>> erase(Database("sqlite://"), "u-17")
    {}
    """
    counts: Counter[str] = Counter()
    while found := _find(database, customer_id, program):
        with database.write() as db:
            for table, keys in found.items():
                counts[table.name] += _delete(db, table, keys)
            _close_gaps(db, sorted({contact for contact, _ in found.get(versions, ())}))
    return dict(counts)


def _find(database: Database, customer_id: str, program: str | None) -> Found:
    """Find what is to go by its key, which takes longer than deleting it and stops nobody."""
    with database.read() as db:
        theirs = {table: _rows(db, table, _of(table, customer_id, program)) for table in TABLES}
        contacts = sorted({row[-1] for rows in theirs.values() for row in rows})
        found: dict[Table, set[Key]] = {t: {row[:-1] for row in theirs[t]} for t in TABLES}
        for table in TABLES:
            for some in _chunks(contacts):
                unnamed = (table.c.customer_id == "") & table.c.contact_id.in_(some)
                found[table] |= {row[:-1] for row in _rows(db, table, unnamed)}
    return {table: sorted(keys) for table, keys in found.items() if keys}


def _of(table: Table, customer_id: str, program: str | None) -> ColumnElement[bool]:
    theirs = table.c.customer_id == customer_id
    return theirs if program is None else theirs & (table.c.program == program)


def _rows(db: Connection, table: Table, wanted: ColumnElement[bool]) -> list[Key]:
    """Read the keys of some rows, each followed by the contact's."""
    key = table.primary_key.columns
    return [tuple(row) for row in db.execute(select(*key, table.c.contact_id).where(wanted))]


def _delete(db: Connection, table: Table, keys: Sequence[Key]) -> int:
    by = tuple_(*table.primary_key.columns)
    return sum(db.execute(delete(table).where(by.in_(some))).rowcount for some in _chunks(keys))


def _close_gaps(db: Connection, contacts: Sequence[str]) -> None:
    """Let the versions that are left of a contact, another customer's now, follow each other."""
    left: dict[str, list[int]] = {}
    known = versions.c.known_at.is_not(None)
    for some in _chunks(contacts):
        wanted = select(versions.c.contact_id, versions.c.known_at)
        rows = db.execute(wanted.where(known, versions.c.contact_id.in_(some)))
        for row in sorted(map(tuple, rows)):
            left.setdefault(row[0], []).append(row[1])
    for contact, instants in left.items():
        for start, end in pairwise([*instants, LAST]):
            since = FIRST if start == instants[0] else start
            mine = (versions.c.contact_id == contact) & (versions.c.known_at == start)
            change = update(versions).where(mine)
            db.execute(change.values(valid_from=since, valid_to=end))


def _chunks(values: Sequence[Any]) -> list[Sequence[Any]]:
    return [values[i : i + AT_ONCE] for i in range(0, len(values), AT_ONCE)]
