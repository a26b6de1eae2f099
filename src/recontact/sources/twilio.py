"""Twilio TaskRouter events: what happened to each task, folded into one row per task."""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from recontact.sources.contacts import Rows
from recontact.sources.fields import BadField, Record, instant, number, part, text
from recontact.sources.json_files import STRICT, JsonBatch, map_records
from recontact.sources.mapping import Mapping
from recontact.sources.rejects import rejects_of_lines
from recontact.sources.vendor import Event, Placed, Told, joined, rejected, typed

KEYS = ("events",)
CLOUD = "com.twilio.taskrouter."
ENDS = ("task.completed", "task.canceled", "task.deleted", "task.system-deleted")
LEFT = tuple(f"reservation.{how}" for how in ("wrapup", "completed", "canceled", "rescinded"))
CHANNELS = {
    **{name: name for name in ("voice", "chat", "email", "video", "messaging")},
    "web": "chat",
    "sms": "messaging",
    "whatsapp": "messaging",
    "messenger": "messaging",
}


class Happened(NamedTuple):
    """One event of a task.

    Attributes
    ----------
    at, kind : datetime, str
        When, and what: ``task.created``.
    data : dict
        What the event tells of its task, keys in snake case.
    path, placed : Path, Placed
        Where it was read.
    """

    at: datetime
    kind: str
    data: Record
    path: Path
    placed: Placed


class Task(NamedTuple):
    """The events of one task in their order, and its attributes as last told."""

    events: list[Happened]
    attributes: Record

    def first(self, *kinds: str) -> datetime | None:
        """Give the instant of the first event of these kinds."""
        return next((one.at for one in self.events if one.kind in kinds), None)

    def last(self, *kinds: str) -> datetime | None:
        """Give the instant of the last event of these kinds."""
        return next((one.at for one in reversed(self.events) if one.kind in kinds), None)

    def told(self, name: str) -> str | None:
        """Give the first text that an event tells under this name."""
        return next(filter(None, (text(one.data, name) for one in self.events)), None)


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
    >>> import tempfile
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
    different = list({_key(one): one for one in found}.values())
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
            found.append(_happened(path, placed))
        except BadField as error:
            bad.append((placed, str(error)))
    return bad


def _happened(path: Path, placed: Placed) -> Happened:
    record = placed.record
    kind, data = _unfolded(record)
    if kind is None:
        raise BadField("no event_type")
    if not text(data, "task_sid"):
        raise BadField(f"not about a task: {kind}")
    at = _at(data)
    if at is None:
        raise BadField("no time of the event")
    attributes = _json(data, "task_attributes")
    return Happened(at, kind, data | {"task_attributes": attributes}, path, placed)


def _unfolded(record: Record) -> tuple[str | None, Record]:
    """Give kind and content of an event, in whichever of its forms it comes."""
    kind = text(record, "type")
    if kind and kind.startswith(CLOUD):
        around = part(record, "data")
        named = {"sid": record.get("id"), "event_date": record.get("time")} | around
        return kind.removeprefix(CLOUD), named | part(around, "payload")
    if "EventType" in record:
        record = {_snake(name): value for name, value in record.items()}
    return text(record, "event_type"), record | part(record, "event_data")


@cache
def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _at(data: Record) -> datetime | None:
    for name in ("event_date_ms", "timestamp_ms"):
        if (milliseconds := number(data, name)) is not None:
            return _since_1970(name, milliseconds / 1000)
    for name in ("event_date", "timestamp"):
        if data.get(name) is not None:
            return _time(data, name)
    return None


def _time(data: Record, name: str) -> datetime | None:
    """Read a time in either form: ISO 8601, or the seconds since 1970 that callbacks post."""
    value = data.get(name)
    if isinstance(value, (int, float)) or (isinstance(value, str) and value.isdecimal()):
        return _since_1970(name, float(value))
    return instant(data, name)


