"""Zendesk: tickets and their metrics become contacts."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recontact.errors import UserError
from recontact.sources.imports import Imported, import_contacts
from recontact.sources.mapping import Mapping

FIXTURES = Path(__file__).parents[2] / "fixtures" / "zendesk"
FILES = [FIXTURES / "tickets-1.json", FIXTURES / "tickets-2.jsonl"]


def contacts(imported: Imported) -> dict[str, dict[str, Any]]:
    return {row["contact_id"]: row for row in imported.contacts.to_pylist()}


@pytest.fixture(scope="module")
def both() -> Imported:
    mapping = {
        "columns": {"reason": "custom_fields.360001", "topic": "tags.about_"},
        "values": {"reason": {"billing__late_fee": "billing > late fee"}},
        "escalated_when": {"tags": ["complaint"]},
    }
    return import_contacts("zendesk", FILES, Mapping.of(mapping))


def test_every_record_is_counted(both: Imported) -> None:
    """Tickets are contacts or rejected, metrics merge into theirs; the last version stays."""
    assert both.counts == {
        "rows": 12,
        "contacts": 5,
        "merged_legs": 2,
        "duplicates": 0,
        "rejected": 5,
    }
    told = {(Path(r["file"]).name, r["row"]): r["reason"] for r in both.rejects.to_pylist()}
    assert told == {
        ("tickets-1.json", 4): "deleted",
        ("tickets-1.json", 7): "metrics of no ticket here: '4999'",
        ("tickets-2.jsonl", 1): "deleted",
        ("tickets-2.jsonl", 2): "superseded",
        (
            "tickets-2.jsonl",
            5,
        ): "started_at: not a time: 'yesterday'; ended_at: not a time: 'yesterday'",
    }


def test_a_ticket_is_one_contact_when_it_was_made(both: Imported) -> None:
    """Its life is not one long contact; it is known from its last change or its metrics'."""
    ticket = contacts(both)["4101"]
    assert (
        ticket["started_at"] == ticket["ended_at"] == dt.datetime(2026, 2, 2, 9, 15, tzinfo=dt.UTC)
    )
    assert ticket["known_at"] == dt.datetime(2026, 2, 3, 16, 45, tzinfo=dt.UTC)
    assert contacts(both)["4102"]["known_at"] == dt.datetime(2026, 2, 2, 12, 30, tzinfo=dt.UTC)


def test_fields_of_ticket_and_metrics(both: Imported) -> None:
    """Channel, group, agent, stations, replies, rating and the mapped custom field and tag."""
    ticket = contacts(both)["4101"]
    expected = {
        "customer_id": "377301",
        "channel": "voice",
        "direction": None,
        "queue": "52",
        "team": "52",
        "agent_id": "9001",
        "reason": "billing > late fee",
        "topic": "invoice",
        "wait_s": 35 * 60,
        "transfer_count": 1,
        "escalated": True,
        "csat": 1,
        "agent_resolved": True,
        "reopens": 1,
        "ani": "+493022610",
    }
    assert {name: ticket[name] for name in expected} == expected
    other = contacts(both)["4102"]
    assert (other["channel"], other["csat"], other["transfer_count"]) == ("email", 5, 0)
    assert (other["escalated"], other["wait_s"]) == (False, None)


def test_merged_and_outbound_tickets_and_complaints_are_told(both: Imported) -> None:
    """A merged ticket stays a contact that a policy may leave out; our calls are outbound."""
    found = contacts(both)
    assert (found["4103"]["disposition"], found["4101"]["disposition"]) == ("closed_by_merge", None)
    assert found["4103"]["csat"] is None
    assert (found["4108"]["direction"], found["4108"]["escalated"]) == ("outbound", True)
    assert found["4103"]["escalated"] is None


def test_follow_ups_and_incidents_share_a_case(both: Imported) -> None:
    """A follow-up has the case of the ticket it follows, an incident that of its problem."""
    found = contacts(both)
    assert found["4107"]["case_id"] == found["4101"]["case_id"] == "4101"
    assert found["4107"]["wait_s"] == 780 * 60
    assert found["4102"]["case_id"] == "3999"
    assert found["4103"]["case_id"] == "4103"


def test_who_has_a_ticket_now_is_not_known_at_its_start(both: Imported) -> None:
    """An export tells the last group and agent, so a score at the start may not see them."""
    said = json.loads(both.contacts.schema.metadata[b"recontact.known_from"])
    assert said["queue"] == said["agent_id"] == "wrapup"


