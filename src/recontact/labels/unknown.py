"""Contacts after which the customer came back for an unknown reason: a repeat may hide there."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import instants
from recontact.history import Order
from recontact.labels.rules import Rules


def followed_by_unknown(
    contacts: pa.Table, ordered: Order, applied: Rules
) -> npt.NDArray[np.bool_]:
    """Tell which contacts were followed within their window by one whose reason is unknown.

    That one is of the same customer and program and counts.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts.
    ordered, applied : Order and Rules
        Of these contacts.

    Examples
    --------
    >>> import datetime as dt
    >>> from recontact import Policy
    >>> from recontact.contacts import canonical
    >>> from recontact.history import order
    >>> from recontact.labels.rules import rules
    >>> t = [dt.datetime(2026, 1, d) for d in (1, 2)]
    >>> contacts = canonical(pa.table({
    ...     "contact_id": ["1", "2"], "customer_id": ["x", "x"], "reason": ["bill", None],
    ...     "started_at": t, "ended_at": t}))
    >>> ordered = order(contacts)
    >>> followed_by_unknown(contacts, ordered, rules(contacts, Policy(), ordered)).tolist()
    [True, False]
    """
    rows = ordered.rows
    started = instants(contacts["started_at"])[rows]
    ended = instants(contacts["ended_at"])[rows]
    unknown = (applied.counts & pc.is_null(contacts["reason"]).to_numpy())[rows]
    size = len(rows)
    own = np.where(unknown, np.arange(size), size)
    nearest = np.append(np.minimum.accumulate(own[::-1])[::-1][1:], size)[:size]
    run_end = np.zeros(size, dtype=np.int64)  # 0 for anonymous callers, whom nobody follows
    run_end[ordered.starts[0] :] = np.repeat(ordered.starts[1:], np.diff(ordered.starts))
    later = np.flatnonzero(nearest < run_end)
    gaps = np.maximum(0, started[nearest[later]] - ended[later])
    followed = np.zeros(size, dtype=bool)
    followed[rows[later]] = gaps <= applied.window_us[rows[later]]
    return followed
