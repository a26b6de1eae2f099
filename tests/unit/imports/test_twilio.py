"""Twilio TaskRouter events: each rule of folding them into contacts, and the example export."""

import json
from pathlib import Path
from typing import Any

import pytest

from recontact.sources.imports import Imported, import_contacts
from recontact.sources.mapping import Mapping

EXPORT = Path(__file__).parents[2] / "fixtures" / "twilio"
CALL = {"from": "+4930901840", "direction": "inbound", "topic": "router"}


def event(
    kind: str, minute: int, attributes: Any = None, *, second: int = 0, **data: Any
) -> dict[str, Any]:
    """Write an event of task WT1, some minutes after nine."""
    told = {"task_sid": "WT1", "task_channel_unique_name": "voice"}
    if attributes is not None:
        told["task_attributes"] = json.dumps(attributes)
    when = f"2026-03-02T09:{minute:02}:{second:02}Z"
    return {"event_type": kind, "event_date": when, "event_data": told | data}


def worker(name: str, queue: str, team: str = "Blue") -> dict[str, Any]:
    """Write what an event tells of a worker and its reservation."""
    attributes = json.dumps({"team_name": team})
    own = {"worker_sid": f"WK{name}", "worker_attributes": attributes}
    return own | {"task_queue_name": queue, "reservation_sid": f"WR{name}"}


ONE, TWO = worker("one", "Support"), worker("two", "Tier 2", "Green")
CREATED = event("task.created", 0, CALL)
ACCEPTED = event("reservation.accepted", 2, CALL, **ONE)
WRAPUP = event("task.wrapup", 8, CALL, **ONE)
COMPLETED = event("task.completed", 9, CALL, **ONE)
TASK = [
    *(CREATED, event("task-queue.entered", 0, CALL, second=1, task_queue_name="Support")),
    *(event("reservation.created", 1, CALL, **ONE), ACCEPTED, WRAPUP),
    *(event("reservation.wrapup", 8, CALL, **ONE), event("reservation.completed", 9, CALL, **ONE)),
    COMPLETED,
]


def imported(folder: Path, *events: dict[str, Any], mapping: Any = None) -> Imported:
    """Import events."""
    path = folder / "events.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in events))
    return import_contacts("twilio", path, mapping)


def only(folder: Path, *events: dict[str, Any], mapping: Any = None) -> dict[str, Any]:
    """Return the one contact of some events."""
    [contact] = imported(folder, *events, mapping=mapping).contacts.to_pylist()
    return dict(contact)


def test_the_events_of_a_task_become_a_contact(tmp_path: Path) -> None:
    """It starts when the task is created and ends when the wrap-up begins."""
    found = imported(tmp_path, *TASK)
    [contact] = found.contacts.to_pylist()
    told = {
        "contact_id": "WT1",
        "interaction_id": "WT1",
        "customer_id": "+4930901840",
        "channel": "voice",
        "direction": "inbound",
        "handled": True,
        "queue": "Support",
        "agent_id": "WKone",
        "team": "Blue",
        "wait_s": 120.0,
        "talk_s": 360.0,
        "wrap_s": 60.0,
        "hold_s": None,
        "transfer_count": 0,
        "reason": None,
    }
    assert {name: contact[name] for name in told} == told
    times = [contact[name] for name in ("started_at", "ended_at", "known_at")]
    assert [time.minute for time in times] == [0, 8, 9]
    assert found.counts["merged_legs"] == len(TASK) - 1


def test_the_order_of_the_events_does_not_matter(tmp_path: Path) -> None:
    """Events come late and out of order."""
    assert only(tmp_path, *TASK[::-1]) == only(tmp_path, *TASK)


def test_an_event_delivered_again_is_a_duplicate(tmp_path: Path) -> None:
    """It is counted as such and changes nothing."""
    found = imported(tmp_path, *TASK, *TASK[:3])
    assert found.contacts.equals(imported(tmp_path, *TASK).contacts)
    assert (found.counts["duplicates"], found.counts["merged_legs"]) == (3, len(TASK) - 1)


CLOUD = "com.twilio.taskrouter."


def as_stream(one: dict[str, Any]) -> dict[str, Any]:
    """Write an event as Event Streams delivers it."""
    payload = one["event_data"] | {"timestamp": one["event_date"]}
    return {"specversion": "1.0", "type": CLOUD + one["event_type"], "data": {"payload": payload}}


