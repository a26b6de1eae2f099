"""`GET /v1/at-risk`, its CSV and the page: order, filters, paging."""

import base64
import csv
import io
import json
import random
import re
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from recontact.doctor.people import SHARED_ABOVE
from recontact.errors import UserError
from recontact.policy import Policy
from recontact_serving.follow_up import at_risk, worklist
from recontact_serving.follow_up.ordering import Order
from recontact_serving.follow_up.places import choices
from recontact_serving.hourly.fcr_filling import NOTE
from recontact_serving.people.access import Access
from recontact_serving.storage.database import put
from recontact_serving.storage.tables import meta
from recontact_serving.web.schemas import AtRiskList


def score(
    client,
    name: str,
    repeated: float,
    escalation: float = 0.0,
    *,
    extra: Any = None,
    **columns: Any,
) -> None:
    chances = {"repeated": repeated, "escalation": escalation, **(extra or {})}
    asked = {
        "contact_id": name,
        "moment": "wrapup",
        "started_at": "2026-03-01T10:00:00Z",
        "at": "2026-03-01T10:10:00Z",
        **columns,
        "attributes": chances,
    }
    assert client.post("/v1/score", json=asked).status_code == 200


def names(client, **query: Any) -> list[str]:
    answer = client.get("/v1/at-risk", params=query)
    assert answer.status_code == 200
    AtRiskList.model_validate_json(answer.content)
    return [item["contact_id"] for item in answer.json()["items"]]


def test_worst_comes_first(client):
    """Sorted by what a follow-up is expected to save: nothing of what has happened already."""
    score(client, "low", 0.1)
    score(client, "escalates", 0.2, 0.3)
    score(client, "repeats", 0.9, 0.01)
    score(client, "escalated already", 0.95, 1.0)
    score(client, "both already", 1.0, 1.0)
    assert names(client) == ["escalates", "escalated already", "repeats", "low", "both already"]
    items = {item["contact_id"]: item for item in client.get("/v1/at-risk").json()["items"]}
    assert items["escalates"]["cost"] == pytest.approx(0.4 * (0.2 * 8 + 0.3 * 25))
    assert items["both already"]["cost"] == 0


def test_what_things_cost_is_the_operators_to_say(start, settings, models, tmp_path):
    """Where an escalation costs nothing, only repeats count."""
    (tmp_path / "costs.yaml").write_text("escalation: 0\nrepeat: 10\nprevented: 0.5\n")
    client = start(replace(settings, costs_file=str(tmp_path / "costs.yaml")), models).client
    score(client, "escalates", 0.2, 0.9)
    score(client, "repeats", 0.3, 0.1)
    assert names(client) == ["repeats", "escalates"]
    assert client.get("/v1/at-risk").json()["items"][0]["cost"] == pytest.approx(1.5)
    (tmp_path / "costs.yaml").write_text("escalations: 1\n")
    with pytest.raises(UserError, match=r"costs\.yaml"):
        start(replace(settings, costs_file=str(tmp_path / "costs.yaml")), models)


def test_a_number_of_many_comes_last_and_says_so(start, settings, models, monkeypatch):
    """A switchboard is not called back; how many contacts make one is the operator's to say."""
    assert settings.shared_above == SHARED_ABOVE  # as the doctor takes it
    usual = models.scored

    def scored(contact, *how):
        found = usual(contact, *how)
        found.answer["history"]["contacts_30d"] = contact["earlier"]
        return found

    monkeypatch.setattr(models, "scored", scored)
    for above, order in ((60, ["person", "quiet", "pbx"]), (0, ["pbx", "person", "quiet"])):
        client = start(replace(settings, shared_above=above), models).client
        for name, chance, earlier in (("pbx", 0.9, 60), ("person", 0.8, 59), ("quiet", 0.1, 0)):
            score(client, name, chance, customer_id=name, extra={"earlier": earlier})
        assert names(client) == order
        assert client.get("/").text.count("a number of many?") == (above > 0)
        assert ("A number of many? 60 contacts" in client.get("/contacts/pbx").text) == (above > 0)


