"""What one score with its explanation costs: what any machine walks, and how long it took here."""

import time
from typing import Any

import numpy as np

from recontact.model.bundle import Bundle
from recontact.model.calibration import Floats
from recontact.model.trees import Ints, Trees

BUDGET_MS = 5.0  # one model, one contact: probability and contributions, at the median
CALLS, WARMING = 200, 10  # the first calls find nothing in the processor's cache


def size(bundle: Bundle) -> dict[str, int]:
    """Count what an explanation walks through; the same on every machine.

    Parameters
    ----------
    bundle : Bundle
        The model.

    Returns
    -------
    dict of str to int
        `trees`, `leaves` of all, `depth` of the deepest, and `steps`: the sum over the trees of
        leaves times depth squared, which the time for contributions grows with (Lundberg and
        others, 2020).
    """
    trees = bundle.explainer.trees
    firsts = trees.roots[:-1]
    leaves = np.add.reduceat((trees.feature < 0).astype(np.int64), firsts)
    depth = np.maximum.reduceat(_depths(trees), firsts)
    return {
        "trees": len(firsts),
        "leaves": int(leaves.sum()),
        "depth": int(depth.max()),
        "steps": int((leaves * depth**2).sum()),
    }


def measure(bundle: Bundle, matrix: Floats, calls: int = CALLS) -> dict[str, Any]:
    """Time the score of one contact with its explanation, over and over.

    Parameters
    ----------
    bundle : Bundle
        The model.
    matrix : numpy.ndarray of float64
        Encoded rows to score, taken in turn (`bundle.encoding.matrix`); at least one.
    calls : int
        How often.

    Returns
    -------
    dict
        What `size` gives, `median_ms` and `p95_ms` on this machine, `calls` and `budget_ms`.
    """
    moment = [bundle.moments[0]]
    took = np.empty(WARMING + calls)
    for k in range(len(took)):
        row = matrix[k % len(matrix)][None, :]
        began = time.perf_counter()
        bundle.predict_rows(row, moment)
        bundle.contributions_rows(row)
        took[k] = time.perf_counter() - began
    median, slow = np.quantile(took[WARMING:], [0.5, 0.95]) * 1e3
    return {
        **size(bundle),
        "median_ms": round(float(median), 3),
        "p95_ms": round(float(slow), 3),
        "calls": calls,
        "budget_ms": BUDGET_MS,
    }


def _depths(trees: Trees) -> Ints:
    """Give how deep each node lies; a root has depth 0, and parents come before their nodes."""
    depths: list[int] = []
    for parent in trees.parent.tolist():
        depths.append(0 if parent < 0 else depths[parent] + 1)
    return np.array(depths)
