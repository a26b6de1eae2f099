"""Amazon Connect contact records: each rule of the import, and the example export as a whole."""

import json
from pathlib import Path
from typing import Any

import pytest

from recontact import label
from recontact.errors import UserError
from recontact.sources.imports import Imported, import_contacts
from recontact.sources.mapping import Mapping

EXPORT = Path(__file__).parents[2] / "fixtures" / "amazon_connect"
RECORD: dict[str, Any] = {
    "ContactId": "a",
    "Channel": "VOICE",
    "InitiationMethod": "INBOUND",
    "InitiationTimestamp": "2026-03-02T09:00:00Z",
    "DisconnectTimestamp": "2026-03-02T09:10:00Z",
    "DisconnectReason": "CUSTOMER_DISCONNECT",
    "LastUpdateTimestamp": "2026-03-02T09:11:00Z",
    "CustomerEndpoint": {"Address": "+4930901820", "Type": "TELEPHONE_NUMBER"},
    "SystemEndpoint": {"Address": "+4930220099", "Type": "TELEPHONE_NUMBER"},
    "Attributes": {"CallReason": "billing"},
    "Queue": {
        "ARN": "arn:queue",
        "Name": "care",
        "EnqueueTimestamp": "2026-03-02T09:00:30Z",
        "Duration": 30,
    },
    "Agent": {
        "ARN": "arn:agent",
        "Username": "agent-17",
        "ConnectedToAgentTimestamp": "2026-03-02T09:01:00Z",
        "AgentInteractionDuration": 480,
        "CustomerHoldDuration": 60,
        "NumberOfHolds": 2,
        "AfterContactWorkDuration": 45,
        "HierarchyGroups": {
            "Level1": {"GroupName": "Europe"},
            "Level2": {"GroupName": "Berlin"},
            "Level3": None,
        },
    },
}
NOBODY = {"Agent": None}


def imported(folder: Path, *changes: dict[str, Any], mapping: Any = None) -> Imported:
    """Import records that differ from the one above as said."""
    path = folder / "records.jsonl"
    path.write_text("".join(json.dumps(RECORD | change) + "\n" for change in changes))
    return import_contacts("amazon-connect", path, mapping)


def only(folder: Path, *changes: dict[str, Any], mapping: Any = None) -> dict[str, Any]:
    """Return the one contact of some records."""
    [contact] = imported(folder, *changes, mapping=mapping).contacts.to_pylist()
    return dict(contact)


def test_a_record_becomes_a_contact(tmp_path: Path) -> None:
    """Every field of ours comes from its own field of the record."""
    contact = only(tmp_path, {})
    assert {name: str(contact[name]) for name in ("started_at", "ended_at", "known_at")} == {
        "started_at": "2026-03-02 09:00:00+00:00",
        "ended_at": "2026-03-02 09:10:00+00:00",
        "known_at": "2026-03-02 09:11:00+00:00",
    }
    told = {
        "contact_id": "a",
        "interaction_id": "a",
        "customer_id": "+4930901820",
        "channel": "voice",
        "direction": "inbound",
        "handled": True,
        "queue": "care",
        "agent_id": "agent-17",
        "team": "Berlin",
        "wait_s": 30.0,
        "talk_s": 480.0,
        "hold_s": 60.0,
        "wrap_s": 45.0,
        "hold_count": 2,
        "transfer_count": 0,
        "dropped": False,
        "ani": "+4930901820",
        "dnis": "+4930220099",
    }
    assert {name: contact[name] for name in told} == told
    for name in ("reason", "escalated", "tier", "csat", "disposition", "notes", "program"):
        assert contact[name] is None