def test_each_row_says_by_when(client):
    """When it is due, as the model says, and when a repeat would not count any more."""
    score(client, "a", 0.5, extra={"due_h": 3, "window_h": 24})
    (item,) = client.get("/v1/at-risk").json()["items"]
    assert item["due_at"] == "2026-03-01T13:10:00Z"
    assert item["closes_at"] == "2026-03-02T10:10:00Z"


def test_a_row_says_when_the_customer_called_again(client):
    """The first later contact of the same customer and program, by itself; not our own calls."""
    who = {"customer_id": "u1", "program": "acme"}
    score(client, "a", 0.5, **who)
    score(client, "unknown", 0.4)

    def begins(name: str, at: str, **more: Any) -> None:
        asked = {"contact_id": name, "moment": "start", "started_at": at, **who, **more}
        client.post("/v1/score", json=asked).raise_for_status()

    begins("before", "2026-03-01T09:00:00Z")
    begins("other program", "2026-03-01T11:00:00Z", program="other")
    begins("other customer", "2026-03-01T11:00:00Z", customer_id="u2")
    begins("ours", "2026-03-01T11:30:00Z", direction="outbound")
    assert [item["called_again"] for item in client.get("/v1/at-risk").json()["items"]] == [
        None, None]  # fmt: skip
    begins("second", "2026-03-01T13:00:00Z")
    begins("first", "2026-03-01T12:00:00Z", reason="billing > dispute")
    item, unknown = client.get("/v1/at-risk").json()["items"]
    assert item["called_again"] == {
        "contact_id": "first",
        "at": "2026-03-01T12:00:00Z",
        "reason": "billing > dispute",
    }
    assert unknown["called_again"] is None


def test_the_contact_that_makes_it_a_repeat_is_the_one_that_is_told(client, database):
    """A later one about the same issue goes before an earlier one about another, by the policy."""
    late, other = {"reason": "delivery > late"}, {"reason": "billing"}
    score(client, "a", 0.5, customer_id="u1", **late)
    score(client, "b", 0.4, customer_id="u2", **late)
    for name, day, hour, who, about in (
        ("another issue", 1, 11, "u1", other), ("the repeat", 1, 12, "u1", late),
        ("one more", 1, 13, "u1", late), ("also another", 2, 11, "u2", other),
        ("beyond the window", 9, 11, "u2", late),
    ):  # fmt: skip
        at = f"2026-03-0{day}T{hour}:00:00Z"
        asked = {"contact_id": name, "moment": "start", "started_at": at, "customer_id": who}
        client.post("/v1/score", json=asked | about).raise_for_status()

    def told():
        items = client.get("/v1/at-risk").json()["items"]
        return {item["contact_id"]: item["called_again"]["contact_id"] for item in items}

    assert told() == {"a": "another issue", "b": "also another"}  # no policy is known yet
    note = {"policy": Policy().text(), "as_of": 0, "built_at": 0, "contacts": 0}
    with database.write() as db:
        put(db, meta, [{"name": NOTE, "value": json.dumps(note)}])
    assert told() == {"a": "the repeat", "b": "also another"}
    assert 'href="/contacts/the%20repeat"' in client.get("/").text


def test_of_one_customer_with_very_many_contacts_the_next_ones_are_looked_at(client, monkeypatch):
    """The first that is the customer's own, among as many as are looked at; so none takes long."""
    monkeypatch.setattr("recontact_serving.follow_up.coming_back.MOST", 3)
    for name, hour in (("a", 10), ("b", 16)):
        begun, over = f"2026-03-01T{hour}:00:00Z", f"2026-03-01T{hour}:10:00Z"
        score(client, name, 0.5, customer_id="u1", started_at=begun, at=over)
    for hour in range(11, 16):
        later = {"contact_id": f"c{hour}", "customer_id": "u1", "moment": "start"}
        way = {"direction": "outbound" if hour == 11 else "inbound"}
        begun = {"started_at": f"2026-03-01T{hour}:00:00Z"}
        client.post("/v1/score", json=later | way | begun).raise_for_status()
    again = {
        item["contact_id"]: (item["called_again"] or {}).get("contact_id")
        for item in client.get("/v1/at-risk").json()["items"]
    }
    assert again == {"a": "c12", "b": None}
    monkeypatch.setattr("recontact_serving.follow_up.coming_back.MOST", 1)
    assert client.get("/v1/at-risk/a").json()["called_again"] is None


