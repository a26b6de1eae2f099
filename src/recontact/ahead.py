"""What the model says of contacts whose window has not passed: who may still come."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.contacts import instants
from recontact.durations import HOUR
from recontact.errors import UserError
from recontact.features.figures import Figures
from recontact.features.known import known_from
from recontact.features.table import Source, compute
from recontact.model.bundle import Bundle
from recontact.model.when import Curves
from recontact.policy import Policy
from recontact.report.followed import Followed

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
DRAWS, SEED = 2_000, 0
LEVEL_DAYS = 28
AS_FORETOLD = 30.0
MOST_ROWS = 20_000
SURE = 0.999


@dataclass(frozen=True)
class Ahead:
    """What the model says of contacts at their end.

    Attributes
    ----------
    contacts, labels, policy, model, found
        Canonical contacts with what followed them, and the model of repeats.
    known : mapping of str to str or None
        Changes to what is known from when.
    figures : Figures or None
        What is known of agents, queues ... from these labels, where it is already there.
    """

    contacts: pa.Table
    labels: pa.Table
    policy: Policy
    model: Bundle
    found: Followed
    known: Mapping[str, str] | None
    figures: Figures | None

    def ahead(self, rows: Ints) -> Floats:
        """Give the hazard that lies in the rest of each contact's window."""
        curves, window = self.curves(rows)
        return curves.hazard_at(window) - curves.hazard_at(self.found.seen_us[rows] / HOUR)

    def levels(self, rows: Ints) -> Floats:
        """Draw how far re-contacts of the last weeks were from what was foretold; 1 is as told.

        Those that came by now, over those that should have come by now: contacts of any age
        count for the time that they were watched. A few are added as foretold.
        """
        rows = rows[:: max(1, -(-len(rows) // MOST_ROWS))]
        curves, window = self.curves(rows)
        watched = np.minimum(window, self.found.seen_us[rows] / HOUR)
        gap = self.found.gap_us[rows] / HOUR
        came = int((gap <= watched).sum())
        foretold = float(curves.hazard_at(np.minimum(gap, watched)).sum())
        random = np.random.default_rng(SEED)
        return random.gamma(came + AS_FORETOLD, 1.0, DRAWS) / (foretold + AS_FORETOLD)

    def curves(self, rows: Ints) -> tuple[Curves, Floats]:
        """Give when they come back, and the window in hours."""
        if self.model.when is None:
            raise UserError(
                "the model does not know when customers come back",
                "train it on contacts of which at least 20 were followed: recontact train",
            )
        asked = compute(self._source, rows, "wrapup", self._figures)
        chance = np.minimum(self.model.predict(asked), SURE)  # an overlap is known to have come
        window = self.found.window_us[rows]
        ended = instants(self.contacts["ended_at"])[rows]
        found = self.model.when.curves(asked, chance, ended, window)
        return found, window / HOUR

    @cached_property
    def _source(self) -> Source:
        known = known_from(self.contacts, self.known or self.model.known_from)
        delay_s = self.model.wrapup_delay_s
        return Source(self.contacts, self.policy, known, delay_s, None, self.model.features)

    @cached_property
    def _figures(self) -> Figures:
        return self.figures or self._source.figures(self.labels)


def drawn(hazard: Floats, levels: Floats, group: Ints, size: int) -> Ints:
    """Draw how many contacts of each group stay without a re-contact, once a level."""
    random = np.random.default_rng(SEED + 1)
    stay = (random.random(len(hazard)) < np.exp(-hazard * level) for level in levels)
    return np.stack([np.bincount(group[one], minlength=size) for one in stay], axis=1)
