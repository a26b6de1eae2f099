"""What brings customers back: the reasons that cause the most repeats, and what follows each."""

from typing import Any

import numpy as np
import numpy.typing as npt

from recontact.groups import Groups
from recontact.intervals import wilson
from recontact.rates import Flags, Measures, count
from recontact.report.followed import Followed

Ints = npt.NDArray[np.int64]

FEWEST = 5  # pairs of reasons seen less often are not listed


def repeats_caused(measures: Measures, reasons: Groups) -> list[dict[str, Any]]:
    """Rank the reasons by the repeats that their contacts were followed by.

    Parameters
    ----------
    measures : Measures
        Of which `repeat` is taken.
    reasons : Groups
        The contacts by reason.

    Returns
    -------
    list of dict
        Most repeats first: `reason`, `repeats`, `share` of all repeats, `cumulative` share,
        `of` judged contacts, `repeat` rate. Reasons without a repeat are left out.
    """
    hits, judged = measures.shares["repeat"]
    repeats, of = count(reasons, hits & judged), count(reasons, judged)
    ranks = np.lexsort((of, -repeats))
    ranks = ranks[repeats[ranks] > 0]
    running = np.cumsum(repeats[ranks]) / max(repeats.sum(), 1)
    return [
        {
            "reason": reasons.names[k],
            "repeats": int(repeats[k]),
            "share": float(repeats[k] / repeats.sum()),
            "cumulative": float(together),
            "of": int(of[k]),
            "repeat": float(repeats[k] / of[k]),
        }
        for k, together in zip(ranks, running, strict=True)
    ]


def next_issues(found: Followed, reasons: Groups) -> list[dict[str, Any]]:
    """Tell for each reason which reasons really followed within the window.

    Parameters
    ----------
    found : Followed
        What followed each contact, whatever it was about (``related_by: any``).
    reasons : Groups
        The contacts by reason.

    Returns
    -------
    list of dict
        The reasons with the most judged contacts first, the most frequent followers of each
        first: `reason`, `next`, `count`, `of` (judged contacts about `reason`), `share` of these
        whose next contact within the window was about `next`, with its interval, and `lift`
        with its interval: how many times the share that it has after all contacts.
        Unknown reasons and pairs seen under `FEWEST` times are left out.

    Notes
    -----
    The lift's interval is that of the share over the share after all contacts, the latter taken
    as known.
    """
    judged = found.judged
    size = len(reasons.names)
    rows = np.flatnonzero(judged & found.repeated)
    pairs, counts = np.unique(
        reasons.codes[rows] * size + reasons.codes[found.next[rows]], return_counts=True
    )
    of = count(reasons, judged)
    after_all = np.bincount(reasons.codes[found.next[rows]], minlength=size) / max(of.sum(), 1)
    named = np.array([name is not None for name in reasons.names], dtype=bool)
    kept = named[pairs // size] & named[pairs % size] & (counts >= FEWEST)
    return _listed(pairs[kept] // size, pairs[kept] % size, counts[kept], of, after_all, reasons)


def _listed(
    first: Ints,
    following: Ints,
    counts: Ints,
    of: npt.NDArray[np.float64],
    after_all: npt.NDArray[np.float64],
    reasons: Groups,
) -> list[dict[str, Any]]:
    low, high = wilson(counts, of[first])
    usual = after_all[following]
    ranks = np.lexsort((following, -counts, first, -of[first]))
    return [
        {
            "reason": reasons.names[first[k]],
            "next": reasons.names[following[k]],
            "count": int(counts[k]),
            "of": int(of[first[k]]),
            "share": float(counts[k] / of[first[k]]),
            "share_low": float(low[k]),
            "share_high": float(high[k]),
            "lift": float(counts[k] / of[first[k]] / usual[k]),
            "lift_low": float(low[k] / usual[k]),
            "lift_high": float(high[k] / usual[k]),
        }
        for k in ranks
    ]


def other_issue(same: Followed, anything: Followed) -> dict[str, tuple[Flags, Flags]]:
    """Compare repeats about the same issue with repeats about any.

    Where the gap between the two is wide, customers come back but their contacts are coded
    under another reason: several issues at once, or codes that are chosen carelessly.

    Parameters
    ----------
    same, anything : Followed
        Under the policy's way of relating, and under ``related_by: any``.

    Returns
    -------
    dict
        Measures over the same contacts, those judged by both: `same_issue`, `any_issue`, and
        `other_issue`: followed, but by another issue only.
    """
    judged = same.judged & anything.judged
    return {
        "same_issue": (same.repeated, judged),
        "any_issue": (anything.repeated, judged),
        "other_issue": (anything.repeated & ~same.repeated, judged),
    }
