"""Twilio TaskRouter events: what happened to each task, folded into one row per task."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from recontact.sources.contacts import Rows
from recontact.sources.fields import BadField
from recontact.sources.json_files import JsonBatch, map_records
from recontact.sources.mapping import Mapping
from recontact.sources.rejects import rejects_of_lines
from recontact.sources.twilio_events import Happened, happened
from recontact.sources.twilio_tasks import told
from recontact.sources.vendor import Placed, Told, joined, rejected, typed

KEYS = ("events",)
HAPPENS = ("answered", "transfer")


def read_task_events(files: list[Path], mapping: Mapping) -> Rows:
    r"""Read TaskRouter events: one row per task.

    All events of a task are expected in the files given. Events are taken as the interface lists
    them (``event_type``, ``event_data``), as Event Streams delivers them (``type``,
    ``data.payload``) and as callbacks post them (``EventType``, ``TaskSid``).

    Parameters
    ----------
    files : list of pathlib.Path
        JSON files: pages (``events``), or lines.
    mapping : Mapping
        Takes what only the user knows, as ``columns: {reason: task_attributes.topic}``.

    Returns
    -------
    Rows
        `merged` counts the further events of tasks, `duplicates` those delivered again.

    Raises
    ------
    UserError
        A file can't be read at all.

    Examples
    --------
    >>> import json, tempfile
    >>> path = Path(tempfile.mkdtemp()) / "events.jsonl"
    >>> lines = [{"sid": f"EV{i}", "event_type": kind, "event_date": f"2026-01-01T10:0{i}:00Z",
    ...           "event_data": {"task_sid": "WT1", "task_attributes": '{"from": "+4930901820"}'}}
    ...          for i, kind in enumerate(("task.created", "reservation.accepted", "task.wrapup",
    ...                                    "task.completed"))]
    >>> _ = path.write_text("\n".join(map(json.dumps, lines)))
    >>> rows = read_task_events([path], Mapping())
    >>> [row] = rows.good.to_pylist()
    >>> rows.merged, row["wait_s"], row["wrap_s"], row["ani"]
    (3, 60.0, 60.0, '+4930901820')
    """
    found: list[Happened] = []
    apart: list[pa.Table] = []

    def take(path: Path, batch: JsonBatch) -> int:
        apart.append(rejects_of_lines(path, batch.broken))
        apart.append(rejected(path, _taken(path, batch, found)))
        return len(batch.records) + len(batch.broken)

    read = sum(sum(map_records(path, partial(take, path), KEYS)) for path in files)
    different = list({one.key: one for one in found}.values())
    rows = _rows(different, mapping, files)
    return replace(
        rows,
        rejects=pa.concat_tables([*apart, rows.rejects]),
        read=read,
        duplicates=len(found) - len(different),
    )


def _taken(path: Path, batch: JsonBatch, found: list[Happened]) -> list[tuple[Placed, str]]:
    """Take the events of tasks; give what is none."""
    bad: list[tuple[Placed, str]] = []
    for placed in map(Placed, batch.numbers.tolist(), batch.records):
        try:
            found.append(happened(path, placed))
        except BadField as error:
            bad.append((placed, str(error)))
    return bad


def _rows(events: Iterable[Happened], mapping: Mapping, files: list[Path]) -> Rows:
    """Fold the events into tasks, file by file of what was read first of each."""
    tasks: dict[str, list[Happened]] = {}
    for event in events:
        tasks.setdefault(event.data["task_sid"], []).append(event)
    fields: set[str] = set()
    parts = [
        _of_file(path, [one for one in tasks.values() if one[0].path == path], mapping, fields)
        for path in dict.fromkeys(files)
    ]
    mapping.check_fields(fields, files)
    return joined(parts, files, HAPPENS)


def _of_file(path: Path, tasks: list[list[Happened]], mapping: Mapping, fields: set[str]) -> Rows:
    rows_told: list[Told] = []
    whole: list[list[Happened]] = []
    bad: list[tuple[Happened, str]] = []
    for events in tasks:
        try:
            rows_told.append(told(events))
            whole.append(events)
        except BadField as error:
            bad += [(event, str(error)) for event in events]
    rows = typed(path, rows_told, [events[0].placed for events in whole], mapping, fields)
    why = dict(zip(*(rows.rejects[name].to_pylist() for name in ("row", "reason")), strict=True))
    merged = 0
    for events in whole:
        if (reason := why.get(events[0].placed.number)) is None:
            merged += len(events) - 1
        else:
            bad += [(event, reason) for event in events[1:]]
    apart = [
        rejected(event.path, [(event.placed, reason)], [event.data["task_sid"]])
        for event, reason in bad
    ]
    return replace(rows, rejects=pa.concat_tables([rows.rejects, *apart]), merged=merged)
