"""Redials against their slow twin, on random calls of few customers."""

import datetime as dt
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from recontact.contacts import canonical
from recontact.sources.redials import merge_redials

REFERENCE = Path(__file__).parents[1] / "reference"


def module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"reference_{name}", REFERENCE / f"{name}.py")
    assert spec
    assert spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


twin, legs = module("redials"), module("imports")

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
WITHIN = dt.timedelta(minutes=10)
some = lambda *values: st.sampled_from((None, *values))  # noqa: E731 - a short name for a long one
CALLS = st.fixed_dictionaries(
    {
        "started_at": st.integers(0, 40).map(lambda minutes: START + dt.timedelta(minutes=minutes)),
        "lasts": st.integers(0, 30),
        "known_at": some(START + dt.timedelta(hours=2)),
        "customer_id": some("k", "k", "m"),
        "program": some("acme"),
        "channel": some("voice", "chat"),
        "direction": some("inbound", "inbound", "outbound"),
        "dropped": some(True, True, False),
        "handled": some(True, False),
        "escalated": some(True, False),
        "tier": some(1, 2),
        "agent_id": some("1", "2"),
        "talk_s": some(0.5, 60.0),
        "transfer_count": some(0, 2),
        "reason": some("billing", "tech"),
        "queue": some("north"),
    }
)


def table(calls: list[dict[str, Any]]) -> pa.Table:
    rows = []
    for k, call in enumerate(calls):
        rest = {name: value for name, value in call.items() if name != "lasts"}
        ended = call["started_at"] + dt.timedelta(minutes=call["lasts"])
        rows.append({"contact_id": str(9 - k), "interaction_id": None, **rest, "ended_at": ended})
    schema = canonical(pa.table({n: [] for n in ("contact_id", "started_at", "ended_at")})).schema
    return pa.Table.from_pylist(
        [{name: row.get(name) for name in schema.names} for row in rows], schema
    )


@settings(max_examples=settings.default.max_examples // 2)
@given(st.lists(CALLS, min_size=1, max_size=9))
def test_lost_lines_merge_with_what_follows_as_in_the_twin(calls: list[dict[str, Any]]) -> None:
    """Chains, their columns, their order and where each redial went are those of the twin."""
    contacts = table(calls)
    expected = []
    into = {}
    for chain in twin.chains(contacts.to_pylist(), WITHIN):
        one = legs.merged(chain) if len(chain) > 1 else chain[0]
        if len(chain) > 1:
            transfers = [
                row["transfer_count"] for row in chain if row["transfer_count"] is not None
            ]
            one["transfer_count"] = sum(transfers) if transfers else None
            into |= {row["contact_id"]: one["contact_id"] for row in chain[1:]}
        expected.append(one)

    merged = merge_redials(contacts, 600_000_000)

    assert merged.contacts.to_pylist() == expected
    assert merged.into == into
    again = merge_redials(merged.contacts, 600_000_000)
    assert again.contacts.equals(merged.contacts)
    assert again.into == {}
