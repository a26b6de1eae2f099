"""Contacts in our own form, CSV or Parquet, their columns perhaps named otherwise."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from recontact.sources.files import Batch, is_parquet, map_batches, require
from recontact.sources.mapping import IN_MAPPING, Mapping
from recontact.sources.rejects import places, rejects, rejects_of_lines
from recontact.tables import stack


@dataclass(frozen=True)
class Rows:
    """Rows of contacts or legs as read.

    Attributes
    ----------
    good : pyarrow.Table
        Typed rows, all columns of the contacts table.
    where : pyarrow.Table
        The place where each of them was read: `file`, `row`.
    rejects : pyarrow.Table
        The others.
    read, duplicates, merged : int
        Rows read; of them, dropped as exact duplicates and merged into others already.
    """

    good: pa.Table
    where: pa.Table
    rejects: pa.Table
    read: int
    duplicates: int = 0
    merged: int = 0


def read_rows(files: list[Path], mapping: Mapping) -> Rows:
    """Read rows of contacts, bad ones apart.

    Parameters
    ----------
    files : list of pathlib.Path
        CSV or Parquet files.
    mapping : Mapping
        What their columns are called.

    Returns
    -------
    Rows

    Raises
    ------
    UserError
        A file can't be read at all or lacks a required column.
    """
    parts = [_file(path, mapping) for path in files]
    return _together(parts, stack([part.good for part in parts], files))


def _file(path: Path, mapping: Mapping) -> Rows:
    spelled = (mapping.delimiter, mapping.encoding)
    parts = map_batches(path, lambda batch: _sorted_out(path, batch, mapping), *spelled)
    return _together(parts, pa.concat_tables([part.good for part in parts]))


def _together(parts: list[Rows], good: pa.Table) -> Rows:
    where = pa.concat_tables([part.where for part in parts])
    apart = pa.concat_tables([part.rejects for part in parts])
    return Rows(good, where, apart, sum(part.read for part in parts))


def _sorted_out(path: Path, batch: Batch, mapping: Mapping) -> Rows:
    """Type the rows of one batch and set the bad ones apart."""
    rows = mapping.apply(batch.rows, path)
    require(path, rows.column_names, mapping.required, IN_MAPPING)
    typed, wrong = mapping.parse(rows, trim=not is_parquet(path))
    typed = typed.replace_schema_metadata(rows.schema.metadata)
    where = places(path, batch.numbers)
    read = len(batch.rows) + len(batch.broken)
    broken = rejects_of_lines(path, batch.broken)
    if wrong.null_count == len(wrong):
        return Rows(typed, where, broken, read)
    good, bad = pc.is_null(wrong), pc.is_valid(wrong)
    ids = typed["contact_id"].filter(bad)
    apart = rejects(where.filter(bad), wrong.filter(bad), ids, rows.filter(bad))
    apart = pa.concat_tables([broken, apart])
    return Rows(typed.filter(good), where.filter(good), apart, read)
