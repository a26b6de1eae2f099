"""Customers of an import: settling what was settled changes nothing, on random contacts."""

import datetime as dt

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from recontact.contacts import canonical
from recontact.sources.customers import settle_customers
from recontact.sources.mapping import Mapping
from recontact.sources.pseudonyms import Pseudonymiser
from recontact.sources.rejects import NONE

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
some = lambda *values: st.sampled_from((None, *values))  # noqa: E731 - a short name for a long one
NUMBERS = ("030 123456", "+4930123456", "tel:+49-30-999999", "anonymous", "112", "sip:a@b", "")
CALLS = st.fixed_dictionaries(
    {
        "started_at": st.integers(0, 90).map(lambda minutes: START + dt.timedelta(minutes=minutes)),
        "lasts": st.integers(0, 20),
        "customer_id": some("a", "+49 30 123456"),
        "ani": some(*NUMBERS),
        "program": some("acme"),
        "dropped": some(True, True, False),
        "direction": some("outbound"),
        "email": some("x@example.org", "030 123456"),
    }
)
MAPPINGS = st.fixed_dictionaries(
    {},
    optional={
        "ani_region": st.sampled_from(("DE", "US")),
        "redial_within": st.sampled_from(("0s", "10m")),
        "shared_above": st.sampled_from(
            ({"contacts": 1, "within": "5m"}, {"contacts": 2, "within": "1h"})
        ),
    },
)


def table(calls):
    ended = [call["started_at"] + dt.timedelta(minutes=call["lasts"]) for call in calls]
    names = [name for name in calls[0] if name != "lasts"]
    columns = {name: [call[name] for call in calls] for name in names}
    for name in ("customer_id", "ani", "program", "direction", "email"):
        columns[name] = pa.array(columns[name], pa.string())
    ids = [str(k) for k in range(len(calls))]
    return canonical(pa.table({**columns, "contact_id": ids, "ended_at": ended}))


@settings(max_examples=settings.default.max_examples // 2)
@given(st.lists(CALLS, min_size=1, max_size=9), MAPPINGS, st.booleans())
def test_settling_again_changes_nothing_and_loses_nobody(calls, rules, hidden):
    """With the same rules and without any; each contact stays, or went into a known one."""
    contacts, mapping = table(calls), Mapping.of(rules)
    hashed = (
        Pseudonymiser("k", bytes(range(32)), ("email",), mapping.ani_region) if hidden else None
    )
    once = settle_customers(contacts, NONE, mapping, hashed)
    for again in (mapping, Mapping(ani_region=mapping.ani_region)):
        assert settle_customers(once.contacts, NONE, again, hashed).contacts.equals(once.contacts)
    kept = once.contacts["contact_id"].to_pylist()
    assert sorted(kept + list(once.into)) == sorted(contacts["contact_id"].to_pylist())
    assert set(once.into.values()) <= set(kept)
    nobody = ("withheld", "invalid", "without_country", "unknown")
    known = once.identity["by_customer_id"] + once.identity["by_number"]
    assert known + sum(once.identity[kind] for kind in nobody) == len(contacts)
