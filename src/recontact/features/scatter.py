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
from recontact.labels.read import refuse_others
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

    def put(self, piece: Piece) -> int:
        """Read and check one piece, put its rows into their buckets, and give how many there are.

        Raises
        ------
        UserError
            As of `recontact.clean.read_contacts` and `recontact.labels.read.refuse_others`.
        """
        rows = 0
        for batch in piece.batches:
            contacts = clean_rows(piece.part.path, batch)
            labels = piece.labels.slice(rows, len(contacts))
            refuse_others(contacts["contact_id"], labels["contact_id"])
            self._scatter(contacts, labels, piece.first + rows)
            rows += len(contacts)
        return rows

    def _scatter(self, contacts: pa.Table, labels: pa.Table, first: int) -> None:
        self.keys.add(contacts)
        kept = typed(contacts, self.columns)
        for name in JUDGED:
            kept = kept.append_column(name, labels[name])
        kept = kept.append_column(ROW, pa.array(np.arange(first, first + len(contacts))))
        bucket = by_customer(contacts, self.buckets.parts)
        self.buckets.scatter(kept, bucket)
        if self.happened:
            self.happened.note(contacts["contact_id"], bucket)
