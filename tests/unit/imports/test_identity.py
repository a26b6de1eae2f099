"""Identity on import: by customer_id, else by number; shared identities; redials and callbacks."""

import datetime as dt

import pyarrow as pa
import pytest

from recontact import label
from recontact.contacts import canonical
from recontact.sources.identity import shared_contacts
from recontact.sources.imports import import_contacts
from recontact.sources.mapping import Mapping
from recontact.writing import write_table

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)


def at(*minutes):
    return [START + minute * MINUTE for minute in minutes]


def imported(tmp_path, columns, **mapping):
    path = tmp_path / "export.parquet"
    write_table(pa.table(columns), path)
    return import_contacts("contacts", path, Mapping.of(mapping))


def again(tmp_path, contacts, **mapping):
    path = tmp_path / "again.parquet"
    write_table(contacts, path)
    return import_contacts("contacts", path, Mapping.of(mapping))


CALLS = {
    "contact_id": list("abcdefg"),
    "customer_id": ["x", None, None, None, None, None, None],
    "ani": ["030 1", "030 123456", "+49 30 123456", "anonymous", "112", None, "+4930999999"],
    "started_at": at(*range(7)),
    "ended_at": at(*range(7)),
}


def test_a_customer_is_its_id_else_its_number(tmp_path):
    """One number written twice is one customer; withheld and invalid ones are nobody; all count."""
    found = imported(tmp_path, CALLS, ani_region="DE")
    one, other = "+4930123456", "+4930999999"
    assert found.contacts["customer_id"].to_pylist() == ["x", one, one, None, None, None, other]
    assert found.contacts["ani"].to_pylist() == CALLS["ani"]
    assert found.identity == {
        "by_customer_id": 1,
        "by_number": 3,
        "withheld": 1,
        "invalid": 1,
        "without_country": 0,
        "unknown": 1,
        "shared": 0,
        "worst": [],
    }
    assert sum(v for k, v in found.identity.items() if k not in ("shared", "worst")) == 7
    assert again(tmp_path, found.contacts).contacts.equals(found.contacts)


def test_legs_give_their_number_before_anybody_is_linked(tmp_path):
    """The customer_id of a later leg goes before the number of the first."""
    legs = {**CALLS, "interaction_id": ["i"] * 7, "customer_id": [None] * 6 + ["x"]}
    found = imported(tmp_path, legs, ani_region="DE")
    assert found.contacts["customer_id"].to_pylist() == ["x"]
    assert found.counts["merged_legs"] == 6


def pbx(tmp_path, **mapping):
    minutes = [0, 60, 120, 180, 200, 60 * 24 * 9]
    calls = {
        "contact_id": list("abcdef"),
        "customer_id": ["pbx", "pbx", "y", "pbx", "y", "pbx"],
        "started_at": at(*minutes),
        "ended_at": at(*minutes),
        "dropped": [True] * 6,
    }
    return imported(tmp_path, calls, **mapping)


def test_a_shared_identity_is_unlinked_kept_and_reported(tmp_path):
    """All its contacts lose their customer, which stands in shared_identity; others keep theirs."""
    found = pbx(tmp_path, shared_above={"contacts": 2, "within": "3h"})
    assert found.contacts["customer_id"].to_pylist() == [None, None, "y", None, "y", None]
    assert found.contacts["shared_identity"].to_pylist() == ["pbx", "pbx", None, "pbx", None, "pbx"]
    assert found.identity["shared"] == 4
    assert found.identity["worst"] == [{"customer_id": "pbx", "contacts": 4}]


def test_importing_unlinked_contacts_again_changes_nothing(tmp_path):
    """With or without the mapping file; a number of a shared identity is not linked anew."""
    calls = {name: values[:3] for name, values in CALLS.items()} | {"ani": ["+4930123456"] * 3}
    calls["customer_id"] = pa.nulls(3, pa.string())
    rules = {"shared_above": {"contacts": 1, "within": "1h"}}
    found = imported(tmp_path, calls, **rules)
    assert found.contacts["shared_identity"].to_pylist() == ["+4930123456"] * 3
    for mapping in ({}, rules):
        twice = again(tmp_path, found.contacts, **mapping)
        assert twice.contacts.equals(found.contacts)
        assert twice.identity["shared"] == 3


