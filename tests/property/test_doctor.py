"""The doctor on any clean table: it says something of each, and fails on none."""

import datetime as dt
import json
import math

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from recontact import Policy, label
from recontact.contacts import canonical
from recontact.doctor import CHECKS, examine, supports

some = lambda *values: st.sampled_from((None, *values))  # noqa: E731 - a short name for a long one
FIRST, LAST = (dt.datetime(*day, tzinfo=dt.UTC) for day in ((1, 1, 1), (9999, 12, 31)))
MOMENTS = st.integers(0, (LAST - FIRST).days).map(lambda days: FIRST + dt.timedelta(days=days))
MARCH = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
NEAR = st.integers(0, 10**6).map(lambda seconds: MARCH + dt.timedelta(seconds=seconds))
EXTRAS = {
    "list": (st.lists(st.integers(0, 2), max_size=2), pa.list_(pa.int64())),
    "struct": (st.fixed_dictionaries({"x": st.integers(0, 3)}), pa.struct([("x", pa.int64())])),
    "binary": (st.binary(max_size=2), pa.binary()),
    "date": (st.dates(dt.date(2026, 1, 1), dt.date(2026, 2, 1)), pa.date32()),
    "time": (st.times(), pa.time64("us")),
    "closed_at": (some("2026-01-01", "soon", ""), pa.string()),
    "resolved_at": (NEAR, pa.timestamp("us", tz="UTC")),
    "float": (st.floats(), pa.float64()),
    "flag": (st.booleans(), pa.bool_()),
    "shared_identity": (some("x"), pa.string()),
    "nothing": (st.none(), pa.null()),
}
ROWS = st.fixed_dictionaries(
    {
        "started_at": MOMENTS | NEAR,
        "lasts": st.integers(0, 10**5),
        "known_at": st.none() | NEAR,
        "customer_id": some("a", "b", "0", "unknown", " "),
        "program": some("acme", "Acme"),
        "channel": some("voice", "chat"),
        "direction": some("inbound", "outbound"),
        "site": some("north", "south"),
        "handled": some(True, False),
        "agent_id": some("1"),
        "reason": some("bill", "bill > fee"),
        "case_id": some("c"),
        "escalated": some(True, False),
        "csat": some(5.0),
        **{name: st.none() | values for name, (values, _) in EXTRAS.items()},
    }
)
POLICIES = st.fixed_dictionaries(
    {
        "related_by": st.sampled_from(("any", "case", "reason", "reason_or_case")),
        "index_channels": st.sampled_from(([], ["voice"], ["fax"])),
        "lookback": st.sampled_from(("0s", "48h", "5000w")),
        "window": st.sampled_from(("0s", "48h", "5000w")),
        "edges": st.sampled_from(("data", "program")),
    }
)


def contacts_of(rows):
    table = {
        "contact_id": [str(k) for k in range(len(rows))],
        "ended_at": [
            min(LAST, row["started_at"] + dt.timedelta(seconds=row["lasts"])) for row in rows
        ],
    }
    for name in rows[0]:
        if name != "lasts":
            kind = EXTRAS[name][1] if name in EXTRAS else None
            table[name] = pa.array([row[name] for row in rows], kind)
    return canonical(pa.table(table))


@settings(max_examples=settings.default.max_examples // 5)
@given(st.lists(ROWS, min_size=1, max_size=12), st.sampled_from((1, 1, 120)), POLICIES)
def test_the_doctor_fails_on_no_clean_table(rows, times, policy):
    """Whatever columns, years and gaps it has, each check gives its finding, and JSON holds it."""
    contacts = contacts_of(rows * times)
    labels = label(contacts, Policy.parse(policy))
    findings = examine(contacts, labels, now=1_800_000_000_000_000)
    assert len({finding.name for finding in findings}) == len(CHECKS)
    assert {finding.level for finding in findings} <= {"good", "mind", "bad"}
    uses = supports(contacts, labels, findings)
    told = json.loads(json.dumps([*map(vars, findings), *map(vars, uses)], allow_nan=False))
    assert all(one["text"] for one in told)
    assert not any(isinstance(one.get("value"), float) and math.isnan(one["value"]) for one in told)
