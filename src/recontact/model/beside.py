"""What a model of repeats knows beside the probability: when, what next, what it was trained on."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import instants
from recontact.model.bundle import Bundle
from recontact.model.calibration import Floats
from recontact.model.next_reasons_learning import Next, learn_next_reasons
from recontact.model.seen import Seen
from recontact.model.sequel import Sequel, sequel
from recontact.model.split import Split, greatest_window
from recontact.model.when_learning import learn_when
from recontact.policy import Policy

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Beside:
    """Learns it from rows that the trees have not seen, up to where the test begins.

    Scores of rows that trees were grown from are too sure of themselves, so those rows only say
    which reason followed which.

    Attributes
    ----------
    contacts : pyarrow.Table
        All clean contacts.
    policy : Policy
        Theirs.
    rows : pyarrow.Table
        All dataset rows.
    parts : Split
        How training and test part them; the record is looked at up to the boundary.
    """

    contacts: pa.Table
    policy: Policy
    rows: pa.Table
    parts: Split

    def __call__(self, later: pa.Table, chance: Floats, bundle: Bundle) -> dict[str, Any]:
        """Give the parts of a bundle.

        Parameters
        ----------
        later : pyarrow.Table
            The training rows that decided how many trees there are.
        chance : numpy.ndarray of float64
            Their calibrated probabilities by trees that had not seen them.
        bundle : Bundle
            The model.
        """
        newest = self._newest
        both = pa.concat_tables([later, newest])
        chances = np.concatenate([chance, bundle.predict(newest)])
        found = self._sequel(both)
        started = instants(self.contacts["started_at"])
        when = learn_when(
            both,
            chances,
            found.gap_us,
            found.watched_us,
            started[started < self.parts.boundary],
            greatest_window(self.policy),
        )
        after = self._sequel(later)
        earlier = self._earlier(later)
        reasons = learn_next_reasons(
            next_of(earlier, self._sequel(earlier)), next_of(later, after), chance, after.within
        )
        moments = later["moment"].to_pylist()
        seen = Seen.of(bundle.encoding, bundle.encoding.matrix(later), moments)
        return {"when": when, "next_issues": reasons, "seen": seen}

    @cached_property
    def _newest(self) -> pa.Table:
        """Rows before the test whose window had not passed by then: in neither of its parts."""
        neither = ~(self.parts.earlier | self.parts.later)
        already = np.asarray(pc.fill_null(self.rows["repeated_already"], fill_value=False))
        return self.rows.filter(pa.array(neither & ~already))

    def _earlier(self, later: pa.Table) -> pa.Table:
        """Give the other training rows, one a contact: that of the last moment knows most."""
        train = self.rows.filter(pa.array(self.parts.earlier))
        last = pc.equal(train["moment"], self.rows["moment"][-1])
        ids = pc.unique(later["contact_id"])
        return train.filter(pc.and_(last, pc.invert(pc.is_in(train["contact_id"], ids))))

    @cached_property
    def _every(self) -> Sequel:
        """What came after every contact."""
        return sequel(self.contacts, self.policy, self.contacts["contact_id"], self.parts.boundary)

    def _sequel(self, rows: pa.Table) -> Sequel:
        ids = self.contacts["contact_id"].combine_chunks()
        found = pc.index_in(rows["contact_id"], ids)
        return self._every.take(np.asarray(found.to_numpy(), dtype=np.int64))


def next_of(rows: pa.Table, found: Sequel) -> Next:
    """Give what came next about anything within the window."""
    return Next(rows, found.any_within, found.any_reason.to_pylist())