@pytest.mark.parametrize(
    ("method", "channel", "direction"),
    [
        ("INBOUND", "VOICE", "inbound"),
        ("WEBRTC_API", "VOICE", "inbound"),
        ("OUTBOUND", "VOICE", "outbound"),
        ("EXTERNAL_OUTBOUND", "VOICE", "outbound"),
        ("CALLBACK", "VOICE", "outbound"),
        ("AGENT_REPLY", "EMAIL", "outbound"),
        ("API", "VOICE", "outbound"),
        ("API", "CHAT", "inbound"),
        ("API", "TASK", "internal"),
        ("MONITOR", "VOICE", "internal"),
        ("TRANSFER", "VOICE", None),
        ("QUEUE_TRANSFER", "VOICE", None),
        (None, "VOICE", None),
    ],
)
def test_who_began_tells_the_direction(
    tmp_path: Path, method: str | None, channel: str, direction: str | None
) -> None:
    """Calls of ours are outbound, work without a customer is internal; of a leg the first tells."""
    contact = only(tmp_path, {"InitiationMethod": method, "Channel": channel})
    assert contact["direction"] == direction


@pytest.mark.parametrize(
    ("channel", "subtype", "ours"),
    [
        ("VOICE", "connect:Telephony", "voice"),
        ("CHAT", "connect:Chat", "chat"),
        ("CHAT", None, "chat"),
        ("CHAT", "connect:SMS", "messaging"),
        ("EMAIL", "connect:Email", "email"),
        ("TASK", None, "task"),
        ("FAX", None, "fax"),
        (None, None, None),
    ],
)
def test_channels_get_our_words(
    tmp_path: Path, channel: str | None, subtype: str | None, ours: str | None
) -> None:
    """A chat by short message is messaging; a channel that comes new keeps its name."""
    attributes = {"connect:Subtype": {"ValueString": subtype}} if subtype else None
    contact = only(tmp_path, {"Channel": channel, "SegmentAttributes": attributes})
    assert contact["channel"] == ours


@pytest.mark.parametrize(
    ("change", "handled"),
    [
        ({}, True),
        (NOBODY, False),
        (NOBODY | {"DisconnectReason": "CONTACT_FLOW_DISCONNECT"}, False),
        (NOBODY | {"Queue": None}, False),
        (NOBODY | {"Queue": None, "DisconnectReason": "CONTACT_FLOW_DISCONNECT"}, True),
    ],
)
def test_abandoned_is_enqueued_and_never_connected(
    tmp_path: Path, change: dict[str, Any], handled: bool
) -> None:
    """Without a queue the flow itself may have served, which it did if it ended the call."""
    assert only(tmp_path, change)["handled"] is handled


@pytest.mark.parametrize(
    ("reason", "dropped"),
    [("TELECOM_PROBLEM", True), ("AGENT_DISCONNECT", False), (None, None)],
)
def test_a_telecom_problem_is_a_dropped_call(
    tmp_path: Path, reason: str | None, dropped: bool | None
) -> None:
    """Any other reason is none; without a reason it is unknown."""
    assert only(tmp_path, {"DisconnectReason": reason})["dropped"] is dropped


@pytest.mark.parametrize(
    ("endpoint", "customer", "ani"),
    [
        ({"Address": "anonymous", "Type": "TELEPHONE_NUMBER"}, None, "anonymous"),
        ({"Address": "Me@Example.org", "Type": "EMAIL_ADDRESS"}, "me@example.org", None),
        (None, None, None),
    ],
)
def test_who_the_customer_is(
    tmp_path: Path, endpoint: dict[str, str] | None, customer: str | None, ani: str | None
) -> None:
    """A withheld number is nobody; mail comes from its address."""
    contact = only(tmp_path, {"CustomerEndpoint": endpoint})
    assert (contact["customer_id"], contact["ani"]) == (customer, ani)


def test_a_customers_own_number_stands_before_the_phones(tmp_path: Path) -> None:
    """CustomerId names the customer where the record has it."""
    assert only(tmp_path, {"CustomerId": "K-1"})["customer_id"] == "K-1"


def test_the_mapping_file_names_attributes(tmp_path: Path) -> None:
    """Reason, customer and program come from attributes; other names become further columns."""
    columns = {"reason": "Attributes.CallReason", "language": "Attributes.lang", "program": "I"}
    mapping = Mapping.of({"columns": columns, "values": {"reason": {"billing": "bills > fee"}}})
    change = {"Attributes": {"CallReason": "billing", "lang": "de"}, "I": "acme"}
    contact = only(tmp_path, change, mapping=mapping)
    assert contact["reason"] == "bills > fee"
    assert (contact["language"], contact["program"]) == ("de", "acme")