def test_the_choices_are_those_that_one_may_see(client, database):
    """Of each filter what there is on the list, within programs and teams."""
    for number, (program, team, queue) in enumerate([
        ("p1", "t1", "q1"), ("p1", "t1", "q2"), ("p1", "t2", "q3"), ("p2", "t1", "q4"),
        ("p2", "", "q5"), ("", "t3", ""),
    ]):  # fmt: skip
        place = {"program": program, "team": team, "queue": queue}
        score(client, f"c{number}", 0.5, **{k: v for k, v in place.items() if v})
    seen = [
        ({}, ["p1", "p2"], ["t1", "t2", "t3"], ["q1", "q2", "q3", "q4", "q5"]),
        ({"teams": frozenset({"t1", "t9"})}, ["p1", "p2"], ["t1"], ["q1", "q2", "q4"]),
        ({"programs": frozenset({"p2"})}, ["p2"], ["t1"], ["q4", "q5"]),
        ({"programs": frozenset({"p2"}), "teams": frozenset({"t2"})}, [], [], []),
    ]
    with database.read() as db:
        for limits, programs, teams, queues in seen:
            access = Access("x", frozenset({"read"}), **limits)
            told = {"program": programs, "team": teams, "queue": queues}
            assert choices(db, access) == told


def test_any_cut_of_the_list_is_what_filtering_it_gives(client, database, monkeypatch):
    """Whatever is asked for by whomever: all pages together are the sorted rows that fit."""
    draw = random.Random(4)  # noqa: S311 - a made-up list
    made = []
    for number in range(80):
        row = {name: f"{name}{draw.randrange(3)}" for name in ("program", "team", "queue")}
        row |= {"agent_id": f"a{draw.randrange(4)}", "contact_id": f"c{number}"}
        row["customer_id"] = f"u{draw.randrange(4)}"
        chances = {
            "repeated": draw.choice((0.1, 0.3, 0.5, 1.0)),
            "escalation": draw.choice((0.1, 0.6)),
        }
        made.append({**row, "chances": chances})
    body = [{**{k: v for k, v in row.items() if k != "chances"}, "moment": "wrapup",
             "started_at": "2026-03-01T10:00:00Z", "at": f"2026-03-01T1{draw.randrange(10)}:10:00Z",
             "attributes": row["chances"]} for row in made]  # fmt: skip
    client.post("/v1/scores", json={"requests": body}).raise_for_status()
    for row in made[::4]:
        client.post(f"/v1/at-risk/{row['contact_id']}/claim").raise_for_status()
    with database.read() as db:
        everything = worklist.page(db, worklist.Asked(limit=1000)).items
        assert len(everything) == 80
        for number in range(60):
            monkeypatch.setattr(worklist, "MOST_SORTED", number % 2 * 1000)  # walked, or sorted
            asked = _drawn(draw)
            kept = _sorted([item for item in everything if _fits(item, asked)], asked.sort)
            fits = [item["contact_id"] for item in kept]
            assert worklist.count(db, asked) == len(fits)
            found, cursor = [], None
            while not found or cursor:
                page = worklist.page(db, replace(asked, cursor=cursor))
                found += [item["contact_id"] for item in page.items]
                cursor = page.cursor
                if not page.items:
                    break
            assert found == fits, asked


