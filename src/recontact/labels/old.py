"""Labels as they were, in a file or a folder of files, to be built on."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from recontact.errors import UserError
from recontact.labels.parts import Mark, read
from recontact.labels.table import PARTS, SCHEMA, policy_of
from recontact.policy import Policy
from recontact.sources.files import unreadable
from recontact.tables import expand

ANEW = "label everything once: leave --since out"


@dataclass(frozen=True)
class OldFile:
    """A file of labels as it was, with the marks of the parts that it was made from."""

    path: Path
    parquet: pq.ParquetFile
    marks: list[Mark]

    @classmethod
    def open(cls, path: Path, policy: Policy) -> "OldFile":
        """Open labels of the same policy.

        Raises
        ------
        UserError
            The file can't be read, is of another policy, or has no marks or wrong ones.
        """
        try:
            parquet = pq.ParquetFile(path)
        except (OSError, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise unreadable(path, error) from error
        schema = parquet.schema_arrow
        if not schema.remove_metadata().equals(SCHEMA):
            raise UserError(f"{path} is no labels table", ANEW)
        made = policy_of(schema.empty_table())
        if made.digest != policy.digest:
            raise UserError(f"{path} is of policy {made.digest}, not {policy.digest}", ANEW)
        marks = read((schema.metadata or {}).get(PARTS, b"null"))
        if marks is None:
            raise UserError(f"{path} does not tell what it was made from", ANEW)
        if sum(mark.rows for mark in marks) != parquet.metadata.num_rows:
            raise UserError(f"{path} was changed since it was made", ANEW)
        return cls(path, parquet, marks)

    def rows(self, first: int, count: int, columns: list[str] | None) -> Iterator[pa.Table]:
        """Read some rows, in stretches as the file holds them."""
        told, at = self.parquet.metadata, 0
        file = pq.ParquetFile(self.path, metadata=told)  # one reader serves one thread
        for k in range(told.num_row_groups):
            size = told.row_group(k).num_rows
            low, high = max(first - at, 0), min(first + count - at, size)
            if low < high:
                yield file.read_row_group(k, columns).slice(low, high - low)
            at += size


@dataclass(frozen=True)
class Old:
    """Labels as they were, in one file or several; their marks are numbered through."""

    files: list[OldFile]

    @classmethod
    def open(cls, path: Path, policy: Policy) -> "Old":
        """Open a file or a folder.

        Raises
        ------
        UserError
            As of `OldFile.open`.
        """
        return cls([OldFile.open(file, policy) for file in expand(path)])

    @cached_property
    def marks(self) -> list[Mark]:
        """All marks."""
        return [mark for file in self.files for mark in file.marks]

    def labels(self, number: int, columns: list[str] | None) -> Iterator[pa.Table]:
        """Read the labels of one part."""
        for file in self.files:
            if number < len(file.marks):
                before = sum(mark.rows for mark in file.marks[:number])
                yield from file.rows(before, file.marks[number].rows, columns)
                return
            number -= len(file.marks)

    def file_of(self, numbers: list[int]) -> Path | None:
        """Give the file that holds the labels of just these parts, if there is one."""
        first = 0
        for file in self.files:
            if numbers == list(range(first, first + len(file.marks))):
                return file.path
            first += len(file.marks)
        return None
