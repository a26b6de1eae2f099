"""What a feature may see, trap by trap, as small tables."""

import datetime as dt

import pyarrow as pa
import pytest

from recontact import Policy, label
from recontact.contacts import canonical
from recontact.dataset import features
from recontact.errors import UserError

T = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)  # a Monday
HOUR = dt.timedelta(hours=1)
MICROSECOND = dt.timedelta(microseconds=1)


def contact(name, start=0.0, minutes=10.0, **facts):
    begun = T + start * HOUR
    return {
        "contact_id": name,
        "customer_id": "x",
        "started_at": begun,
        "ended_at": begun + dt.timedelta(minutes=minutes),
        "reason": "bill",
        **facts,
    }


def seen(rows, name, moment="start", known=None, policy=None, **options):
    names = dict.fromkeys(key for row in rows for key in row)
    table = canonical(pa.table({key: [row.get(key) for row in rows] for key in names}))
    labels = label(table, Policy.parse(policy or {}))
    found = features(table, labels, moment, known={"reason": "start", **(known or {})}, **options)
    return next(row for row in found.to_pylist() if row["contact_id"] == name)


@pytest.mark.parametrize(
    ("hours_before", "counts"),
    [(1, 1), (0.5, 1), (48, 1), (0, 0)],
    ids=["exactly an hour", "half an hour", "exactly 48 hours", "the same instant"],
)
def test_a_contact_is_seen_from_just_after_its_start(hours_before, counts):
    """A span holds its own bound, and a contact of the same instant is not seen."""
    row = seen([contact("a", -hours_before), contact("b")], "b")
    span = "1h" if hours_before <= 1 else "48h"
    assert row[f"contacts_{span}"] == counts
    assert row["contacts_before"] == counts


def test_the_contact_does_not_see_itself():
    """At wrap-up a contact has started before the instant and is still not its own history."""
    assert seen([contact("a")], "a", "wrapup")["contacts_before"] == 0


def test_what_started_during_the_contact_is_seen_at_its_wrapup_only():
    """A contact that began while this one went on counts at wrap-up, not at the start."""
    rows = [contact("a", 0, 60), contact("b", 0.5, 5)]
    assert seen(rows, "a", "start")["contacts_before"] == 0
    assert seen(rows, "a", "wrapup")["contacts_before"] == 1


@pytest.mark.parametrize(
    ("known_after_start", "talk"),
    [(dt.timedelta(0), None), (-MICROSECOND, 300.0), (HOUR, None)],
    ids=["known at the instant", "known just before", "known later"],
)
def test_the_last_contacts_record_shows_once_known(known_after_start, talk):
    """Talk time and escalation of an earlier contact are null until just after its known_at."""
    a = contact("a", -5, talk_s=300.0, escalated=True, known_at=T + known_after_start)
    row = seen([a, contact("b")], "b")
    assert row["last_talk_s"] == talk
    assert row["escalated_90d"] == (0 if talk is None else 1)


@pytest.mark.parametrize(("moment", "same"), [("wrapup", 0), ("start", 1)])
def test_an_earlier_reason_is_known_from_its_record_or_from_its_start(moment, same):
    """A reason of the wrap-up relates nothing before known_at; one known from the start does."""
    a = contact("a", -5, known_at=T + HOUR * 2)
    row = seen([a, contact("b", minutes=30)], "b", "wrapup", known={"reason": moment})
    assert row["same_issue_7d"] == same


@pytest.mark.parametrize(
    ("known_after_end", "talk"),
    [(0, 90.0), (15 * 60, 90.0), (15 * 60 + 1, None)],
    ids=["at once", "exactly 15 minutes", "a second more"],
)
def test_wrapup_facts_show_only_where_they_come_in_time(known_after_end, talk):
    """The contact's own final facts are known at wrap-up up to 15 minutes after its end."""
    a = contact("a", talk_s=90.0, transfer_count=2)
    a["known_at"] = a["ended_at"] + dt.timedelta(seconds=known_after_end)
    row = seen([a], "a", "wrapup")
    assert row["talk_s"] == talk
    assert row["transfer_count"] == (None if talk is None else 2)


