"""How large a calibration error chance alone gives to probabilities that are honest."""

import numpy as np
import numpy.typing as npt

from recontact.evaluation.metrics import BINS, Floats

TRIES = 500
SURE = 0.99  # six figures of a training are looked at: one in a hundred is enough to be wrong on
AT_ONCE = 50  # tries, which keeps memory small


def by_chance(
    outcome: Floats, probability: Floats, customer: npt.NDArray[np.int64], seed: int = 0
) -> float:
    """Give the calibration error that honest probabilities stay under in 99 of 100 cases.

    What is left between outcome and probability is flipped in sign, customer by customer, over
    and over: were the probabilities honest, either sign would be as likely (the wild bootstrap
    by clusters: Cameron, Gelbach and Miller, 2008). So contacts of one customer, who repeats or
    does not, count as what they are.

    Parameters
    ----------
    outcome, probability : numpy.ndarray of float64
        What came, 0 or 1, and what was said.
    customer : numpy.ndarray of int64
        Whose contact it is.
    seed : int
        Of the flips.

    Examples
    --------
    >>> n = np.arange(1000)
    >>> few, many = (by_chance((n[:k] % 5 == 0) * 1.0, np.full(k, 0.2), n[:k]) for k in (50, 1000))
    >>> 0.01 < many < 0.05 < few < 0.2
    True
    """
    if not len(outcome):
        return 0.0
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, BINS + 1)[1:-1]))
    place = np.searchsorted(edges, probability, side="right")
    who = np.unique(customer, return_inverse=True)[1]
    left = np.zeros((int(who.max()) + 1, BINS))
    np.add.at(left, (who, place), outcome - probability)
    draw = np.random.default_rng(seed)
    errors: list[float] = []
    for _ in range(TRIES // AT_ONCE):
        signs = draw.choice(np.array([-1.0, 1.0]), (AT_ONCE, len(left)))
        errors += (np.abs(signs @ left).sum(axis=1) / len(outcome)).tolist()
    return float(np.quantile(errors, SURE))
