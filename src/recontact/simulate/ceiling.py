"""The ceiling: how well the true chances themselves tell outcomes apart."""

import numpy as np

from recontact.simulate.reasons import Floats

BINS = 10_000


class Ceiling:
    """Gathers chances, then gives the ROC AUC to be expected of them.

    Where chances are true, contacts of chance p hold p positives and 1 - p negatives each, so
    the expected AUC needs no labels: the share of pairs of a positive and a negative in which
    the positive has the greater chance, ties counting half.

    Examples
    --------
    >>> ceiling = Ceiling()
    >>> ceiling.add(np.array([0.0, 0.0, 1.0]))
    >>> ceiling.summary()
    {'contacts': 3, 'mean': 0.3333, 'auc': 1.0}
    """

    def __init__(self) -> None:
        self._count = np.zeros(BINS, dtype=np.int64)
        self._positive = np.zeros(BINS)

    def add(self, chances: Floats) -> None:
        """Take in the chances of some contacts."""
        bins = np.minimum((chances * BINS).astype(np.int64), BINS - 1)
        self._count += np.bincount(bins, minlength=BINS)
        self._positive += np.bincount(bins, weights=chances, minlength=BINS)

    def summary(self) -> dict[str, float | None]:
        """Give the number of contacts, their mean chance and the expected ROC AUC."""
        total, positive = int(self._count.sum()), self._positive
        negative = self._count - positive
        below = np.cumsum(negative) - negative
        pairs = positive.sum() * negative.sum()
        auc = float((positive * (below + negative / 2)).sum() / pairs) if pairs > 0 else None
        return {
            "contacts": total,
            "mean": round(float(positive.sum()) / total, 4) if total else None,
            "auc": None if auc is None else round(auc, 4),
        }
