"""Some customers at risk are left untouched on purpose: by lot, for good, and seen by few."""

import csv
import datetime as dt
import io
import re
from dataclasses import replace

import pytest
from sqlalchemy import select
from tests.serving import people
from tests.serving.test_at_risk import names, score

from recontact_serving.follow_up import digests, following_up, worklist
from recontact_serving.follow_up.holdout import Holdout
from recontact_serving.pages.zones import UTC
from recontact_serving.people import keys
from recontact_serving.people.access import Access
from recontact_serving.people.roles import scopes_of
from recontact_serving.scoring import history
from recontact_serving.storage.clock import now
from recontact_serving.storage.tables import follow_ups
from recontact_serving.web.problems import ProblemError

MANY = 20_000
LEAD = Access("lea", scopes_of("lead"))
MANAGER = Access("max", scopes_of("manager"))


def drawn(holdout: Holdout, program: str = "acme") -> set[int]:
    return {i for i in range(MANY) if holdout.draws(program, f"u{i}", f"c{i}")}


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
def test_so_many_are_held_out_as_were_asked_for(share):
    """Within five standard deviations of a fair draw, also of those who are not known."""
    holdout = Holdout(share, b"one")
    allowed = 5 * (MANY * share * (1 - share)) ** 0.5
    assert abs(len(drawn(holdout)) - MANY * share) < allowed
    unknown = sum(holdout.draws("acme", "", f"c{i}") for i in range(MANY))
    assert abs(unknown - MANY * share) < allowed


def test_a_customer_always_falls_the_same_way():
    """Whatever the contact; and those of a smaller share are among those of a greater one."""
    few, more = drawn(Holdout(0.1, b"one")), drawn(Holdout(0.3, b"one"))
    assert few < more
    holdout = Holdout(0.3, b"one")
    assert more == {i for i in range(MANY) if holdout.draws("acme", f"u{i}", "another")}


def test_nobody_can_tell_beforehand_who_it_is():
    """Another secret and another program draw others, no more alike than by chance."""
    first = drawn(Holdout(0.5, b"one"))
    for other in (drawn(Holdout(0.5, b"two")), drawn(Holdout(0.5, b"one"), "other")):
        assert abs(len(first & other) - MANY / 4) < 5 * (MANY * 3 / 16) ** 0.5


@pytest.fixture
def held(start, settings, models, database):
    """A service that holds out half: who is held out, and who is on the list."""
    running = start(replace(settings, holdout=0.5), models)
    for number in range(24):
        score(running.client, f"c{number}", 0.5, customer_id=f"u{number}", team="red")
    with database.read() as db:
        state = follow_ups.c.state == "held_out"
        away = set(db.execute(select(follow_ups.c.contact_id).where(state)).scalars())
    assert 2 < len(away) < 22
    return running.client, away, {f"c{number}" for number in range(24)} - away


def test_who_is_held_out_is_in_no_list_count_or_file(held, database):
    """Not even where somebody asks for the state."""
    client, away, listed = held
    assert set(names(client)) == set(names(client, team="red", band="high")) == listed
    assert client.get("/v1/at-risk", params={"state": "held_out"}).status_code == 422
    table = csv.DictReader(io.StringIO(client.get("/v1/at-risk.csv").text))
    assert {row["contact_id"] for row in table} == listed
    with database.read() as db:
        assert worklist.page(db, worklist.Asked(state="held_out")).items == []
        assert worklist.count(db, worklist.Asked()) == len(listed)
        assert worklist.count(db, worklist.Asked(state="held_out")) == 0
        found = digests.make(db, worklist.Asked(), 100, UTC, now())
    assert {item["contact_id"] for item in found.items} == listed
    assert away


def test_nothing_can_be_done_about_who_is_held_out(held, database):
    """One by one and all at once; a lead does not even learn that there is such a row."""
    client, away, _ = held
    asked = [{"contact_id": name, "action": "claim"} for name in sorted(away)]
    results = client.post("/v1/at-risk/bulk", json={"requests": asked}).json()["results"]
    assert {one["status"] for one in results} == {409}
    assert "on purpose" in results[0]["detail"]
    name = min(away)
    for action, details in (("claim", {}), ("note", {"text": "?"}), ("disagree", {"reason": "?"})):
        for who, status in ((LEAD, 404), (MANAGER, 409)):
            with pytest.raises(ProblemError) as caught, database.write() as db:
                following_up.act(db, name, action, details, who, now())
            assert caught.value.document["status"] == status
    with database.read() as db:
        assert worklist.one(db, name, LEAD) is None
        assert worklist.one(db, name, MANAGER)["state"] == "held_out"
        assert following_up.acted(db, name) == []


