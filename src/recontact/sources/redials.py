"""A lost line and the call that follows it within minutes are one contact."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import channel_of, direction_of, instants
from recontact.history import codes, combine, customers
from recontact.sources.legs import REDIAL_RULES, merge_groups

Ints = npt.NDArray[np.int64]


class Redials(NamedTuple):
    """Contacts with their redials merged, and the `contact_id` that each merged one went into."""

    contacts: pa.Table
    into: dict[str, str]


def merge_redials(contacts: pa.Table, within: int) -> Redials:
    """Merge each inbound contact whose line was lost with the call that takes it up again.

    That is the same customer's next inbound contact in the same program and channel, if it starts
    at most `within` after the end of the lost one; where that one is lost too, the chain goes on.
    Columns merge as those of legs do (`recontact.sources.legs.merge_legs`), but a redial is no
    transfer: `transfer_count` is the sum. Anonymous contacts are never merged.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts, legs merged and customers linked.
    within : int
        Microseconds.

    Returns
    -------
    Redials
        Merging them again changes nothing.

    Examples
    --------
    >>> import datetime as dt
    >>> from recontact.contacts import canonical
    >>> t = [dt.datetime(2026, 1, 1, 9, minute) for minute in (0, 5, 8, 20)]
    >>> merged = merge_redials(canonical(pa.table({
    ...     "contact_id": ["a", "b"], "customer_id": ["x", "x"], "started_at": [t[0], t[2]],
    ...     "ended_at": [t[1], t[3]], "dropped": [True, False]})), 600_000_000)
    >>> [contact] = merged.contacts.to_pylist()
    >>> contact["contact_id"], contact["ended_at"].minute, contact["transfer_count"], merged.into
    ('a', 20, None, {'b': 'a'})
    """
    rows, chain = _chains(contacts, within)
    group = np.full(len(contacts), -1, dtype=np.int64)
    group[rows] = chain
    ids = contacts["contact_id"].take(pa.array(rows)).to_pylist()
    heads = [ids[k] for k in np.searchsorted(chain, chain)]
    into = {own: head for own, head in zip(ids, heads, strict=True) if own != head}
    return Redials(merge_groups(contacts, group, REDIAL_RULES), into)


def _chains(contacts: pa.Table, within: int) -> tuple[Ints, Ints]:
    """Give the rows of contacts to be merged in order, and the number of the chain of each."""
    line = _lines(contacts)
    lost = pc.fill_null(contacts["dropped"], fill_value=False).to_numpy()
    rows = _in_order(contacts, line, np.flatnonzero((line >= 0) & np.isin(line, line[lost])))
    started, ended = instants(contacts["started_at"])[rows], instants(contacts["ended_at"])[rows]
    may = (np.diff(line[rows]) == 0) & lost[rows][:-1]
    reached = ended  # the greatest end of the chain so far: calls of one customer may overlap
    while True:
        again = may & (started[1:] - reached[:-1] <= within)
        chain = np.cumsum(~np.append([False], again)) if len(rows) else rows
        further = pd.Series(ended).groupby(chain).cummax().to_numpy()
        if np.array_equal(further, reached):
            break
        reached = further
    several = np.append(again, [False]) | np.append([False], again)
    return (rows[several], chain[several]) if len(rows) else (rows, chain)


def _lines(contacts: pa.Table) -> Ints:
    """Number the inbound contacts by program, customer and channel; all others are -1."""
    line = combine(codes(channel_of(contacts)), customers(contacts))
    inbound = pc.equal(direction_of(contacts), "inbound").to_numpy()
    return np.where(inbound, line, -1)


def _in_order(contacts: pa.Table, line: Ints, rows: Ints) -> Ints:
    """Sort rows by line, and in it by (`started_at`, `contact_id`)."""
    picked = contacts.select(["started_at", "contact_id"]).take(pa.array(rows))
    picked = picked.append_column("line", pa.array(line[rows]))
    keys = [(name, "ascending") for name in ("line", "started_at", "contact_id")]
    return np.asarray(rows[pc.sort_indices(picked, sort_keys=keys).to_numpy()], dtype=np.int64)
