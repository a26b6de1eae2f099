"""Identity end to end, on vendors' exports: pseudonyms hide all, our own calls are no repeats."""

import json
import secrets
from pathlib import Path

import pytest

from recontact import label
from recontact.sources.imports import import_contacts
from recontact.sources.mapping import Mapping

FIXTURES = Path(__file__).parents[2] / "fixtures"
VENDORS = {path.name: path for path in sorted(FIXTURES.iterdir()) if path.is_dir()}
FORMS = {name: name.replace("_", "-") for name in VENDORS}


def files(vendor):
    return sorted(
        path for path in VENDORS[vendor].iterdir() if path.suffix in {".json", ".jsonl", ".csv"}
    )


def texts(imported):
    tables = [imported.contacts, imported.rejects, imported.events]
    told = [table.to_pylist() for table in tables if table is not None]
    return json.dumps([told, imported.identity], default=str, ensure_ascii=False)


@pytest.mark.parametrize("vendor", VENDORS)
def test_with_pseudonyms_no_customer_or_number_is_left(vendor, monkeypatch):
    """Nothing of what names a customer without them is in contacts, rejects, events or counts."""
    monkeypatch.setenv("RECONTACT_PSEUDONYM_KEY", secrets.token_hex(32))
    plain = import_contacts(FORMS[vendor], files(vendor))
    hashed = import_contacts(
        FORMS[vendor], files(vendor), Mapping.of({"pseudonyms": {"key_id": "2026a"}})
    )
    named = set(plain.contacts["customer_id"].drop_null().to_pylist())
    if "ani" in plain.contacts.column_names:
        named |= {text for text in plain.contacts["ani"].drop_null().to_pylist() if "+" in text}
    assert named
    assert [name for name in named if f'"{name}"' in texts(hashed)] == []
    customers = [table["customer_id"].to_pylist() for table in (plain.contacts, hashed.contacts)]
    pairs = set(zip(*customers, strict=True))
    assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})


CALL = {
    "Channel": "VOICE",
    "CustomerEndpoint": {"Address": "+4930901820", "Type": "TELEPHONE_NUMBER"},
    "Attributes": {"CallReason": "billing"},
    "Queue": {"Name": "care", "EnqueueTimestamp": "2026-03-02T09:00:30Z", "Duration": 30},
    "Agent": {"Username": "a", "ConnectedToAgentTimestamp": "2026-03-02T09:01:00Z"},
}


def calls(folder, *given):
    path = folder / "records.jsonl"
    records = [
        {
            "ContactId": f"c{k}",
            "InitiationMethod": how,
            "InitiationTimestamp": f"{begin}:00Z",
            "DisconnectTimestamp": f"{end}:00Z",
            "LastUpdateTimestamp": f"{end}:30Z",
            "DisconnectReason": why,
        }
        for k, (how, begin, end, why) in enumerate(given)
    ]
    path.write_text("".join(json.dumps(CALL | record) + "\n" for record in records))
    return path


END = ("INBOUND", "2026-03-20T09:00", "2026-03-20T09:10", "AGENT_DISCONNECT")
REASON = {"columns": {"reason": "Attributes.CallReason"}}


@pytest.mark.parametrize(("how", "repeated"), [("CALLBACK", False), ("INBOUND", True)])
def test_a_queued_callback_is_no_repeat(tmp_path, how, repeated):
    """A call that we dial since the customer asked for it is ours; their own next one is not."""
    path = calls(
        tmp_path,
        ("INBOUND", "2026-03-02T09:00", "2026-03-02T09:05", "CUSTOMER_DISCONNECT"),
        (how, "2026-03-02T10:00", "2026-03-02T10:05", "AGENT_DISCONNECT"),
        END,
    )
    contacts = import_contacts("amazon-connect", path, Mapping.of(REASON)).contacts
    assert contacts["customer_id"].to_pylist() == ["+4930901820"] * 3
    first = label(contacts).to_pylist()[0]
    assert first["repeated"] is repeated
    assert first["fcr"] is not repeated


@pytest.mark.parametrize(("why", "contacts"), [("TELECOM_PROBLEM", 2), ("CUSTOMER_DISCONNECT", 3)])
def test_a_lost_line_and_its_redial_are_one_contact(tmp_path, why, contacts):
    """Found by the number alone; what the agent ended is no lost line."""
    path = calls(
        tmp_path,
        ("INBOUND", "2026-03-02T09:00", "2026-03-02T09:05", why),
        ("INBOUND", "2026-03-02T09:08", "2026-03-02T09:20", "AGENT_DISCONNECT"),
        END,
    )
    found = import_contacts("amazon-connect", path, Mapping.of({**REASON, "redial_within": "10m"}))
    assert len(found.contacts) == contacts
    first = found.contacts.to_pylist()[0]
    assert not first["transfer_count"]
    assert label(found.contacts)["repeated"].to_pylist()[0] is (contacts == 3)
    if found.events is not None:
        assert set(found.events["contact_id"].to_pylist()) <= set(
            found.contacts["contact_id"].to_pylist()
        )
