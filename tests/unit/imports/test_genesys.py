"""Genesys Cloud conversation details: each rule of the import, and the example export."""

import json
from pathlib import Path
from typing import Any

import pytest

from recontact.sources.imports import Imported, import_contacts
from recontact.sources.mapping import Mapping

EXPORT = Path(__file__).parents[2] / "fixtures" / "genesys"


OWN: tuple[str, ...] = ("userId", "teamId", "attributes", "externalContactId")


def at(minute: int, second: int = 0) -> str:
    """Write an instant some minutes after nine."""
    return f"2026-03-02T09:{minute:02}:{second:02}.500Z"


def segment(kind: str, start: int, end: int, **more: Any) -> dict[str, Any]:
    """Write a segment between two minutes."""
    return {"segmentType": kind, "segmentStart": at(start), "segmentEnd": at(end), **more}


def metric(name: str, value: float, minute: int) -> dict[str, Any]:
    """Write a metric."""
    return {"name": name, "value": value, "emitDate": at(minute)}


def person(purpose: str, *segments: Any, metrics: Any = (), **more: Any) -> dict[str, Any]:
    """Write a participant with one session; what is no field of a session is its own."""
    own = {name: more.pop(name) for name in OWN if name in more}
    session = {"mediaType": "voice", "direction": "inbound", "metrics": list(metrics)}
    return {"purpose": purpose, **own, "sessions": [session | more | {"segments": list(segments)}]}


CALLER = person(
    "customer",
    segment("interact", 0, 8, disconnectType="endpoint"),
    ani="tel:+4930901830",
    dnis="tel:+4930220088",
)
QUEUE = person(
    "acd",
    segment("interact", 1, 2, queueId="q1", disconnectType="transfer"),
    metrics=[metric("nOffered", 1, 1), metric("tAcd", 60_000, 2)],
)
RANG = person("agent", segment("alert", 1, 2, queueId="q1"), userId="u0", teamId="t0")
AGENT = person(
    "agent",
    segment("interact", 2, 4, queueId="q1"),
    segment("hold", 4, 5, queueId="q1"),
    segment("interact", 5, 8, queueId="q1", disconnectType="peer"),
    segment("wrapup", 8, 9, queueId="q1", wrapUpCode="w1", wrapUpNote="credit"),
    metrics=[
        metric("tTalk", 120_000, 4),
        metric("tHeld", 60_000, 5),
        metric("tHeldComplete", 60_000, 8),
        metric("tTalk", 180_500, 8),
        metric("tTalkComplete", 300_500, 8),
        metric("tAcw", 60_000, 9),
    ],
    userId="u1",
    teamId="t1",
)
CONVERSATION: dict[str, Any] = {
    "conversationId": "c1",
    "conversationStart": at(0),
    "conversationEnd": at(8),
    "originatingDirection": "inbound",
    "participants": [CALLER, QUEUE, RANG, AGENT],
}


def imported(folder: Path, *changes: dict[str, Any], mapping: Any = None) -> Imported:
    """Import a page of conversations that differ from the one above as said."""
    path = folder / "page.json"
    path.write_text(json.dumps({"conversations": [CONVERSATION | change for change in changes]}))
    return import_contacts("genesys", path, mapping)


def only(folder: Path, *people: dict[str, Any], mapping: Any = None, **more: Any) -> dict[str, Any]:
    """Return the one contact of a conversation of some participants."""
    change = more | ({"participants": people} if people else {})
    [contact] = imported(folder, change, mapping=mapping).contacts.to_pylist()
    return dict(contact)


def test_a_conversation_becomes_a_contact(tmp_path: Path) -> None:
    """Times are sums over all sessions; queue, agent and team are of who first served."""
    contact = only(tmp_path)
    told = {
        "contact_id": "c1",
        "interaction_id": "c1",
        "customer_id": "+4930901830",
        "channel": "voice",
        "direction": "inbound",
        "handled": True,
        "queue": "q1",
        "agent_id": "u1",
        "team": "t1",
        "disposition": "w1",
        "notes": "credit",
        "wait_s": 60.0,
        "talk_s": 300.5,
        "hold_s": 60.0,
        "wrap_s": 60.0,
        "hold_count": 1,
        "transfer_count": 0,
        "dropped": False,
        "ani": "+4930901830",
        "dnis": "+4930220088",
        "reason": None,
    }
    assert {name: contact[name] for name in told} == told
    assert str(contact["started_at"]) == "2026-03-02 09:00:00.500000+00:00"
    assert str(contact["ended_at"]) == "2026-03-02 09:08:00.500000+00:00"


def test_a_conversation_is_known_when_the_last_wrap_up_is_done(tmp_path: Path) -> None:
    """The record tells no time of delivery: its latest instant stands for it."""
    assert str(only(tmp_path)["known_at"])[11:19] == "09:09:00"
    late = person("agent", metrics=[metric("tAcw", 1_000, 12)])
    assert str(only(tmp_path, CALLER, AGENT, late)["known_at"])[11:19] == "09:12:00"


