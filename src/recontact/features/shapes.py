"""The plain arrays that the compiled loops walk over, and the numbers that stand for words."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recontact.compiled import compiled

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

HISTORY_LIMIT = 500  # the latest contacts looked back at: bounds a shared number's cost
DISTINCT_LIMIT = 50  # as many are told apart

# what is asked of the contacts that a step takes in
WHATS = (
    *("count", "sum", "mean", "most", "distinct", "since", "since_end"),
    *("last", "last_same", "repeats", "position", "mean_gap", "gap_spread", "last_text"),
)
(COUNT, SUM, MEAN, MOST, DISTINCT, SINCE, SINCE_END) = range(7)
(LAST, LAST_SAME, REPEATS, POSITION, MEAN_GAP, GAP_SPREAD, LAST_TEXT) = range(7, 14)
COUNTED, ARRIVED, ANY = range(3)  # which contacts a step looks at
FROM_START, FROM_END, FROM_RECORD = range(3)  # from when others know something
NONE, SAME_ISSUE = -1, -2
# the columns of a step
STEP = (
    "what",
    "within",
    "among",
    "test",
    "test_from",
    "same",
    "same_from",
    "source",
    "source_from",
)
(WHAT, WITHIN, AMONG, TEST, TEST_FROM, SAME, SAME_FROM, SOURCE, SOURCE_FROM) = range(len(STEP))


class History(NamedTuple):
    """Contacts of all customers in `recontact.history.order`, as plain arrays.

    `keys` are the codes of the issue under each way of relating, `key_from` the instants from
    which others know them; -1 relates to nothing. `window_before` is the window
    while the record, and so perhaps the reason, was not known. `tests`, `values` and `codes` are
    what the steps look at: conditions, numbers (nan where unknown) and texts by number (-1 where
    unknown).
    """

    started: Ints
    ended: Ints
    known: Ints
    window: Ints
    window_before: Ints
    arrives: Flags  # inbound, on a counted channel
    unhandled: Flags
    counts_unhandled: Flags
    excluded: Flags  # of a disposition that never counts
    escalated: Flags
    keys: Ints  # shape (ways, contacts)
    key_from: Ints  # shape (ways, contacts)
    tests: Flags  # shape (tests, contacts)
    values: Floats  # shape (numbers, contacts)
    codes: Ints  # shape (texts, contacts)


class Asked(NamedTuple):
    """The contacts to score: where their customer's contacts lie, and what they know themselves.

    `low` and `high` bound the customer's contacts (`place` is -1 where there is no customer);
    those before `place` came earlier in order; `leave` is the position of the contact itself, -1
    where it is not among them.
    """

    low: Ints
    high: Ints
    place: Ints
    leave: Ints
    started: Ints
    at: Ints
    keys: Ints  # shape (ways, scored), -1 where it does not know its issue
    codes: Ints  # shape (texts, scored)


class Seen(NamedTuple):
    """What `look_back` found for each scored contact."""

    values: Floats  # shape (steps, scored), nan where unknown
    last: Ints  # position of the last contact that counts, -1 for none
    repeated_already: Flags
    escalation_already: Flags


@compiled
def nothing_seen(steps: int, rows: int) -> Seen:
    """Give room for what is seen: nothing so far."""
    return Seen(
        np.full((steps, rows), np.nan),
        np.full(rows, -1, dtype=np.int64),
        np.zeros(rows, dtype=np.bool_),
        np.zeros(rows, dtype=np.bool_),
    )