SOMEWHERE = {"contact_id": "c", "cost": 1.0, "at": 1, "due_at": 1, "closes_at": 1}
ANY_OF_STATE = r"(worst|due|newest)_first"  # all hold the state, which is enough to count


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("asked", "index"), [
    ({}, ANY_OF_STATE),
    ({"band": "high"}, "worst_of_high"),
    ({"band": "already"}, "worst_of_already"),
    ({"team": "red"}, "worst_of_team"),
    ({"queue": "q", "teams": frozenset({"red", "blue"})}, "worst_of_"),
    ({"teams": frozenset({"red", "blue"})}, "worst_of_team"),
    ({"programs": frozenset({"acme"})}, "worst_of_program"),
    ({"owner": "lea"}, "worst_of_owner"),
    ({"agent_id": "a-7"}, "worst_of_agent_id"),
    ({"customer_id": "u1"}, "worst_of_customer_id"),
    ({"customer_id": "u1", "program": "p", "teams": frozenset({"a", "b"})}, "worst_of_customer_id"),
    ({"sort": "due"}, ANY_OF_STATE),
    ({"sort": "due", "queue": "q"}, "worst_of_queue"),
    ({"sort": "newest", "agent_id": "a-7"}, "worst_of_agent_id"),
    ({"sort": "newest", "owner": "lea"}, "worst_of_owner"),
    ({"sort": "due", "band": "high"}, "worst_of_high"),
    ({"sort": "due", "teams": frozenset({"red", "blue"})}, "worst_of_team"),
])  # fmt: skip
def test_pages_and_counts_look_into_the_index_that_fits(database, asked, index):
    """SQLite has no statistics here: no cut of a long list may walk through all of it."""
    wanted = worklist.Asked(**asked)
    steps = [*_steps(database, worklist.page, wanted), *_steps(database, worklist.count, wanted)]
    looks = [step for _, step in steps if "follow_ups" in step]
    assert looks
    for look in looks:
        assert look.startswith("SEARCH follow_ups"), look
        assert re.search(f" INDEX {index}", look), look


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("further", [{}, {"queue": "q"}, {"teams": frozenset({"red", "blue"})}])
@pytest.mark.parametrize(("asked", "index"), [
    ({"sort": "due"}, "due_first"),
    ({"sort": "newest"}, "newest_first"),
    ({"sort": "due", "cursor": Order("due").cursor(SOMEWHERE)}, "due_first"),
    ({"sort": "newest", "cursor": Order("newest").cursor(SOMEWHERE)}, "newest_first"),
])  # fmt: skip
def test_a_long_list_is_walked_along_its_order(database, monkeypatch, asked, index, further):
    """SQLite sorts nothing but the pages of the states, whose rows it reads in turn."""
    monkeypatch.setattr(worklist, "MOST_SORTED", 0)
    steps = _steps(database, worklist.page, worklist.Asked(**asked, **further))
    looks = {part: step for part, step in steps if step.startswith("SEARCH follow_ups USING INDEX")}
    assert len(looks) == 2
    assert all(f" INDEX {index}" in look for look in looks.values()), looks
    if "cursor" in asked:
        assert all(">" in look or "<" in look for look in looks.values()), looks
    assert not any("TEMP B-TREE" in step for part, step in steps if part in looks)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("sort", "step"), [
    ("due", "Index Scan using due_first"), ("newest", "Index Scan Backward using newest_first"),
])  # fmt: skip
def test_postgresql_can_walk_along_each_order(database, monkeypatch, sort, step):
    """Where it neither sorts nor reads all rows, as of a long list, the index gives the order."""
    monkeypatch.setattr(worklist, "MOST_SORTED", 0)
    said = []
    event.listen(database.engine, "before_cursor_execute", lambda *of: said.append(of[2:4]))
    with database.read() as db:
        worklist.page(db, worklist.Asked(sort=sort))
        text, values = said[-1]
        for way in ("seqscan", "bitmapscan", "sort"):
            db.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        plan = "\n".join(db.exec_driver_sql(f"EXPLAIN {text}", values).scalars())
    assert plan.count(step) == 2, plan
    assert plan.count("Sort Key") == 1, plan  # of the two pages


def _steps(database, read, asked):
    """Give how SQLite goes about what is read: of each step the part it belongs to, and words."""
    said = []
    event.listen(database.engine, "before_cursor_execute", lambda *of: said.append(of[2:4]))
    with database.read() as db:
        read(db, asked)
        plans = [db.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()
                 for text, values in tuple(said) if "SELECT" in text]  # fmt: skip
    return [((number, row[1]), row[3]) for number, plan in enumerate(plans) for row in plan]


def _drawn(draw: random.Random) -> worklist.Asked:
    given: dict[str, Any] = {}
    for name in ("program", "team", "queue"):
        if draw.random() < 0.3:
            given[name] = f"{name}{draw.randrange(4)}"
    for name in ("programs", "teams"):
        if draw.random() < 0.4:
            given[name] = frozenset(f"{name[:-1]}{draw.randrange(4)}" for _ in range(2))
    if draw.random() < 0.3:
        given["band"] = draw.choice(("low", "medium", "high", "already"))
    if draw.random() < 0.3:
        given["state"] = draw.choice(("open", "claimed", "resolved"))
    if draw.random() < 0.2:
        given["customer_id"] = f"u{draw.randrange(5)}"
    if draw.random() < 0.2:
        given["agent_id"] = f"a{draw.randrange(5)}"
    sort = draw.choice((None, "cost", "due", "newest"))
    return worklist.Asked(**given, sort=sort, limit=draw.choice((9, 50)))