def test_the_wait_is_that_of_the_conversation_where_it_is_told(tmp_path: Path) -> None:
    """The metric tWait stands before the queues' tAcd."""
    told = person("acd", metrics=[metric("tWait", 7_000, 2), metric("tAcd", 9_000, 2)])
    assert only(tmp_path, CALLER, told, AGENT)["wait_s"] == 7.0


def test_without_talk_there_is_no_time_of_it(tmp_path: Path) -> None:
    """What no session tells is unknown, not zero."""
    contact = only(tmp_path, CALLER)
    for name in ("talk_s", "hold_s", "wrap_s", "wait_s", "hold_count", "agent_id", "queue"):
        assert contact[name] is None


@pytest.mark.parametrize(
    ("people", "more", "handled"),
    [
        ((CALLER, QUEUE, AGENT), {}, True),
        ((CALLER, QUEUE, RANG), {}, False),
        ((CALLER, QUEUE), {}, False),
        ((CALLER,), {}, False),
        ((CALLER,), {"selfServed": True}, True),
    ],
)
def test_abandoned_is_whom_no_agent_spoke_to(
    tmp_path: Path, people: Any, more: dict[str, Any], handled: bool
) -> None:
    """A phone that rang at an agent's serves nobody; a flow may say that it did."""
    assert only(tmp_path, *people, **more)["handled"] is handled


def callback(purpose: str) -> dict[str, Any]:
    """Write a participant of a callback."""
    return person(purpose, mediaType="callback", callbackNumbers=["+4930901839"])


@pytest.mark.parametrize(
    ("people", "said", "direction"),
    [
        ((CALLER, AGENT), "inbound", "inbound"),
        ((CALLER, AGENT), "outbound", "outbound"),
        ((callback("customer"), AGENT), "inbound", "outbound"),
        ((CALLER, callback("customer"), AGENT), "inbound", "inbound"),
        ((person("user"), person("user")), "outbound", "internal"),
    ],
)
def test_who_began_tells_the_direction(
    tmp_path: Path, people: Any, said: str, direction: str
) -> None:
    """A callback is ours unless the conversation began with the customer's own call."""
    assert only(tmp_path, *people, originatingDirection=said)["direction"] == direction


@pytest.mark.parametrize(
    ("fields", "channel", "customer", "ani"),
    [
        ({"ani": "tel:+4930901830"}, "voice", "+4930901830", "+4930901830"),
        (
            {"ani": "tel:+4930220088", "dnis": "tel:+4930901830", "direction": "outbound"},
            *("voice", "+4930901830", "+4930901830"),
        ),
        (
            {"mediaType": "callback", "callbackNumbers": ["+4930901830"]},
            *("voice", "+4930901830", "+4930901830"),
        ),
        ({"ani": "sip:anonymous@example.org"}, "voice", None, "sip:anonymous@example.org"),
        (
            {"mediaType": "email", "addressFrom": "Me@example.org"},
            *("email", "me@example.org", None),
        ),
        (
            {"mediaType": "message", "messageType": "whatsapp", "addressFrom": "4930901830"},
            *("messaging", "+4930901830", "+4930901830"),
        ),
        ({"mediaType": "chat"}, "chat", None, None),
        ({"mediaType": "chat", "externalContactId": "x7"}, "chat", "x7", None),
    ],
)
def test_who_the_customer_is(
    tmp_path: Path, fields: Any, channel: str, customer: str | None, ani: str | None
) -> None:
    """The contact in the address book, else mail address or number of the first medium."""
    contact = only(tmp_path, person("customer", **fields))
    assert (contact["channel"], contact["customer_id"], contact["ani"]) == (channel, customer, ani)


@pytest.mark.parametrize("counted", [True, False])
def test_transfers_of_agents_are_counted(tmp_path: Path, counted: bool) -> None:
    """By nTransferred, else by how agents left; that a flow hands on to a queue is none."""
    metrics = [metric("nTransferred", 1, 4)] if counted else []
    left = segment("interact", 2, 4, queueId="q1", disconnectType="consultTransfer")
    work = segment("wrapup", 4, 5, queueId="q1")
    first = person("agent", left, work, metrics=metrics, userId="u1")
    second = person("agent", segment("interact", 5, 8, queueId="q2"), userId="u2")
    found = imported(tmp_path, {"participants": [CALLER, QUEUE, first, second]})
    [contact] = found.contacts.to_pylist()
    assert (contact["transfer_count"], contact["agent_id"]) == (1, "u1")
    assert found.events is not None
    moved = [row for row in found.events.to_pylist() if row["event"] == "transfer"]
    told = [(row["at"].minute, row["queue"], row["agent_id"]) for row in moved]
    assert told == [(4, "q2", "u1")]


