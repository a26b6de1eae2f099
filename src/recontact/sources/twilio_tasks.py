"""A task of Twilio's TaskRouter as its events tell it: one row."""

from datetime import datetime
from typing import Any, NamedTuple

from recontact.sources.fields import BadField, Record, number, part, text
from recontact.sources.twilio_events import Happened, json_of, time_of
from recontact.sources.vendor import Event, Told

ENDS = ("task.completed", "task.canceled", "task.deleted", "task.system-deleted")
LEFT = tuple(f"reservation.{how}" for how in ("wrapup", "completed", "canceled", "rescinded"))
CHANNELS = {
    **{name: name for name in ("voice", "chat", "email", "video", "messaging")},
    "web": "chat",
    "callback": "voice",
    **dict.fromkeys(("sms", "whatsapp", "messenger"), "messaging"),
}


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


def told(events: list[Happened]) -> Told:
    """Say what the events of one task tell.

    Parameters
    ----------
    events : list of Happened
        In any order.

    Returns
    -------
    Told

    Raises
    ------
    BadField
        They tell no start or no end, or an attribute can't be read.
    """
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
        "worker_attributes": json_of(worker, "worker_attributes"),
    }
    return Told(row, _events(task, transfers), record)


def _task(events: list[Happened]) -> Task:
    """Put the events of a task in order; of one instant, the creation first and the end last."""

    def order(event: Happened) -> tuple[datetime, int, str]:
        rank = (event.kind != "task.created") + (event.kind in ENDS)
        return event.at, rank, event.key

    ordered = sorted(events, key=order)
    told = (one.data["task_attributes"] for one in reversed(ordered))
    return Task(ordered, next(filter(None, told), {}))


def _started(task: Task) -> datetime:
    created = task.first("task.created")
    if created is None:
        told = (time_of(one.data, "task_date_created") for one in task.events)
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
    attributes = json_of(worker, "worker_attributes")
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
    last = task.first(*ENDS) if not completed else None
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
    """Give the transfers that came about, as they were begun."""
    found: list[Happened] = []
    begun: Happened | None = None
    for one in task.events:
        if one.kind == "task.transfer-initiated":
            begun = one
        elif one.kind in ("task.transfer-failed", "task.transfer-canceled"):
            begun = None
        elif one.kind == "task.transfer-completed":
            found.append(begun or one)
            begun = None
    return [*found, begun] if begun else found


def _events(task: Task, transfers: list[Happened]) -> list[Event]:
    accepted = [one for one in task.events if one.kind == "reservation.accepted"]
    found = [
        Event(one.at, "answered", text(one.data, "task_queue_name"), text(one.data, "worker_sid"))
        for one in accepted
    ]
    for one in transfers:
        after = (text(next_.data, "task_queue_name") for next_ in accepted if next_.at > one.at)
        who = text(one.data, "initiating_worker_sid") or text(one.data, "worker_sid")
        found.append(Event(one.at, "transfer", next(after, None), who))
    return found
