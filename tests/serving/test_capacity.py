"""How many follow-ups are left of a day: of one team, of all that somebody sees, in their zone."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from tests.serving.test_at_risk import score

from recontact_serving.follow_up import capacity, following_up
from recontact_serving.people.access import Access
from recontact_serving.people.roles import scopes_of

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
UTC = ZoneInfo("UTC")
LEA = Access("lea", scopes_of("lead"))


@pytest.fixture
def today(client, database, monkeypatch):
    """Tells what is left at noon; three contacts of red and one of blue are resolved, or were."""
    monkeypatch.setattr(capacity, "now", lambda: NOON)
    for name, team in (("a", "red"), ("b", "red"), ("c", "red"), ("d", "blue")):
        score(client, name, 0.5, team=team)
    with database.write() as db:
        for name, hours in (("a", 1), ("b", 13), ("c", 1), ("d", 1)):
            at = NOON - dt.timedelta(hours=hours)
            following_up.act(db, name, "resolve", {"outcome": "solved"}, LEA, at)
        following_up.act(db, "c", "undo", {}, LEA, NOON - dt.timedelta(hours=1))

    def left(access=LEA, team=None, zone=UTC):
        with database.read() as db:
            return capacity.of_today(db, access, team, zone, 10)

    return left


def test_what_was_resolved_today_is_done(today):
    """Not what was resolved yesterday, and not what was taken back."""
    assert today(team="red") == capacity.Day(10, 1, 9)


def test_today_is_the_day_of_who_looks(today):
    """What is late yesterday in London is early today in Berlin."""
    assert today(team="red", zone=ZoneInfo("Europe/London")).done == 1
    assert today(team="red", zone=ZoneInfo("Europe/Berlin")).done == 2


def test_without_a_team_it_is_that_of_all_that_one_sees(today, database):
    """The sum of what was set for each, and of the usual number for the others."""
    with database.write() as db:
        capacity.keep(db, "red", 3)
        capacity.keep(db, "gone", 100)
    assert today() == capacity.Day(13, 2, 11)
    of_blue = Access("x", scopes_of("lead"), teams=frozenset({"blue"}))
    assert today(of_blue) == capacity.Day(10, 1, 9)


def test_of_a_team_that_one_does_not_see_nothing_is_told(today, database):
    """Neither what was set for it nor what is done there; nor by who sees other programs alone."""
    with database.write() as db:
        capacity.keep(db, "red", 3)
    for limits in ({"teams": frozenset({"blue"})}, {"programs": frozenset({"other"})}):
        limited = Access("x", scopes_of("lead"), **limits)
        assert today(limited, team="red") == capacity.Day(10, 0, 10)
        with database.read() as db:
            assert not capacity.is_theirs(db, limited, "red")
    assert today(team="red") == capacity.Day(3, 1, 2)


def test_more_than_can_be_done_leaves_nothing(today, database):
    """It is never less than nothing."""
    with database.write() as db:
        capacity.keep(db, "red", 0)
        capacity.keep(db, "red", 1)
    assert today(team="red") == capacity.Day(1, 1, 0)
