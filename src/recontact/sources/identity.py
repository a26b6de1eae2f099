"""Who a contact is of: the customer's id, else the number it came from; and numbers of many."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import instants
from recontact.history import customers
from recontact.sources.numbers import INVALID, NO_COUNTRY, WITHHELD, as_text, read_numbers

ANI, SHARED = "ani", "shared_identity"
WORST = 10
NOBODY = pa.scalar(None, pa.string())

Ints = npt.NDArray[np.int64]


class Identified(NamedTuple):
    """Contacts with their identities, and what was counted.

    Attributes
    ----------
    contacts : pyarrow.Table
        The contacts.
    counts : dict
        By kind, as documented at the function that gave them.
    """

    contacts: pa.Table
    counts: dict[str, Any]


def link_numbers(contacts: pa.Table, region: str | None = None) -> Identified:
    """Let the number of the call be the customer where there is no `customer_id`.

    The number is column `ani`, which stays as it is; a number that is withheld, or none of a
    country's plan, is nobody. A contact of a shared identity stays unlinked.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts.
    region : str, optional
        Country (ISO 3166, two letters) of numbers written without one.

    Returns
    -------
    Identified
        `counts` of contacts: `by_customer_id`, `by_number`; nobody because the number is
        `withheld`, `invalid` or `without_country`, or because there is none: `unknown`.

    Examples
    --------
    >>> import datetime as dt
    >>> from recontact.contacts import canonical
    >>> t = [dt.datetime(2026, 1, 1)] * 3
    >>> linked = link_numbers(canonical(pa.table({
    ...     "contact_id": ["1", "2", "3"], "started_at": t, "ended_at": t,
    ...     "customer_id": ["x", None, None], "ani": ["030 123456", "030 123456", "anonymous"]})),
    ...     "DE")
    >>> linked.contacts["customer_id"].to_pylist()
    ['x', '+4930123456', None]
    >>> {kind: count for kind, count in linked.counts.items() if count}
    {'by_customer_id': 1, 'by_number': 1, 'withheld': 1}
    """
    own = contacts["customer_id"]
    open_rows = _unlinked(contacts)
    numbers = pa.chunked_array([pa.nulls(len(contacts), pa.string())])
    if ANI in contacts.column_names and len(open_rows):
        read = read_numbers(contacts[ANI].take(pa.array(open_rows)), region)
        numbers = _spread(read, open_rows, len(contacts))
    is_number = pc.fill_null(pc.starts_with(numbers, "+"), fill_value=False)
    customer = pc.coalesce(own, pc.if_else(is_number, numbers, NOBODY))
    counts = {
        "by_customer_id": len(own) - own.null_count,
        "by_number": int(pc.sum(is_number).as_py() or 0),
        **{kind: _count(numbers, kind) for kind in (WITHHELD, INVALID, NO_COUNTRY)},
        "unknown": len(open_rows) - (len(numbers) - numbers.null_count),
    }
    return Identified(with_column(contacts, "customer_id", customer), counts)


def _unlinked(contacts: pa.Table) -> Ints:
    """Give the rows that have no customer and are of no shared identity."""
    nobody = pc.and_(pc.is_null(contacts["customer_id"]), pc.is_null(_shared_before(contacts)))
    return np.flatnonzero(nobody.to_numpy())


def _spread(values: pa.ChunkedArray, rows: Ints, size: int) -> pa.ChunkedArray:
    place = np.full(size, -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    return values.take(pa.array(place, mask=place < 0))


def _count(column: pa.ChunkedArray, value: str) -> int:
    return int(pc.sum(pc.equal(column, value)).as_py() or 0)


def unlink_shared(contacts: pa.Table, above: int | None, within: int) -> Identified:
    """Take the customer from contacts of identities that are in touch too often to be one person.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts.
    above : int or None
        An identity with more contacts than this in any span of `within`, inside one program, is
        shared: a switchboard, a payphone, a placeholder. None takes nobody for shared.
    within : int
        Microseconds.

    Returns
    -------
    Identified
        All contacts of a shared identity have no `customer_id`; it stands in `shared_identity`
        instead. `counts`: `shared` (contacts, with those that stood there before), and the
        `worst` identities newly found, each with `customer_id` and `contacts`.

    Examples
    --------
    >>> import datetime as dt
    >>> from recontact.contacts import canonical
    >>> t = [dt.datetime(2026, 1, 1, hour) for hour in range(4)]
    >>> found = unlink_shared(canonical(pa.table({
    ...     "contact_id": ["1", "2", "3", "4"], "customer_id": ["pbx", "x", "pbx", "pbx"],
    ...     "started_at": t, "ended_at": t})), above=2, within=3 * 3_600_000_000)
    >>> found.contacts["customer_id"].to_pylist()
    [None, 'x', None, None]
    >>> found.counts
    {'shared': 3, 'worst': [{'customer_id': 'pbx', 'contacts': 3}]}
    """
    own, before = contacts["customer_id"], _shared_before(contacts)
    shared = np.zeros(len(contacts), bool)
    if above is not None:
        shared = shared_contacts(contacts, above, within)
    identity = pc.coalesce(before, pc.if_else(pa.array(shared), own, NOBODY))
    counts = {
        "shared": len(own) - identity.null_count,
        "worst": worst(own.filter(pa.array(shared))),
    }
    if not shared.any():
        return Identified(contacts, counts)
    unlinked = with_column(contacts, "customer_id", pc.if_else(pa.array(shared), NOBODY, own))
    return Identified(with_column(unlinked, SHARED, identity), counts)


def _shared_before(contacts: pa.Table) -> pa.ChunkedArray:
    """Give the shared identities of an earlier import."""
    if SHARED in contacts.column_names:
        return as_text(contacts[SHARED])
    return pa.chunked_array([pa.nulls(len(contacts), pa.string())])


def shared_contacts(contacts: pa.Table, above: int, within: int) -> npt.NDArray[np.bool_]:
    """Tell which contacts are of an identity with more than `above` contacts in some span.

    Examples
    --------
    >>> import datetime as dt
    >>> from recontact.contacts import canonical
    >>> t = [dt.datetime(2026, 1, day) for day in (1, 2, 9)]
    >>> contacts = canonical(pa.table({"contact_id": ["1", "2", "3"], "customer_id": ["x"] * 3,
    ...     "started_at": t, "ended_at": t}))
    >>> [bool(shared_contacts(contacts, above, 86_400_000_000).any()) for above in (1, 2)]
    [True, False]
    """
    customer, started = customers(contacts), instants(contacts["started_at"])
    shared = np.zeros(len(contacts), dtype=bool)
    rows = np.lexsort((started, customer))[(customer < 0).sum() :]
    own, at = customer[rows], started[rows]
    size = max(0, len(rows) - above)  # the one at k + above closes a span of one more than allowed
    close = (own[:size] == own[above:]) & (at[above:] - at[:size] <= within)
    shared[rows] = np.isin(own, np.unique(own[:size][close]))
    return shared


def worst(customer_ids: pa.ChunkedArray) -> list[dict[str, Any]]:
    """Give the identities with the most contacts, at most ten."""
    counts = (
        pa.table({"customer_id": customer_ids})
        .group_by("customer_id")
        .aggregate([([], "count_all")])
    )
    ordered = counts.sort_by([("count_all", "descending"), ("customer_id", "ascending")])
    return list(ordered.slice(0, WORST).rename_columns({"count_all": "contacts"}).to_pylist())


def with_column(table: pa.Table, name: str, column: pa.ChunkedArray | pa.Array) -> pa.Table:
    """Put a column in the place of the one of that name, or behind all others."""
    if name in table.column_names:
        return table.set_column(table.column_names.index(name), name, column)
    return table.append_column(name, column)
