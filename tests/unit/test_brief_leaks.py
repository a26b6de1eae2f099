"""The leak check that every training runs: quick, on some customers, and it finds what leaks."""

import numpy as np
import pyarrow as pa
import pytest

from recontact.contacts import instants
from recontact.labels.table import label
from recontact.leaks import Check, Leak
from recontact.leaks.brief import briefly
from recontact.policy import Policy


@pytest.fixture(scope="module")
def contacts(simulated):
    """Some of the simulated contacts."""
    return simulated.slice(0, 1500)


def test_honest_features_pass(contacts):
    """It says on how many contacts: all of some customers."""
    found = briefly(contacts, Policy(), most=700)
    assert found["verdict"] == "passed"
    assert found["leaks"] == []
    assert 200 < found["contacts"] < 1500
    assert found["of"] == 1500


def test_a_column_that_tells_what_will_come_is_suspected(contacts):
    """Said to be known from the start, it tells the outcome too well; it is named."""
    told = label(contacts, Policy())["repeated"].cast(pa.float64())
    found = briefly(contacts.append_column("oracle", told), Policy(), known={"oracle": "start"})
    assert found["verdict"] == "suspected"
    assert found["passed"] is False
    assert "oracle at start" in found["text"]
    assert "tells the outcome too well" in found["text"]
    assert {leak["feature"] for leak in found["leaks"]} == {"oracle"}


def test_a_value_that_moves_is_proof(contacts, monkeypatch):
    """What deleting the future changes has held the future."""
    leak = Leak("x", "start", 3, "c1", 1.0, 0.0)
    seen = [Check("future", "", {}, [leak], [])]
    monkeypatch.setattr("recontact.leaks.brief.check", lambda *_, **__: seen)
    found = briefly(contacts, Policy())
    assert found["verdict"] == "leaks"
    assert "x at start held what was not known then" in found["text"]
    assert found["leaks"] == [{"test": "future", "feature": "x", "moment": "start"}]


def test_where_nothing_can_be_proved_it_does_not_pass(contacts):
    """No contact may be judged: nothing was checked."""
    found = briefly(contacts, Policy.parse({"index_channels": ["carrier pigeon"]}))
    assert (found["verdict"], found["passed"]) == ("suspected", False)
    assert "nothing was proved" in found["text"]


def test_one_customer_who_has_most_contacts_makes_it_no_slower(contacts):
    """Of a shared number the earliest contacts are checked, twice as many as wanted at most."""
    some = contacts.filter(pa.array(np.arange(len(contacts)) % 3 > 0))
    place = some.column_names.index("customer_id")
    shared = some.set_column(place, some.schema.field(place), pa.array(["one"] * len(some)))
    from recontact.leaks.brief import _some

    kept = [_some(shared, seed, 100) for seed in range(40)]
    sizes = {len(one) for one in kept}
    assert max(sizes) == 201
    longest = max(kept, key=len)
    assert instants(longest["started_at"]).max() == np.sort(instants(shared["started_at"]))[200]