def _since_1970(name: str, seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise BadField(f"{name}: not a time: '{seconds:g}'") from error


def _json(data: Record, name: str) -> Record:
    """Read the JSON text that a field holds."""
    value = data.get(name)
    if isinstance(value, str) and value.strip():
        try:
            value = STRICT.decode(value)
        except (ValueError, RecursionError) as error:
            raise BadField(f"{name}: not JSON: {value[:60]!r}") from error
    return part({name: value or None}, name)


def _key(event: Happened) -> str:
    """Tell events apart: one that is delivered again has the same sid."""
    return text(event.data, "sid") or json.dumps(event.placed.record, sort_keys=True)


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
    return joined(parts, files)


def _of_file(path: Path, tasks: list[list[Happened]], mapping: Mapping, fields: set[str]) -> Rows:
    told: list[Told] = []
    whole: list[list[Happened]] = []
    bad: list[tuple[Happened, str]] = []
    for events in tasks:
        try:
            told.append(_told(events))
            whole.append(events)
        except BadField as error:
            bad += [(event, str(error)) for event in events]
    rows = typed(path, told, [events[0].placed for events in whole], mapping, fields)
    why = dict(zip(*(rows.rejects[name].to_pylist() for name in ("row", "reason")), strict=True))
    merged = 0
    for events in whole:
        if (reason := why.get(events[0].placed.number)) is None:
            merged += len(events) - 1
        else:
            bad += [(event, reason) for event in events[1:]]
    apart = [rejected(event.path, [(event.placed, reason)]) for event, reason in bad]
    return replace(rows, rejects=pa.concat_tables([rows.rejects, *apart]), merged=merged)


def _told(events: list[Happened]) -> Told:
    task = _task(events)
    attributes, worker = task.attributes, _first_worker(task)
    conversation = part(attributes, "conversations")
    started, ended = _started(task), _ended(task)
    direction = _direction(attributes, conversation)
    customer, address = _customer(attributes, ours=direction == "outbound")
    transfers = _transfers(task)
    talk, wrap = _reservations(task)
    answered = task.first("reservation.accepted")
    row: dict[str, Any] = {
        "contact_id": task.told("task_sid"),
        "customer_id": customer,
        "started_at": started,
        "ended_at": ended,
        "interaction_id": text(conversation, "conversation_id") or task.told("task_sid"),
        "channel": _channel(task, attributes),
        "direction": direction,
        "handled": answered is not None,
        "queue": task.told("task_queue_name") or task.told("task_queue_sid"),
        "agent_id": text(worker, "worker_sid"),
        "team": text(conversation, "handling_team_name") or _team(worker),
        "case_id": text(conversation, "case"),
        "disposition": text(conversation, "outcome"),
        "wait_s": _or(conversation, "queue_time", _span(started, answered or ended)),
        "talk_s": _or(conversation, "talk_time", talk),
        "hold_s": number(conversation, "hold_time"),
        "wrap_s": _or(conversation, "wrap_up_time", wrap),
        "transfer_count": len(transfers),
        "known_at": task.events[-1].at,
        "ani": address,
    }
    record = task.events[-1].data | {
        "task_attributes": attributes,
        "worker_attributes": _json(worker, "worker_attributes"),
    }
    return Told(row, _events(task, transfers), record)


def _task(events: list[Happened]) -> Task:
    """Put the events of a task in order; of one instant, the creation first and the end last."""

    def order(event: Happened) -> tuple[datetime, int, str]:
        rank = (event.kind != "task.created") + (event.kind in ENDS)
        return event.at, rank, _key(event)

    ordered = sorted(events, key=order)
    told = (one.data["task_attributes"] for one in reversed(ordered))
    return Task(ordered, next(filter(None, told), {}))


def _started(task: Task) -> datetime:
    created = task.first("task.created")
    if created is None:
        told = (_time(one.data, "task_date_created") for one in task.events)
        created = next(filter(None, told), None)
    if created is None:
        raise BadField("no started_at: no task.created among the events of the task")
    return created


def _ended(task: Task) -> datetime:
    """Give the end of the conversation: the wrap-up begins, or there was none."""
    ended = task.last("task.wrapup") or task.first(*ENDS)
    if ended is None:
        raise BadField("no ended_at: the task is not completed, canceled or in wrap-up")
    return ended


def _first_worker(task: Task) -> Record:
    accepted = (one.data for one in task.events if one.kind == "reservation.accepted")
    return next(accepted, {})


def _team(worker: Record) -> str | None:
    attributes = _json(worker, "worker_attributes")
    return text(attributes, "team_name") or text(attributes, "team")


def _reservations(task: Task) -> tuple[float | None, float | None]:
    """Sum how long the workers were with the customer, and then wrapping up."""
    accepted: dict[str, datetime] = {}
    left: dict[str, datetime] = {}
    completed: dict[str, datetime] = {}
    for one in task.events:
        sid = text(one.data, "reservation_sid") or text(one.data, "worker_sid") or ""
        if one.kind == "reservation.accepted":
            accepted.setdefault(sid, one.at)
        elif one.kind in LEFT and sid in accepted:
            left.setdefault(sid, one.at)
            completed[sid] = one.at
    if not accepted:
        return None, None
    end = _ended(task)
    talk = sum(_span(at, max(at, left.get(sid, end))) for sid, at in accepted.items())
    last = task.first(*ENDS) if len(accepted) == 1 and not completed else None
    wrap = _span(end, last) if last else sum(_span(left[sid], completed[sid]) for sid in left)
    return talk, wrap


def _span(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()


def _or(conversation: Record, name: str, otherwise: float | None) -> float | None:
    told = number(conversation, name)
    return otherwise if told is None else told


def _channel(task: Task, attributes: Record) -> str | None:
    name = text(attributes, "channelType") or task.told("task_channel_unique_name")
    return CHANNELS.get(name.lower(), name.lower()) if name else None


def _direction(attributes: Record, conversation: Record) -> str | None:
    """Tell who began; a callback that was asked for is our call."""
    if text(attributes, "taskType") == "callback":
        return "outbound"
    told = text(attributes, "direction") or text(conversation, "direction")
    return told.lower().partition("-")[0] if told else None


def _customer(attributes: Record, *, ours: bool) -> tuple[str | None, str | None]:
    """Give the customer's id or mail address, and the number of the phone."""
    customers = part(attributes, "customers")
    known = text(customers, "external_id")
    names = ("outbound_to", "to") if ours else ("from", "caller")
    told = (text(attributes, name) for name in ("customerAddress", *names))
    address = next(filter(None, told), None) or text(customers, "phone")
    if address and "@" in address:
        return known or address.lower(), None
    number_of = address.removeprefix("whatsapp:") if address else None
    if number_of and ":" in number_of:  # the name of an account with a messenger
        return known or number_of, None
    return known, number_of


def _transfers(task: Task) -> list[Happened]:
    """Give the transfers that came about."""
    completed = [one for one in task.events if one.kind == "task.transfer-completed"]
    begun = [one for one in task.events if one.kind == "task.transfer-initiated"]
    ended = ("task.transfer-failed", "task.transfer-canceled")
    failed = sum(one.kind in ended for one in task.events)
    return completed or begun[: max(0, len(begun) - failed)]


def _events(task: Task, transfers: list[Happened]) -> list[Event]:
    accepted = [one for one in task.events if one.kind == "reservation.accepted"]
    found = [
        Event(one.at, "answered", text(one.data, "task_queue_name"), text(one.data, "worker_sid"))
        for one in accepted
    ]
    return found + [
        Event(one.at, "transfer", text(one.data, "task_queue_name"), text(one.data, "worker_sid"))
        for one in transfers
    ]
