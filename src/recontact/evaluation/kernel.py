"""The loop that measures a score in many bootstrap replicates at once."""

import numpy as np
import numpy.typing as npt

from recontact.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Tally = npt.NDArray[np.int32]
Counts = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]


@compiled
def add(to: Tally, of: Counts | Tally) -> None:
    """Add one contact, as often as its customer was drawn in each replicate."""
    for k in range(len(to)):
        to[k] += of[k]


@compiled
def step_end(score: Floats, first: int) -> int:
    """Give the place after the last of the equal scores that begin at `first`."""
    last = first + 1
    while last < len(score) and score[last] == score[first]:
        last += 1
    return last


@compiled
def areas(hits: Flags, score: Floats, places: Ints, counts: Counts) -> tuple[Floats, Floats]:
    """Give ROC AUC and average precision in each replicate; NaN where not defined.

    Rows fall by score and are walked once, all replicates side by side; equal scores are one
    step. `counts` has a row a customer, `places` tells each contact's row.
    """
    size, first = counts.shape[1], 0
    found, missed = np.zeros(size, np.int32), np.zeros(size, np.int32)
    above, pure = np.zeros(size), np.zeros(size)
    new, ties = np.zeros(size, np.int32), np.zeros(size, np.int32)
    while first < len(score):
        last = step_end(score, first)
        if hits[first:last].any():
            new[:] = 0
            ties[:] = 0
            for i in range(first, last):
                add(new if hits[i] else ties, counts[places[i]])
            _score(new, ties, found, missed, above, pure)
            add(found, new)
            add(missed, ties)
        else:  # most steps only move on
            for i in range(first, last):
                add(missed, counts[places[i]])
        first = last
    auc, precision = np.full(size, np.nan), np.full(size, np.nan)
    for k in range(size):
        if found[k] > 0:
            precision[k] = pure[k] / found[k]
        if found[k] > 0 and missed[k] > 0:
            auc[k] = 1.0 - above[k] / found[k] / missed[k]
    return auc, precision


@compiled
def _score(
    new: Tally, ties: Tally, found: Tally, missed: Tally, above: Floats, pure: Floats
) -> None:
    """Add what a step's hits gain: how many others stand above them, and how pure the top is."""
    for k in range(len(new)):
        at = float(found[k] + new[k])
        above[k] += new[k] * (missed[k] + ties[k] / 2)
        pure[k] += new[k] * at / max(at + missed[k] + ties[k], 1.0)
