"""What several models said about the same test contacts, and what came."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recontact.evaluation.metrics import Floats
from recontact.groups import Groups

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

OURS, CHAMPION = "recontact", "champion"
RULE, REASON, LOGISTIC, HIST_GB = "contacts_7d", "reason_rate", "logistic", "hist_gb"
BASELINES = (RULE, REASON, LOGISTIC, HIST_GB)
PROBABILITIES = (OURS, CHAMPION, REASON, LOGISTIC, HIST_GB)
HISTORIES = {
    "all": "all contacts",
    "first-seen": "first seen",
    "1-3": "1 to 3 earlier contacts",
    "4+": "4 or more earlier contacts",
}


class Line(NamedTuple):
    """Contacts in a row, the highest score first: which they are, what came, the scores."""

    rows: Ints
    outcome: Floats
    score: Floats


@dataclass(frozen=True)
class Trial:
    """What several models said about the test contacts of one target at one moment.

    Parameters
    ----------
    target, moment : str
        Which outcome, and when the scores were asked for.
    outcome : numpy.ndarray of float64
        What came, 0 or 1.
    before : numpy.ndarray of float64
        Earlier contacts of the customer.
    scores : dict of str to numpy.ndarray of float64
        Of each model: ours, the baselines, perhaps the champion.
    customer : numpy.ndarray of int64, optional
        Whose contact it is; without, each has a customer of its own.
    day : numpy.ndarray of int64, optional
        On which day it started, counted from 1970; without, all on one.
    groups : dict of str to Groups
        In which group of each column it is (`recontact.groups`).
    """

    target: str
    moment: str
    outcome: Floats
    before: Floats
    scores: Mapping[str, Floats]
    customer: Ints | None = None
    day: Ints | None = None
    groups: Mapping[str, Groups] = field(default_factory=dict)

    @cached_property
    def customers(self) -> Ints:
        """Whose contacts they are."""
        return np.arange(len(self.outcome)) if self.customer is None else self.customer

    @cached_property
    def days(self) -> Ints:
        """On which days they started."""
        return np.zeros(len(self.outcome), dtype=np.int64) if self.day is None else self.day

    def line(self, model: str, rows: Flags | None = None) -> Line:
        """Put contacts, all or some, in a row by one model's scores."""
        order = self._orders[model]
        order = order if rows is None else order[rows[order]]
        return Line(order, self.outcome[order], self.scores[model][order])

    @cached_property
    def _orders(self) -> dict[str, Ints]:
        return {m: np.argsort(-score, kind="stable") for m, score in self.scores.items()}


def histories(before: Floats) -> dict[str, Flags]:
    """Tell which contacts are in which stratum of history; an unknown history is none.

    Examples
    --------
    >>> import numpy as np
    >>> {k: v.tolist() for k, v in histories(np.array([0.0, 3.0, 4.0])).items() if k != "all"}
    {'first-seen': [True, False, False], '1-3': [False, True, False], '4+': [False, False, True]}
    """
    known = np.nan_to_num(before)
    return {
        "all": np.ones(len(known), dtype=bool),
        "first-seen": known < 1,
        "1-3": (known >= 1) & (known < 4),
        "4+": known >= 4,
    }


def undefined(outcome: Floats, target: str) -> str | None:
    """Say why a figure of these contacts is not defined; None where all are.

    Examples
    --------
    >>> import numpy as np
    >>> undefined(np.zeros(3), "repeated")
    'no contact of this kind repeated'
    """
    what = {"repeated": "repeated", "escalation": "escalated"}.get(target, f"had {target}")
    if not len(outcome):
        return "no contact of this kind"
    if not outcome.any():
        return f"no contact of this kind {what}"
    return f"every contact of this kind {what}" if outcome.all() else None


def flags(line: Line, share: float) -> Floats:
    """Flag the highest share of a row; of equal scores at the cut each in part.

    Examples
    --------
    >>> import numpy as np
    >>> line = Line(np.arange(4), np.zeros(4), np.array([3.0, 2.0, 2.0, 1.0]))
    >>> flags(line, 0.5).tolist()
    [1.0, 0.5, 0.5, 0.0]
    """
    rows = len(line.score)
    if not rows:
        return np.zeros(0)
    k = max(1, round(share * rows))
    above, tied = line.score > line.score[k - 1], line.score == line.score[k - 1]
    part: Floats = above + tied * ((k - above.sum()) / tied.sum())
    return part