@pytest.mark.parametrize("moment", ["start", "live"])
def test_final_facts_never_show_before_the_end(moment):
    """At the start and live, nothing of the wrap-up is there."""
    a = contact("a", talk_s=90.0, hold_s=3.0, tier=2, escalated=True, disposition="d", wait_s=1.0)
    row = seen([a], "a", moment, elapsed_s=60.0)
    assert {row[name] for name in ("talk_s", "hold_s", "tier", "escalated", "disposition")} == {
        None
    }
    assert not row["escalation_already"]


@pytest.mark.parametrize(("elapsed_s", "known"), [(30.0, False), (30.5, True)])
def test_the_agents_rate_shows_once_the_wait_is_over(elapsed_s, known):
    """Live, the agent is known only after the wait."""
    old = contact("old", -200, customer_id="y", agent_id="smith")
    new = contact("new", wait_s=30.0, agent_id="smith")
    row = seen([old, new], "new", "live", elapsed_s=elapsed_s)
    assert (row["agent_judged"] is not None) == known


def rate_rows(score_at, old=None, **facts):
    """One settled contact of the queue, and one to be scored at an instant."""
    first = contact("old", customer_id="y", queue="q", **(old or {}))
    new = contact("new", customer_id="z", queue="q", **facts)
    new["started_at"], new["ended_at"] = score_at, score_at + HOUR
    return [first, new]


MATURE = T + HOUR * 48 + dt.timedelta(minutes=10)  # when the old contact's label is mature
NEXT_DAY = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("at", "count"),
    [(MATURE, 0), (MATURE + HOUR, 0), (NEXT_DAY - MICROSECOND, 0), (NEXT_DAY, 1)],
    ids=["mature", "an hour later", "just before midnight", "from midnight on"],
)
def test_a_rate_counts_a_label_from_the_day_after_its_maturity(at, count):
    """A label enters a rate at the start of the UTC day after the one in which it matured."""
    assert seen(rate_rows(at), "new")["queue_judged"] == count


def test_a_rate_waits_until_all_that_a_label_rests_on_was_known():
    """An earlier contact's record that came late holds back the label that rests on it."""
    late = {"known_at": NEXT_DAY + HOUR}
    row = seen(rate_rows(NEXT_DAY + 2 * HOUR, old=late), "new", "wrapup", {"reason": "wrapup"})
    assert row["queue_judged"] == 0
    assert seen(rate_rows(NEXT_DAY + 2 * HOUR, old=late), "new")["queue_judged"] == 1


def test_a_rate_waits_for_the_records_of_possible_repeats():
    """A contact that might be the repeat holds the label back until its reason was known."""
    other = contact("other", 20, customer_id="y", known_at=NEXT_DAY + HOUR)
    rows = [*rate_rows(NEXT_DAY + 2 * HOUR), other]
    assert seen(rows, "new", "wrapup", {"reason": "wrapup"})["queue_judged"] == 0


def test_an_outcome_known_at_the_instant_is_told_apart():
    """A related contact begun during this one makes `repeated` known at wrap-up, not before."""
    rows = [contact("a", 0, 60), contact("b", 0.5, 5)]
    assert seen(rows, "a", "wrapup")["repeated_already"]
    assert not seen(rows, "a", "start")["repeated_already"]
    assert not seen(rows, "b", "wrapup")["repeated_already"]


def test_own_escalation_is_known_at_wrapup():
    """An escalation of the contact itself makes the outcome known at wrap-up."""
    row = contact("a", escalated=True)
    assert seen([row], "a", "wrapup")["escalation_already"]
    assert not seen([row], "a", "start")["escalation_already"]


def test_history_is_read_back_to_500_contacts():
    """A shared number's history is cut at its latest 500 contacts, so its cost is bounded."""
    rows = [contact(f"c{k:04d}", -k / 60, 0) for k in range(700)]
    assert seen(rows, "c0000")["contacts_before"] == 500


@pytest.mark.parametrize(("late", "place"), [(0 * MICROSECOND, 3), (MICROSECOND, 2)])
def test_a_chain_and_a_repeat_reach_as_far_as_the_window(late, place):
    """A contact exactly a window after another one's end follows it, one just after does not."""
    a, b, c = contact("a", -96, 0), contact("b", -48, 0), contact("c", minutes=0)
    a["started_at"] = a["ended_at"] = a["started_at"] - late
    row = seen([a, b, c], "c")
    assert (row["episode_position"], row["repeats_before"]) == (place, place - 2)


