"""Contacts in files, checked and put into buckets: all rows of a customer into the same one."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.clean import KEYS, clean_rows
from recontact.contacts import map_values, normalise_reason
from recontact.hashing import hashed
from recontact.labels.edges import Edges
from recontact.labels.keys import Keys
from recontact.labels.parts import Part
from recontact.policy import Policy
from recontact.policy_use import Present, present, together
from recontact.spill import Spill

Ints = npt.NDArray[np.int64]
NEEDED = (
    *("contact_id", "customer_id", "started_at", "ended_at", "program", "channel", "direction"),
    *("handled", "reason", "case_id", "disposition", "talk_s", "tier", "escalated"),
)
OLD = pa.schema([("episode_id", pa.string()), ("episode_position", pa.int64())])


class Seen(NamedTuple):
    """What was seen of one part: how many rows, their edges, and the part's fingerprint.

    `present`: the values of which the policy names some; None where its rows were not read.
    """

    rows: int
    edges: Edges
    fingerprint: str
    present: Present | None = None


@dataclass(frozen=True)
class Scatter:
    """Where the rows of contacts files go.

    Attributes
    ----------
    policy : Policy
        Tells whose edges are taken.
    buckets : Spill
        Takes the columns that labels rest on, reasons in their one form, and of each contact
        `part` (its number), `row` (in the part, from 0) and the old columns of `OLD`.
    keys : Keys
        Take every `contact_id` and `interaction_id`.
    """

    policy: Policy
    buckets: Spill
    keys: Keys

    def put(self, number: int, part: Part, old: pa.Table | None = None) -> Seen:
        """Read and check one part and put its rows into their buckets.

        Parameters
        ----------
        number : int
            Position of the part.
        part : Part
            What to read.
        old : pyarrow.Table, optional
            The columns of `OLD` for each row, where these rows have their labels already.

        Raises
        ------
        UserError
            As of `recontact.clean.read_contacts`.
        """
        rows, edges, there = 0, [], []
        for batch in part.batches({*NEEDED, *KEYS}):
            contacts = _with_reasons(clean_rows(part.path, batch))
            edges.append(Edges.of(contacts, self.policy))
            there.append(present(contacts, self.policy))
            self._scatter(contacts, number, rows, old)
            rows += len(contacts)
        return Seen(rows, Edges.together(edges), part.fingerprint(), together(there))

    def _scatter(self, contacts: pa.Table, number: int, first: int, old: pa.Table | None) -> None:
        self.keys.add(contacts)
        size = len(contacts)
        numbered = contacts.select(NEEDED).replace_schema_metadata(None)
        columns = {
            "part": pa.array(np.full(size, number, np.int32)),
            "row": pa.array(np.arange(first, first + size)),
            **{name: _old(old, name, first, size) for name in OLD.names},
        }
        for name, values in columns.items():
            numbered = numbered.append_column(name, values)
        self.buckets.scatter(numbered, by_customer(contacts, self.buckets.parts))


def by_customer(contacts: pa.Table, buckets: int) -> Ints:
    """Choose a bucket for each contact: one for all of a customer, any for those of nobody.

    Examples
    --------
    >>> contacts = pa.table({"customer_id": ["x", None, None, "x"]})
    >>> bucket = by_customer(contacts, 1000).tolist()
    >>> bucket[0] == bucket[3], bucket[1:3]
    (True, [1, 2])
    """
    bucket = (hashed(contacts["customer_id"]) >> np.uint64(20)).astype(np.int64)
    nobody = pc.is_null(contacts["customer_id"]).to_numpy()
    bucket[nobody] = np.flatnonzero(nobody)  # related to none: they may lie anywhere
    return bucket % buckets


def _with_reasons(contacts: pa.Table) -> pa.Table:
    """Write reasons in their one form."""
    reasons = map_values(contacts["reason"], normalise_reason)
    return contacts.set_column(contacts.column_names.index("reason"), "reason", reasons)


def _old(old: pa.Table | None, name: str, first: int, size: int) -> pa.Array | pa.ChunkedArray:
    if old is None:
        return pa.nulls(size, OLD.field(name).type)
    return old[name].slice(first, size)