def _sorted(items: list[dict[str, Any]], sort: str | None) -> list[dict[str, Any]]:
    """Put rows into an order by their texts; they come worst first."""
    if sort == "due":
        return sorted(items, key=lambda i: (i["due_at"] or i["closes_at"], i["contact_id"]))
    if sort == "newest":
        return sorted(items, key=lambda i: (i["at"], i["contact_id"]), reverse=True)
    return items


def _fits(item: dict[str, Any], asked: worklist.Asked) -> bool:
    given = {
        name: getattr(asked, name)
        for name in ("program", "team", "queue", "agent_id", "customer_id", "state")
    }
    bands = {item["repeated"]["band"], item["escalation"]["band"]}
    return (
        all(value in {None, item[name]} for name, value in given.items())
        and (asked.band is None or asked.band in bands)
        and (asked.programs is None or item["program"] in asked.programs)
        and (asked.teams is None or item["team"] in asked.teams)
    )


def test_only_the_latest_score_at_wrapup_counts(client):
    """A score at the start is not on the list; a second one at wrap-up replaces the first."""
    score(client, "a", 0.9)
    score(client, "a", 0.2)
    score(client, "b", 0.5)
    score(client, "never ended", 0.9, moment="start")
    assert names(client) == ["b", "a"]


def test_filters_cut_the_list(client):
    """Team, queue, program and band each leave the rows that fit; together, those that fit all."""
    score(client, "a", 0.5, team="red", queue="billing", program="acme")
    score(client, "b", 0.3, team="red", queue="sales")
    score(client, "c", 0.1, 0.9, team="blue", queue="billing")
    assert names(client, team="red") == ["a", "b"]
    assert names(client, queue="billing") == ["c", "a"]
    assert names(client, program="acme") == ["a"]
    assert names(client, band="high") == ["c", "a"]
    assert names(client, band="low") == ["c", "a", "b"]
    assert names(client, team="red", band="medium") == ["b"]
    assert names(client, team="green") == []


def test_pages_follow_each_other_without_gap_or_double(client):
    """The cursor leads through equal risks too; every contact comes once, the last page ends."""
    expected = []
    for i in range(7):
        score(client, f"c{i}", 0.5 if i < 4 else 0.3)
    found, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        answer = client.get(
            "/v1/at-risk", params={"limit": 2, **({"cursor": cursor} if cursor else {})}
        )
        found += [item["contact_id"] for item in answer.json()["items"]]
        cursor, pages = answer.json()["cursor"], pages + 1
    expected = names(client)
    assert found == expected
    assert (len(found), pages) == (7, 4)


HALF = base64.urlsafe_b64encode(rb'[0.5, "\ud800"]').decode()  # half a character
NUL = base64.urlsafe_b64encode(rb'[0.5, "\u0000"]').decode()


