"""FCR figures: the library's rates of what somebody may see, written hourly, and their page."""

import datetime as dt
import json
import random
import re

import pyarrow as pa
import pytest
from sqlalchemy import event, select
from tests.serving import people
from tests.serving.conftest import KINDS

from recontact.contacts import SCHEMA, canonical
from recontact.features.moments import KNOWN_FROM
from recontact.labels.table import label
from recontact.policy import Policy
from recontact.rates import rates as rates_by
from recontact.report.sums import RATES
from recontact.today import fcr_today
from recontact_serving.figures import fcr_figures
from recontact_serving.figures.fcr_asked import Asked, number
from recontact_serving.figures.fcr_page import page_data
from recontact_serving.follow_up.follow_ups import COLUMNS
from recontact_serving.hourly import rates as learning
from recontact_serving.people.access import Access
from recontact_serving.scoring import history
from recontact_serving.scoring.loading import load, relearn
from recontact_serving.storage.database import Database, put, read_meta
from recontact_serving.storage.tables import fcr_days, fcr_estimates, follow_ups, followed_by

SOME = 160  # contacts of those that change
T0 = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def made(count=400):
    """Contacts of two programs and two teams, some without a team."""
    chance = random.Random(3)  # noqa: S311 - test data
    rows = []
    for k in range(count):
        begin = T0 + k * 2 * HOUR
        program, team = chance.choice(
            [("acme", "north"), ("acme", "south"), ("zeta", "south"), ("acme", None)]
        )
        rows.append(
            {
                "contact_id": f"c{k}",
                "customer_id": f"u{chance.randrange(60)}",
                "program": program,
                "team": team,
                "queue": chance.choice(["billing", "care"]),
                "agent_id": chance.choice(["ann", "ben", "cy"]),
                "reason": chance.choice(["bill > late", "bill > high", "tech", None]),
                "escalated": chance.random() < 0.1,
                "started_at": begin,
                "ended_at": begin + HOUR / 6,
                "known_at": begin + HOUR / 6,
            }
        )
    return rows


def record(database, rows):
    with database.write() as db:
        known = [{k: v for k, v in row.items() if v is not None} for row in rows]
        history.record(db, known, T0)


def table(rows):
    return canonical(pa.Table.from_pylist(rows, SCHEMA))


POLICY = Policy.parse({"window": "4d"})


@pytest.fixture(scope="module", params=KINDS)
def filled(request, new_database):
    """A service's database whose figures are counted, on each kind."""
    with new_database(request.param) as url:
        database = Database(url)
        record(database, made())
        learning.rebuild(database, POLICY, KNOWN_FROM)
        yield database
        database.close()


def shown(database, asked):
    with database.read() as db:
        days = fcr_figures.span(db, asked)
        return fcr_figures.whole(db, asked, days), fcr_figures.curve(db, asked, days)


def same(ours, theirs):
    return all(
        ours[key] == theirs[key]
        for name in RATES
        for key in (name, f"{name}_low", f"{name}_high", f"{name}_of")
    )


VIEWS = {
    "everything": (Asked(), lambda _: True),
    "a lead's team": (Asked(teams=frozenset({"south"})), lambda c: c["team"] == "south"),
    "several teams": (
        Asked(teams=frozenset({"south", "north"})),
        lambda c: c["team"] is not None,
    ),
    "a program": (Asked(programs=frozenset({"zeta"})), lambda c: c["program"] == "zeta"),
    "a team of a program": (
        Asked(programs=frozenset({"acme"}), teams=frozenset({"south"})),
        lambda c: (c["program"], c["team"]) == ("acme", "south"),
    ),
    "chosen within what may be seen": (
        Asked(team="south", programs=frozenset({"acme"})),
        lambda c: (c["program"], c["team"]) == ("acme", "south"),
    ),
    "one queue": (Asked(of="queue", name="care"), lambda c: c["queue"] == "care"),
    "one agent": (Asked(of="agent_id", name="ben"), lambda c: c["agent_id"] == "ben"),
    "a reason": (Asked(of="reason", name="bill"), lambda c: (c["reason"] or "")[:4] == "bill"),
}


