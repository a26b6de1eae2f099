"""Groups: by column, week, month and level of the reason; who stands where, and what follows."""

import datetime as dt
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from recontact import Policy, label
from recontact.contacts import canonical
from recontact.errors import UserError
from recontact.groups import Groups, groups
from recontact.history import order
from recontact.next_issues import NextIssues
from recontact.rates import Measures, measure
from recontact.report import collect
from recontact.report.followed import followed, related
from recontact.report.reasons import next_issues, other_issue, repeats_caused
from recontact.report.standing import standing

DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def table(times, **columns):
    return pa.table({"started_at": pa.array(times, pa.timestamp("us", "UTC")), **columns})


def test_weeks_begin_on_monday_and_months_are_named():
    """Sunday belongs to the week before, also around new year and before 1970."""
    days = [
        dt.datetime(2025, 12, 28, tzinfo=dt.UTC),
        dt.datetime(2025, 12, 29, tzinfo=dt.UTC),
        dt.datetime(2026, 1, 4, 23, 59, tzinfo=dt.UTC),
    ]
    days += [dt.datetime(1969, 12, 31, tzinfo=dt.UTC), dt.datetime(2026, 1, 5, tzinfo=dt.UTC)]
    found = groups(table(days), "week")
    names = [found.names[code] for code in found.codes]
    assert names == ["2025-12-22", "2025-12-29", "2025-12-29", "1969-12-29", "2026-01-05"]
    months = groups(table(days), "month")
    assert [months.names[c] for c in months.codes][2:] == ["2026-01", "1969-12", "2026-01"]


def test_a_week_is_a_week_even_beside_a_column_of_that_name():
    """Whoever has a column `week` of their own can't turn time into names."""
    assert groups(table([DAY], week=["W9"]), "week").names == ["2025-12-29"]


@pytest.mark.parametrize("by", ["reason:0", "reason:", "reason:x", "agent", "year"])
def test_what_is_no_column_is_refused(by):
    """The error names what there is."""
    with pytest.raises(UserError, match=f"no column '{by}'") as error:
        groups(table([dt.datetime(2026, 1, 1, tzinfo=dt.UTC)], reason=["a"]), by)
    assert "reason, week, month, reason:1" in error.value.mend


def test_a_column_that_names_nothing_is_refused():
    """Lists and structs are no names of groups."""
    with pytest.raises(UserError, match="'tags' holds list"):
        groups(table([DAY], tags=[["a"]]), "tags")


def test_nearly_one_group_a_contact_is_refused(monkeypatch):
    """Grouping by an identifier would be a table as long as the record."""
    monkeypatch.setattr(collect, "MOST_GROUPS", 2)
    ids = ["a", "b", "c"]
    contacts = pa.table({"contact_id": ids, "started_at": [DAY] * 3, "ended_at": [DAY] * 3})
    with pytest.raises(UserError, match="'contact_id' makes 3 groups"):
        collect.collect(contacts, label(contacts), by=["contact_id"])
    assert collect.collect(contacts, label(contacts)).groups == {}


def measures(hits, of):
    """Make measures of groups with so many hits of so many judged, and what group each is in."""
    code = np.repeat(np.arange(len(of)), of)
    hit = np.concatenate([np.arange(n) < k for k, n in zip(hits, of, strict=True)])
    return Measures({"fcr": (hit, np.ones(len(hit), bool))}, {}), code


def test_groups_are_ranked_worst_first_by_their_best_guess():
    """A small bad group is drawn to the middle; the unknown one and those of nothing come last."""
    counted, code = measures([40, 0, 80, 60, 0, 50], [100, 1, 100, 100, 0, 100])
    rows = standing(counted, Groups("team", code, ["bad", "tiny", "good", "mean", "none", None]))
    assert [row["group"] for row in rows] == ["bad", "tiny", "mean", "good", None, "none"]
    verdicts = {row["group"]: row["verdict"] for row in rows}
    assert verdicts == {
        "bad": "worse",
        "tiny": None,
        "mean": "not told apart",
        "good": "better",
        None: None,
        "none": None,
    }
    tiny = next(row for row in rows if row["group"] == "tiny")
    assert tiny["small"]
    assert tiny["fcr"] == 0
    assert 0.4 < tiny["fcr_guess"] < 0.6
    assert rows[-1]["fcr_guess"] is None


