"""Legs and events tell the same story as the contacts."""

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recontact.contacts import SCHEMA
from recontact.sources.imports import import_contacts


def test_legs_merge_into_the_contacts(bench):
    """Importing the legs gives exactly the contacts, in every column, and rejects nothing."""
    got = import_contacts("contacts", [bench.folder / "legs.parquet"])
    contacts = pq.read_table(bench.folder / "contacts.parquet")
    assert len(got.rejects) == 0
    merged = got.contacts.sort_by("contact_id")
    assert [n for n in SCHEMA.names if not merged[n].equals(contacts[n])] == []
    legs = pq.read_metadata(bench.folder / "legs.parquet").num_rows
    assert legs - len(contacts) == pc.sum(contacts["transfer_count"]).as_py() > 5_000


def test_times_of_a_contact_sum_to_its_length(bench):
    """Wait, talk and hold fill a served contact from start to end; an abandoned one waits."""
    table = bench.contacts
    length = (table["ended_at"] - table["started_at"]).dt.total_seconds()
    filled = table["wait_s"] + table["talk_s"].fillna(0) + table["hold_s"].fillna(0)
    assert (length == filled).all()
    assert (
        table.loc[~table["handled"], ["talk_s", "hold_s", "agent_id", "tier"]].isna().all(axis=None)
    )
    assert (table["known_at"] >= table["ended_at"]).all()


def test_holds_in_the_events_are_those_of_the_contacts(bench):
    """Each hold has its instants: as many and as long as the contact says, inside it."""
    events = pq.read_table(bench.folder / "events.parquet").to_pandas()
    table = bench.contacts.set_index("contact_id")
    inside = events.join(table[["started_at", "ended_at"]], on="contact_id")
    assert inside["at"].between(inside["started_at"], inside["ended_at"]).all()
    counts = events.pivot_table(index="contact_id", columns="event", aggfunc="size", fill_value=0)
    counts = counts.reindex(table.index, fill_value=0)
    assert (counts["hold"] == table["hold_count"]).all()
    assert (counts["resume"] == table["hold_count"]).all()
    assert (counts["transfer"] == table["transfer_count"]).all()
    assert ((counts["answered"] > 0) == table["handled"]).all()
    seconds = events["at"].astype("int64") / 1e6
    signed = seconds.where(events["event"] == "resume", -seconds)
    held = signed[events["event"].isin(["hold", "resume"])].groupby(events["contact_id"]).sum()
    expected = table.loc[held.index, "hold_s"]
    assert (held - expected).abs().max() < 1e-3


def test_events_name_who_and_where(bench):
    """The first answer is by the contact's agent in its queue, after its own wait."""
    events = pq.read_table(bench.folder / "events.parquet").to_pandas()
    first = events[events["event"] == "answered"].drop_duplicates("contact_id")
    both = first.merge(bench.contacts, on="contact_id", suffixes=("", "_contact"))
    assert (both["agent_id"] == both["agent_id_contact"]).all()
    assert (both["queue"] == both["queue_contact"]).all()
    waited = (both["at"] - both["started_at"]).dt.total_seconds()
    assert (
        waited[both["transfer_count"] == 0] == both["wait_s"][both["transfer_count"] == 0]
    ).all()
    assert pa.types.is_timestamp(pq.read_schema(bench.folder / "events.parquet").field("at").type)