def test_different_values_are_told_apart_up_to_50():
    """Counting different reasons stops at 50, so its cost is bounded."""
    rows = [contact(f"c{k}", -k / 60, 0, reason=f"r{k % 60}") for k in range(80)]
    assert seen(rows, "c0")["reasons_90d"] == 50
    assert seen(rows[:50], "c0")["reasons_90d"] == 49


@pytest.mark.parametrize(("known_hours", "repeats"), [(-1, 0), (1, 1)])
def test_the_window_of_a_reason_applies_once_the_reason_is_known(known_hours, repeats):
    """Until an earlier contact's record is known, its window is that of any reason."""
    a = contact("a", -8, 0, reason="tech", known_at=T + known_hours * HOUR)
    rows = [a, contact("b", -5, 0), contact("c")]
    policy = {"related_by": "any", "window_by_reason": {"tech": "1h"}}
    assert seen(rows, "c", known={"reason": "wrapup"}, policy=policy)["repeats_before"] == repeats


@pytest.mark.parametrize("column", ["csat", "survey_resolved", "contact_id", "ended_at"])
def test_some_columns_are_never_features_of_their_own_contact(column):
    """Survey answers and keys can't be declared known."""
    with pytest.raises(UserError, match=column):
        seen([contact("a", csat=5.0)], "a", known={column: "start"})


def test_an_extra_column_is_a_feature_from_when_it_is_known():
    """A column of the user's own shows from the moment that is named for it."""
    rows = [contact("a", plan="gold")]
    assert "plan" not in seen(rows, "a")
    assert seen(rows, "a", "start", {"plan": "start"})["plan"] == "gold"
    assert seen(rows, "a", "start", {"plan": "wrapup"})["plan"] is None


def test_a_new_caller_has_counts_of_0_and_unknown_times():
    """Nothing seen is 0 where it is counted, and null where it would be a time."""
    row = seen([contact("a")], "a")
    assert row["contacts_90d"] == row["same_issue_90d"] == 0
    assert row["since_last_s"] is row["last_talk_s"] is row["mean_gap_s"] is None


def test_calendar_is_of_the_instant_in_utc():
    """Hour, weekday and day of the month are those of the moment asked for."""
    row = seen([contact("a", minutes=90)], "a", "wrapup")
    assert (row["hour"], row["weekday"], row["month_day"]) == (13.5, 0, 2)


@pytest.mark.parametrize(
    ("elapsed_s", "holds", "held_s", "transfers"),
    [(60.0, 0, 0.0, 0), (120.0, 1, 60.0, 0), (300.0, 1, 120.0, 0), (301.0, 1, 120.0, 1)],
    ids=["the hold begins now", "on hold", "the transfer comes now", "transferred"],
)
def test_live_holds_and_transfers_are_those_so_far(elapsed_s, holds, held_s, transfers):
    """At live the events strictly before the instant count, and never the final totals."""
    a = contact("a", hold_count=9, hold_s=999.0, transfer_count=9)
    at = [("answered", 10), ("hold", 60), ("resume", 180), ("transfer", 300)]
    events = pa.table(
        {
            "contact_id": ["a"] * len(at),
            "at": [a["started_at"] + dt.timedelta(seconds=s) for _, s in at],
            "event": [event for event, _ in at],
        }
    )
    row = seen([a], "a", "live", elapsed_s=elapsed_s, events=events)
    assert (row["hold_count"], row["hold_s"], row["transfer_count"]) == (holds, held_s, transfers)


def test_what_a_source_never_tells_is_unknown_at_live():
    """A source that tells transfers but no holds leaves holds null, and counts transfers."""
    a = contact("a", hold_count=9)
    event = {"contact_id": ["a"], "at": [a["started_at"]], "event": ["answered"]}
    told = {b"recontact.events": b'["answered", "transfer"]'}
    events = pa.table(event).replace_schema_metadata(told)
    row = seen([a], "a", "live", elapsed_s=60.0, events=events)
    assert (row["hold_count"], row["hold_s"], row["transfer_count"]) == (None, None, 0)


def test_without_events_holds_and_transfers_are_unknown_at_live():
    """A source that tells no events leaves them null, even where they are said to be live."""
    known = {"hold_count": "live", "transfer_count": "live"}
    row = seen([contact("a", hold_count=9)], "a", "live", known, elapsed_s=60.0)
    assert row["hold_count"] is None