def test_weeks_stay_in_the_order_of_time():
    """However bad a week is, the next one follows it."""
    counted, code = measures([90, 10, 50], [100, 100, 100])
    names = ["2026-01-05", "2026-01-12", "2026-01-19"]
    assert [row["group"] for row in standing(counted, Groups("week", code, names))] == names


def test_a_group_alone_is_compared_with_nobody():
    """Where there is no other contact there is no verdict."""
    counted, code = measures([50], [100])
    assert standing(counted, Groups("site", code, ["here"]))[0]["verdict"] is None


def test_repeats_are_ranked_and_add_up():
    """Shares sum to 1, the running sum ends there, reasons without a repeat are left out."""
    counted, code = measures([3, 0, 6, 1], [10, 10, 10, 10])
    repeats = Measures({"repeat": counted.shares["fcr"]}, {})
    rows = repeats_caused(repeats, Groups("reason", code, ["a", "b", "c", None]))
    assert [(r["reason"], r["repeats"], r["share"]) for r in rows] == [
        ("c", 6, 0.6),
        ("a", 3, 0.3),
        (None, 1, 0.1),
    ]
    assert [r["cumulative"] for r in rows] == pytest.approx([0.6, 0.9, 1.0])


def test_next_issues_are_those_counted_one_by_one(simulated):
    """Each pair's count, share and lift are those of a loop over all contacts."""
    contacts, policy = canonical(simulated), Policy()
    labels = label(contacts, related(policy, "any")).to_pylist()
    reason = dict(zip(*(contacts[n].to_pylist() for n in ("contact_id", "reason")), strict=True))
    judged = [row for row in labels if row["repeated"] is not None]
    of = Counter(reason[row["contact_id"]] for row in judged)
    hits = [row for row in judged if row["repeated"]]
    after = Counter(reason[row["next_contact_id"]] for row in hits)
    pairs = Counter((reason[r["contact_id"]], reason[r["next_contact_id"]]) for r in hits)
    found = followed(contacts, related(policy, "any"), order(contacts))
    rows = next_issues(found, groups(contacts, "reason"))
    told = {(row["reason"], row["next"]): row for row in rows}
    wanted = {pair: n for pair, n in pairs.items() if n >= 5 and None not in pair}
    assert {pair: row["count"] for pair, row in told.items()} == wanted
    for (first, following), row in told.items():
        share = wanted[first, following] / of[first]
        assert row["of"] == of[first]
        assert row["share"] == pytest.approx(share)
        assert row["share_low"] < share < row["share_high"]
        assert row["lift"] == pytest.approx(share / (after[following] / len(judged)))
        assert row["lift_low"] < row["lift"] < row["lift_high"]
    learnt = NextIssues.learn(contacts, policy)  # what the service tells agents while they talk
    for (first, following), row in told.items():
        assert learnt.followed[first].get(following, row["count"]) == row["count"]


def test_any_issue_is_same_issue_and_other_issue(simulated):
    """Over the same contacts, repeats about anything are those of the same and of other issues."""
    contacts, ordered = canonical(simulated), order(simulated)
    same = followed(contacts, Policy(), ordered)
    anything = followed(contacts, Policy(related_by="any"), ordered)
    found = other_issue(same, anything)
    counts = {name: int((hits & of).sum()) for name, (hits, of) in found.items()}
    assert counts["any_issue"] == counts["same_issue"] + counts["other_issue"]
    assert counts["other_issue"] > 0
    repeated, judged = measure(contacts, label(contacts)).shares["repeat"]
    assert counts["same_issue"] == (repeated & judged).sum()
