"""What keys of some scopes, programs and teams may do, asked of a service that runs."""

import csv
import io
from dataclasses import replace
from typing import Any

import httpx
import pytest

from recontact.errors import UserError
from recontact_serving.people import keys
from recontact_serving.storage.database import Database

AT = "2026-03-01T10:00:00Z"
WHERE = [("acme", "north"), ("acme", "south"), ("acme", None), ("other", "north"), (None, None)]


@pytest.fixture
def client(start, guarded, models) -> httpx.Client:
    with Database(guarded.database_url).write() as db:
        keys.add(db, "first")
    return start(guarded, models).client


@pytest.fixture
def bearer(guarded) -> Any:
    """Make a key and give its header."""

    def made(*scopes: str, **limits: Any) -> dict[str, str]:
        with Database(guarded.database_url).write() as db:
            name = f"key {len(keys.listed(db))}"
            return {"Authorization": f"Bearer {keys.add(db, name, scopes, **limits)}"}

    return made


def contact(number: int, program: str | None, team: str | None, **more: Any) -> dict[str, Any]:
    known = {"contact_id": f"c-{number}", "program": program, "team": team}
    return known | {"started_at": AT, "ended_at": AT} | more


def send(client: httpx.Client, key: dict[str, str], *contacts: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/v1/contacts", json={"contacts": contacts}, headers=key)
    return dict(answer.raise_for_status().json())


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/v1/score", "score"),
        ("POST", "/v1/scores", "score"),
        ("POST", "/v1/contacts", "ingest"),
        ("GET", "/v1/at-risk", "read"),
        ("GET", "/v1/at-risk.csv", "read"),
        ("GET", "/metrics", "read"),
    ],
)
def test_each_endpoint_has_its_scope(client, bearer, method, path, scope):
    """A key of the other scopes is 403 and told which it lacks; one of this scope gets past."""
    lacking = bearer(*(other for other in keys.SCOPES if other != scope))
    answer = client.request(method, path, headers=lacking)
    assert (answer.status_code, answer.json()["status"]) == (403, 403)
    assert f"`{scope}`" in answer.json()["detail"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.request(method, path, headers=bearer(scope)).status_code in {200, 415, 422}


def test_the_key_is_looked_at_before_the_body(client):
    """Without one, nothing is parsed and megabytes are not waited for."""
    answer = client.post("/v1/contacts", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 401


def test_foreign_contacts_are_refused_one_by_one(client, bearer):
    """What is of the key's programs and teams is taken, the rest is rejected with 403."""
    key = bearer("ingest", programs=["acme"], teams=["north"])
    answer = send(client, key, *(contact(i, *where) for i, where in enumerate(WHERE)))
    assert answer["accepted"] == 2
    assert [row["contact_id"] for row in answer["rejected"]] == ["c-1", "c-3", "c-4"]
    assert {row["problem"]["status"] for row in answer["rejected"]} == {403}
    assert "team 'south'" in answer["rejected"][0]["problem"]["detail"]


def test_the_contact_of_another_program_stays_as_it_is(client, bearer, running_database):
    """A key of one program can't take over a contact that another program knows."""
    everything, limited = bearer("ingest"), bearer("ingest", programs=["acme"])
    send(client, everything, contact(1, "other", None), contact(2, "acme", None))
    before = running_database()
    mixed = [contact(n, "acme", None, talk_s=60) for n in (1, 2, 3)]
    answer = send(client, limited, mixed[0], {"contact_id": "bad"}, *mixed[1:])
    assert answer["accepted"] == 2
    assert [(r["index"], r["problem"]["status"]) for r in answer["rejected"]] == [
        (0, 403),
        (1, 422),
    ]
    after = running_database()
    assert after["c-1"] == before["c-1"]
    assert after["c-2"] != before["c-2"]


def test_a_score_takes_over_no_contact_of_another_program(client, bearer, running_database):
    """Nor can a key of one program score it, by whatever program the request names."""
    everything, limited = bearer("score"), bearer("score", programs=["acme"])
    other = contact(1, "other", None, moment="start")
    client.post("/v1/score", json=other, headers=everything).raise_for_status()
    before = running_database()
    asked = contact(1, "acme", None, moment="start")
    assert client.post("/v1/score", json=other, headers=limited).status_code == 403
    assert client.post("/v1/score", json=asked, headers=limited).status_code == 403
    assert running_database() == before
    own = contact(2, "acme", None, moment="start")
    assert client.post("/v1/score", json=own, headers=limited).status_code == 200


@pytest.fixture
def running_database(guarded) -> Any:
    def versions() -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        with Database(guarded.database_url).read() as db:
            for row in db.exec_driver_sql("select * from contact_versions order by known_at"):
                found.setdefault(row.contact_id, []).append(tuple(row))
        return found

    return versions


def test_the_list_shows_what_the_key_may_see(client, bearer):
    """Rows of other programs and teams, or of none, are in no page, count or file."""
    score = bearer("score")
    for number, (program, team) in enumerate(WHERE):
        asked = contact(number, program, team, moment="wrapup")
        client.post("/v1/score", json=asked, headers=score).raise_for_status()

    def seen(**limits: Any) -> list[str]:
        key, found, cursor = bearer("read", **limits), [], None
        while True:
            query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
            page = client.get("/v1/at-risk", params=query, headers=key).json()
            found += [row["contact_id"] for row in page["items"]]
            cursor = page["cursor"]
            if cursor is None:
                break
        file = csv.DictReader(io.StringIO(client.get("/v1/at-risk.csv", headers=key).text))
        assert [row["contact_id"] for row in file] == found
        return sorted(found)

    assert seen() == ["c-0", "c-1", "c-2", "c-3", "c-4"]
    assert seen(programs=["acme"]) == ["c-0", "c-1", "c-2"]
    assert seen(teams=["north"]) == ["c-0", "c-3"]
    assert seen(programs=["acme"], teams=["north", "east"]) == ["c-0"]
    assert seen(programs=["none"]) == []


@pytest.mark.parametrize("guarded", [0.1], indirect=True)
def test_a_key_that_asks_too_often_is_told_when_to_come_again(client, bearer):
    """429 with `Retry-After`; 10,000 contacts count as ten requests."""
    key = bearer("ingest")
    for _ in range(10):
        send(client, key)
    answer = client.post("/v1/contacts", json={"contacts": []}, headers=key)
    assert answer.status_code == 429
    assert 5 <= int(answer.headers["retry-after"]) <= 10
    assert answer.headers["content-type"] == "application/problem+json"
    key = bearer("ingest")
    send(client, key, *[{}] * 10_000)
    assert client.post("/v1/contacts", json={"contacts": []}, headers=key).status_code == 429


@pytest.fixture
def guarded(request: Any, settings) -> Any:
    """Settings of a service that asks for keys; a parameter is its rate limit."""
    return replace(settings, auth=True, rate_limit=getattr(request, "param", 0.0))


def test_two_keys_of_a_name_work_while_machines_change_over(database):
    """A third is refused; the older is ended alone; the second may do what the first may."""
    with database.write() as db:
        first = keys.add(db, "crm", ["read", "ingest"], programs=["b", "a"])
        with pytest.raises(UserError, match="already") as caught:
            keys.add(db, "crm")
        assert "recontact keys rotate crm" in caught.value.mend
        second = keys.rotate(db, "crm")
        old, new = keys.live(db)
        assert (old.digest, new.digest) == (keys.digest(first), keys.digest(second))
        assert (new.scopes, new.programs, new.teams) == (("ingest", "read"), ("a", "b"), None)
        with pytest.raises(UserError, match="two keys") as caught:
            keys.rotate(db, "crm")
        assert "--older" in caught.value.mend
        assert keys.revoke(db, "crm", older=True) == 1
        assert [key.digest for key in keys.live(db)] == [new.digest]
        with pytest.raises(UserError, match="only one"):
            keys.revoke(db, "crm", older=True)
        keys.rotate(db, "crm")
        assert keys.revoke(db, "crm") == 2
        for use in (keys.rotate, keys.revoke):
            with pytest.raises(UserError, match="no key named 'crm'"):
                use(db, "crm")
        keys.add(db, "crm")
        assert len(keys.listed(db)) == 4


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"name": ""}, "the name ''"),
        ({"name": "a\nb"}, "the name"),
        ({"name": "x" * 101}, "the name"),
        ({"scopes": []}, "for nothing"),
        ({"scopes": ["score", "admin"]}, "'admin' is no scope"),
        ({"programs": [""]}, "the program ''"),
        ({"teams": ["x" * 201]}, "the team"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_key_that_makes_no_sense_is_not_made(database, given, told):
    """The message says what is wrong, the mend what can be given."""
    with database.write() as db, pytest.raises(UserError, match=told) as caught:
        keys.add(db, **{"name": "desktop", **given})
    assert caught.value.mend
    with database.read() as db:
        assert keys.listed(db) == []
