"""Contacts in files with their labels beside them, checked and put into buckets by customer."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from recontact.clean import KEYS, clean_rows
from recontact.features.asked import BESIDE, JUDGED
from recontact.features.happened import Happened
from recontact.labels.keys import Keys
from recontact.labels.parts import Part
from recontact.labels.read import same_contacts
from recontact.labels.scatter import by_customer
from recontact.sources.files import Batch
from recontact.spill import Spill
from recontact.stretches import ROW, Rows
from recontact.tables import typed


class Piece(NamedTuple):
    """A part of the contacts with its labels; `first` is the number of its first row."""

    part: Part
    batches: Iterable[Batch]
    first: int
    labels: pa.Table


class Put(NamedTuple):
    """How many rows a piece has, and whether its labels are theirs."""

    rows: int
    same: bool


def pieces(parts: list[Part], columns: pa.Schema, labels: Rows) -> Iterator[Piece]:
    """Give the parts of contacts files, each with the labels of its rows.

    Parameters
    ----------
    parts : list of Part
        All parts; the contacts of row groups are read later, by whoever takes them.
    columns : pyarrow.Schema
        The columns of the contacts to read.
    labels : Rows
        Labels in the row order of the contacts, with the columns of `BESIDE`.
    """
    first = 0
    for part in parts:
        batches = part.batches({*columns.names, *KEYS})
        rows = part.expected
        if part.group is None:  # how many there are shows once they are read
            batches = list(batches)
            rows = sum(len(batch.rows) for batch in batches)
        beside = pa.concat_tables([BESIDE.empty_table(), *labels.take(rows)])
        yield Piece(part, batches, first, beside)
        first += rows


@dataclass(frozen=True)
class Scatter:
    """Where the rows of contacts files and their labels go.

    Attributes
    ----------
    columns : pyarrow.Schema
        The columns of the contacts that are kept.
    buckets : Spill
        Takes them, and of each contact the columns of `JUDGED` and `row`, counted over all files.
    keys : Keys
        Take every `contact_id` and `interaction_id`.
    happened : Happened, optional
        Takes note of the bucket of every contact.
    """

    columns: pa.Schema
    buckets: Spill
    keys: Keys
    happened: Happened | None

    def put(self, piece: Piece) -> Put:
        """Read and check one piece, and put its rows into their buckets.

        Where labels are of other contacts the rows are only read: that they are repeated may be
        why, and is told of all rows.

        Raises
        ------
        UserError
            As of `recontact.clean.read_contacts`.
        """
        rows, same = 0, True
        for batch in piece.batches:
            contacts = clean_rows(piece.part.path, batch)
            labels = piece.labels.slice(rows, len(contacts))
            same = same and same_contacts(contacts["contact_id"], labels["contact_id"])
            self.keys.add(contacts)
            if same:
                self._scatter(contacts, labels, piece.first + rows)
            rows += len(contacts)
        return Put(rows, same)

    def _scatter(self, contacts: pa.Table, labels: pa.Table, first: int) -> None:
        kept = typed(contacts, self.columns)
        for name in JUDGED:
            kept = kept.append_column(name, labels[name])
        kept = kept.append_column(ROW, pa.array(np.arange(first, first + len(contacts))))
        bucket = by_customer(contacts, self.buckets.parts)
        self.buckets.scatter(kept, bucket)
        if self.happened:
            self.happened.note(contacts["contact_id"], bucket)
