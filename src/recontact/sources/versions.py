"""Several records of one contact: the same one again, and corrected ones."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.contacts import known_of
from recontact.history import codes
from recontact.sources.engine import plain, session

Mask = npt.NDArray[np.bool_]


class Versions(NamedTuple):
    """Which rows of a table are exact duplicates, and which superseded by another version."""

    duplicate: Mask
    superseded: Mask


def versions(contacts: pa.Table) -> Versions:
    """Tell of rows that share `contact_id` which one stays.

    Of rows that are equal in every column the first read stays; of the versions left, the one with
    the greatest `known_at` (`ended_at` where null), of equals the last read.

    Parameters
    ----------
    contacts : pyarrow.Table
        All columns of the contacts table, in the order read.

    Returns
    -------
    Versions
        The rows to drop; all others stay.

    Examples
    --------
    >>> import datetime as dt
    >>> from recontact.contacts import canonical
    >>> t = dt.datetime(2026, 1, 1)
    >>> found = versions(canonical(pa.table({
    ...     "contact_id": ["1", "1", "2", "1"], "started_at": [t] * 4, "ended_at": [t] * 4,
    ...     "queue": ["a", "b", "a", "a"]})))
    >>> found.duplicate.tolist(), found.superseded.tolist()
    ([False, False, False, True], [True, False, False, False])
    """
    contact = codes(contacts["contact_id"])
    shared = np.flatnonzero(np.bincount(contact, minlength=1)[contact] > 1)
    duplicate = np.zeros(len(contacts), bool)
    superseded = np.zeros(len(contacts), bool)
    if len(shared):
        first = shared[distinct(contacts.take(pa.array(shared)))]
        duplicate[shared] = True
        duplicate[first] = False
        superseded[first] = True
        superseded[_last(contact[first], known_of(contacts)[first], first)] = False
    return Versions(duplicate, superseded)


def distinct(rows: pa.Table) -> npt.NDArray[np.int64]:
    """Give the position of the first of each set of rows that are equal in every column.

    Examples
    --------
    >>> distinct(pa.table({"a": [1, None, 1, None], "A": ["x", "y", "x", "z"]})).tolist()
    [0, 1, 3]
    """
    names = [f"c{i}" for i in range(rows.num_columns)]  # the engine takes a and A for one name
    placed = plain(rows).rename_columns(names).append_column("p", pa.array(np.arange(len(rows))))
    query = f"SELECT min(p) AS p FROM placed GROUP BY {', '.join(names)} ORDER BY p"  # noqa: S608 - c0, c1 ...
    with session() as engine:
        engine.register("placed", placed)
        first = engine.sql(query).to_arrow_table()["p"]
    return np.asarray(first.to_numpy(), dtype=np.int64)


def _last(
    contact: npt.NDArray[np.int64], known: npt.NDArray[np.int64], position: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Give the position of each contact's last version."""
    order = np.lexsort((position, known, contact))
    last = np.append(np.diff(contact[order]) != 0, [True])
    return np.asarray(position[order[last]])
