"""The page "Does it work?": who is compared, who counts as followed up, and who may see it."""

import datetime as dt
import html
import json
import re
from dataclasses import replace

import pytest
from sqlalchemy import insert
from tests.serving import people
from tests.serving.test_fcr import listed

from recontact.evaluation.costs import Costs
from recontact_serving.figures.proof_cases import Part, last_week, trial, worked
from recontact_serving.figures.proof_page import Asked, page_data
from recontact_serving.follow_up.holdout import Holdout, last_period
from recontact_serving.pages.whiskers import Line, whiskers
from recontact_serving.people.access import Access
from recontact_serving.storage.clock import micros, now
from recontact_serving.storage.database import put, read_meta
from recontact_serving.storage.tables import actions, capacities, follow_ups, meta

DAY = 86_400_000_000
ENDED = micros(now()) - 3 * DAY
ALL = Access("", frozenset({"proof"}))
SHARE = 0.4


def row(k, **values):
    """A contact at risk, ended three days ago, whose outcome is known."""
    given = {
        "contact_id": f"c{k}",
        "customer_id": f"u{k}",
        "team": "north",
        "started_at": ENDED,
        "at": ENDED,
        "scored_at": ENDED + 4 * DAY,  # while the holdout is in force
        "closes_at": ENDED + 2 * DAY,
        "state": "open",
        "repeated": False,
        "escalated": False,
        "repeated_probability": 0.5,
        "cost": 2.0,
    }
    return listed(f"c{k}") | given | values


def act(contact_id, action, at, version=1):
    row = {"contact_id": contact_id, "program": "acme", "customer_id": "u", "who": "ada"}
    return row | {"at": at, "action": action, "details": "{}", "before": "{}", "version": version}


def fill(database, rows, acted=(), share=SHARE):
    lot = Holdout.of(database, share)
    with database.write() as db:
        put(db, follow_ups, rows)
        if acted:
            db.execute(insert(actions), list(acted))
    return lot


def compared(database, part=None, since=0):
    with database.read() as db:
        return trial(db, part or Part(ALL), last_period(db), since)


def test_the_lot_decides_who_is_compared_with_whom(database):
    """By customer, whatever the state; low risks and those from before are left out."""
    rows = [row(k) for k in range(40)]
    rows += [row(50, repeated_band="low"), row(51, scored_at=5), row(52, repeated=None)]
    lot = fill(database, rows)
    found = compared(database)
    drawn = sum(lot.draws("acme", f"u{k}", f"c{k}") for k in [*range(40), 52])
    assert 5 < drawn < 30
    assert found.cases.held.sum() == drawn
    assert len(found.cases.held) == 41
    assert found.matured.sum() == 40


def test_of_very_many_the_newest_are_compared(database, monkeypatch):
    """The cut is one of time, so that it is the same for both arms."""
    monkeypatch.setattr("recontact_serving.figures.proof_cases.MOST", 10)
    fill(database, [row(k, at=ENDED - k) for k in range(30)])
    found = compared(database)
    assert len(found.cases.held) == 10
    assert (found.first, found.last) == (ENDED - 9, ENDED)


def test_a_customers_story_counts_once(database):
    """Who is back within the window is the outcome of the first contact, and no case of its own."""
    first = row(1)
    again = row(2, customer_id="u1", started_at=first["at"] + DAY, at=first["at"] + DAY)
    later = row(3, customer_id="u1", started_at=first["at"] + 9 * DAY)
    fill(database, [first, again, later])
    assert len(compared(database).cases.customer) == 2


def test_a_story_that_began_before_the_days_that_are_shown_is_no_case(database):
    """Else its second contact would be one, and of these the held out have more."""
    again = row(2, customer_id="u1", started_at=ENDED + DAY, at=ENDED + DAY)
    new = row(3, started_at=ENDED + DAY, at=ENDED + DAY)
    fill(database, [row(1), again, new])
    found = compared(database, since=ENDED + 1)
    assert len(found.cases.customer) == 1
    assert (found.first, found.last) == (ENDED + DAY, ENDED + DAY)


