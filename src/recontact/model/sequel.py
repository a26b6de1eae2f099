"""What came after each contact, however late, and how long one could watch for it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import canonical, instants
from recontact.history import order
from recontact.policy import Policy
from recontact.report.followed import Followed, followed, related

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sequel:
    """The next contacts of dataset rows, in their order.

    Attributes
    ----------
    gap_us, any_gap_us : numpy.ndarray of int64
        From the end of the contact to the start of the next related one that counts, and of the
        next about anything; very large where there is none.
    watched_us : numpy.ndarray of int64
        From the end of the contact to the instant up to which the record was looked at.
    window_us : numpy.ndarray of int64
        The contact's own window.
    reason, any_reason : pyarrow.ChunkedArray of string
        What those next contacts were about; null where unknown or there is none.
    """

    gap_us: Ints
    any_gap_us: Ints
    watched_us: Ints
    window_us: Ints
    reason: pa.ChunkedArray
    any_reason: pa.ChunkedArray

    @cached_property
    def within(self) -> npt.NDArray[np.bool_]:
        """A related contact came within the window."""
        return self.gap_us <= self.window_us

    @cached_property
    def any_within(self) -> npt.NDArray[np.bool_]:
        """A contact about anything came within the window."""
        return self.any_gap_us <= self.window_us

    @cached_property
    def settled(self) -> npt.NDArray[np.bool_]:
        """The window had passed."""
        return self.watched_us >= self.window_us

    def take(self, rows: Ints) -> "Sequel":
        """Give some rows."""
        return Sequel(
            self.gap_us[rows],
            self.any_gap_us[rows],
            self.watched_us[rows],
            self.window_us[rows],
            self.reason.take(pa.array(rows)),
            self.any_reason.take(pa.array(rows)),
        )


def sequel(
    contacts: pa.Table, policy: Policy, ids: pa.ChunkedArray, as_of: int | None = None
) -> Sequel:
    """Find what came after some contacts.

    Parameters
    ----------
    contacts : pyarrow.Table
        All clean contacts.
    policy : Policy
        What counts and is related. Its windows end nothing here: a contact that came later than
        the window is found, too.
    ids : pyarrow.ChunkedArray of string
        `contact_id` of the rows that are asked for.
    as_of : int, optional
        Microseconds since 1970: up to when the record is looked at; by default the policy's.

    Examples
    --------
    >>> import datetime as dt
    >>> t = [dt.datetime(2026, 1, d) for d in (1, 9)]
    >>> table = pa.table({"contact_id": ["a", "b"], "customer_id": ["x", "x"],
    ...                   "reason": ["bill"] * 2, "started_at": t, "ended_at": t})
    >>> found = sequel(table, Policy(), pa.chunked_array([["a"]]))
    >>> found.gap_us.tolist() == [8 * 86_400_000_000], found.within.tolist()
    (True, [False])
    """
    table = canonical(contacts)
    ordered = order(table)
    own = followed(table, policy, ordered)
    anything = followed(table, related(policy, "any"), ordered)
    rows = np.asarray(pc.index_in(ids, table["contact_id"].combine_chunks()).to_numpy())
    watched = own.seen_us if as_of is None else as_of - instants(table["ended_at"])
    return Sequel(
        gap_us=own.gap_us[rows],
        any_gap_us=anything.gap_us[rows],
        watched_us=watched[rows],
        window_us=own.window_us[rows],
        reason=_reasons(table, own, rows),
        any_reason=_reasons(table, anything, rows),
    )


def _reasons(contacts: pa.Table, found: Followed, rows: Ints) -> pa.ChunkedArray:
    following = found.next[rows]
    return contacts["reason"].take(pa.array(following, mask=following < 0))