@pytest.mark.parametrize("view", VIEWS)
def test_figures_are_the_rates_of_what_may_be_seen(filled, view):
    """Of a team, several, a program or a queue: to the last digit those of these very contacts."""
    asked, holds = VIEWS[view]
    rows = made()
    labels = label(table(rows), POLICY)
    group = pa.array([holds(row) for row in rows])
    theirs = rates_by(table(rows).append_column("chosen", group), labels, "chosen").to_pylist()
    wanted = next(row for row in theirs if row["group"] == "true")
    whole, curve = shown(filled, asked)
    assert same(whole, wanted)
    assert wanted["fcr_of"] > 10
    assert sum(row["fcr_of"] for row in curve) == wanted["fcr_of"]


def test_who_may_not_see_a_team_sees_nothing_of_it(filled):
    """A team that is asked for beyond what may be seen is empty, in every figure and choice."""
    asked = Asked(team="north", teams=frozenset({"south"}))
    with filled.read() as db:
        assert fcr_figures.span(db, asked) is None
        everything = (0, 99_999)
        assert fcr_figures.whole(db, asked, everything)["contacts"] == 0
        assert fcr_figures.followers(db, asked) == []
        assert fcr_figures.agents(db, asked, everything) == []
        assert fcr_figures.choices(db, asked) == {"program": ["acme", "zeta"], "team": ["south"]}
        only = Asked(teams=frozenset({"south"}))
        for by in ("queue", "reason", "team"):
            counts = [r["contacts"] for r in fcr_figures.groups(db, only, everything, by)]
            assert sum(counts) == sum(row["team"] == "south" for row in made())


def test_days_and_weeks_are_cut_by_the_start_in_utc(filled):
    """The days asked for and no others; a week is named by its Monday."""
    asked = Asked(since=T0.date(), until=T0.date() + dt.timedelta(days=8), step="week")
    days = asked.between((0, 99_999))
    last = T0 + dt.timedelta(days=9)
    with filled.read() as db:
        assert fcr_figures.whole(db, asked, days)["contacts"] == sum(
            row["started_at"] < last for row in made()
        )
        weeks = [row["day"] for row in fcr_figures.curve(db, asked, days)]
    assert weeks == [number(dt.date(2026, 3, 2)), number(dt.date(2026, 3, 9))]
    assert Asked().between((100, 1_000)) == (1_000 - 83, 1_000)
    assert Asked().between((990, 1_000)) == (990, 1_000)


def test_what_comes_next_adds_up(filled):
    """Each judged contact is counted once; a drill shows one reason's own levels."""
    rows = made()
    with filled.read() as db:
        pairs = fcr_figures.followers(db, Asked())
        drilled = page_data(db, Asked(about="bill"))["map"]
        above = page_data(db, Asked())["map"]
    labels = label(table(rows), Policy.parse({"window": "4d", "related_by": "any"}))
    assert sum(count for *_, count in pairs) == labels["repeated"].drop_null().length()
    assert {row["reason"] for row in drilled["rows"]} >= {"bill > late", "bill > high"}
    assert [row["reason"] for row in above["rows"]] == ["bill", "tech"]
    one = above["rows"][0]
    back = sum(cell["count"] for cell in one["cells"]) / one["of"]
    assert 0 < back < 1 - one["nobody"] + 1e-9


@pytest.fixture
def counted(database):
    record(database, made(SOME))
    learning.rebuild(database, POLICY, KNOWN_FROM)
    return database


def written(database):
    """Note what is written, by table."""
    found = []

    def note(_conn, _cursor, statement, parameters, *_):
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            many = parameters if isinstance(parameters, list) else [parameters]
            found.append(
                (statement.split('"')[0].split()[2 - statement.startswith("UPDATE")], len(many))
            )

    event.listen(database.engine, "before_cursor_execute", note)
    return found


def test_only_what_changed_is_written(counted):
    """A second time nothing; with another contact its own days, and those that it settles."""
    said = written(counted)
    learning.rebuild(counted, POLICY, KNOWN_FROM)
    assert {table for table, _ in said} == {"meta"}
    said.clear()
    with counted.read() as db:
        before = {tuple(row) for row in db.execute(select(fcr_days))}
    later = made(SOME + 1)[-1]
    record(counted, [later])
    learning.rebuild(counted, POLICY, KNOWN_FROM)
    with counted.read() as db:
        after = {tuple(row) for row in db.execute(select(fcr_days))}
    changed = sum(rows for table, rows in said if table == "fcr_days")
    assert 0 < changed == len(after - before)
    assert changed < len(after) / 2


def test_rows_that_are_gone_go(counted):
    """A contact that is corrected to another team leaves nothing behind."""
    rows = [dict(row, team="west", known_at=row["known_at"] + HOUR) for row in made(SOME)]
    record(counted, rows)
    learning.rebuild(counted, POLICY, KNOWN_FROM)
    with counted.read() as db:
        for of in (fcr_days, followed_by):
            assert set(db.execute(select(of.c.team)).scalars()) == {"west"}


