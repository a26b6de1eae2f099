"""Contacts in the order in which a customer lived them: what labels and features walk over."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.contacts import instants

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Order:
    """Rows sorted by (program, customer, `started_at`, `contact_id` by code point).

    Attributes
    ----------
    rows : numpy.ndarray of int64
        Position in the table of each sorted row.
    starts : numpy.ndarray of int64
        Where each customer's run of sorted rows begins, closed by the number of rows.
        The rows of anonymous callers come first and belong to no run.
    """

    rows: Ints
    starts: Ints


def codes(column: pa.ChunkedArray) -> Ints:
    """Number the distinct values of a column from 0 in order of appearance; null is -1.

    Examples
    --------
    >>> import pyarrow as pa
    >>> codes(pa.chunked_array([["x", None, "y", "x"]])).tolist()
    [0, -1, 1, 0]
    """
    return numbered(column)[0]


def numbered(column: pa.ChunkedArray) -> tuple[Ints, pa.Array]:
    """Give the codes of a column, as `codes` does, and the distinct values by code."""
    encoded = pa.chunked_array([column.combine_chunks()]).dictionary_encode().combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0)
    numbers = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return np.asarray(numbers, dtype=np.int64), encoded.dictionary


def combine(first: Ints, second: Ints) -> Ints:
    """Number the pairs of two codes; -1 where the second is -1, a first of -1 is a value."""
    width = int(second.max(initial=0)) + 1
    return np.where(second < 0, np.int64(-1), (first + 1) * width + second)


def customers(contacts: pa.Table) -> Ints:
    """Number the customers, each inside its program; anonymous callers are -1."""
    return combine(codes(contacts["program"]), codes(contacts["customer_id"]))


def order(contacts: pa.Table) -> Order:
    """Sort a canonical contacts table as its customers lived it.

    Examples
    --------
    >>> import datetime as dt, pyarrow as pa
    >>> from recontact.contacts import canonical
    >>> t = [dt.datetime(2026, 1, d) for d in (3, 1, 2, 1)]
    >>> o = order(canonical(pa.table({"contact_id": ["a", "c", "d", "b"], "started_at": t,
    ...                               "ended_at": t, "customer_id": ["x", "x", None, "x"]})))
    >>> o.rows.tolist(), o.starts.tolist()
    ([2, 3, 1, 0], [1, 4])
    """
    customer = customers(contacts)
    started = instants(contacts["started_at"])
    rows = np.lexsort((started, customer)).astype(np.int64)
    _settle_ties(rows, customer[rows], started[rows], contacts["contact_id"])
    by_customer = customer[rows]
    first = np.flatnonzero(np.diff(by_customer, prepend=-1) != 0)
    starts = first[by_customer[first] >= 0] if len(rows) else first
    return Order(rows, np.append(starts, len(rows)).astype(np.int64))


def _settle_ties(rows: Ints, customer: Ints, started: Ints, ids: pa.ChunkedArray) -> None:
    """Order the rows of one customer and instant by `contact_id`, in place."""
    same = (np.diff(customer) == 0) & (np.diff(started) == 0) & (customer[1:] >= 0)
    tied = np.flatnonzero(np.append(same, [False]) | np.append([False], same))
    if not len(tied):
        return
    names = ids.take(pa.array(rows[tied])).to_pylist()
    keys = sorted(range(len(tied)), key=lambda k: (customer[tied[k]], started[tied[k]], names[k]))
    rows[tied] = rows[tied][keys]
