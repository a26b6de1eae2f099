"""Contacts in files, checked and put into buckets: all rows of a customer into the same one."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.clean import KEYS, clean_rows, refuse_repeated
from recontact.contacts import map_values, normalise_reason
from recontact.hashing import hashed
from recontact.labels.edges import Edges
from recontact.labels.parts import Part
from recontact.policy import Policy
from recontact.spill import Spill
from recontact.unique import Once

Ints = npt.NDArray[np.int64]
NEEDED = (
    *("contact_id", "customer_id", "started_at", "ended_at", "program", "channel", "direction"),
    *("handled", "reason", "case_id", "disposition", "talk_s", "tier", "escalated"),
)
OLD = pa.schema([("episode_id", pa.string()), ("episode_position", pa.int64())])


class Seen(NamedTuple):
    """What was seen of one part: how many rows, their edges, and the part's fingerprint."""

    rows: int
    edges: Edges
    fingerprint: str


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
    ids, legs : Once
        Take every `contact_id` and `interaction_id`.
    """

    policy: Policy
    buckets: Spill
    ids: Once
    legs: Once

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
        rows, edges = 0, []
        for batch in part.batches({*NEEDED, *KEYS}):
            contacts = _with_reasons(clean_rows(part.path, batch))
            edges.append(Edges.of(contacts, self.policy))
            self._scatter(contacts, number, rows, old)
            rows += len(contacts)
        return Seen(rows, Edges.together(edges), part.fingerprint())

    def _scatter(self, contacts: pa.Table, number: int, first: int, old: pa.Table | None) -> None:
        self.ids.add(contacts["contact_id"])
        self.legs.add(contacts["interaction_id"])
        size = len(contacts)
        numbered = contacts.select(NEEDED).replace_schema_metadata(None)
        columns = {
            "part": pa.array(np.full(size, number, np.int32)),
            "row": pa.array(np.arange(first, first + size)),
            **{name: _old(old, name, first, size) for name in OLD.names},
        }
        for name, values in columns.items():
            numbered = numbered.append_column(name, values)
        bucket = (hashed(contacts["customer_id"]) >> np.uint64(20)).astype(np.int64)
        nobody = pc.is_null(contacts["customer_id"]).to_numpy()
        bucket[nobody] = np.flatnonzero(nobody)  # related to none: they may lie anywhere
        self.buckets.scatter(numbered, bucket % self.buckets.parts)

    def note(self, part: Part) -> None:
        """Take the keys of a part whose rows are not needed."""
        keys = part.keys()
        self.ids.add(keys["contact_id"])
        self.legs.add(keys["interaction_id"])

    def refuse_repeated(self, files: list[Path], parts: list[Part], sizes: list[int]) -> None:
        """Refuse contacts of one id, and legs that are not merged.

        What came twice, or seemed to by its hash, is looked at again.

        Raises
        ------
        UserError
            Names the first such rows.
        """
        twice = {"contact_id": self.ids.repeated(), "interaction_id": self.legs.repeated()}
        if any(len(found) for found in twice.values()):
            keys = [_only(part.keys(), twice) for part in parts]
            refuse_repeated(files, sizes, pa.concat_tables(keys))


def _with_reasons(contacts: pa.Table) -> pa.Table:
    """Write reasons in their one form."""
    reasons = map_values(contacts["reason"], normalise_reason)
    return contacts.set_column(contacts.column_names.index("reason"), "reason", reasons)


def _old(old: pa.Table | None, name: str, first: int, size: int) -> pa.Array | pa.ChunkedArray:
    if old is None:
        return pa.nulls(size, OLD.field(name).type)
    return old[name].slice(first, size)


def _only(keys: pa.Table, wanted: dict[str, npt.NDArray[np.uint64]]) -> pa.Table:
    """Keep of the keys those with one of the hashes; the others become null."""
    kept = {}
    for name, hashes in wanted.items():
        there = np.isin(hashed(keys[name]), hashes)
        kept[name] = pc.if_else(pa.array(there), keys[name], pa.scalar(None, pa.string()))
    return pa.table(kept)
