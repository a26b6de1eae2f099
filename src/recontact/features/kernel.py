"""One customer's history as known at an instant: the loop that batch, cluster and service share.

For each scored contact the walk goes back over the same customer's contacts, latest first, and
believes of each only what was known strictly before the instant: that it exists and its arrival
facts from its start, whether it was handled from its end, the rest from its `known_at`.
"""

import numpy as np

from recontact.compiled import compiled
from recontact.durations import SECOND
from recontact.features.shapes import (
    AMONG,
    ARRIVED,
    COUNTED,
    DISTINCT,
    DISTINCT_LIMIT,
    GAP_SPREAD,
    HISTORY_LIMIT,
    LAST,
    LAST_SAME,
    LAST_TEXT,
    MEAN,
    MOST,
    NONE,
    POSITION,
    REPEATS,
    SAME,
    SAME_FROM,
    SAME_ISSUE,
    SINCE,
    SINCE_END,
    SOURCE,
    SOURCE_FROM,
    SUM,
    TEST,
    TEST_FROM,
    WHAT,
    WITHIN,
    Asked,
    Floats,
    History,
    Ints,
    Seen,
    nothing_seen,
)
from recontact.features.walked import compare, finish, knows


@compiled
def is_related(key_from: Ints, keys: Ints, own: Ints, row: int, j: int, t: int) -> bool:
    """Tell whether a scored contact and another `j` are known to be about the same issue."""
    for way in range(keys.shape[0]):
        key = own[way, row]
        if key >= 0 and key == keys[way, j] and key_from[way, j] < t:
            return True
    return False


@compiled
def both_same(key_from: Ints, keys: Ints, j: int, k: int, t: int) -> bool:
    """Tell whether the others `j` and `k` are known to be about the same issue."""
    for way in range(keys.shape[0]):
        key = keys[way, j]
        if key >= 0 and key == keys[way, k] and key_from[way, j] < t and key_from[way, k] < t:
            return True
    return False


@compiled
def walk(  # noqa: C901, PLR0912, PLR0915 - one loop: to hand arrays over costs more than the work
    h: History, asked: Asked, row: int, steps: Ints, done: Floats, told: Ints, seen: Seen
) -> None:
    """Look back from the instant of one scored contact over those that began before it.

    `done` keeps for each step how many contacts were taken in, two figures, and the position of
    the last one; `told` the texts that were told apart.
    """
    started, ended, known = h.started, h.ended, h.known
    keys, key_from, tests, values, codes = h.keys, h.key_from, h.tests, h.values, h.codes
    own_codes = asked.codes
    t, low, place, leave = asked.at[row], asked.low[row], asked.place[row], asked.leave[row]
    high = low + np.searchsorted(started[low : asked.high[row]], t)
    stop = max(low, high - HISTORY_LIMIT - (1 if low <= leave < high else 0))
    later, head_started = -1, asked.started[row]
    for j in range(high - 1, stop - 1, -1):
        if j == leave:
            continue
        age, over, recorded, arrived = t - started[j], ended[j] < t, known[j] < t, h.arrives[j]
        counted = arrived and not (
            (over and h.unhandled[j] and not h.counts_unhandled[j]) or (recorded and h.excluded[j])
        )
        about = is_related(key_from, keys, asked.keys, row, j, t)
        related = counted and about
        window = h.window[j] if recorded else h.window_before[j]
        repeated = in_chain = False
        if counted:
            if later < 0:
                seen.last[row] = j
            elif started[later] - ended[j] <= window:
                repeated = both_same(key_from, keys, later, j, t)
            later = j
        if related and j >= place:  # it began while the scored one went on: the outcome is known
            seen.repeated_already[row] = True
            seen.escalation_already[row] |= recorded and h.escalated[j]
        elif related:
            in_chain = head_started - ended[j] <= window
            head_started = started[j] if in_chain else head_started
        for k in range(len(steps)):
            if age > steps[k, WITHIN]:
                break  # the steps that look further back come first
            among = steps[k, AMONG]
            if (among == COUNTED and not counted) or (among == ARRIVED and not arrived):
                continue
            test = steps[k, TEST]
            if test >= 0 and not (tests[test, j] and knows(steps[k, TEST_FROM], over, recorded)):
                continue
            what, same, alike = steps[k, WHAT], steps[k, SAME], 1
            if same == SAME_ISSUE:
                alike = 1 if about else 0
            elif same != NONE:
                told_same = knows(steps[k, SAME_FROM], over, recorded)
                alike = compare(own_codes[same, row], codes[same, j], told_same)
            if what == LAST_SAME:
                if not done[k, 0]:
                    done[k, 0], done[k, 1] = 1.0, alike if alike >= 0 else np.nan
                continue
            if (
                alike != 1
                or (what == REPEATS and not repeated)
                or (what == POSITION and not in_chain)
            ):
                continue
            source = steps[k, SOURCE]
            there = knows(steps[k, SOURCE_FROM], over, recorded)
            many = done[k, 0]
            if what == DISTINCT:
                if not there or codes[source, j] < 0 or many >= DISTINCT_LIMIT:
                    continue
                found = False
                for n in range(int(many)):
                    found |= told[k, n] == codes[source, j]
                if found:
                    continue
                told[k, int(many)] = codes[source, j]
            elif what in (SUM, MEAN, MOST):
                value = values[source, j] if there else np.nan
                if np.isnan(value):
                    continue
                if what == MOST:
                    done[k, 1] = max(done[k, 1], value) if many else value
                else:
                    done[k, 1] += value
            elif what == GAP_SPREAD:
                if many:
                    gap = (started[int(done[k, 3])] - started[j]) / SECOND
                    done[k, 1] += gap
                    done[k, 2] += gap * gap
            elif many:
                pass  # the last contact was the first to be met
            elif what == SINCE:
                done[k, 1] = age / SECOND
            elif what == SINCE_END:
                done[k, 1] = (t - ended[j]) / SECOND if over else np.nan
            elif what == LAST:
                done[k, 1] = values[source, j] if there else np.nan
            elif what == LAST_TEXT:
                done[k, 1] = j if there else np.nan
            done[k, 0] += 1
            done[k, 3] = j


