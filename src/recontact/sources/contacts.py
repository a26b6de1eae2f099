"""Contacts in our own form, CSV, Parquet or JSON, their columns perhaps named otherwise."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.sources.files import Batch, is_parquet, map_batches, require
from recontact.sources.json_files import JsonBatch, flat, is_json, map_records
from recontact.sources.mapping import IN_MAPPING, Mapping, in_mapping
from recontact.sources.rejects import places, rejects, rejects_of_lines
from recontact.tables import stack

IN_MEMORY = Path("table")  # what a table without a file is called in messages and rejects


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
    events : pyarrow.Table or None
        What happened during them, by position in `good` (`row`), where the source tells it.
    """

    good: pa.Table
    where: pa.Table
    rejects: pa.Table
    read: int
    duplicates: int = 0
    merged: int = 0
    events: pa.Table | None = None


def read_rows(files: list[Path], mapping: Mapping) -> Rows:
    """Read rows of contacts, bad ones apart.

    Parameters
    ----------
    files : list of pathlib.Path
        CSV, Parquet or JSON files.
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
    records = {path: read_records(path) for path in files if is_json(path)}
    names = {name for batch in records.values() for name in batch.rows.column_names}
    mapping.check_fields(names, records, rules=True)
    parts = [
        _records(path, records[path], mapping) if path in records else _file(path, mapping)
        for path in files
    ]
    return together(parts, files)


def rows_of(table: pa.Table, mapping: Mapping) -> Rows:
    """Take rows of contacts from a table in memory, bad ones apart.

    Raises
    ------
    UserError
        A required column is missing.
    """
    named = mapping.apply(table, IN_MEMORY)
    require(IN_MEMORY, named.column_names, mapping.required, IN_MAPPING)
    batch = Batch(table, np.arange(1, len(table) + 1, dtype=np.int64), [])
    return together([sorted_out(IN_MEMORY, batch, named, mapping)], [IN_MEMORY])


def read_records(path: Path, keys: tuple[str, ...] = ()) -> Batch:
    """Read all records of a JSON file as one table, nested fields by their dotted path.

    Parameters
    ----------
    path : pathlib.Path
        JSON lines, an array, or pages that hold the array under one of `keys`.
    keys : tuple of str
        See `recontact.sources.json_files.map_records`.

    Raises
    ------
    UserError
        The file can't be read at all.
    """
    batches = map_records(path, _flat, keys)
    rows = stack([batch.rows for batch in batches], [path])
    numbers = np.concatenate([batch.numbers for batch in batches])
    return Batch(rows, numbers, [line for batch in batches for line in batch.broken])


def _flat(batch: JsonBatch) -> Batch:
    rows = flat(batch.records)
    if len(rows) < len(batch.records):  # they are all {}
        rows = pa.table({"contact_id": pa.nulls(len(batch.records), pa.string())})
    return Batch(rows, batch.numbers, batch.broken)


def together(parts: list[Rows], files: list[Path]) -> Rows:
    """Put the rows of several files together."""
    where = pa.concat_tables([part.where for part in parts])
    apart = pa.concat_tables([part.rejects for part in parts])
    good = stack([part.good for part in parts], files)
    return Rows(good, where, apart, sum(part.read for part in parts))


def _file(path: Path, mapping: Mapping) -> Rows:
    def rows(batch: Batch) -> Rows:
        named = mapping.apply(batch.rows, path)
        require(path, named.column_names, mapping.required, in_mapping(path))
        return sorted_out(path, batch, named, mapping, trim=not is_parquet(path))

    parts = map_batches(path, rows, mapping.delimiter, mapping.encoding)
    return together(parts, [path])


def _records(path: Path, batch: Batch, mapping: Mapping) -> Rows:
    """Name the fields of records; one that a mapping names and none of them has is null."""
    rows = batch.rows
    nothing = pa.nulls(len(rows), pa.string())
    for theirs in dict.fromkeys([*(theirs for _, theirs in mapping.named), *mapping.ruled]):
        if theirs not in rows.column_names:
            rows = rows.append_column(theirs, nothing)
    named = mapping.apply(rows, path)
    if len(rows):
        require(path, named.column_names, mapping.required, in_mapping(path))
    return sorted_out(path, batch, named, mapping)


def sorted_out(
    path: Path, batch: Batch, named: pa.Table, mapping: Mapping, *, trim: bool = False
) -> Rows:
    """Type rows and set the bad ones apart.

    Parameters
    ----------
    path : pathlib.Path
        Their file.
    batch : Batch
        As they were read.
    named : pyarrow.Table
        The same rows, named as in the contacts table.
    mapping : Mapping
        How their values are written.
    trim : bool
        Drop white space around text, as suits CSV.

    Returns
    -------
    Rows
    """
    typed, wrong = mapping.parse(named, trim=trim)
    typed = typed.replace_schema_metadata(named.schema.metadata)
    where = places(path, batch.numbers)
    read = len(named) + len(batch.broken)
    broken = rejects_of_lines(path, batch.broken)
    if wrong.null_count == len(wrong):
        return Rows(typed, where, broken, read)
    good, bad = pc.is_null(wrong), pc.is_valid(wrong)
    ids = typed["contact_id"].filter(bad)
    apart = rejects(where.filter(bad), wrong.filter(bad), ids, named.filter(bad))
    apart = pa.concat_tables([broken, apart])
    return Rows(typed.filter(good), where.filter(good), apart, read)