def test_followed_up_is_who_was_claimed_or_resolved_in_time(database):
    """Not after the window, not where it was a slip, not by a note."""
    rows = [row(k) for k in range(6)]
    closes = rows[0]["closes_at"]
    acted = [
        act("c0", "claim", closes),
        act("c1", "resolve", closes - DAY),
        act("c2", "claim", closes + 1),
        act("c3", "claim", closes - DAY),
        act("c3", "undo", closes - DAY + 1, 2),
        act("c4", "note", closes - DAY),
        act("c5", "claim", closes - DAY),
        act("c5", "note", closes - DAY, 2),
        act("c5", "undo", closes - DAY, 3),
    ]
    fill(database, rows, acted)
    with database.read() as db:
        found = last_week(db, Part(ALL)).rows
        assert worked(db, found) == {"c0", "c1", "c5"}


def test_only_the_time_of_one_share_is_compared(database, monkeypatch):
    """Contacts of another share or of none can't be; the last time with a holdout is shown."""
    clock = [dt.datetime(2026, 3, 1, tzinfo=dt.UTC)]
    monkeypatch.setattr("recontact_serving.follow_up.holdout.now", lambda: clock[0])
    for share in (0.0, 0.1, 0.1, 0.2, 0.0):
        Holdout.of(database, share)
        clock[0] += dt.timedelta(days=10)
    with database.read() as db:
        period = last_period(db)
        noted = json.loads(read_meta(db, "holdout_periods"))
    assert [share for _, share in noted] == [0.1, 0.2, 0.0]
    begin = micros(dt.datetime(2026, 3, 31, tzinfo=dt.UTC))
    assert (period.since, period.until, period.holdout.share) == (begin, begin + 10 * DAY, 0.2)
    fill(database, [row(k, scored_at=begin + k * 4 * DAY) for k in range(-1, 5)], share=0.0)
    assert len(compared(database).cases.held) == 3


def test_without_a_holdout_the_page_tells_how_to_set_one(client):
    """Nothing is compared; the way is told."""
    page = client.get("/proof")
    assert page.status_code == 200
    assert "RECONTACT_HOLDOUT=0.1 recontact serve" in page.text
    assert "No outcome of a contact of the list is known yet" in page.text


def test_too_few_contacts_are_no_result(start, settings, models, database):
    """What is missing is listed, and no figure is shown."""
    fill(database, [row(k) for k in range(30)])
    page = start(replace(settings, holdout=SHARE), models).client.get("/proof").text
    assert "Not enough data yet" in page
    assert "more held-out contacts whose window has passed" in page
    assert "What that is worth" not in page


def planted(database, count=1_500, teams=("north",)):
    """Of the held out all come back, of the others half of those followed up."""
    lot = fill(database, [])
    rows, acted, others = [], [], 0
    for k in range(count):
        held = lot.draws("acme", f"u{k}", f"c{k}")
        treated = not held and others % 2 == 0
        came = not treated or others % 4 == 0
        others += not held
        state = "held_out" if held else "open"
        rows.append(row(k, team=teams[k % len(teams)], repeated=came, state=state))
        if treated:
            acted.append(act(f"c{k}", "claim", ENDED + 1))
    fill(database, rows, acted)
    return rows


def values(database, access=ALL, **query):
    with database.read() as db:
        return page_data(db, Asked.read(query, access, Costs()), 50)


