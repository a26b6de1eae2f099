"""The parts in which contacts files are read, and the marks by which they are known again."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from recontact.clean import KEYS
from recontact.contacts import REQUIRED, SCHEMA
from recontact.labels.edges import Edges
from recontact.labels.tally import Tally
from recontact.policy import Policy
from recontact.sources.files import (
    Batch,
    is_parquet,
    map_batches,
    open_parquet,
    parquet_batches,
    row_groups,
    unreadable,
)
from recontact.sources.parse import parse

CSV_ROW = 100  # bytes, about
BLOCK = 1 << 22
FORM = 1  # of the marks; another one is not read


@dataclass(frozen=True)
class Part:
    """A row group of a Parquet file, or a whole file.

    Attributes
    ----------
    file : int
        Position among the files.
    path : pathlib.Path
        The file.
    group : int or None
        The row group; None where the file is taken whole.
    before : int
        Rows of the file before it.
    expected : int
        About how many rows it has.
    """

    file: int
    path: Path
    group: int | None
    before: int
    expected: int

    def batches(self, columns: Collection[str] | None = None) -> Iterable[Batch]:
        """Read its rows, some at a time; a CSV file whole, for one with faults is read twice.

        Of a Parquet file only some columns may be asked for; with them come all in which a row
        could be bad by what the file tells of them.
        """
        if not is_parquet(self.path):
            return map_batches(self.path, lambda batch: batch)
        return parquet_batches(self.path, self.group, self.before, self._with_doubtful(columns))

    def _with_doubtful(self, columns: Collection[str] | None) -> list[str] | None:
        if columns is None or self.group is None:
            return None
        file = open_parquet(self.path)
        group = file.metadata.row_group(self.group)
        names = file.schema_arrow.names
        if group.num_columns != len(names) or not {*REQUIRED} <= {*names}:
            return None  # nested, where what is where is not told, or no contacts
        return [
            field.name
            for k, field in enumerate(file.schema_arrow)
            if field.name in columns
            or (field.name in SCHEMA.names and _doubtful(field, group.column(k).statistics))
        ]

    def keys(self) -> pa.Table:
        """Read the columns whose values may come once only."""
        return self._columns(tuple(KEYS))

    def edges(self, policy: Policy) -> Edges:
        """Read the edges; a time that can't be read is before all others."""
        return Edges.of(self._columns(("started_at", "ended_at", "program")), policy)

    def _columns(self, names: tuple[str, ...]) -> pa.Table:
        """Read some columns and, where that is possible, no others."""
        if is_parquet(self.path):
            file = open_parquet(self.path)
            have = [name for name in names if name in file.schema_arrow.names]
            raw = file.read(have) if self.group is None else file.read_row_group(self.group, have)
        else:
            raw = pa.concat_tables(batch.rows for batch in self.batches())
        typed, _ = parse(raw, trim=not is_parquet(self.path))
        return typed.select(names)

    def place(self) -> str:
        """Tell file, size, time of change and group: where these are the same, so are the rows."""
        told = self.path.stat()
        return f"{self.path.name} {told.st_size} {told.st_mtime_ns} {self.group}"

    def ranges(self) -> dict[str, tuple[str, str] | None] | None:
        """Give the least and greatest value of each key, None where it has none.

        None where the file does not tell.
        """
        if self.group is None:
            return None
        group = open_parquet(self.path).metadata.row_group(self.group)
        found: dict[str, tuple[str, str] | None] = dict.fromkeys(KEYS)
        for k in range(group.num_columns):
            chunk = group.column(k)
            if chunk.path_in_schema not in KEYS:
                continue
            told = chunk.statistics
            if told is not None and told.has_null_count and told.null_count == group.num_rows:
                continue
            if told is None or not told.has_min_max or not isinstance(told.min, str):
                return None
            found[chunk.path_in_schema] = (told.min, told.max)
        return found

    def fingerprint(self) -> str:
        """Give a digest of the bytes that hold its rows, wherever they lie in the file."""
        seen = hashlib.blake2b(digest_size=16)
        try:
            with self.path.open("rb") as file:
                for first, end in self._bytes(seen):
                    file.seek(first)
                    for at in range(first, end, BLOCK):
                        seen.update(file.read(min(BLOCK, end - at)))
        except OSError as error:
            raise unreadable(self.path, error) from error
        return seen.hexdigest()

    def _bytes(self, seen: "hashlib.blake2b") -> Iterator[tuple[int, int]]:
        if self.group is None:
            yield 0, self.path.stat().st_size
            return
        whole = open_parquet(self.path)
        seen.update(str(whole.schema_arrow.remove_metadata()).encode())
        group = whole.metadata.row_group(self.group)
        for k in range(group.num_columns):
            chunk = group.column(k)
            first = chunk.dictionary_page_offset or chunk.data_page_offset
            yield first, first + chunk.total_compressed_size


@dataclass(frozen=True)
class Mark:
    """What labels keep of a part of the contacts that they were made from.

    Attributes
    ----------
    place : str
        Where it lay; as long as nothing there changes it is not read again.
    fingerprint : str
        Tells whether it is still the same.
    rows : int
        How many rows it has.
    edges : Edges
        Its first starts and last ends.
    tally : Tally
        What was counted over its labels.
    """

    place: str
    fingerprint: str
    rows: int
    edges: Edges
    tally: Tally


def _doubtful(field: pa.Field, told: Any) -> bool:
    """Tell whether a column of this type may hold a bad value, by its statistics."""
    wanted = SCHEMA.field(field.name).type
    if wanted == pa.string():
        return not pa.types.is_string(field.type)
    if wanted == pa.bool_():
        return not pa.types.is_boolean(field.type)
    if wanted == pa.int64() and pa.types.is_signed_integer(field.type):
        return told is None or not told.has_min_max or told.min < 0
    return True  # a number that is none, or a time out of all years, shows in no statistics


def parts(files: list[Path]) -> list[Part]:
    """List the parts of files, in order.

    Raises
    ------
    UserError
        A file can't be read.
    """
    found = []
    for number, path in enumerate(files):
        groups = row_groups(path) if is_parquet(path) else []
        starts = np.cumsum([0, *groups]).tolist()
        found += [Part(number, path, k, starts[k], rows) for k, rows in enumerate(groups)]
        if not groups:
            found.append(Part(number, path, None, 0, path.stat().st_size // CSV_ROW))
    return found


def written(marks: list[Mark]) -> bytes:
    """Write marks as the labels' metadata keep them."""
    return json.dumps({"form": FORM, "parts": [_plain(mark) for mark in marks]}).encode()


def _plain(mark: Mark) -> dict[str, Any]:
    edges, tally = mark.edges, mark.tally
    names = list(edges.first_start)
    return {
        "place": mark.place,
        "fingerprint": mark.fingerprint,
        "rows": mark.rows,
        "by_program": edges.by_program,
        "latest": edges.latest,
        "edges": [[n, edges.first_start[n], edges.last_end[n]] for n in names],
        "tally": [tally.contacts, tally.exclusions, tally.hits, tally.of],
    }


def read(text: bytes) -> list[Mark] | None:
    """Read marks; None where there are none, or of another form."""
    content = json.loads(text)
    if content is None or content["form"] != FORM:
        return None
    return [
        Mark(
            part["place"],
            part["fingerprint"],
            part["rows"],
            Edges(
                part["by_program"],
                {name: first for name, first, _ in part["edges"]},
                {name: last for name, _, last in part["edges"]},
                tuple(part["latest"]),
            ),
            Tally(*part["tally"]),
        )
        for part in content["parts"]
    ]