@pytest.mark.parametrize(("above", "within", "shared"), [(2, "3h", True), (2, "179m", False)])
def test_the_span_holds_its_bound(tmp_path, above, within, shared):
    """Three contacts in exactly three hours are more than two within 3h, not within less."""
    found = pbx(tmp_path, shared_above={"contacts": above, "within": within})
    assert bool(found.identity["shared"]) is shared


def test_a_shared_identity_is_one_of_its_program():
    """The same id in two programs is two customers, as everywhere."""
    contacts = canonical(
        pa.table(
            {
                "contact_id": ["a", "b"],
                "customer_id": ["7", "7"],
                "program": ["acme", "other"],
                "started_at": at(0, 1),
                "ended_at": at(0, 1),
            }
        )
    )
    assert not shared_contacts(contacts, 1, 10**12).any()


def test_strangers_at_one_switchboard_are_no_redials(tmp_path):
    """A shared identity is unlinked before lost lines are merged with what follows."""
    rules = {"redial_within": "61m", "shared_above": {"contacts": 2, "within": "3h"}}
    found = pbx(tmp_path, **rules)
    assert found.contacts["contact_id"].to_pylist() == list("abcdef")
    assert len(pbx(tmp_path, redial_within="61m").contacts) == 5


LOST = {
    "contact_id": list("abcd"),
    "customer_id": ["x"] * 4,
    "started_at": at(0, 10, 30, 60),
    "ended_at": at(5, 20, 40, 70),
    "dropped": [True, True, False, False],
    "transfer_count": [1, 0, 0, 0],
    "talk_s": [60.0, 30.0, 10.0, 10.0],
}


def test_a_lost_line_and_its_redials_are_one_contact(tmp_path):
    """The chain merges, is counted under merged legs, and is no transfer; the rest stays."""
    found = imported(tmp_path, LOST, redial_within="10m")
    first, last = found.contacts.to_pylist()
    assert (first["contact_id"], last["contact_id"]) == ("a", "d")
    assert (first["ended_at"], first["talk_s"]) == (at(40)[0], 100.0)
    assert (first["transfer_count"], first["dropped"]) == (1, False)
    assert found.counts == {
        "rows": 4,
        "contacts": 2,
        "merged_legs": 2,
        "duplicates": 0,
        "rejected": 0,
    }
    assert again(tmp_path, found.contacts, redial_within="10m").contacts.equals(found.contacts)


@pytest.mark.parametrize(
    "change",
    [
        {"dropped": [None, False, True, True]},
        {"customer_id": ["x", "y", "z", None]},
        {"program": ["p", "q", "r", "s"]},
        {"channel": ["voice", "chat", "voice", "email"]},
        {"direction": ["outbound", "inbound", "outbound", "internal"]},
        {"started_at": at(0, 16, 31, 60)},
    ],
)
def test_what_is_no_redial_stays_apart(tmp_path, change):
    """Only a lost inbound contact, and the customer's next one like it within the time, merge."""
    found = imported(tmp_path, LOST | change, redial_within="10m")
    assert len(found.contacts) == 4


def test_numbers_are_linked_before_redials(tmp_path):
    """A redial is found by the number alone."""
    calls = {**LOST, "customer_id": pa.nulls(4, pa.string()), "ani": ["+4930123456"] * 4}
    assert len(imported(tmp_path, calls, redial_within="10m").contacts) == 2


def test_our_own_calls_are_no_repeats(tmp_path):
    """A promised callback marked by its queue is outbound: the label sees no next contact."""
    calls = {
        "contact_id": ["asks", "we call", "later"],
        "customer_id": ["x"] * 3,
        "started_at": at(0, 60, 60 * 24 * 9),
        "ended_at": at(5, 65, 60 * 24 * 9),
        "queue": ["service", "callbacks", "service"],
        "reason": ["bill"] * 3,
    }
    contacts = imported(tmp_path, calls, outbound_when={"queue": ["callbacks"]}).contacts
    assert contacts["direction"].to_pylist() == [None, "outbound", None]
    first, own, _ = label(contacts).to_pylist()
    assert (first["repeated"], first["next_contact_id"]) == (False, None)
    assert (own["eligible"], own["exclusion"]) == (False, "not_inbound")
    assert label(imported(tmp_path, calls).contacts)["repeated"].to_pylist()[0] is True
