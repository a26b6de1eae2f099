"""Rates of agents, teams, queues and sites, adjusted for what was brought to them.

Observed over expected, as hospitals report readmissions: the expected count is what would
have been usual with these very contacts, so nobody looks worse for taking the hard ones.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.compiled import compiled
from recontact.contacts import channel_of, instants, map_values, normalise_reason
from recontact.durations import DAY, HOUR
from recontact.groups import Groups
from recontact.history import Order, codes
from recontact.intervals import wilson
from recontact.rates import Flags, Measures, count
from recontact.report.chance import against_expected, stand_out
from recontact.report.logistic import fit

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ADJUSTED = ("agent_id", "team", "queue", "site")  # which groups are adjusted
OUTCOMES = ("repeat", "escalation")
WITHIN_QUEUE = ("agent_id",)  # a queue, team or site often is the queue: it is not adjusted away
RARE, MOST = 50, 300  # a level needs this many judged contacts; a factor has at most so many
SPAN, BUSY = 30 * DAY, 4  # contacts of the customer in the days before, and where counting stops


def factors(contacts: pa.Table, ordered: Order) -> dict[str, Ints]:
    """Describe what a contact brings along, before anybody could do anything about it.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts.
    ordered : Order
        `recontact.history.order` of them.

    Returns
    -------
    dict of str to numpy.ndarray of int64
        By contact a code from 0 up of: first level of the reason, `reason`, `channel`,
        `program`, `queue`, `hour` (of four hours, UTC), `weekend`, `history` (the customer's
        contacts in the 30 days before, up to 4).
    """
    started = instants(contacts["started_at"])
    first = map_values(contacts["reason"], lambda reason: normalise_reason(reason, 1))
    return {
        "reason level 1": codes(first) + 1,
        "reason": codes(contacts["reason"]) + 1,
        "channel": codes(channel_of(contacts)),
        "program": codes(contacts["program"]) + 1,
        "queue": codes(contacts["queue"]) + 1,
        "hour": started // (4 * HOUR) % 6,
        "weekend": ((started // DAY + 3) % 7 >= 5).astype(np.int64),  # 1970 began on a Thursday
        "history": _earlier(started, ordered),
    }


def expected(known: Sequence[Ints], hits: Flags, judged: Flags) -> Floats:
    """Give each contact's chance of a hit, from what it brings along alone.

    Parameters
    ----------
    known : sequence of numpy.ndarray of int64
        Factors.
    hits, judged : numpy.ndarray of bool
        The outcome, and of which contacts it is known.

    Returns
    -------
    numpy.ndarray of float
        By contact; 0 where not judged. They sum to the number of hits.
    """
    rows = np.flatnonzero(judged)
    chances = np.zeros(len(judged))
    if not len(rows):
        return chances
    pooled = [_pooled(factor[rows]) for factor in known]
    pooled = [factor for factor in pooled if factor.max() > 0]
    cell = _cells(pooled, len(rows))
    of = np.bincount(cell).astype(float)
    one = np.empty(len(of), dtype=np.int64)
    one[cell] = np.arange(len(rows))  # some contact of each cell: all have the same levels
    had = np.bincount(cell, hits[rows]).astype(float)
    chances[rows] = fit([factor[one] for factor in pooled], had, of)[cell]
    return chances


def case_mix(
    measures: Measures,
    brought: Mapping[str, Ints],
    grouped: Sequence[Groups],
    min_volume: int,
) -> dict[str, list[dict[str, Any]]]:
    """Compare each group's repeats and escalations with what its contacts let one expect.

    Parameters
    ----------
    measures : Measures
        Of which `OUTCOMES` are taken.
    brought : mapping of str to numpy.ndarray
        `factors`.
    grouped : sequence of Groups
        By some of `ADJUSTED`. Agents are compared within their queues, the others are not.
    min_volume : int
        Groups with fewer judged contacts are not listed.

    Returns
    -------
    dict of str to list of dict
        By what they are grouped by; by outcome, worst first: `by`, `group`, `outcome`, `of`,
        `observed`, `expected`, `ratio` of the two with its interval, `adjusted` (the ratio times
        the rate of all, at most 1), `p`, and `verdict`: `worse` or `better` where it stands out
        among all (see `recontact.report.chance.stand_out`), else `as expected`.

    Notes
    -----
    Indirect standardisation: Ash et al. (2012), "Statistical issues in assessing hospital
    performance". The expected count is taken as known; the interval is Wilson's of the observed
    rate over the expected rate.
    """
    rows: dict[str, list[dict[str, Any]]] = {str(groups.by): [] for groups in grouped}
    for outcome in OUTCOMES:
        hits, judged = measures.shares[outcome]
        for within in (True, False):
            own = [groups for groups in grouped if (groups.by in WITHIN_QUEUE) == within]
            if own:
                used = [codes for name, codes in brought.items() if within or name != "queue"]
                chances = expected(used, hits & judged, judged)
            for groups in own:
                told = _compared(outcome, hits & judged, judged, chances, groups, min_volume)
                rows[str(groups.by)] += told
    return rows


def _compared(
    outcome: str, hits: Flags, judged: Flags, chances: Floats, grouped: Groups, min_volume: int
) -> list[dict[str, Any]]:
    of, observed = count(grouped, judged), count(grouped, hits)
    hoped = np.bincount(grouped.codes, chances, len(grouped.names))
    named = np.array([name is not None for name in grouped.names], dtype=bool)
    kept = np.flatnonzero(named & (of >= max(1, min_volume)) & (hoped > 0))
    n, o, e = of[kept], observed[kept], hoped[kept]
    low, high = wilson(o, n)
    p = against_expected(o, n, np.minimum(e, n))
    out = stand_out(p)
    overall = hits.sum() / max(judged.sum(), 1)
    rows = [
        {
            "by": grouped.by,
            "group": grouped.names[k],
            "outcome": outcome,
            "of": int(n[j]),
            "observed": int(o[j]),
            "expected": float(e[j]),
            "ratio": float(o[j] / e[j]),
            "ratio_low": float(low[j] * n[j] / e[j]),
            "ratio_high": float(high[j] * n[j] / e[j]),
            "adjusted": float(min(1.0, o[j] / e[j] * overall)),
            "p": float(p[j]),
            "verdict": ("worse" if o[j] > e[j] else "better") if out[j] else "as expected",
        }
        for j, k in enumerate(kept)
    ]
    return sorted(rows, key=lambda row: (-row["ratio"], row["group"]))


def _pooled(levels: Ints) -> Ints:
    """Number the frequent levels from 1 up, the others together 0 where there are any."""
    sizes = np.bincount(levels)
    least = max(RARE, int(np.sort(sizes)[-MOST]) if len(sizes) > MOST else 0)
    number = np.where(sizes >= least, np.cumsum(sizes >= least), 0)[levels]
    return np.asarray(number - number.min())


def _cells(pooled: Sequence[Ints], size: int) -> Ints:
    """Number the combinations of levels that occur."""
    cell = np.zeros(size, dtype=np.int64)
    for factor in pooled:
        cell = _dense(cell * (int(factor.max()) + 1) + factor)
    return cell


def _dense(numbers: Ints) -> Ints:
    """Number the distinct values from 0 up, by counting where they are not too far apart."""
    if numbers.max() > 4 * len(numbers) + 1_000:
        return np.asarray(np.unique(numbers, return_inverse=True)[1])
    return np.asarray((np.cumsum(np.bincount(numbers) > 0) - 1)[numbers])


def _earlier(started: Ints, ordered: Order) -> Ints:
    """Count the customer's earlier contacts within the span, up to `BUSY`; 0 where unknown."""
    rows = ordered.rows
    found = np.empty_like(rows)
    found[rows] = _trailing(started[rows], ordered.starts)
    return found


@compiled
def _trailing(started: Ints, starts: Ints) -> Ints:
    found = np.zeros(len(started), dtype=np.int64)
    for customer in range(len(starts) - 1):
        since = starts[customer]
        for i in range(starts[customer], starts[customer + 1]):
            while started[since] < started[i] - SPAN:
                since += 1
            found[i] = min(i - since, BUSY)
    return found
