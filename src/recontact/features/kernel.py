"""One customer's history as known at an instant: the loop that batch and service share.

For each scored contact the walk goes back over the same customer's contacts, latest first, and
believes of each only what was known strictly before the instant: that it exists and its arrival
facts from its start, whether it was handled from its end, the rest from its `known_at`.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recontact.compiled import compiled
from recontact.durations import DAY, HOUR, SECOND

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

HISTORY_LIMIT = 500  # the latest contacts looked back at: bounds a shared number's cost
SPANS = (HOUR, 48 * HOUR, 7 * DAY, 30 * DAY, 90 * DAY)
NAMES = (
    *(f"contacts_{span}" for span in ("1h", "48h", "7d", "30d", "90d")),
    *(f"same_issue_{span}" for span in ("1h", "48h", "7d", "30d", "90d")),
    "contacts_before",
    "same_issue_before",
    "repeats_before",
    "unhandled_7d",
    "outbound_7d",
    "escalated_90d",
    "since_last_s",
    "since_last_end_s",
    "since_same_issue_s",
    "mean_gap_s",
    "episode_position",
)
(BEFORE, SAME_BEFORE, REPEATS, UNHANDLED, OUTBOUND, ESCALATED) = range(10, 16)
(SINCE, SINCE_END, SINCE_SAME, MEAN_GAP, POSITION) = range(16, 21)


class History(NamedTuple):
    """Contacts of all customers in `recontact.history.order`, as plain arrays.

    `keys` are the codes of the issue under each way of relating, `key_from` the instants from
    which others know them; -1 relates to nothing.
    """

    started: Ints
    ended: Ints
    known: Ints
    window: Ints
    arrives: Flags  # inbound, on a counted channel
    outbound: Flags
    unhandled: Flags
    counts_unhandled: Flags
    excluded: Flags  # of a disposition that never counts
    escalated: Flags
    keys: Ints  # shape (ways, contacts)
    key_from: Ints  # shape (ways, contacts)
    own_key: Flags  # shape (ways, contacts): known of itself at the moment


class Seen(NamedTuple):
    """What `look_back` found for each scored contact."""

    values: Floats  # shape (scored, len(NAMES)), nan where unknown
    last: Ints  # position of the last contact, -1 for none
    last_same: Ints  # position of the last one about the same issue
    repeated_already: Flags
    escalation_already: Flags


@compiled
def counts_as_known(h: History, j: int, t: int) -> bool:
    """Tell whether contact `j` counts, as far as is known just before `t`."""
    if not h.arrives[j]:
        return False
    if h.ended[j] < t and h.unhandled[j] and not h.counts_unhandled[j]:
        return False
    return not (h.known[j] < t and h.excluded[j])


@compiled
def same_issue(h: History, i: int, j: int, t: int) -> bool:
    """Tell whether scored `i` and other `j` are known to be about the same issue."""
    for way in range(h.keys.shape[0]):
        if (
            h.own_key[way, i]
            and h.keys[way, i] == h.keys[way, j]
            and h.keys[way, i] >= 0
            and h.key_from[way, j] < t
        ):
            return True
    return False


@compiled
def both_same(h: History, j: int, k: int, t: int) -> bool:
    """Tell whether the others `j` and `k` are known to be about the same issue."""
    for way in range(h.keys.shape[0]):
        if (
            h.keys[way, j] == h.keys[way, k]
            and h.keys[way, j] >= 0
            and h.key_from[way, j] < t
            and h.key_from[way, k] < t
        ):
            return True
    return False


@compiled
def add_to_spans(values: Floats, first: int, age: int) -> None:
    """Count a contact of this age in each span that holds it."""
    for k in range(len(SPANS)):
        if age <= SPANS[k]:
            values[first + k] += 1


@compiled
def note_last(h: History, j: int, t: int, values: Floats) -> None:
    """Write how long ago the last contact began and ended."""
    values[SINCE] = (t - h.started[j]) / SECOND
    if h.ended[j] < t:
        values[SINCE_END] = (t - h.ended[j]) / SECOND


@compiled
def note_attempt(h: History, j: int, t: int, values: Floats) -> None:
    """Count our own calls, and attempts known to have been served by nobody."""
    if t - h.started[j] > SPANS[2]:
        return
    if h.outbound[j]:
        values[OUTBOUND] += 1
    if h.arrives[j] and h.ended[j] < t and h.unhandled[j]:
        values[UNHANDLED] += 1


@compiled
def note_counted(h: History, later: int, j: int, t: int, seen: Seen, row: int) -> None:
    """Take in a contact that counts; `later` is the one after it, -1 for none."""
    values, age = seen.values[row], t - h.started[j]
    values[BEFORE] += 1
    add_to_spans(values, 0, age)
    if later < 0:
        seen.last[row] = j
        note_last(h, j, t, values)
    elif h.started[later] - h.ended[j] <= h.window[j] and both_same(h, later, j, t):
        values[REPEATS] += 1
    if h.known[j] < t and h.escalated[j] and age <= SPANS[4]:
        values[ESCALATED] += 1


@compiled
def note_same(h: History, i: int, j: int, head: int, t: int, seen: Seen, row: int) -> int:
    """Take in a contact about the same issue; give how far the episode's chain now reaches."""
    values, age = seen.values[row], t - h.started[j]
    values[SAME_BEFORE] += 1
    add_to_spans(values, len(SPANS), age)
    if seen.last_same[row] < 0:
        seen.last_same[row] = j
        values[SINCE_SAME] = age / SECOND
    if j > i:  # it began while the scored one went on: the outcome is known
        seen.repeated_already[row] = True
        seen.escalation_already[row] |= h.known[j] < t and h.escalated[j]
    elif h.started[head] - h.ended[j] <= h.window[j]:
        values[POSITION] += 1
        return j
    return head