def test_an_attribute_that_no_record_has_is_an_error(tmp_path: Path) -> None:
    """A name that is written wrongly is told, instead of a reason that is never known."""
    with pytest.raises(UserError, match=r"Attributes\.Reason"):
        only(tmp_path, {}, mapping=Mapping.of({"columns": {"reason": "Attributes.Reason"}}))


def leg(contact: str, minute: int, method: str, before: str | None, first: str | None) -> Any:
    """Write a record that begins some minutes after nine and lasts one."""
    return {
        "ContactId": contact,
        "InitiationMethod": method,
        "InitiationTimestamp": f"2026-03-02T09:{minute:02}:00Z",
        "DisconnectTimestamp": f"2026-03-02T09:{minute + 1:02}:00Z",
        "PreviousContactId": before,
        "InitialContactId": first,
    }


def chain(imports: Imported) -> list[tuple[str, int]]:
    """Give id and transfers of each contact."""
    rows = imports.contacts.select(["contact_id", "transfer_count"]).to_pylist()
    return [(row["contact_id"], row["transfer_count"]) for row in rows]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_a_transfer_chain_is_one_contact(tmp_path: Path, order: tuple[int, ...]) -> None:
    """Legs merge in whatever order they come; each further one is a transfer."""
    legs = [
        leg("a", 0, "INBOUND", None, None),
        leg("b", 1, "TRANSFER", "a", "a"),
        leg("c", 2, "QUEUE_TRANSFER", "b", "a"),
    ]
    found = imported(tmp_path, *(legs[i] for i in order))
    assert chain(found) == [("a", 2)]
    assert found.counts["merged_legs"] == 2


def test_a_chain_with_a_missing_leg_is_held_together_by_its_first(tmp_path: Path) -> None:
    """The initial contact stands in for a leg that is not in the export."""
    legs = [leg("a", 0, "INBOUND", None, None), leg("c", 2, "TRANSFER", "b", "a")]
    assert chain(imported(tmp_path, *legs)) == [("a", 1)]


def test_legs_that_name_each_other_end_nothing(tmp_path: Path) -> None:
    """A circle, which only a broken export has, is imported all the same."""
    legs = [leg("a", 0, "TRANSFER", "b", None), leg("b", 1, "TRANSFER", "a", None)]
    assert len(imported(tmp_path, *legs).contacts) in (1, 2)


@pytest.mark.parametrize("method", ["CALLBACK", "MONITOR", "EXTERNAL_OUTBOUND", "AGENT_REPLY"])
def test_what_begins_anew_is_a_contact_of_its_own(tmp_path: Path, method: str) -> None:
    """A callback names the call that asked for it, and yet is no leg of it; its transfers are."""
    legs = [
        leg("a", 0, "INBOUND", None, None),
        leg("b", 1, method, "a", "a"),
        leg("c", 2, "TRANSFER", "b", "a"),
    ]
    assert chain(imported(tmp_path, *legs)) == [("a", 0), ("b", 1)]


def test_a_transfer_out_of_the_centre_is_counted(tmp_path: Path) -> None:
    """Beside the legs, the endpoint outside is a transfer too, when it is reached."""
    at = "2026-03-02T09:01:30Z"
    out = {"TransferredToEndpoint": {"Address": "+4930555000"}, "TransferCompletedTimestamp": at}
    legs = [leg("a", 0, "INBOUND", None, None), leg("b", 1, "TRANSFER", "a", "a") | out]
    found = imported(tmp_path, *legs)
    assert chain(found) == [("a", 2)]
    assert found.events is not None
    moved = [row for row in found.events.to_pylist() if row["event"] == "transfer"]
    told = [(str(row["at"])[14:19], row["agent_id"]) for row in moved]
    assert told == [("01:00", None), ("01:30", "agent-17")]