def as_callback(one: dict[str, Any]) -> dict[str, Any]:
    """Write an event as a callback posts it: all on one level, the time in milliseconds."""
    flat = {"event_type": one["event_type"], **one["event_data"]}
    posted = {"".join(part.title() for part in name.split("_")): flat[name] for name in flat}
    minute, second = int(one["event_date"][14:16]), int(one["event_date"][17:19])
    return posted | {"TimestampMs": str(1772442000000 + (minute * 60 + second) * 1000)}


def as_flat(one: dict[str, Any]) -> dict[str, Any]:
    """Write an event with its data beside its kind."""
    return {"event_type": one["event_type"], "event_date": one["event_date"], **one["event_data"]}


@pytest.mark.parametrize("form", [as_stream, as_callback, as_flat])
def test_all_forms_of_events_are_read_alike(tmp_path: Path, form: Any) -> None:
    """Lists of the interface, Event Streams and callbacks give the same contact."""
    assert only(tmp_path, *map(form, TASK)) == only(tmp_path, *TASK)


def test_a_task_canceled_in_the_queue_is_abandoned(tmp_path: Path) -> None:
    """Nobody accepted it: it waited until its end."""
    canceled = event("task.canceled", 3, CALL, task_queue_name="Support")
    contact = only(tmp_path, CREATED, event("reservation.created", 1, **ONE), canceled)
    assert (contact["handled"], contact["wait_s"], contact["talk_s"]) == (False, 180.0, None)
    assert (contact["ended_at"].minute, contact["agent_id"]) == (3, None)


def test_a_task_without_wrap_up_ends_when_it_is_completed(tmp_path: Path) -> None:
    """Then there is no work after it."""
    contact = only(tmp_path, CREATED, ACCEPTED, COMPLETED)
    assert (contact["ended_at"].minute, contact["talk_s"], contact["wrap_s"]) == (9, 420.0, 0.0)


def test_wrap_up_is_told_by_the_task_where_no_reservation_tells_it(tmp_path: Path) -> None:
    """From the task's wrap-up to its completion."""
    assert only(tmp_path, CREATED, ACCEPTED, WRAPUP, COMPLETED)["wrap_s"] == 60.0


def test_the_last_wrap_up_ends_the_conversation(tmp_path: Path) -> None:
    """An earlier one may be of a worker who handed the task on."""
    early = event("task.wrapup", 4, CALL, **ONE)
    assert only(tmp_path, CREATED, ACCEPTED, early, WRAPUP, COMPLETED)["ended_at"].minute == 8


def test_who_accepts_after_the_end_talks_to_nobody(tmp_path: Path) -> None:
    """Events that contradict each other make no negative talk."""
    late = event("reservation.accepted", 9, CALL, second=1, **TWO)
    assert only(tmp_path, CREATED, ACCEPTED, WRAPUP, COMPLETED, late)["talk_s"] == 360.0


BY_ONE = ONE | {"worker_sid": "WKother", "initiating_worker_sid": "WKone"}
BEGUN = event("task.transfer-initiated", 4, CALL, **BY_ONE)


@pytest.mark.parametrize(
    ("further", "transfers"),
    [
        ([event("task.transfer-completed", 5, **TWO)], [4]),
        ([event("task.transfer-failed", 5)], []),
        ([event("task.transfer-canceled", 5)], []),
        ([event("task.transfer-attempt-failed", 5)], [4]),
        ([], [4]),
        ([event("task.transfer-failed", 5), event("task.transfer-initiated", 6, **ONE)], [6]),
    ],
)
def test_transfers_that_came_about_are_counted(
    tmp_path: Path, further: list[dict[str, Any]], transfers: list[int]
) -> None:
    """One that failed or was canceled is none; it happens when it is begun."""
    found = imported(tmp_path, *TASK, BEGUN, *further)
    assert found.contacts["transfer_count"].to_pylist() == [len(transfers)]
    assert found.events is not None
    rows = found.events.to_pylist()
    assert [row["at"].minute for row in rows if row["event"] == "transfer"] == transfers


