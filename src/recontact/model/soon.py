"""When a share of those who come back are back: for one contact, in microseconds.

The same as `recontact.model.when` says for many, which takes some sixty steps over small arrays.
"""

from collections.abc import Mapping
from math import exp, expm1, floor, isnan, log, log1p
from typing import Any

import numpy as np

from recontact.compiled import compiled
from recontact.durations import HOUR
from recontact.model.calibration import Floats
from recontact.model.clock import MONDAY, WEEK_H
from recontact.model.when import FEATURES, LEAST, MOST_LOG, SHORTEST_H, When


def back_h(
    when: When,
    row: Mapping[str, Any],
    chance: float,
    ended_us: int,
    window_us: int,
    share: float,
) -> float:
    """Give the hours after the end by which a share of those are back who come within the window.

    Parameters
    ----------
    when : When
        What the model knows.
    row : mapping
        Live features of the contact (`recontact.features.live`).
    chance : float
        Calibrated probability of a re-contact within the contact's own window.
    ended_us : int
        When it ended, microseconds since 1970.
    window_us : int
        The contact's own window.
    share : float
        0 to 1.
    """
    values = np.array([np.nan if row[name] is None else row[name] for name in FEATURES])
    hour = (ended_us / HOUR + MONDAY) % WEEK_H
    return float(
        _back_h(values, chance, hour, window_us / HOUR, share, *when.arrays, *when.clock.sums)
    )


@compiled
def _back_h(
    values: Floats,
    chance: float,
    hour: float,
    window_h: float,
    share: float,
    edges: Floats,
    weights: Floats,
    means: Floats,
    spreads: Floats,
    cumulated: Floats,
    busy: Floats,
) -> float:
    known = len(values)
    chance = min(max(chance, LEAST), 1 - LEAST)
    hazard, passed = np.zeros(len(edges)), np.zeros(len(edges))
    began = _busy_until(hour, cumulated, busy)
    for k in range(len(edges)):
        passed[k] = _busy_until(hour + edges[k], cumulated, busy) - began
    for k in range(len(edges) - 1):
        said = weights[k, 0] + weights[k, 1] * log(-log1p(-chance))
        said += weights[k, 2] * log((passed[k + 1] - passed[k]) / (edges[k + 1] - edges[k]))
        for j in range(len(means)):
            value = values[j] if j < known else values[j - known]
            missing = isnan(value)
            term = (1.0 if missing else 0.0) if j >= known else 0.0
            if j < known and not missing:
                term = log1p(max(value, 0.0))
            said += weights[k, 3 + j] * (term - means[j]) / spreads[j]
        hazard[k + 1] = hazard[k] + exp(min(said, MOST_LOG))
    tied = max(window_h, SHORTEST_H)
    loose = _at(tied, hour, edges, hazard, passed, cumulated, busy)
    hazard *= -log1p(-chance) / max(loose, LEAST)
    wanted = -share * expm1(-_at(window_h, hour, edges, hazard, passed, cumulated, busy))
    low = len(edges) - 2
    while low > 0 and -expm1(-hazard[low]) > wanted:
        low -= 1
    before, after = -expm1(-hazard[low]), -expm1(-hazard[low + 1])
    part = (wanted - before) / max(after - before, LEAST)
    return float(edges[low] + part * (edges[low + 1] - edges[low]))


@compiled
def _at(
    hours: float,
    hour: float,
    edges: Floats,
    hazard: Floats,
    passed: Floats,
    cumulated: Floats,
    busy: Floats,
) -> float:
    """Give the cumulated hazard at some hours after the end."""
    wanted = min(max(hours, 0.0), edges[-1])
    low = 0
    while low < len(edges) - 2 and edges[low + 1] <= wanted:
        low += 1
    gone = _busy_until(hour + wanted, cumulated, busy) - _busy_until(hour, cumulated, busy)
    part = (gone - passed[low]) / (passed[low + 1] - passed[low])
    return float(hazard[low] + part * (hazard[low + 1] - hazard[low]))


@compiled
def _busy_until(hours: float, cumulated: Floats, busy: Floats) -> float:
    """Count the busy hours from Monday on."""
    weeks = floor(hours / WEEK_H)
    inside = hours - weeks * WEEK_H
    whole = min(int(inside), WEEK_H - 1)
    return float(weeks * cumulated[-1] + cumulated[whole] + (inside - whole) * busy[whole])
