"""The loops that label: each customer's contacts are walked once forward and once backward.

All arrays are in `recontact.history.order`; a position in them stands for a contact, -1 for none.
Per issue only the best candidate so far is kept, so time grows with contacts, ways of relating
and distinct windows, never with the square of a customer's contacts.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recontact.compiled import compiled

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Lived(NamedTuple):
    """Contacts in order; times and windows in microseconds.

    `issues` has a row for each way of relating; `window_class` is the position of `window`
    among the distinct windows; `linked` tells who is in an episode: all that count or are judged;
    `settled` contacts begin one here, for the place that they have in theirs is known already.
    """

    started: Ints
    ended: Ints
    window: Ints
    lookback: Ints
    counts: Flags
    linked: Flags
    settled: Flags
    escalated: Flags
    issues: Ints
    window_class: Ints
    windows: Ints


class Found(NamedTuple):
    """For each contact the others that its labels rest on, and its place in its episode."""

    previous: Ints
    next: Ints
    escalated_later: Flags
    head: Ints
    position: Ints


@compiled
def gap(lived: Lived, i: int, j: int) -> int:
    """Give the time from the end of the earlier `i` to the start of the later `j`."""
    return int(max(0, lived.started[j] - lived.ended[i]))


@compiled
def later_ended(lived: Lived, i: int, j: int) -> int:
    """Give the one that ended last; of two at once the later in order; -1 is no contact."""
    if i < 0 or j < 0:
        return max(i, j)
    if lived.ended[i] != lived.ended[j]:
        return i if lived.ended[i] > lived.ended[j] else j
    return max(i, j)


@compiled
def slot(lived: Lived, way: int, i: int, first: Ints) -> int:
    """Give the place of a contact's issue among its customer's; -1 where it is unknown."""
    return int(lived.issues[way, i] - first[way]) if lived.issues[way, i] >= 0 else -1


@compiled
def look_ahead(lived: Lived, low: int, high: int, first: Ints, kept: Ints, found: Found) -> None:
    """Find the next contact, and whether an escalated one follows, within the window."""
    kept[:, :, : high - low] = -1  # by way: the nearest that counts, the nearest also escalated
    for i in range(high - 1, low - 1, -1):
        following = escalated = high
        for way in range(len(lived.issues)):
            at = slot(lived, way, i, first)
            if at < 0:
                continue
            if kept[way, 0, at] >= 0:
                following = min(following, kept[way, 0, at])
            if kept[way, 1, at] >= 0:
                escalated = min(escalated, kept[way, 1, at])
            if lived.counts[i]:
                kept[way, 0, at] = i
                if lived.escalated[i]:
                    kept[way, 1, at] = i
        if following < high and gap(lived, i, following) <= lived.window[i]:
            found.next[i] = following
        if escalated < high and gap(lived, i, escalated) <= lived.window[i]:
            found.escalated_later[i] = True


@compiled
def look_back(lived: Lived, low: int, high: int, first: Ints, kept: Ints, found: Found) -> None:
    """Find the previous contact, and the one that each is linked to in its episode.

    The contact that ended last has the least gap, so where it is too far back all are. For the
    link, whose window is the earlier contact's own, this holds among those of equal window.
    """
    kept[:, :, : high - low] = -1  # by way: for each distinct window the one that ended last
    for i in range(low, high):
        previous = link = -1
        for way in range(len(lived.issues)):
            at = slot(lived, way, i, first)
            if at < 0:
                continue
            for k in range(len(lived.windows)):
                j = kept[way, k, at]
                previous = later_ended(lived, previous, j)
                if j >= 0 and gap(lived, j, i) <= lived.windows[k]:
                    link = later_ended(lived, link, j)
            if lived.counts[i]:
                k = lived.window_class[i]
                kept[way, k, at] = later_ended(lived, kept[way, k, at], i)
        if previous >= 0 and gap(lived, previous, i) <= lived.lookback[i]:
            found.previous[i] = previous
        if lived.linked[i]:
            begins = link < 0 or lived.settled[i]
            found.head[i] = i if begins else found.head[link]
            found.position[i] = 1 if begins else found.position[link] + 1


@compiled
def first_issues(lived: Lived, low: int, high: int, first: Ints) -> None:
    """Give the lowest issue code of one customer, by way."""
    for way in range(len(first)):
        first[way] = 0
        for i in range(low, high):
            if lived.issues[way, i] >= 0:
                first[way] = lived.issues[way, i]
                break


@compiled
def search(lived: Lived, starts: Ints, found: Found) -> None:
    """Fill `found`, which holds -1, False and 0, for every contact.

    Parameters
    ----------
    lived : Lived
        All contacts in order.
    starts : numpy.ndarray of int64
        Where each customer's run begins, closed by the number of contacts.
    found : Found
        What to fill; an anonymous contact is at most an episode of its own.
    """
    for i in range(starts[0]):
        if lived.linked[i]:
            found.head[i], found.position[i] = i, 1
    ways = len(lived.issues)
    longest = 0
    for customer in range(len(starts) - 1):
        longest = max(longest, starts[customer + 1] - starts[customer])
    ahead = np.empty((ways, 2, longest), dtype=np.int64)
    back = np.empty((ways, len(lived.windows), longest), dtype=np.int64)
    first = np.zeros(ways, dtype=np.int64)
    for customer in range(len(starts) - 1):
        low, high = starts[customer], starts[customer + 1]
        first_issues(lived, low, high, first)
        look_ahead(lived, low, high, first, ahead, found)
        look_back(lived, low, high, first, back, found)
