"""Records of a vendor's JSON export become rows: what all readers of such exports share."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import SCHEMA
from recontact.sources.contacts import Rows
from recontact.sources.events import OF_ROWS, TOLD, keep
from recontact.sources.fields import BadField, Record, dotted
from recontact.sources.json_files import JsonBatch, column, flat, map_records
from recontact.sources.mapping import Mapping
from recontact.sources.rejects import NONE, places, rejects_of_lines
from recontact.sources.rejects import SCHEMA as REJECTS
from recontact.tables import stack


class Event(NamedTuple):
    """Something that happened during a contact: `answered`, `hold`, `resume` or `transfer`."""

    at: datetime
    event: str
    queue: str | None = None
    agent_id: str | None = None


class Told(NamedTuple):
    """What a record tells: a row, by our column names, and what happened during it.

    `record` is where the fields that a mapping file names are looked for.
    """

    row: dict[str, Any]
    events: list[Event]
    record: Record


class Placed(NamedTuple):
    """A record with its number in its file."""

    number: int
    record: Record


def read_export(
    files: list[Path],
    mapping: Mapping,
    tell: Callable[[Record], Told],
    keys: tuple[str, ...],
    happens: tuple[str, ...],
) -> Rows:
    """Read files of records each of which is one row, bad ones apart.

    Parameters
    ----------
    files : list of pathlib.Path
        JSON files (see `recontact.sources.json_files`).
    mapping : Mapping
        What to take from fields that only the user knows.
    tell : callable
        Says what a record tells; raises `BadField` where it can't be read.
    keys : tuple of str
        Keys under which pages of the vendor's interface hold their records.
    happens : tuple of str
        The kinds of events that the vendor tells.

    Returns
    -------
    Rows

    Raises
    ------
    UserError
        A file can't be read at all, or no record has a field that the mapping names.
    """
    fields: set[str] = set()

    def rows(path: Path, batch: JsonBatch) -> Rows:
        told: list[Told] = []
        kept: list[Placed] = []
        bad: list[tuple[Placed, str]] = []
        for placed in map(Placed, batch.numbers.tolist(), batch.records):
            try:
                told.append(tell(placed.record))
                kept.append(placed)
            except BadField as error:
                bad.append((placed, str(error)))
        good = typed(path, told, kept, mapping, fields)
        apart = [good.rejects, rejected(path, bad), rejects_of_lines(path, batch.broken)]
        read = len(batch.records) + len(batch.broken)
        return replace(good, rejects=pa.concat_tables(apart), read=read)

    found = [part for path in files for part in map_records(path, partial(rows, path), keys)]
    mapping.check_fields(fields, files)
    return joined(found, files, happens)


def typed(
    path: Path, told: list[Told], placed: list[Placed], mapping: Mapping, fields: set[str]
) -> Rows:
    """Type what records told; rows with missing or impossible values are set apart.

    Parameters
    ----------
    path : pathlib.Path
        The file they stand in.
    told : list of Told
        What each of them told.
    placed : list of Placed
        The records, for the rejects.
    mapping : Mapping
        Laid over the rows.
    fields : set of str
        Takes the names of the fields that were there.

    Returns
    -------
    Rows
        `read` counts the records given.
    """
    raw = _raw([one.record for one in told], mapping, fields)
    rows = mapping.over(_derived([one.row for one in told]), raw, path)
    good, wrong = mapping.parse(rows)
    where = places(path, np.array([one.number for one in placed], np.int64))
    events, apart = _events([one.events for one in told]), NONE
    if wrong.null_count < len(wrong):
        bad = pc.is_valid(wrong).to_numpy()
        said = [(placed[i], wrong[i].as_py()) for i in np.flatnonzero(bad).tolist()]
        apart = rejected(path, said, good["contact_id"].filter(pa.array(bad)).to_pylist())
        good, where = good.filter(pa.array(~bad)), where.filter(pa.array(~bad))
        events = keep(events, ~bad)
    return Rows(good, where, apart, len(told), events=events)


def rejected(
    path: Path, bad: list[tuple[Placed, str]], ids: list[str | None] | None = None
) -> pa.Table:
    """Put records into the rejects table."""
    lines = [
        (str(path), placed.number, reason, contact_id, json.dumps(placed.record))
        for (placed, reason), contact_id in zip(bad, ids or [None] * len(bad), strict=True)
    ]
    rows = [dict(zip(REJECTS.names, line, strict=True)) for line in lines]
    return pa.Table.from_pylist(rows, REJECTS)


def joined(found: list[Rows], files: list[Path], happens: tuple[str, ...]) -> Rows:
    """Put the rows of several batches together; events keep pointing at their rows."""
    told = {TOLD: json.dumps(happens)}
    before = np.cumsum([0, *(len(part.good) for part in found)])
    events = [
        part.events.set_column(0, "row", pc.add(part.events["row"], int(start)))
        for part, start in zip(found, before, strict=False)
        if part.events is not None
    ]
    return Rows(
        stack([part.good for part in found], files),
        pa.concat_tables([part.where for part in found]),
        pa.concat_tables([part.rejects for part in found]),
        sum(part.read for part in found),
        sum(part.duplicates for part in found),
        sum(part.merged for part in found),
        pa.concat_tables(events).replace_schema_metadata(told),
    )


def _derived(rows: list[dict[str, Any]]) -> pa.Table:
    names = rows[0] if rows else SCHEMA.names
    return pa.table({name: _typed([row[name] for row in rows], name) for name in names})


def _typed(values: list[Any], name: str) -> pa.Array:
    at = SCHEMA.get_field_index(name)
    return pa.array(values, SCHEMA.types[at] if at >= 0 else pa.string())


def _raw(records: list[Record], mapping: Mapping, fields: set[str]) -> pa.Table:
    """Take the fields that the mapping names."""
    columns = {path: [dotted(record, path) for record in records] for path in _paths(mapping)}
    fields.update(path for path, values in columns.items() if any(v is not None for v in values))
    fields.update(flat(records[:1]).column_names)
    held = {"": pa.nulls(len(records))}  # a table without columns would have no rows
    return pa.table(held | {path: column(values) for path, values in columns.items()})


def _paths(mapping: Mapping) -> Iterable[str]:
    theirs = [theirs for _, theirs in mapping.named]
    return dict.fromkeys([*theirs, *mapping.escalated_when, *mapping.outbound_when])


def _events(events: list[list[Event]]) -> pa.Table:
    rows = [(i, *event) for i, one in enumerate(events) for event in one]
    columns = zip(*rows, strict=True) if rows else [()] * len(OF_ROWS)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, OF_ROWS, strict=True)]
    return pa.table(arrays, schema=OF_ROWS)