@compiled
def walk(h: History, i: int, t: int, low: int, high: int, seen: Seen, row: int) -> None:
    """Look back from `t` over positions `low` to `high - 1`, those that started before it."""
    stop = max(low, high - HISTORY_LIMIT - (1 if i < high else 0))
    later = -1
    head = i
    for j in range(high - 1, stop - 1, -1):
        if j == i:
            continue
        note_attempt(h, j, t, seen.values[row])
        if not counts_as_known(h, j, t):
            continue
        note_counted(h, later, j, t, seen, row)
        later = j
        if same_issue(h, i, j, t):
            head = note_same(h, i, j, head, t, seen, row)
    if later >= 0:
        span = (t - h.started[later]) / SECOND
        seen.values[row, MEAN_GAP] = span / seen.values[row, BEFORE]


@compiled
def blank(h: History, i: int, values: Floats) -> None:
    """Set what a contact without history has: counts 0, times unknown."""
    values[:] = 0.0
    values[SINCE : MEAN_GAP + 1] = np.nan
    values[POSITION] = 1.0
    if not h.own_key[:, i].any():
        values[len(SPANS) : BEFORE] = np.nan
        values[SAME_BEFORE] = np.nan
        values[POSITION] = np.nan


@compiled
def look_back(h: History, starts: Ints, scored: Ints, at: Ints, seen: Seen) -> None:
    """Fill `seen` for each scored position, as known just before its instant.

    Parameters
    ----------
    h : History
        All contacts in order.
    starts : numpy.ndarray of int64
        Where each customer's run begins, closed by the number of contacts.
    scored : numpy.ndarray of int64
        Positions of the contacts being scored, ascending.
    at : numpy.ndarray of int64
        The instant of each, in microseconds.
    seen : Seen
        Rows to fill; those of anonymous callers keep nan.
    """
    run = 0
    for row in range(len(scored)):
        i = scored[row]
        while run < len(starts) - 1 and starts[run + 1] <= i:
            run += 1
        if run == len(starts) - 1 or i < starts[run]:
            continue
        low, high = starts[run], starts[run + 1]
        blank(h, i, seen.values[row])
        begun = low + np.searchsorted(h.started[low:high], at[row])
        walk(h, i, at[row], low, begun, seen, row)