@pytest.mark.parametrize(
    ("how", "dropped"),
    [("transportFailure", True), ("error", True), ("peer", False), (None, None)],
)
def test_a_lost_line_is_told_by_the_disconnect(
    tmp_path: Path, how: str | None, dropped: bool | None
) -> None:
    """The last disconnect counts, not how an earlier agent was left or the wrap-up ended."""
    caller = person("customer", segment("interact", 0, 8, disconnectType=how))
    before = person("agent", segment("interact", 1, 2, disconnectType="error"))
    after = person("agent", segment("wrapup", 8, 9, disconnectType="client"))
    lost = only(tmp_path, *((before, caller, after) if how else (caller,)))["dropped"]
    assert lost is dropped


def test_the_last_wrap_up_is_the_disposition(tmp_path: Path) -> None:
    """Of several agents the last one says how it ended; notes of all are kept."""
    coded = segment("wrapup", 5, 6, wrapUpCode="early", wrapUpNote="first")
    contact = only(tmp_path, CALLER, AGENT, person("agent", coded))
    assert (contact["disposition"], contact["notes"]) == ("w1", "first\ncredit")


def test_the_mapping_file_names_what_lies_deep(tmp_path: Path) -> None:
    """Wrap-up code, participants' attributes and the queue's name can be asked for."""
    columns = {"reason": "wrapUpCode", "program": "attributes.account", "queue": "queueName"}
    values = {"reason": {"w1": "bills > fee"}}
    asked = Mapping.of({"columns": columns, "values": values})
    named = QUEUE | {"participantName": "Billing"}
    caller = CALLER | {"attributes": {"account": "acme"}}
    agent = AGENT | {"attributes": {"account": "other"}}  # the first participant tells
    contact = only(tmp_path, caller, named, agent, mapping=asked)
    assert contact["reason"] == "bills > fee"
    assert (contact["program"], contact["queue"]) == ("acme", "Billing")


def test_the_promoter_score_is_the_nps(tmp_path: Path) -> None:
    """Of the survey that has one."""
    surveys = [{"surveyStatus": "Sent"}, {"surveyStatus": "Finished", "surveyPromoterScore": 9}]
    assert only(tmp_path, surveys=surveys)["nps"] == 9.0


def test_an_associated_conversation_is_a_leg(tmp_path: Path) -> None:
    """It merges into the one that it names."""
    other = {"conversationId": "c2", "associatedConversationId": "c1", "conversationEnd": at(30)}
    found = imported(tmp_path, {}, other)
    assert found.counts["merged_legs"] == 1
    assert found.contacts["contact_id"].to_pylist() == ["c1"]


def test_what_happened_is_told(tmp_path: Path) -> None:
    """Answer, hold and resume come from the segments of agents, in the order of time."""
    events = imported(tmp_path, {}).events
    assert events is not None
    told = [(row["event"], row["at"].minute, row["agent_id"]) for row in events.to_pylist()]
    assert told == [("answered", 2, "u1"), ("hold", 4, "u1"), ("resume", 5, "u1")]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"conversationId": None}, "no contact_id"),
        ({"conversationEnd": None}, "no ended_at"),
        ({"conversationStart": "soon"}, "conversationStart: not a time: 'soon'"),
        ({"participants": {}}, "participants: not a list of objects: '{}'"),
        (
            {"participants": [person("agent", metrics=[metric("tTalk", -1, 1)])]},
            "talk_s: negative: -0.001",
        ),
        (
            {"participants": [person("agent", metrics=[{"name": "tTalk", "value": "x"}])]},
            "value: not a number: 'x'",
        ),
        (
            {"participants": [person("agent", {"segmentStart": "soon"})]},
            "segmentStart: not a time: 'soon'",
        ),
    ],
)
def test_a_bad_conversation_is_rejected_with_the_reason(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    """It stops nothing; its number is that in the page."""
    found = imported(tmp_path, {"conversationId": "other"}, change)
    [rejected] = found.rejects.to_pylist()
    assert (rejected["row"], rejected["reason"]) == (2, reason)
    assert found.counts["contacts"] == 1


def test_the_example_export() -> None:
    """Two pages: every conversation is accounted for, one delivered again, one still going on."""
    found = import_contacts("genesys", EXPORT)
    assert found.counts == {
        "rows": 9,
        "contacts": 7,
        "merged_legs": 0,
        "duplicates": 1,
        "rejected": 1,
    }
    assert found.contacts["dropped"].to_pylist().count(True) == 1
    assert found.contacts["handled"].to_pylist().count(False) == 1
    twice = import_contacts("genesys", [EXPORT, EXPORT])
    assert twice.contacts.equals(found.contacts)
    assert twice.counts["duplicates"] == 1 + 8


def test_agents_have_the_same_pseudonyms_in_the_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the mapping file asks for agents to be replaced, no event tells who they are."""
    monkeypatch.setenv("RECONTACT_PSEUDONYM_KEY", bytes(range(32)).hex())
    asked = Mapping.of({"pseudonyms": {"key_id": "2026a", "columns": ["agent_id"]}})
    found = imported(tmp_path, {}, mapping=asked)
    [agent] = found.contacts["agent_id"].to_pylist()
    assert agent.startswith("2026a:")
    assert found.events is not None
    assert set(found.events["agent_id"].to_pylist()) == {agent}