def test_it_is_decided_at_the_first_score_for_who_is_at_risk(held, models, start, settings):
    """Neither another score nor another share moves a contact; low bands are never held out."""
    client, away, listed = held
    for name in (min(away), min(listed)):
        score(client, name, 0.1, customer_id=f"u{name[1:]}")
    none = start(settings, models).client
    assert set(names(none)) == listed
    for number in range(24):
        score(client, f"low{number}", 0.1, customer_id=f"u{number}")
    assert len([name for name in names(client) if name.startswith("low")]) == 24


def test_a_service_started_again_draws_the_same(held, database, start, settings, models):
    """The secret is kept with the contacts."""
    _, away, _ = held
    again = start(replace(settings, holdout=0.5), models).client
    for number in range(24):
        score(again, f"again{number}", 0.5, customer_id=f"u{number}")
    kept = {name.removeprefix("again") for name in names(again) if name.startswith("again")}
    assert kept == {str(number) for number in range(24)} - {name[1:] for name in away}
    assert Holdout.of(database, 0.5).secret == Holdout.of(database, 0.2).secret != b""


def test_a_key_that_may_follow_up_does_not_see_them(start, guarded, models, database):
    """Only who may see the proof does."""
    with database.write() as db:
        key = keys.add(db, "crm", ["score", "read", "follow_up"])
    running = start(replace(guarded, holdout=0.5), models)
    running.client.headers["Authorization"] = f"Bearer {key}"
    for number in range(24):
        score(running.client, f"c{number}", 0.5, customer_id=f"u{number}")
    told = {f"c{n}": running.client.get(f"/v1/at-risk/c{n}").status_code for n in range(24)}
    assert set(told.values()) == {200, 404}
    assert {name for name, status in told.items() if status == 200} == set(names(running.client))


@pytest.fixture
def lead(start, guarded, models, database, database_url):
    """A lead's browser, a key of a machine, and who is held out."""
    with database.write() as db:
        key = keys.add(db, "crm", ["score", "read", "follow_up"])
    people.add(database_url, "lea", "lead", teams=["red"])
    client = start(replace(guarded, holdout=0.5), models).client
    with people.browser(client, Authorization=f"Bearer {key}") as machine:
        for number in range(12):
            score(machine, f"c{number}", 0.5, customer_id=f"u{number}", team="red")
        away = sorted({f"c{n}" for n in range(12)} - set(names(machine)))
        assert 0 < len(away) < 12
        with people.signed_in(client, "lea") as browser:
            yield browser, machine, away[0]


def test_who_may_not_know_reads_the_same_as_of_a_contact_that_is_not_there(lead):
    """Every address about a row: byte for byte, but for the name that was asked for."""
    browser, machine, away = lead
    works = {
        **{name: {} for name in ("claim", "release", "undo")},
        "resolve": {"outcome": "solved"},
        "disagree": {"reason": "?"},
        "note": {"text": "?"},
        "assign": {"to": "nobody"},
    }
    for name in ("", "/forms"):
        same(away, lambda one, name=name: browser.get(f"/contacts/{one}{name}"))
    same(away, lambda one: machine.get(f"/v1/at-risk/{one}"))
    for action, details in works.items():
        form = {"token": people.token(browser), **details}
        same(away, lambda one, a=action, f=form: browser.post(f"/contacts/{one}/{a}", data=f))
        if action != "assign":  # not a key's
            path = f"/{action}"
            same(away, lambda one, p=path, d=details: machine.post(f"/v1/at-risk/{one}{p}", json=d))
    both = [{"contact_id": one, "action": "claim"} for one in (away, "none")]
    told = machine.post("/v1/at-risk/bulk", json={"requests": both}).json()["results"]
    assert {one["status"] for one in told} == {404}
    assert told[0]["detail"] == told[1]["detail"]


def same(away, ask):
    answers = [ask(one) for one in (away, "c-none")]
    assert {answer.status_code for answer in answers} == {404}
    told = [a.text.replace(one, "-") for a, one in zip(answers, (away, "c-none"), strict=True)]
    assert told[0] == told[1]


def test_a_contact_that_is_held_out_looks_as_if_it_had_never_been_scored(lead, database):
    """Its record is known, and its customer's page leads to it: there a lead is not refused."""
    browser, _, away = lead
    at = now() - dt.timedelta(days=1)
    times = dict.fromkeys(("started_at", "ended_at", "known_at"), at)
    place = {"reason": "billing", "team": "red", "agent_id": "a"}
    with database.write() as db:
        for name, customer in ((away, f"u{away[1:]}"), ("never", "u-never")):
            told = {"contact_id": name, "customer_id": customer, **place, **times}
            history.record(db, [told], now())
    pages = []
    for name, customer in ((away, f"u{away[1:]}"), ("never", "u-never")):
        page = browser.get(f"/contacts/{name}")
        assert page.status_code == 200
        text = re.sub(rf"\b({re.escape(customer)}|{name})\b", "-", page.text)
        pages.append(re.sub(r'name="token" value="[^"]*"', "", text))
    assert pages[0] == pages[1]
    assert "on hold" not in pages[0]
