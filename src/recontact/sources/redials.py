"""A lost line and the call that follows it within minutes are one contact."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
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
    into: dict[str, str] = {}
    while True:  # an end that a merged contact takes over may reach a further start
        chain = _chains(contacts, within)
        if not (chain >= 0).any():
            return Redials(contacts, into)
        into = _followed(into, _into(contacts, chain))
        contacts = merge_groups(contacts, chain, REDIAL_RULES)


def _into(contacts: pa.Table, chain: Ints) -> dict[str, str]:
    """Tell for each contact of a chain but its first the id of the first."""
    rows = _in_order(contacts, chain, np.flatnonzero(chain >= 0))
    ids = contacts["contact_id"].take(pa.array(rows)).to_pylist()
    first = np.flatnonzero(np.diff(chain[rows], prepend=-1))
    size = np.diff(np.append(first, len(rows)))
    heads = [ids[k] for k in np.repeat(first, size)]
    return {own: head for own, head in zip(ids, heads, strict=True) if own != head}


def _followed(before: dict[str, str], now: dict[str, str]) -> dict[str, str]:
    return {own: now.get(head, head) for own, head in before.items()} | now


def _chains(contacts: pa.Table, within: int) -> Ints:
    """Number the chains of contacts to be merged; -1 stands alone."""
    line = _lines(contacts)
    lost = pc.fill_null(contacts["dropped"], fill_value=False).to_numpy()
    rows = _in_order(contacts, line, np.flatnonzero((line >= 0) & np.isin(line, line[lost])))
    started, ended = instants(contacts["started_at"])[rows], instants(contacts["ended_at"])[rows]
    same = np.diff(line[rows]) == 0
    again = same & lost[rows][:-1] & (started[1:] - ended[:-1] <= within)
    chain = np.full(len(contacts), -1, dtype=np.int64)
    if again.any():
        numbered = np.cumsum(~np.append([False], again))
        in_chain = np.append(again, [False]) | np.append([False], again)
        chain[rows[in_chain]] = numbered[in_chain]
    return chain


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