def test_the_talk_of_all_workers_is_summed(tmp_path: Path) -> None:
    """The agent is the first one, and so is the queue; both answered."""
    events = [
        *(CREATED, ACCEPTED, BEGUN, event("reservation.accepted", 5, CALL, **TWO)),
        *(event("reservation.wrapup", 6, **ONE), event("reservation.completed", 7, **ONE)),
        *(event("task.wrapup", 8, **TWO), event("reservation.wrapup", 8, **TWO)),
        *(event("reservation.completed", 9, **TWO), event("task.completed", 9, **TWO)),
    ]
    found = imported(tmp_path, *events)
    [contact] = found.contacts.to_pylist()
    assert (contact["talk_s"], contact["wrap_s"]) == (4 * 60.0 + 3 * 60.0, 60.0 + 60.0)
    assert (contact["agent_id"], contact["queue"]) == ("WKone", "Support")
    assert found.events is not None
    rows = found.events.to_pylist()
    assert [(row["event"], row["agent_id"], row["queue"]) for row in rows] == [
        ("answered", "WKone", "Support"),
        ("transfer", "WKone", "Tier 2"),
        ("answered", "WKtwo", "Tier 2"),
    ]
    assert found.events.schema.metadata[b"recontact.events"] == b'["answered", "transfer"]'


def test_what_the_insights_attributes_tell_stands_first(tmp_path: Path) -> None:
    """Times, case, outcome and team that the centre wrote into the conversation are taken."""
    conversation = {
        "conversation_id": "talk 9",
        "queue_time": 25,
        "talk_time": 300.5,
        "hold_time": 12,
        "wrap_up_time": 33,
        "outcome": "solved",
        "case": "C-7",
        "handling_team_name": "Gold",
    }
    attributes = CALL | {"conversations": conversation}
    contact = only(tmp_path, CREATED, ACCEPTED, WRAPUP, event("task.completed", 9, attributes))
    times = [contact[name] for name in ("wait_s", "talk_s", "hold_s", "wrap_s")]
    assert times == [25.0, 300.5, 12.0, 33.0]
    assert (contact["disposition"], contact["case_id"], contact["team"]) == (
        "solved",
        "C-7",
        "Gold",
    )
    assert contact["interaction_id"] == "talk 9"


def test_tasks_of_one_conversation_are_one_contact(tmp_path: Path) -> None:
    """A transfer that makes a new task names the conversation of the one before."""
    attributes = CALL | {"conversations": {"conversation_id": "talk 9"}}
    first = [event(one["event_type"], i, attributes) for i, one in enumerate(TASK)]
    second = [
        event(one["event_type"], 20 + i, attributes, task_sid="WT2") for i, one in enumerate(TASK)
    ]
    found = imported(tmp_path, *first, *second)
    assert found.contacts["contact_id"].to_pylist() == ["WT1"]
    assert found.contacts["transfer_count"].to_pylist() == [1]
    assert found.counts["merged_legs"] == 2 * len(TASK) - 1


@pytest.mark.parametrize(
    ("attributes", "name", "channel", "direction"),
    [
        (CALL, "voice", "voice", "inbound"),
        ({"channelType": "whatsapp"}, "chat", "messaging", None),
        ({"channelType": "web"}, "chat", "chat", None),
        ({}, "sms", "messaging", None),
        ({}, "Fax", "fax", None),
        ({"direction": "outbound-api"}, "voice", "voice", "outbound"),
        ({"conversations": {"direction": "Outbound"}}, "voice", "voice", "outbound"),
        ({"taskType": "callback", "direction": "inbound"}, "callback", "voice", "outbound"),
    ],
)
def test_channel_and_direction(
    tmp_path: Path, attributes: Any, name: str, channel: str, direction: str | None
) -> None:
    """Attributes tell more than the task's channel; a callback that was asked for is ours."""
    events = [event("task.created", 0, attributes), event("task.canceled", 1, attributes)]
    for one in events:
        one["event_data"]["task_channel_unique_name"] = name
    contact = only(tmp_path, *events)
    assert (contact["channel"], contact["direction"]) == (channel, direction)


@pytest.mark.parametrize(
    ("attributes", "customer", "ani"),
    [
        ({"from": "+4930901840"}, "+4930901840", "+4930901840"),
        ({"caller": "+266696687"}, None, "+266696687"),
        (
            {"direction": "outbound", "outbound_to": "+4930901840", "from": "+4930220077"},
            *("+4930901840", "+4930901840"),
        ),
        ({"customerAddress": "whatsapp:+4930901840"}, "+4930901840", "+4930901840"),
        ({"customerAddress": "messenger:77"}, "messenger:77", None),
        ({"from": "Me@example.org"}, "me@example.org", None),
        ({"from": "+4930901840", "customers": {"external_id": "K-1"}}, "K-1", "+4930901840"),
        ({}, None, None),
    ],
)
def test_who_the_customer_is(
    tmp_path: Path, attributes: Any, customer: str | None, ani: str | None
) -> None:
    """An id of our own, else the address that the customer used."""
    events = [event("task.created", 0, attributes), event("task.canceled", 1, attributes)]
    contact = only(tmp_path, *events)
    assert (contact["customer_id"], contact["ani"]) == (customer, ani)