@pytest.mark.parametrize(
    "query",
    [
        *({"cursor": cursor} for cursor in ("x", "W10", HALF, NUL)),
        *({"limit": 0}, {"limit": 1001}, {"band": "bad"}, {"x": 1}),
    ],
)
def test_a_bad_parameter_is_named(client, query):
    """What can't be asked is refused, and the parameter is named."""
    answer = client.get("/v1/at-risk", params=query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == next(iter(query))


def test_the_csv_can_be_opened_in_a_spreadsheet(client):
    """No cell begins like a formula, and every row of the list is there."""
    score(client, "=1+1", 0.5, agent_id="@me", queue="-1", team="+2", customer_id="\tx")
    answer = client.get("/v1/at-risk.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["contact_id"], row["agent_id"], row["queue"]) == ("'=1+1", "'@me", "'-1")
    assert (row["team"], row["customer_id"]) == ("'+2", "'\tx")
    assert row["repeated_probability"] == "0.5"
    assert row["reasons"] == "on hold for 1 min"
    for begin in ("\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"):  # signs of double width
        score(client, f"{begin}1", 0.5)
    table = csv.DictReader(io.StringIO(client.get("/v1/at-risk.csv").text))
    assert all(row["contact_id"].startswith("'") for row in table)


@pytest.mark.parametrize("sort", ["cost", "due", "newest"])
def test_the_csv_holds_the_whole_list(client, monkeypatch, sort):
    """However long it is, in its order; a limit ends it, a cursor begins further down."""
    monkeypatch.setattr(at_risk, "AT_ONCE", 3)
    for i in range(10):
        ended = f"2026-03-01T10:{10 + i // 3}:00Z"
        score(client, f"c{i}", 0.5 if i < 4 else 0.3, at=ended)

    def listed(**query: Any) -> list[str]:
        answer = client.get("/v1/at-risk.csv", params={"sort": sort, **query})
        assert answer.status_code == 200
        return [row["contact_id"] for row in csv.DictReader(io.StringIO(answer.text))]

    expected = names(client, sort=sort)
    assert len(expected) == 10
    assert listed() == expected
    assert [listed(limit=n) for n in (1, 3, 7, 20)] == [expected[:n] for n in (1, 3, 7, 20)]
    cursor = client.get("/v1/at-risk", params={"sort": sort, "limit": 2}).json()["cursor"]
    assert listed(cursor=cursor) == expected[2:]
    assert listed(team="nobody's") == []
    assert client.get("/v1/at-risk.csv?cursor=x").status_code == 422


def test_a_csv_that_was_not_read_to_its_end_is_broken_off(client, monkeypatch):
    """Nobody takes a part of the list for all of it."""
    monkeypatch.setattr(at_risk, "AT_ONCE", 2)
    for i in range(5):
        score(client, f"c{i}", 0.5)
    real, read = worklist.page, []

    def fails_later(db, asked):
        read.append(asked)
        if len(read) > 1:
            raise OSError
        return real(db, asked)

    monkeypatch.setattr(worklist, "page", fails_later)
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
        client.get("/v1/at-risk.csv")


def test_the_csv_tells_what_is_done(client):
    """Who has it, until when, what came of it, and who called again: guarded like the rest."""
    score(client, "a", 0.5, 0.1, customer_id="u1")
    client.post("/v1/at-risk/a/assign", json={"to": "=lea"}).raise_for_status()
    again = {"contact_id": "b", "customer_id": "u1", "moment": "start", "reason": "@now",
             "started_at": "2026-03-01T12:00:00Z"}  # fmt: skip
    client.post("/v1/score", json=again).raise_for_status()
    (row,) = csv.DictReader(io.StringIO(client.get("/v1/at-risk.csv").text))
    told = {name: row[name] for name in ("state", "owner", "outcome", "until", "disputed")}
    assert told == {"state": "claimed", "owner": "'=lea", "outcome": "", "until": "",
                    "disputed": "False"}  # fmt: skip
    assert float(row["cost"]) == pytest.approx(0.4 * (0.5 * 8 + 0.1 * 25))
    assert (row["due_at"], row["closes_at"]) == ("2026-03-01T22:10:00Z", "2026-03-03T10:10:00Z")
    assert row["called_again_at"] == "2026-03-01T12:00:00Z"
    assert row["called_again_reason"] == "'@now"


def test_the_page_shows_what_the_list_holds(client):
    """Same order, reasons in words, both risks; what the data says is text, never markup."""
    score(client, "second", 0.3, agent_id="<b>ann</b>")
    score(client, "first", 0.62, 1.0, customer_id="u1")
    page = client.get("/").text
    assert page.index("contact first") < page.index("contact second")
    assert "62%" in page
    assert "already<" in page
    assert "on hold for 1 min" in page
    assert "&lt;b&gt;ann&lt;/b&gt;" in page
    assert "<b>ann" not in page


def test_an_empty_page_says_what_to_do(client):
    """Without a score the page tells how to get one; without a match, how to see all."""
    assert "No contact has been scored yet" in client.get("/").text
    score(client, "a", 0.5, team="red")
    empty = client.get("/", params={"team": "blue"}).text
    assert "No contact matches" in empty
    assert "contact a" in client.get("/", params={"team": "red", "band": "nonsense"}).text