def test_no_figures_of_two_policies_at_once(counted, monkeypatch):
    """While another policy's are written there is no note, and so nothing is shown."""
    seen = []
    real = learning.fill.__globals__["by_day"]

    def look(*given):
        with counted.read() as db:
            seen.append(read_meta(db, "fcr"))
        return real(*given)

    monkeypatch.setitem(learning.fill.__globals__, "by_day", look)
    learning.rebuild(counted, POLICY, KNOWN_FROM)
    other = Policy.parse({"window": "24h"})
    learning.rebuild(counted, other, KNOWN_FROM)
    assert json.loads(seen[0])["digest"] == POLICY.digest
    assert seen[1] is None
    with counted.read() as db:
        assert fcr_figures.note(db).policy == other


def listed(contact_id):
    """A row of the list, as the wrap-up of a contact makes it."""
    row = dict.fromkeys(COLUMNS)
    texts = {"program": "acme", "customer_id": "u", "repeated_band": "high"}
    texts |= {"queue": "", "team": "", "agent_id": "", "state": "resolved"}
    numbers = dict.fromkeys(
        ("cost", "repeated_probability", "escalation_probability", "started_at", "at"), 1
    )
    more = {"escalation_band": "low", "disputed": False, "version": 3, "owner": "ada"}
    times = dict.fromkeys(("scored_at", "closes_at", "changed_at"), 1)
    return row | texts | numbers | more | times | {"contact_id": contact_id}


def test_the_list_is_told_what_became_of_its_contacts(counted):
    """By the label, once it has matured; what people did stays; later news are told as well."""
    labels = {row["contact_id"]: row for row in label(table(made(SOME)), POLICY).to_pylist()}
    with counted.write() as db:
        put(db, follow_ups, [listed(f"c{k}") for k in range(SOME)] + [listed("not known")])
    learning.rebuild(counted, POLICY, KNOWN_FROM)
    with counted.read() as db:
        rows = {row.contact_id: row for row in db.execute(select(follow_ups))}
    for contact_id, told in labels.items():
        assert rows[contact_id].repeated == told["repeated"]
        assert rows[contact_id].escalated == told["escalation"]
    assert {row.repeated for row in rows.values()} == {True, False, None}
    assert (rows["c1"].state, rows["c1"].version, rows["c1"].owner) == ("resolved", 3, "ada")
    assert rows["not known"].repeated is None
    said = written(counted)
    learning.rebuild(counted, POLICY, KNOWN_FROM)
    assert {table for table, _ in said} == {"meta"}


def access(**limits):
    return Access("", frozenset({"fcr"}), **limits)


def test_addresses_are_read_back():
    """What an address asks for is what its own address says; nonsense is left out."""
    query = {
        "team": "north & co",
        "since": "2026-03-01",
        "of": "queue",
        "name": "a b",
        "least": "40",
    }
    asked = Asked.read(query, access())
    assert Asked.read(
        dict(p.split("=") for p in asked.address().split("?")[1].split("&")), access()
    )
    assert asked.least == 40
    assert asked.since == dt.date(2026, 3, 1)
    wrong = Asked.read(
        {"since": "yesterday", "of": "secrets", "least": "-3", "name": "x"}, access()
    )
    assert wrong == Asked.read({}, access())
    assert Asked.read({"least": "1"}, access()).least == 10


@pytest.mark.usefixtures("counted")
def test_the_page_shows_them(start, settings, models):
    """With the policy and the date of the data; few contacts are summed up and not named."""
    client = start(settings, models).client
    page = client.get("/fcr?least=10").text
    assert POLICY.digest in page
    assert "came within 4d" in page
    assert "FCR rate, 2 Mar 2026 to 9 Mar 2026: first " in client.get("/fcr?step=week").text
    assert 'href="/fcr?of=queue&amp;name=care' in page
    few = client.get("/fcr?least=1000").text
    assert "of=agent_id" not in few
    assert "No agent has 1000 judged contacts" in few
    assert client.get("/fcr?of=queue&name=care").status_code == 200
    assert "Too few contacts" not in client.get("/fcr?of=agent_id&name=ben&least=10").text
    day = "since=2026-03-09&until=2026-03-09"
    one = client.get(f"/fcr?of=agent_id&name=ben&least=10&{day}").text
    assert "Too few contacts of one agent" in one
    assert "FCR rate</dt>" not in one
    assert "No contact in these days" in client.get("/fcr?since=2001-01-01&until=2001-02-01").text


