"""Chances averaged over what has not been drawn yet: the agent, holds, transfers, talk.

A chance that an issue stays unresolved is `1 - exp(-hazard)`, and every influence multiplies the
hazard. So one table over the log of what is known of the hazard, averaged over the rest, serves
all contacts; between its points it is interpolated.
"""

from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from recontact.simulate.handling import (
    HOLD,
    HOLD_AGAIN,
    HOLD_COST,
    HOLDS,
    RUSH,
    TRANSFER,
    TRANSFER_COST,
    WRONG_QUEUE,
)
from recontact.simulate.reasons import COUNT, Floats
from recontact.simulate.world import Agents

GRID: Floats = np.linspace(np.log(0.001), np.log(100.0), 160)
STEP = GRID[1] - GRID[0]


def look_up(table: Floats, which: tuple[npt.NDArray[Any], ...], value: Floats) -> Floats:
    """Interpolate in the rows `which` of a table whose last axis is `GRID`, at `log(value)`."""
    place = np.clip((np.log(value) - GRID[0]) / STEP, 0, len(GRID) - 1.001)
    left = place.astype(np.int64)
    low, high = table[(*which, left)], table[(*which, left + 1)]
    return np.asarray(low + (place - left) * (high - low))


def over_course() -> Floats:
    """Average over holds, transfers and rush: (recorded in the wrong group) x reason x `GRID`.

    Examples
    --------
    >>> table = over_course()
    >>> table.shape, bool((np.diff(table) >= 0).all())
    ((2, 16, 160), True)
    """
    table = np.zeros((2, COUNT, len(GRID)))
    rushes, weights = np.polynomial.hermite_e.hermegauss(9)
    nodes = product(range(HOLDS + 1), range(2), zip(rushes, weights / weights.sum(), strict=True))
    for holds, moved, (rush, weight) in nodes:
        factor = HOLD_COST**holds * TRANSFER_COST**moved * np.exp(RUSH * rush)
        chance = weight * _hold_chance(holds) * _move_chance(moved)
        table += chance[:, :, None] * (1 - np.exp(-np.exp(GRID) * factor))
    return table


def over_agents(table: Floats, factor: Floats, agents: Agents) -> Floats:
    """Average a table over the agents of each pool, each shifting the hazard by its factor."""
    rows = table.reshape(-1, len(GRID))
    averaged = np.zeros((len(agents.size), len(rows), len(GRID)))
    for agent, pool in enumerate(agents.pool):
        place = np.clip((GRID + np.log(factor[agent]) - GRID[0]) / STEP, 0, len(GRID) - 1.001)
        left = place.astype(np.int64)
        share = place - left
        averaged[pool] += rows[:, left] * (1 - share) + rows[:, left + 1] * share
    averaged /= agents.size[:, None, None]
    return averaged.reshape(-1, *table.shape)


def _hold_chance(holds: int) -> Floats:
    at_least = HOLD * HOLD_AGAIN ** (holds - 1) if holds else np.ones(COUNT)
    more = HOLD * HOLD_AGAIN**holds if holds < HOLDS else np.zeros(COUNT)
    return np.asarray(at_least - more)


def _move_chance(moved: int) -> Floats:
    chance = np.stack([TRANSFER, np.full(COUNT, WRONG_QUEUE)])
    return np.asarray(chance if moved else 1 - chance)


def plain(grid: Floats = GRID) -> Floats:
    """Give `1 - exp(-hazard)` on the grid, for hazards on which only the agent works."""
    return np.asarray(1 - np.exp(-np.exp(grid)))