def test_a_planted_effect_is_shown_with_what_it_is_worth(start, settings, models, database):
    """A quarter of the listed are spared a repeat: so the page says, and so do its costs."""
    rows = planted(database)
    found = values(database, repeat="10", escalation="0", follow_up="2")["trial"]
    listed_rows = [one for one in rows if one["state"] == "open"]
    effect = found["effects"]["repeated"]
    assert effect.held.rate == 1.0
    assert effect.difference.value == pytest.approx(-0.25, abs=0.01)
    assert effect.on_treated.value == pytest.approx(-0.5, abs=0.01)
    assert effect.prevented_share == pytest.approx(0.5, abs=0.01)
    assert found["claims"] == {"repeated": "fewer", "escalated": "open"}
    prevented = sum(not one["repeated"] for one in listed_rows)
    assert found["saved"].gross.value == pytest.approx(10 * prevented)
    assert found["saved"].net.value == pytest.approx(10 * prevented - 2 * found["treated"])
    assert found["lot"].sound
    client = start(replace(settings, holdout=SHARE), models).client
    page = client.get("/proof?repeat=10&escalation=0&follow_up=2").text
    saved = '<dt>Saved in the end</dt><dd class="value">{}</dd>'
    assert saved.format(f"{found['saved'].net.value:,.0f}") in page
    even = f"/proof?repeat=10&escalation=0&follow_up={10 * prevented / found['treated']:.2f}"
    page_of_nothing = html.unescape(client.get(even).text)
    assert saved.format("can't be told yet") in page_of_nothing  # where chance explains it too
    assert "best guess" in page_of_nothing
    assert "Fewer came back where follow-ups are made" in page
    assert "Whether fewer escalated where follow-ups are made can't be told yet" in page
    assert f"{10 * prevented:,}" in page
    assert "every day" in page  # who peeks is fooled
    assert 'value="10"' in page


def test_the_plots_say_in_words_what_they_draw(database):
    """Both arms of both outcomes with their intervals, what was prevented, and the money."""
    planted(database)
    found = values(database, repeat="10", escalation="0", follow_up="2")["trial"]
    plots, effect = found["plots"], found["effects"]["repeated"]
    listed = effect.listed
    rate, low, high = (f"{100 * one:.1f} %" for one in (listed.rate, listed.low, listed.high))
    assert listed.rate == pytest.approx(0.75, abs=0.01)  # the lot says how many that are of
    told = f"Came back: Could be followed up {rate} ({low} to {high}), Held out 100.0 %"
    assert told in plots["arms"]
    assert plots["arms"].count('<circle class="plain"') == 2
    assert plots["arms"].count('<circle class="ring"') == 2  # known without colour
    worth = found["saved"]
    net = f"Saved in the end {worth.net.value:,.0f} ({worth.net.low:,.0f} to {worth.net.high:,.0f})"
    assert net in plots["money"]
    assert f"Spent on follow-ups {worth.spent:,.0f}," in plots["money"]
    assert f"Repeats {effect.prevented.value:,.0f} (" in plots["prevented"]


def places(drawn):
    """Where a drawing of one line has its whisker and its dot."""
    low, high = map(float, re.search(r'd="M([\d.]+) [\d.]+H([\d.]+)', drawn).groups())
    return low, float(re.search(r'cx="([\d.]+)"', drawn).group(1)), high


@pytest.mark.parametrize("span", [(3.0, 2.0, 5.0), (-3.0, -5.0, 0.5), (1e6, 1.0, 3e6), (0, 0, 0)])
def test_a_whisker_reaches_as_far_as_its_interval(span):
    """Dot and ends stand where the axis says; 0 and all of it are within the drawing."""
    drawn = whiskers([("", [Line("x", *span)])], "{:g}".format, "y")
    ticks = {
        float(text.replace(",", "")): float(at)
        for at, text in re.findall(r'<text class="\w+" x="([\d.]+)"[^>]*>(-?[\d,.]+)<', drawn)
    }
    (a, at_a), (b, at_b) = min(ticks.items()), max(ticks.items())
    assert 0 in ticks
    assert a <= min(span) <= max(span) <= b
    want = [at_a + (at_b - at_a) * (value - a) / (b - a) for value in sorted(span)]
    assert places(drawn) == pytest.approx(tuple(want), abs=0.2)


def test_a_lot_that_fell_wrong_is_an_alarm(start, settings, models, database):
    """Half of the held-out customers are missing: the page says not to trust it."""
    rows = planted(database)
    gone = [one["contact_id"] for one in rows if one["state"] == "held_out"][::2]
    with database.write() as db:
        db.execute(follow_ups.delete().where(follow_ups.c.contact_id.in_(gone)))
    page = start(replace(settings, holdout=SHARE), models).client.get("/proof").text
    assert "The lot did not fall as it should" in page