def test_the_mapping_file_names_attributes(tmp_path: Path) -> None:
    """As they were told last."""
    last = event("task.completed", 9, CALL | {"topic": "router > dsl"})
    asked = Mapping.of({"columns": {"reason": "task_attributes.topic"}})
    assert only(tmp_path, *TASK[:-1], last, mapping=asked)["reason"] == "router > dsl"


def test_of_one_instant_the_end_comes_last(tmp_path: Path) -> None:
    """What the completion tells stands over an update of the same second, whatever their sids."""
    last = event("task.completed", 9, CALL | {"topic": "last"}, sid="EV1")
    update = event("task.updated", 9, CALL | {"topic": "update"}, sid="EV2")
    asked = Mapping.of({"columns": {"reason": "task_attributes.topic"}})
    contact = only(tmp_path, CREATED, ACCEPTED, last, update, mapping=asked)
    assert contact["reason"] == "last"


def test_an_event_that_is_no_tasks_is_rejected(tmp_path: Path) -> None:
    """What workers do between tasks is no contact, and is not lost silently."""
    other = {"event_type": "worker.activity.update", "event_date": "2026-03-02T09:00:00Z"}
    found = imported(tmp_path, *TASK, other | {"event_data": {"worker_sid": "WKone"}})
    [rejected] = found.rejects.to_pylist()
    assert rejected["reason"] == "not about a task: worker.activity.update"
    assert rejected["row"] == len(TASK) + 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"event_type": None}, "no event_type"),
        ({"event_date": None}, "no time of the event"),
        ({"event_date": "soon"}, "event_date: not a time: 'soon'"),
        ({"event_date_ms": 1e30}, "event_date_ms: not a time: '1e+27'"),
        (
            {"event_data": {"task_sid": "WT1", "task_attributes": "{"}},
            "task_attributes: not JSON: '{'",
        ),
        ({"event_data": 7}, "event_data: not an object: '7'"),
    ],
)
def test_a_bad_event_is_rejected_and_the_task_stays(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    """The others of its task still tell the contact."""
    found = imported(tmp_path, CREATED, ACCEPTED | change, COMPLETED)
    [rejected] = found.rejects.to_pylist()
    assert (rejected["row"], rejected["reason"]) == (2, reason)
    assert found.counts["contacts"] == 1


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([ACCEPTED, COMPLETED], "no started_at: no task.created among the events of the task"),
        ([CREATED, ACCEPTED], "no ended_at: the task is not completed, canceled or in wrap-up"),
        (
            [CREATED, event("task.completed", 9, {"conversations": {"talk_time": -1}})],
            "talk_s: negative: -1",
        ),
    ],
)
def test_a_task_that_tells_no_contact_is_rejected_with_all_its_events(
    tmp_path: Path, events: list[dict[str, Any]], reason: str
) -> None:
    """Each of them is a row of the rejects table, with the same reason and the task's name."""
    rejected = imported(tmp_path, *events).rejects.to_pylist()
    assert sorted(row["row"] for row in rejected) == [1, 2]
    assert {(row["reason"], row["contact_id"]) for row in rejected} == {(reason, "WT1")}


def test_a_task_created_before_the_export_begins_is_told_by_later_events(tmp_path: Path) -> None:
    """Newer events say when their task was created, in either form."""
    for told in ("2026-03-02T09:00:00Z", 1772442000):
        late = event("task.completed", 9, CALL, task_date_created=told)
        assert only(tmp_path, ACCEPTED, late)["started_at"].minute == 0


def test_the_example_export() -> None:
    """A page and lines: every event is accounted for, also where a task lies in both files."""
    found = import_contacts("twilio", EXPORT)
    assert found.counts == {
        "rows": 28,
        "contacts": 4,
        "merged_legs": 21,
        "duplicates": 1,
        "rejected": 2,
    }
    twice = import_contacts("twilio", [EXPORT, EXPORT])
    assert twice.contacts.equals(found.contacts)
    assert twice.counts["rows"] == sum(twice.counts.values()) - 56
