"""When contacts are asked about at `live`: at times that do not tell how long they last."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from recontact import Policy, label
from recontact.contacts import canonical, instants
from recontact.dataset import build
from recontact.features.known import known_from
from recontact.features.reached import asked_after
from recontact.features.table import Source

START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
SIZE = 20_000


def source(lasted_s, ids=None, events=None):
    started = [START] * len(lasted_s)
    ended = [START + dt.timedelta(seconds=float(second)) for second in lasted_s]
    ids = [f"c{k}" for k in range(len(lasted_s))] if ids is None else ids
    contacts = canonical(pa.table({"contact_id": ids, "started_at": started, "ended_at": ended}))
    return Source(contacts, Policy(), known_from(contacts), events=events)


def happened(ids, seconds, event="hold"):
    at = [START + dt.timedelta(seconds=float(second)) for second in seconds]
    return pa.table({"contact_id": ids, "at": at, "event": [event] * len(ids)})


@pytest.fixture(scope="module")
def long_and_short():
    """Contacts of very unlike lengths, with the times drawn for them."""
    lasted = np.random.default_rng(3).lognormal(5, 1.2, SIZE).round(3)
    return lasted, *asked_after(source(lasted))


def share_below(times, bounds):
    return np.searchsorted(np.sort(times), bounds) / len(times)


@pytest.mark.parametrize("longer_than", [60, 300, 1000])
def test_the_time_does_not_depend_on_the_length(long_and_short, longer_than):
    """Times that both could be asked at come as often in long contacts as in all of them."""
    lasted, elapsed, _ = long_and_short
    bounds = np.linspace(1, longer_than, 20)
    theirs = elapsed[(lasted > longer_than) & (elapsed < longer_than)]
    everyones = elapsed[elapsed < longer_than]
    apart = np.abs(share_below(theirs, bounds) - share_below(everyones, bounds)).max()
    assert apart < 2.2 / np.sqrt(len(theirs))  # Kolmogorov and Smirnov: beyond it once in 10,000


def test_the_lengths_of_those_asked_at_a_time_are_those_of_all_that_last_longer(long_and_short):
    """Who is asked early is no shorter than who lasts that long at all."""
    lasted, elapsed, reached = long_and_short
    for begin, end in ((1, 30), (100, 150), (400, 700)):
        asked, all_longer = (elapsed >= begin) & (elapsed < end), lasted > end
        theirs, bounds = (
            lasted[asked & all_longer],
            np.quantile(lasted[all_longer], [0.2, 0.5, 0.8]),
        )
        assert share_below(theirs, bounds) == pytest.approx(
            [0.2, 0.5, 0.8], abs=2.2 / np.sqrt(len(theirs))
        )
        assert reached[asked & all_longer].all()


def test_who_is_over_by_then_is_not_reached(long_and_short):
    """A contact counts as reached just where it lasts longer than the time that it drew."""
    lasted, elapsed, reached = long_and_short
    assert (reached == (elapsed < lasted)).all()
    assert 0.1 < reached.mean() < 0.9
    assert (elapsed == np.floor(elapsed)).all()


def test_times_are_those_at_which_something_happened():
    """With events, times are whole seconds just after one, in a contact that still went on."""
    lasted = np.full(SIZE, 100.0)
    ids = ["c0", "c1", "c2", "c3", "c4", "c5", "nobody"]
    seconds = [0, 7, 7.5, -5, 99.999, 100, 30]  # just after the 99.999th its contact is over
    elapsed, reached = asked_after(source(lasted, events=happened(ids, seconds)))
    assert reached.all()
    assert set(elapsed) == {1.0, 8.0}
    assert np.mean(elapsed == 8.0) == pytest.approx(2 / 3, abs=0.02)


def test_without_events_times_spread_over_the_lengths():
    """Without events, any second of a contact may be asked at."""
    elapsed, reached = asked_after(source(np.full(SIZE, 100.0)))
    assert set(elapsed) == set(range(1, 100))
    assert elapsed.mean() == pytest.approx(50, abs=1)
    assert reached.all()


def times_of(contacts, events=None):
    elapsed, _ = asked_after(Source(contacts, Policy(), known_from(contacts), events=events))
    return dict(zip(contacts["contact_id"].to_pylist(), elapsed, strict=True))


def test_the_same_contact_gets_the_same_time_whatever_the_row_order(simulated, centre):
    """A contact's time follows from its contact_id: rows and events may come in any order."""
    events, chance = pq.read_table(centre / "events.parquet"), np.random.default_rng(1)
    mixed = simulated.take(chance.permutation(len(simulated)))
    assert times_of(mixed) == times_of(simulated)
    shuffled = events.take(chance.permutation(len(events)))
    assert times_of(mixed, shuffled) == times_of(simulated, events) != times_of(simulated)


@pytest.mark.parametrize("lasted", [[], [0.0, 0.0], [0.5]])
def test_where_no_time_can_be_asked_at_nobody_is_reached(lasted):
    """Contacts without length, or none at all, have no live rows."""
    elapsed, reached = asked_after(source(lasted))
    assert len(elapsed) == len(reached) == len(lasted)
    assert not reached.any()


def test_contacts_over_by_then_have_no_row(simulated):
    """The dataset holds live rows of exactly those that went on, at the times drawn."""
    labels = label(simulated)
    rows = build(simulated, labels, moments=["live"])
    contacts = canonical(simulated)
    drawn = Source(contacts, Policy(), known_from(contacts))
    elapsed, reached = asked_after(drawn)
    there = pc.is_in(contacts["contact_id"], rows["contact_id"]).to_numpy(zero_copy_only=False)
    assert (there == (reached & labels["eligible"].to_numpy())).all()
    started = instants(contacts["started_at"])[there]
    at = dict(zip(rows["contact_id"].to_pylist(), instants(rows["at"]), strict=True))
    mine = [at[name] for name in contacts["contact_id"].filter(pa.array(there)).to_pylist()]
    assert (mine == started + (elapsed[there] * 1e6).astype(np.int64)).all()
