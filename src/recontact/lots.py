"""Whether the lot that holds customers out fell as it should."""

import math
from typing import NamedTuple

import numpy as np

from recontact.clusters import Span, means_apart
from recontact.intervals import Z
from recontact.proof import Cases
from recontact.report.chance import against_expected

UNLIKELY = 0.001  # a lot that falls so seldom is not believed


class Lot(NamedTuple):
    """Whether the lot fell as it should.

    Attributes
    ----------
    held, customers : int
        Customers held out, of all that came at risk.
    share : float
        That should be held out.
    chance : float
        Of a share as far from it.
    risk : Span or None
        By how much the foretold risk of the listed exceeds that of the held out; no interval of a
        sound lot leaves 0 out for long.
    risk_chance : float
        Of a difference as great.
    """

    held: int
    customers: int
    share: float
    chance: float
    risk: Span | None
    risk_chance: float

    @property
    def sound(self) -> bool:
        """Whether neither is too unlikely to be believed."""
        return min(self.chance, self.risk_chance) >= UNLIKELY


def lot(cases: Cases, asked: float) -> Lot:
    """Check that as many customers are held out as should be, and that the arms are alike.

    Parameters
    ----------
    cases : Cases
        All at-risk contacts, whether their window has passed or not.
    asked : float
        The share of the customers that should be held out.

    Notes
    -----
    The first is the check for a sample ratio mismatch (Fabijan et al., 2019, "Diagnosing sample
    ratio mismatch in online controlled experiments"), by an exact test with mid-P.
    """
    customers, first = np.unique(cases.customer, return_index=True)
    held = int(cases.held[first].sum())
    chance = against_expected([held], [len(customers)], [asked * len(customers)])
    there = cases.held
    risk = means_apart(
        cases.risk[~there], cases.customer[~there], cases.risk[there], cases.customer[there]
    )
    return Lot(held, len(customers), asked, float(chance[0]), risk, _normal(risk))


def _normal(found: Span | None) -> float:
    """Give the two-sided chance of a difference, from its interval."""
    if found is None or found.high <= found.low:
        return 1.0
    error = (found.high - found.low) / 2 / Z
    return math.erfc(abs(found.value) / error / math.sqrt(2))
