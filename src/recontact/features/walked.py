"""What each step of a walk does with one contact, and what it gives in the end.

The loop calls these for every contact and step, so they take numbers and not arrays: what an
array costs to hand over is more than what they do.
"""

import numpy as np

from recontact.compiled import compiled
from recontact.features.shapes import (
    COUNT,
    DISTINCT,
    FROM_END,
    FROM_START,
    GAP_SPREAD,
    MEAN,
    MEAN_GAP,
    POSITION,
    REPEATS,
    SUM,
)


@compiled
def knows(since: int, over: bool, recorded: bool) -> bool:
    """Tell whether something that others know from `since` on is known by now."""
    if since == FROM_START:
        return True
    return over if since == FROM_END else recorded


@compiled
def compare(mine: int, other: int, known: bool) -> int:
    """Tell whether two texts are the same: 1, 0, or -1 where one is not known."""
    if mine < 0 or other < 0 or not known:
        return -1
    return 1 if mine == other else 0


@compiled
def finish(  # noqa: PLR0911 - one way out for each thing that is asked
    what: int, many: float, first: float, second: float, span_s: float
) -> float:
    """Give what a step found.

    Parameters
    ----------
    what : int
        What was asked.
    many : float
        How many contacts were taken in.
    first, second : float
        The figures kept: a sum, a value; of gaps the sum and the sum of squares, in seconds.
    span_s : float
        Since the earliest contact that was taken in.
    """
    if what in (COUNT, REPEATS, DISTINCT):
        return many
    if what == POSITION:
        return 1.0 + many
    if what == SUM:
        return first
    if not many:
        return np.nan
    if what == MEAN:
        return first / many
    if what == MEAN_GAP:
        return span_s / many
    if what != GAP_SPREAD:
        return first
    if many < 3 or first <= 0:
        return np.nan
    mean = first / (many - 1)
    return float(np.sqrt(max(0.0, second / (many - 1) - mean * mean)) / mean)
