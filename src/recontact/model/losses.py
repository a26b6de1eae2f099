"""How much of the uncertainty a model leaves, customer group by customer group."""

from typing import Any

import numpy as np
import pyarrow as pa

from recontact.model.bundle import Bundle
from recontact.model.calibration import Floats
from recontact.model.fitting import judged, moments_of, outcomes

GROUPS = 40  # of customers, for the standard error


def some_customers(rows: pa.Table, most: int) -> pa.Table:
    """Keep about `most` rows, of customers drawn evenly: every so-and-so-manieth of them."""
    every = -(-len(rows) // max(most, 1))
    if every <= 1:
        return rows
    return rows.filter(pa.array(_customers(rows) % every == 0))


def losses(bundle: Bundle, test: pa.Table) -> Floats:
    """Give how much of the uncertainty each group of customers leaves; they sum up to the loss.

    The loss is the mean over the moments of the log-loss, divided by that of the bare rate, so
    that targets of different rates count alike: 1 is a model that says nothing (the normalized
    entropy of He and others, 2014, "Practical lessons from predicting clicks on ads").
    """
    rows = judged(test, bundle.target)
    outcome, moments = outcomes(rows, bundle.target), moments_of(rows)
    said = np.clip(bundle.predict(rows), 1e-12, 1 - 1e-12)
    lost = -np.log(np.where(outcome > 0, said, 1 - said))
    kinds = list(dict.fromkeys(moments.tolist()))
    for kind in kinds:
        own = moments == kind
        lost[own] /= own.sum() * len(kinds) * _bare(outcome[own])
    groups = _customers(rows) % GROUPS
    return np.bincount(groups, weights=lost, minlength=GROUPS).astype(np.float64)


def _bare(outcome: Floats) -> float:
    rate = min(max(float(outcome.mean()), 0.5 / len(outcome)), 1 - 0.5 / len(outcome))
    return float(-rate * np.log(rate) - (1 - rate) * np.log(1 - rate))


def _customers(rows: pa.Table) -> Any:
    return np.asarray(rows["customer"].to_numpy(), dtype=np.int64)