@compiled
def fill(h: History, asked: Asked, row: int, steps: Ints, done: Floats, values: Floats) -> None:
    """Write what each step found; a contact that does not know its own issue compares none."""
    issue = False
    for way in range(asked.keys.shape[0]):
        issue |= asked.keys[way, row] >= 0
    for k in range(len(steps)):
        same = steps[k, SAME]
        if (same == SAME_ISSUE and not issue) or (same >= 0 and asked.codes[same, row] < 0):
            continue
        span_s = (asked.at[row] - h.started[int(done[k, 3])]) / SECOND if done[k, 0] else 0.0
        values[k, row] = finish(steps[k, WHAT], done[k, 0], done[k, 1], done[k, 2], span_s)


@compiled
def look_back(h: History, asked: Asked, steps: Ints, seen: Seen, first: int, end: int) -> None:
    """Fill `seen` for some scored contacts, as known just before the instant of each.

    Parameters
    ----------
    h : History
        All contacts in order.
    asked : Asked
        The contacts to score; what `seen` holds for anonymous ones is left as it is.
    steps : numpy.ndarray of int64, shape (steps, len(STEP))
        What to look for (`recontact.features.walks`).
    seen : Seen
        To be filled.
    first, end : int
        Which of the contacts to score: from `first` on, up to but not with `end`.
    """
    done = np.empty((len(steps), 4))
    told = np.empty((len(steps), DISTINCT_LIMIT), np.int64)
    for row in range(first, end):
        if asked.place[row] < 0:
            continue
        done[:] = 0.0
        walk(h, asked, row, steps, done, told, seen)
        fill(h, asked, row, steps, done, seen.values)


@compiled
def look_back_once(
    h: History, facts: Ints, ways: int, steps: Ints
) -> tuple[Floats, int, bool, bool]:
    """Look back from one contact: what `look_back` does for many, by two arrays less than ten.

    Parameters
    ----------
    h : History
        All other contacts of the same customer in order.
    facts : numpy.ndarray of int64
        Number of those contacts, place (-1 where there is no customer), start and instant of the
        contact; then its keys, one for each of `ways`, and its codes (`Asked`).
    ways : int
        How many ways of relating there are.
    steps : numpy.ndarray of int64
        What to look for.

    Returns
    -------
    tuple
        What each step found, the position of the last contact that counts, and whether the
        contact is repeated or escalated already.
    """
    seen = nothing_seen(len(steps), 1)
    asked = Asked(
        np.zeros(1, np.int64),
        facts[:1],
        facts[1:2],
        np.full(1, -1, np.int64),
        facts[2:3],
        facts[3:4],
        facts[4 : 4 + ways].reshape((ways, 1)),
        facts[4 + ways :].reshape((len(facts) - 4 - ways, 1)),
    )
    look_back(h, asked, steps, seen, 0, 1)
    already = seen.repeated_already[0], seen.escalation_already[0]
    return seen.values.reshape(len(steps)), seen.last[0], already[0], already[1]