def test_the_last_version_of_a_record_stays(tmp_path: Path) -> None:
    """The greatest LastUpdateTimestamp wins, wherever it stands; the same again is a duplicate."""
    late = {"LastUpdateTimestamp": "2026-03-03T00:00:00Z", "DisconnectReason": "OTHER"}
    late["Agent"] = RECORD["Agent"] | {"AfterContactWorkDuration": 99}
    found = imported(tmp_path, {}, late, {}, {"LastUpdateTimestamp": "2026-03-02T10:00:00Z"})
    assert found.contacts["wrap_s"].to_pylist() == [99.0]
    assert found.counts == {
        "rows": 4,
        "contacts": 1,
        "merged_legs": 0,
        "duplicates": 1,
        "rejected": 2,
    }
    assert found.rejects["reason"].to_pylist() == ["superseded"] * 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ContactId": None}, "no contact_id"),
        ({"DisconnectTimestamp": None}, "no ended_at"),
        ({"InitiationTimestamp": "soon"}, "InitiationTimestamp: not a time: 'soon'"),
        ({"DisconnectTimestamp": "2026-03-02T08:00:00Z"}, "ended_at before started_at"),
        ({"Agent": {"AgentInteractionDuration": -1}}, "talk_s: negative: -1"),
        ({"Agent": {"NumberOfHolds": 1.5}}, "NumberOfHolds: not a whole number: '1.5'"),
        ({"Agent": {"NumberOfHolds": 2**60}}, f"NumberOfHolds: not a whole number: '{2**60}'"),
        ({"Queue": {"Duration": "long"}}, "Duration: not a number: 'long'"),
        ({"Queue": "care"}, "Queue: not an object: 'care'"),
        ({"ContactId": ["a"]}, "ContactId: not text: \"['a']\""),
        ({"Agent": {"ConnectedToAgentTimestamp": 7}}, "ConnectedToAgentTimestamp: not a time: '7'"),
    ],
)
def test_a_bad_record_is_rejected_with_the_reason(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    """It stops nothing and keeps its number and its text."""
    found = imported(tmp_path, {"ContactId": "b"}, change)
    [rejected] = found.rejects.to_pylist()
    assert (rejected["row"], rejected["reason"]) == (2, reason)
    assert json.loads(rejected["raw"]) == RECORD | change
    assert found.counts["contacts"] == found.counts["rejected"] == 1


def test_what_happened_is_told_of_the_merged_contact(tmp_path: Path) -> None:
    """Answers and transfers of all legs are events of the contact, of the last versions only."""
    legs = [leg("a", 0, "INBOUND", None, None), leg("b", 2, "TRANSFER", "a", "a")]
    old = legs[1] | {"LastUpdateTimestamp": "2026-03-02T09:05:00Z", "Queue": {"Name": "old"}}
    answered = RECORD["Agent"] | {"ConnectedToAgentTimestamp": "2026-03-02T09:02:30Z"}
    events = imported(tmp_path, old, legs[0], legs[1] | {"Agent": answered}).events
    assert events is not None
    told = [
        (e["contact_id"], str(e["at"])[14:19], e["event"], e["queue"]) for e in events.to_pylist()
    ]
    assert told == [
        ("a", "01:00", "answered", "care"),
        ("a", "02:00", "transfer", "care"),
        ("a", "02:30", "answered", "care"),
    ]


def test_the_example_export() -> None:
    """All forms of delivery together: every record is accounted for."""
    found = import_contacts("amazon-connect", EXPORT)
    assert found.counts == {
        "rows": 18,
        "contacts": 13,
        "merged_legs": 1,
        "duplicates": 1,
        "rejected": 3,
    }
    where = [(Path(r["file"]).name, r["row"], r["reason"]) for r in found.rejects.to_pylist()]
    assert sorted(where) == [
        ("records.jsonl", 1, "superseded"),
        ("stream.gz", 5, "no ended_at"),
        ("stream.gz", 6, "cut off: the record does not end"),
    ]
    assert found.identity["withheld"] == 1


def test_a_transfer_is_no_repeat_and_a_callback_neither() -> None:
    """Of the example only the call of the next day repeats the one before."""
    mapping = Mapping.of({"columns": {"reason": "Attributes.CallReason"}})
    found = import_contacts("amazon-connect", EXPORT, mapping)
    labels = label(found.contacts, {"related_by": "any"}).to_pylist()
    pairs = {row["contact_id"]: row["next_contact_id"] for row in labels if row["next_contact_id"]}
    ids = {row["contact_id"]: row["started_at"].day for row in found.contacts.to_pylist()}
    assert [(ids[one], ids[other]) for one, other in pairs.items()] == [(2, 3)]
    [repeated] = [row["repeated"] for row in labels if row["contact_id"] in pairs]
    assert repeated is True


def test_importing_twice_changes_nothing() -> None:
    """The files given twice give the same contacts and events; all else are duplicates."""
    once = import_contacts("amazon-connect", EXPORT)
    twice = import_contacts("amazon-connect", [EXPORT, EXPORT])
    assert twice.contacts.equals(once.contacts)
    assert once.events is not None
    assert once.events.equals(twice.events)
    assert twice.counts["rows"] == 36
    assert twice.counts["rows"] == sum(twice.counts.values()) - 36


def test_events_of_rejected_records_go_with_them(tmp_path: Path) -> None:
    """What a bad record tells happened to nobody, and what follows it keeps its own events."""
    bad = {"ContactId": "b", "DisconnectTimestamp": "2026-03-02T08:00:00Z"}
    events = imported(tmp_path, bad, {}, bad).events
    assert events is not None
    assert events["contact_id"].to_pylist() == ["a"]


def test_events_of_a_redial_are_told_of_the_contact_it_became_part_of(tmp_path: Path) -> None:
    """A lost line and the call after it are one contact, with the answers of both."""
    lost = leg("a", 0, "INBOUND", None, None) | {"DisconnectReason": "TELECOM_PROBLEM"}
    again = leg("b", 3, "INBOUND", None, None)
    found = imported(tmp_path, lost, again, mapping=Mapping.of({"redial_within": "10m"}))
    assert found.contacts["contact_id"].to_pylist() == ["a"]
    assert found.events is not None
    assert found.events["contact_id"].to_pylist() == ["a", "a"]


def test_events_of_files_keep_to_their_contacts(tmp_path: Path) -> None:
    """Each file's events are of its own records."""
    for contact in "ab":
        queue = RECORD["Queue"] | {"Name": f"queue {contact}"}
        record = RECORD | {"ContactId": contact, "Queue": queue}
        (tmp_path / f"{contact}.json").write_text(json.dumps([record]))
    events = import_contacts("amazon-connect", tmp_path).events
    assert events is not None
    told = events.select(["contact_id", "queue"]).to_pylist()
    assert told == [{"contact_id": one, "queue": f"queue {one}"} for one in "ab"]


def test_what_runs_after_a_disconnect_is_a_leg_but_no_transfer(tmp_path: Path) -> None:
    """A flow that asks how it was goes with the contact; merging alone counts it."""
    [survey] = imported(tmp_path, leg("b", 1, "DISCONNECT", "a", "a")).contacts.to_pylist()
    assert (survey["interaction_id"], survey["transfer_count"]) == ("a", 0)


def test_a_leg_that_names_the_first_contact_only_is_a_leg_of_it(tmp_path: Path) -> None:
    """Where the contact before is not told, the initial one is."""
    legs = [leg("a", 0, "INBOUND", None, None), leg("b", 1, "TRANSFER", None, "a")]
    assert chain(imported(tmp_path, *legs)) == [("a", 1)]


def test_what_has_no_name_is_told_by_its_arn(tmp_path: Path) -> None:
    """Queues and agents have an ARN always, a name mostly."""
    nameless = {
        "Queue": RECORD["Queue"] | {"Name": None},
        "Agent": RECORD["Agent"] | {"Username": None},
    }
    contact = only(tmp_path, nameless)
    assert (contact["queue"], contact["agent_id"]) == ("arn:queue", "arn:agent")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_last_version_tells_the_chain(tmp_path: Path, order: tuple[int, int]) -> None:
    """That a record is a leg may be known only when it is delivered again."""
    early = leg("b", 1, "TRANSFER", None, None)
    late = leg("b", 1, "TRANSFER", "a", "a") | {"LastUpdateTimestamp": "2026-03-03T00:00:00Z"}
    versions = [early, late]
    first = leg("a", 0, "INBOUND", None, None)
    assert chain(imported(tmp_path, first, *(versions[i] for i in order))) == [("a", 1)]