def test_importing_again_changes_nothing() -> None:
    """The same files twice are duplicates."""
    twice = import_contacts("zendesk", FILES * 2)
    once = import_contacts("zendesk", FILES)
    assert twice.contacts.equals(once.contacts)
    assert twice.counts["duplicates"] == 9  # 6 tickets not refused and 3 metrics, again
    assert sum(list(twice.counts.values())[1:]) == twice.counts["rows"] == 24


def test_a_chain_of_follow_ups_goes_back_to_its_first(tmp_path: Path) -> None:
    """Also where they stand in another order, and where they go round in a circle."""
    base = {"created_at": "2026-01-01T00:00:00Z", "requester_id": 1}
    via = [
        {"via": {"source": {"rel": "follow_up", "from": {"ticket_id": n}}}} for n in (2, 1, 9, 8)
    ]
    ids = (3, 2, 8, 9)
    rows = [base | {"id": i} | v for i, v in zip(ids, via, strict=True)] + [base | {"id": 1}]
    path = tmp_path / "t.json"
    path.write_text(json.dumps(rows))
    found = contacts(import_contacts("zendesk", path))
    assert [found[i]["case_id"] for i in "123"] == ["1", "1", "1"]
    assert found["8"]["case_id"] in ("8", "9")


@pytest.mark.parametrize("text", ["", "[]", '{"tickets": []}', "{}\n{}"])
def test_an_export_without_tickets_has_no_contacts(tmp_path: Path, text: str) -> None:
    """Records without fields are rejected, none is lost."""
    (tmp_path / "t.json").write_text(text)
    imported = import_contacts("zendesk", tmp_path / "t.json")
    assert (len(imported.contacts), len(imported.rejects)) == (0, text.count("{}"))


def test_a_table_of_tickets_is_read_and_one_of_something_else_refused(tmp_path: Path) -> None:
    """Columns are named as the interface's fields are."""
    path = tmp_path / "t.csv"
    path.write_text(
        "id,created_at,requester_id,via.channel,tags\n7,2026-01-01,1,mail,about_x vip\n"
    )
    mapping = Mapping.of({"columns": {"reason": "tags.about_"}})
    [row] = import_contacts("zendesk", path, mapping).contacts.to_pylist()
    assert (row["customer_id"], row["channel"], row["reason"]) == ("1", "email", "x")
    path.write_text("Ticket,Created\n7,2026-01-01\n")
    with pytest.raises(UserError, match=r"t\.csv has no column 'id'") as caught:
        import_contacts("zendesk", path)
    assert "mapping file" in caught.value.mend


TICKETS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.integers(1, 4),
            "requester_id": st.integers(1, 2),
            "created_at": st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "?"]),
            "updated_at": st.integers(10, 28).map(lambda day: f"2026-01-{day}T00:00:00Z"),
            "status": st.sampled_from(["open", "solved", "deleted"]),
            "custom_fields": st.just([{"id": 1, "value": "x"}]),
        }
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda ticket: (ticket["id"], ticket["updated_at"]),
)
METRICS = st.lists(
    st.fixed_dictionaries(
        {
            "ticket_id": st.integers(1, 5),
            "updated_at": st.integers(10, 28).map(lambda day: f"2026-01-{day}T00:00:00Z"),
            "group_stations": st.integers(1, 3),
        }
    ),
    max_size=5,
    unique_by=lambda metric: (metric["ticket_id"], metric["updated_at"]),
)


@settings(max_examples=settings.default.max_examples // 15)
@given(TICKETS, METRICS, st.data())
def test_order_files_and_repetition_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory,
    tickets: list[dict[str, Any]],
    metrics: list[dict[str, Any]],
    data: st.DataObject,
) -> None:
    """Shuffled, split over files and repeated, the records give the same contacts; all counted."""
    folder = tmp_path_factory.mktemp("zendesk")
    (folder / "a.json").write_text(json.dumps({"tickets": tickets, "metric_sets": metrics}))
    once = import_contacts("zendesk", folder / "a.json")
    again = data.draw(st.lists(st.sampled_from(tickets), max_size=2))
    records = data.draw(st.permutations([*tickets, *metrics, *again]))
    cut = data.draw(st.integers(0, len(records)))
    (folder / "b.jsonl").write_text("\n".join(map(json.dumps, records[:cut])))
    (folder / "c.json").write_text(json.dumps(records[cut:]))
    other = import_contacts("zendesk", [folder / "b.jsonl", folder / "c.json"])
    assert contacts(other) == contacts(once)
    for imported, records_read in ((once, [*tickets, *metrics]), (other, records)):
        counts = list(imported.counts.values())
        assert counts[0] == sum(counts[1:]) == len(records_read)
