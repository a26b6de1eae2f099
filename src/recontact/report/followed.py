"""Which contact followed which, without regard to the window: what curves and policies share.

Sorting and coding are done once; one pass over the sorted contacts then serves every window.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.compiled import compiled
from recontact.contacts import handled_of, instants
from recontact.history import Order
from recontact.labels.edges import Edges
from recontact.labels.rules import LONGEST_US, Rules, rules
from recontact.policy import Policy

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Followed:
    """The next contact of each, and what is judged, in the row order of the contacts.

    Attributes
    ----------
    eligible : numpy.ndarray of bool
        May be judged.
    first, first_known : numpy.ndarray of bool
        Eligible without a previous contact; eligible and known to be that or not.
    next : numpy.ndarray of int64
        Row of the first later related contact that counts, however late; -1 for none.
    gap_us : numpy.ndarray of int64
        From the end of the contact to the start of that one; `LONGEST_US` for none.
    seen_us : numpy.ndarray of int64
        From the end of the contact to `as_of`: how long it could be watched.
    window_us : numpy.ndarray of int64
        The contact's own window.
    """

    eligible: Flags
    first: Flags
    first_known: Flags
    next: Ints
    gap_us: Ints
    seen_us: Ints
    window_us: Ints

    @property
    def judged(self) -> Flags:
        """Eligible and matured."""
        return self.eligible & (self.seen_us >= self.window_us)

    @property
    def repeated(self) -> Flags:
        """Followed within the own window."""
        return self.gap_us <= self.window_us


def followed(contacts: pa.Table, policy: Policy, ordered: Order) -> Followed:
    """Find what followed each contact.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts.
    policy : Policy
        What is judged, counts and is related.
    ordered : Order
        `recontact.history.order` of the contacts.

    Examples
    --------
    >>> import datetime as dt
    >>> from recontact.contacts import canonical
    >>> from recontact.history import order
    >>> t = [dt.datetime(2026, 1, d) for d in (1, 9)]
    >>> table = canonical(pa.table({"contact_id": ["a", "b"], "customer_id": ["x", "x"],
    ...                             "reason": ["bill"] * 2, "started_at": t, "ended_at": t}))
    >>> found = followed(table, Policy(), order(table))
    >>> found.next.tolist(), found.repeated.tolist(), found.judged.tolist()
    ([1, -1], [False, False], [True, False])
    """
    return search(contacts, policy, ordered, rules(contacts, policy, ordered))


def related(policy: Policy, way: str) -> Policy:
    """Give the policy with another way of relating, in all programs.

    Examples
    --------
    >>> policy = Policy.parse({"by_program": {"acme": {"related_by": "case", "window": "7d"}}})
    >>> related(policy, "any").for_program("acme").related_by
    'any'
    """
    programs = {name: {**own, "related_by": way} for name, own in policy.by_program.items()}
    return replace(policy, related_by=way, by_program=programs)


def rules_by_counting(contacts: pa.Table, policy: Policy, ordered: Order) -> tuple[Rules, Rules]:
    """Apply a policy twice: abandoned attempts do not count, and they do."""
    applied = rules(contacts, policy, ordered)
    countable = applied.arrives & ~applied.excluded
    without = replace(applied, counts=countable & handled_of(contacts))
    return without, replace(applied, counts=countable)


def search(contacts: pa.Table, policy: Policy, ordered: Order, applied: Rules) -> Followed:
    """Find what followed each contact by a policy that is already applied."""
    rows = ordered.rows
    started, ended = instants(contacts["started_at"]), instants(contacts["ended_at"])
    first_start, as_of = Edges.of(contacts, policy).of_rows(contacts["program"], policy)
    following, previous_end = _search(
        ended[rows],
        applied.counts[rows],
        np.ascontiguousarray(applied.issues[:, rows]),
        ordered.starts,
        int(applied.issues.max(initial=-1)) + 1,
    )
    nothing = np.iinfo(np.int64).min
    back = started[rows] - np.where(previous_end == nothing, started[rows], previous_end)
    again = (previous_end != nothing) & (np.maximum(back, 0) <= applied.lookback_us[rows])
    has_previous = np.empty(len(rows), dtype=bool)
    has_previous[rows] = again
    later = np.empty_like(rows)
    later[rows] = np.where(following < 0, -1, rows[following])
    gap = np.where(later < 0, LONGEST_US, np.maximum(0, started[later] - ended))
    known = has_previous | (started - first_start >= applied.lookback_us)
    return Followed(
        eligible=applied.eligible,
        first=applied.eligible & known & ~has_previous,
        first_known=applied.eligible & known,
        next=later,
        gap_us=gap,
        seen_us=as_of - ended,
        window_us=applied.window_us,
    )


@compiled
def _search(ended: Ints, counts: Flags, issues: Ints, starts: Ints, size: int) -> tuple[Ints, Ints]:
    """Give, in order, the position of the next contact and the latest end of the previous ones."""
    following = np.full(len(ended), -1, dtype=np.int64)
    previous_end = np.full(len(ended), np.iinfo(np.int64).min, dtype=np.int64)
    nearest = np.full(size, -1, dtype=np.int64)
    latest = np.full(size, np.iinfo(np.int64).min, dtype=np.int64)
    for way in range(len(issues)):
        nearest[:] = -1  # codes of one way only
        latest[:] = np.iinfo(np.int64).min
        for i in range(len(ended) - 1, starts[0] - 1, -1):
            issue = issues[way, i]
            if issue < 0:
                continue
            if nearest[issue] >= 0 and (following[i] < 0 or nearest[issue] < following[i]):
                following[i] = nearest[issue]
            if counts[i]:
                nearest[issue] = i
        for i in range(starts[0], len(ended)):
            issue = issues[way, i]
            if issue < 0:
                continue
            previous_end[i] = max(previous_end[i], latest[issue])
            if counts[i]:
                latest[issue] = max(latest[issue], ended[i])
    return following, previous_end