@pytest.mark.parametrize(
    ("most", "days", "rows"), [(20, 7, 12), (12, 7, 12), (11, 3, 9), (2, 1, 2)]
)
def test_of_a_long_week_whole_days_are_read(database, monkeypatch, most, days, rows):
    """As many of the last as fit: so no centre is too large, and each day's capacity counts."""
    monkeypatch.setattr("recontact_serving.figures.proof_cases.MOST", most)
    fill(database, [row(k, at=ENDED - k // 3 * DAY) for k in range(12)])
    with database.read() as db:
        week = last_week(db, Part(ALL))
    assert week.last - week.first + 1 == days
    assert len(week.rows) == rows
    assert all(week.first <= one.at // DAY <= week.last for one in week.rows)


def test_last_week_is_cut_to_each_teams_capacity(database):
    """The worst of each team and day; the held out by where they would have been."""
    with database.write() as db:
        put(db, capacities, [{"team": "north", "per_day": 2}, {"team": "south", "per_day": 1}])
    rows = [row(k, cost=float(k), repeated=k >= 3) for k in range(5)]
    rows += [row(k, team="south", cost=float(k)) for k in (10, 11)]
    rows += [
        row(20, state="held_out", cost=3.5, repeated=True),
        row(21, state="held_out", cost=1.0),
    ]
    rows += [row(30, at=rows[0]["at"] - 8 * DAY)]
    rows[0] |= {"outcome": "wrong_flag", "disputed": True}
    fill(database, rows)
    found = values(database)["week"]
    lines = {words: (line["repeated"].of, line["repeated"].hits) for words, line in found["lines"]}
    assert lines["Within the day's capacity"] == (3, 2)
    assert lines["Held out, as high on the list"] == (1, 1)
    assert lines["All contacts that were scored"] == (9, 3)
    assert dict(found["outcomes"])["wrong flag"] == 1
    assert (found["resolved"], found["disputed"]) == (1, 1)


def test_who_is_limited_sees_the_own_teams_alone(database):
    """Figures of the page, by limits and by the address, are those of these teams' rows."""
    planted(database, teams=("north", "south", "west"))
    whole = values(database)["trial"]["contacts"]
    south = Access("lea", frozenset({"proof"}), teams=frozenset({"south"}))
    both = Access("max", frozenset({"proof"}), teams=frozenset({"south", "west"}))
    assert whole == 1_500
    assert values(database, south)["trial"]["contacts"] == 500
    assert values(database, both)["trial"]["contacts"] == 1_000
    assert values(database, both, team="west")["trial"]["contacts"] == 500
    assert values(database, south, team="north")["trial"]["contacts"] == 0
    assert values(database, south, team="north")["week"] is None
    elsewhere = Access("eve", frozenset({"proof"}), programs=frozenset({"zeta"}))
    assert values(database, elsewhere)["trial"]["contacts"] == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # roles are alike on both
def test_only_who_may_see_the_proof_sees_it(start, guarded, models):
    """A manager does, with the own teams alone; a lead does not."""
    people.add(guarded.database_url, "mia", "manager", teams=["south"])
    people.add(guarded.database_url, "lea", "lead")
    running = start(replace(guarded, holdout=SHARE), models)
    fill(running.service.database, [row(1), row(2, team="south")])
    with people.signed_in(running.client, "mia") as manager:
        page = manager.get("/proof?team=north")
        assert page.status_code == 200
        assert "0 contacts at risk so far" in page.text
        assert "1 contact at risk so far" in manager.get("/proof").text
    with people.signed_in(running.client, "lea") as lead:
        assert lead.get("/proof").status_code == 403


def test_nonsense_in_the_address_is_left_out(client, database):
    """Costs that are none keep their defaults."""
    asked = Asked.read({"repeat": "nan", "escalation": "x", "days": "-1"}, ALL, Costs())
    assert (asked.costs, asked.days) == (Costs(), 90)
    assert client.get("/proof?repeat=inf&days=99999999999").status_code == 200
    with database.read() as db:
        assert not db.execute(meta.select().where(meta.c.name == "holdout_periods")).all()