@pytest.mark.usefixtures("counted")
def test_a_week_that_is_not_over_is_so_far(start, settings, models):
    """At its point, in the words of the curve and in the table; the weeks before are over."""
    page = start(settings, models).client.get("/fcr?least=10").text
    assert "last (so far) " in page
    assert page.count('<circle class="ring"') == 3  # at the end of each curve
    assert page.count('<line class="reach ring"') == 3
    ring = r'<path class="line one" d="(.*?)"/>.*?<circle class="ring" cx="(.*?)"'
    assert all(place not in line for line, place in re.findall(ring, page))
    assert "<title>9 Mar 2026 (so far): " in page
    assert "<title>2 Mar 2026: " in page
    assert '<th scope="row">2026-03-09 (so far)</th>' in page
    assert '<th scope="row">2026-03-02</th>' in page
    assert "the week so far; it is not over" in page


@pytest.mark.usefixtures("counted")
def test_a_first_week_of_which_a_part_is_asked_for_is_no_part_of_the_curve(start, settings, models):
    """Its Monday lies before the days that are shown: a ring by itself, from the first of them."""
    client = start(settings, models).client
    page = client.get("/fcr?least=10&since=2026-03-04").text
    assert "first (from 4 Mar 2026) " in page
    assert "<title>2 Mar 2026 (from 4 Mar 2026): " in page
    assert '<th scope="row">2026-03-02 (from 4 Mar 2026)</th>' in page
    assert "its week from 4 Mar 2026 on alone" in page
    assert "(from " not in client.get("/fcr?least=10&since=2026-03-02").text


@pytest.mark.usefixtures("counted")
def test_a_lead_sees_the_own_team_alone(start, guarded, models):
    """In every number and name of the page, whatever the address asks for."""
    people.add(guarded.database_url, "ada", "admin")
    people.add(guarded.database_url, "lea", "lead", teams=["south"])
    client = start(guarded, models).client
    with people.signed_in(client, "lea") as lead, people.signed_in(client, "ada") as admin:
        own = lead.get("/fcr?least=10").text
        assert "north" not in own
        assert "north" in admin.get("/fcr?least=10").text
        chosen = admin.get("/fcr?team=south").text
        tiles = slice(chosen.index("FCR rate</dt>"), chosen.index("</dl>"))
        assert chosen[tiles] in lead.get("/fcr").text
        assert "None matches" in lead.get("/fcr?team=north").text


def test_without_labels_the_page_says_so(client):
    """An empty service tells how to come by figures."""
    page = client.get("/fcr")
    assert page.status_code == 200
    assert "No labels yet" in page.text


@pytest.mark.usefixtures("counted")
def test_a_team_without_any_contact_is_told_apart_from_no_labels(start, guarded, models):
    """Somebody of a new team is told that there is none of theirs."""
    people.add(guarded.database_url, "ada", "admin")
    people.add(guarded.database_url, "lea", "lead", teams=["new"])
    with people.signed_in(start(guarded, models).client, "lea") as lead:
        assert "none of your programs and teams" in lead.get("/fcr").text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the same sums on both
def test_the_newest_rate_is_the_librarys(database, simulated, learnt):
    """Of all teams together, with the interval that the library gives these contacts."""
    load(database, simulated.slice(len(simulated) - 4_000))
    bundle = learnt.bundles["repeated"]
    relearn(database, bundle)
    contacts = learning._contacts(database, set())
    policy = Policy.from_text(bundle.policy)
    whole = fcr_today(contacts, label(contacts, policy), bundle)
    with database.read() as db:
        found = fcr_figures.newest(db, Asked())
        rows = db.execute(select(fcr_estimates)).all()
        assert fcr_figures.newest(db, Asked(team="nowhere")) is None
        alone = [fcr_figures.newest(db, Asked(program=r.program, team=r.team)) for r in rows]
    assert (found.low, found.high, found.contacts) == (whole.low, whole.high, whole.contacts)
    assert (found.settled, found.until_us) == (whole.settled, whole.until_us)
    assert found.rate == pytest.approx(whole.rate)
    assert len(rows) > 3
    assert sum(one.contacts for one in alone) == whole.contacts
    narrow = found.high - found.low
    assert all(one.high - one.low > narrow for one in alone if one.contacts - one.settled > 1)
