"""Exports laid out as one table, whatever their files: what the readers of tickets share."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from recontact.sources.contacts import Rows
from recontact.sources.fields import Record
from recontact.sources.files import Batch, map_batches, no_column
from recontact.sources.json_files import JsonBatch, flat, is_json, map_records
from recontact.sources.mapping import Mapping
from recontact.sources.parse import as_text
from recontact.sources.rejects import places, rejects, rejects_of_lines
from recontact.tables import stack

ROW = "(record)"  # a record without a field is a row too


@dataclass(frozen=True)
class Export:
    """The rows of an export.

    Attributes
    ----------
    raw : pyarrow.Table
        As they are written, nested fields by their dotted path.
    where : pyarrow.Table
        The place of each of them.
    broken : pyarrow.Table
        Rejects: lines and records that can't be read.
    """

    raw: pa.Table
    where: pa.Table
    broken: pa.Table


def read_export(
    files: list[Path],
    mapping: Mapping,
    keys: tuple[str, ...],
    prepare: Callable[[Record], Record] = dict,
    required: tuple[tuple[str, tuple[str, ...]], ...] = (),
) -> Export:
    """Read CSV, Parquet and JSON files of one system as one table.

    Parameters
    ----------
    files : list of pathlib.Path
        The files.
    mapping : Mapping
        How CSV files are written.
    keys : tuple of str
        Keys under which pages of JSON hold their records.
    prepare : callable
        Brings a JSON record into form before its fields are laid out.
    required : tuple of (str, tuple of str)
        Our required columns, each with the fields it may come from: a table must have one of
        them. A record of JSON that has none is rejected by itself.

    Raises
    ------
    UserError
        A file can't be read at all, or lacks a required column.
    """

    def laid_out(batch: JsonBatch) -> Batch:
        rows = flat([{ROW: None} | prepare(record) for record in batch.records])
        return Batch(rows, batch.numbers, batch.broken)

    raw, where, broken = [], [], []
    for path in files:
        if is_json(path):
            batches = map_records(path, laid_out, keys)
        else:
            batches = map_batches(path, Batch._make, mapping.delimiter, mapping.encoding)
            _require(path, batches[0].rows.column_names, required, mapping)
        raw += [batch.rows for batch in batches]
        where += [places(path, batch.numbers) for batch in batches]
        broken += [rejects_of_lines(path, batch.broken) for batch in batches]
    together = stack(raw, files)
    if not together.num_columns:  # no record at all
        together = pa.table({ROW: pa.nulls(0)})
    return Export(together, pa.concat_tables(where), pa.concat_tables(broken))


def _require(
    path: Path,
    names: list[str],
    required: tuple[tuple[str, tuple[str, ...]], ...],
    mapping: Mapping,
) -> None:
    for ours, fields in required:
        if ours not in mapping.columns and not set(fields) & set(names):
            mend = f"export it with the names of the interface, or name '{ours}' in a mapping file"
            raise no_column(path, fields[0], names, mend)


def texts(raw: pa.Table, names: tuple[str, ...]) -> pa.Table:
    """Give the columns named as text, null where empty or not there, and the `place` of each row.

    Examples
    --------
    >>> texts(pa.table({"id": [7, 8]}), ("id", "via.channel")).to_pylist()[0]
    {'id': '7', 'via.channel': None, 'place': 0}
    """
    nothing = pa.chunked_array([pa.nulls(len(raw), pa.string())])
    columns = {
        name: _filled(as_text(raw[name], name)) if name in raw.column_names else nothing
        for name in names
    }
    return pa.table(columns | {"place": pa.array(range(len(raw)), pa.int64())})


def _filled(column: pa.ChunkedArray) -> pa.ChunkedArray:
    trimmed = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.not_equal(trimmed, ""), trimmed, pa.scalar(None, pa.string()))


def settled(
    export: Export, derived: pa.Table, refused: pa.ChunkedArray, mapping: Mapping, files: list[Path]
) -> Rows:
    """Lay the mapping over what was derived, type it and set bad rows apart.

    Parameters
    ----------
    export : Export
        The rows as they are written.
    derived : pyarrow.Table
        The same rows, named as in the contacts table; of texts or typed.
    refused : pyarrow.ChunkedArray of string
        Why the reader refuses a row, null where it does not.
    mapping : Mapping
        Laid over the rows.
    files : list of pathlib.Path
        Named in errors.

    Returns
    -------
    Rows

    Raises
    ------
    UserError
        The mapping names a field that no record has.
    """
    mapping.check_fields(export.raw.column_names, files)
    typed, wrong = mapping.parse(mapping.over(derived, export.raw, files[0]), trim=True)
    typed = typed.replace_schema_metadata(derived.schema.metadata)
    wrong = pc.coalesce(refused, wrong)
    good, bad = pc.is_null(wrong), pc.is_valid(wrong)
    raw = export.raw
    if raw.num_columns > 1 and ROW in raw.column_names:
        raw = raw.drop_columns(ROW)
    ids = typed["contact_id"].filter(bad)
    apart = rejects(export.where.filter(bad), wrong.filter(bad), ids, raw.filter(bad))
    read = len(raw) + len(export.broken)
    apart = pa.concat_tables([export.broken, apart])
    return Rows(typed.filter(good), export.where.filter(good), apart, read)
