"""What customers of the simulated contact centre contact it about, and how such issues go."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

GROUPS = ("billing", "technical", "care")  # which group of agents an issue belongs to


class Reason(NamedTuple):
    """One kind of issue; chances are of an ordinary contact about it.

    `hazard` is minus the log of the chance that a first, plain contact with an average agent
    solves it; `leads_to` is the kind of issue that a solved one brings later with chance `leads`.
    """

    name: str
    group: int
    share: float
    hazard: float
    hold: float
    transfer: float
    escalation: float
    talk_s: float
    callback: float
    leads_to: int = -1
    leads: float = 0.0


REASONS = (
    Reason("billing > dispute", 0, 0.080, 1.03, 0.40, 0.16, 0.106, 520, 0.05, 4, 0.15),
    Reason("billing > invoice copy", 0, 0.060, 0.07, 0.10, 0.04, 0.009, 240, 0.01, 0, 0.05),
    Reason("billing > refund", 0, 0.065, 0.66, 0.30, 0.10, 0.065, 380, 0.04, 4, 0.08),
    Reason("billing > charges explained", 0, 0.070, 0.23, 0.22, 0.07, 0.027, 400, 0.01, 4, 0.12),
    Reason("payment > failed", 0, 0.070, 0.25, 0.20, 0.08, 0.027, 300, 0.02, 5, 0.10),
    Reason("payment > arrangement", 0, 0.050, 0.34, 0.28, 0.09, 0.045, 430, 0.03, 4, 0.08),
    Reason("technical > no connection", 1, 0.105, 0.81, 0.30, 0.15, 0.071, 600, 0.05, 7, 0.08),
    Reason("technical > slow", 1, 0.080, 1.03, 0.28, 0.12, 0.050, 660, 0.04, 9, 0.06),
    Reason("technical > device set-up", 1, 0.075, 0.21, 0.15, 0.06, 0.011, 620, 0.02, 7, 0.06),
    Reason("technical > intermittent fault", 1, 0.055, 1.67, 0.35, 0.18, 0.113, 700, 0.07, 0, 0.05),
    Reason("order > status", 2, 0.085, 0.30, 0.12, 0.05, 0.017, 210, 0.01, 8, 0.08),
    Reason("order > change", 2, 0.045, 0.19, 0.18, 0.07, 0.013, 310, 0.01, 10, 0.08),
    Reason("order > return", 2, 0.045, 0.46, 0.22, 0.08, 0.039, 330, 0.02, 2, 0.15),
    Reason("account > password", 2, 0.055, 0.06, 0.05, 0.03, 0.004, 190, 0.00),
    Reason("account > change of details", 2, 0.040, 0.09, 0.08, 0.04, 0.007, 240, 0.00),
    Reason("account > cancellation", 2, 0.020, 0.53, 0.35, 0.20, 0.203, 480, 0.03, 3, 0.15),
)
COUNT = len(REASONS)
OUTAGE_REASONS = (6, 6, 7, 4)  # what outages are about, the usual kind twice


def column(name: str) -> npt.NDArray[Any]:
    """Give one fact of every reason as an array.

    Examples
    --------
    >>> column("group")[:7].tolist()
    [0, 0, 0, 0, 0, 0, 1]
    """
    return np.array([getattr(reason, name) for reason in REASONS])


GROUP: Ints = column("group").astype(np.int64)
MISCODED = 0.04  # share of contacts whose reason is recorded as another one
NEAR = 0.7  # of those, the share taken for a reason of the same group
UNKNOWN = 0.012  # share of contacts whose reason is not recorded


def coding() -> Floats:
    """Chance that an issue of each reason (row) is recorded as each reason (column).

    Examples
    --------
    >>> bool(np.allclose(coding().sum(axis=1), 1 - UNKNOWN)), round(float(coding()[0, 0]), 3)
    (True, 0.948)
    """
    other = ~np.eye(COUNT, dtype=bool)
    near = (GROUP[:, None] == GROUP[None, :]) & other
    far = (GROUP[:, None] != GROUP[None, :]) & other
    wrong = NEAR * near / near.sum(1, keepdims=True) + (1 - NEAR) * far / far.sum(1, keepdims=True)
    known = (1 - MISCODED) * np.eye(COUNT) + MISCODED * wrong
    return np.asarray((1 - UNKNOWN) * known)
