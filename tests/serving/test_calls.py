"""`/v1/calls`, `/v1/agents` and `/v1/desktop-tokens`: what agents' desktops get and send."""

import asyncio
import datetime as dt
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import func, select, update

from recontact_serving.desktop import desktop_access, desktop_tokens
from recontact_serving.desktop.call_watching import HAND, Event, Watch
from recontact_serving.desktop.decision_log import LATE_S, Log
from recontact_serving.desktop.desktop_day import fullest_day
from recontact_serving.desktop.desktop_schemas import Call
from recontact_serving.desktop.event_stream import EventStream
from recontact_serving.people import keys
from recontact_serving.storage.database import Database
from recontact_serving.storage.tables import agent_actions, decisions, meta

START = {
    "contact_id": "c1",
    "customer_id": "u1",
    "program": "acme",
    "agent_id": "a1",
    "moment": "start",
    "started_at": "2026-03-01T10:00:00Z",
    "at": "2026-03-01T10:00:00Z",
}
LIVE = {**START, "moment": "live", "at": "2026-03-01T10:02:00Z", "team": "red"}
WRAPUP = {**LIVE, "moment": "wrapup", "at": "2026-03-01T10:10:00Z", "reason": "billing"}
SOON = f"{dt.datetime.now(dt.UTC) + dt.timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
PROMISED = {"what": "a call", "owner": "Ada", "due_at": "2026-03-03T10:00:00Z"}


def score(client, **request):
    answer = client.post("/v1/score", json=request)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "safe"),  # a slash is written as %2F, or by some proxies as it is
    [
        ("a/b", ""),
        ("a/b", "/"),
        ("/a//b/", ""),
        ("a+b c ü", ""),
        ("?#%2F&=/claim", "/"),
        ("bulk", ""),
    ],
)
def test_any_contact_id_goes_into_a_path(client, read, name, safe):
    """Slashes, plus signs, spaces and letters of any script: vendors' own ids do."""
    score(client, **{**WRAPUP, "contact_id": name, "agent_id": name})
    row, call = (f"/v1/{what}/{quote(name, safe=safe)}" for what in ("at-risk", "calls"))
    assert client.get(row).json()["contact_id"] == name
    for action, body in (
        *(("claim", None), ("release", None), ("claim", None), ("undo", None), ("claim", {})),
        *(("snooze", {"until": SOON}), ("note", {"text": "x"}), ("disagree", {"reason": "x"})),
        ("resolve", {"outcome": "solved"}),
    ):
        done = client.post(f"{row}/{action}", json=body)
        assert (done.status_code, done.json()["contact_id"]) == (200, name), action
    assert done.json()["state"] == "resolved"
    sent = {"probed": True, "promised": None}
    assert client.put(f"{call}/actions", json=sent).json()["contact_id"] == name
    assert client.get(call).json()["actions"]["probed"]
    for path in (call, f"/v1/agents/{quote(name, safe=safe)}"):
        assert read(f"{path}/events").calls(1)[0]["contact_id"] == name


class Reader:
    """Follows an address in a thread; tells its events as (id, call)."""

    def __init__(self, base, path, **headers):
        self.events, self.status, self.over = [], None, False
        self._base, self._path, self._headers = base, path, headers
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        self.wait(lambda: self.status is not None)

    def _read(self):
        seq = None
        with (
            httpx.Client(base_url=self._base, timeout=20) as client,
            client.stream("GET", self._path, headers=self._headers) as answer,
        ):
            self.kind = answer.headers["content-type"]
            self.status = answer.status_code
            for line in answer.iter_lines():
                if line.startswith("id: "):
                    seq = int(line[4:])
                if line.startswith("data: "):
                    self.events.append((seq, json.loads(line[6:])))
        self.over = True

    def wait(self, there, seconds=5.0):
        until = time.monotonic() + seconds
        while not there():
            assert time.monotonic() < until, f"nothing came: {self.events}"
            time.sleep(0.01)

    def calls(self, number):
        self.wait(lambda: len(self.events) >= number)
        return [call for _, call in self.events]


@pytest.fixture
def read(running):
    return lambda path, **headers: Reader(running.address, path, **headers)


def test_a_call_is_told_as_it_is_known(client):
    """The latest score of each moment, the latest facts, and the check; as the document says."""
    first, last = score(client, **START), score(client, **WRAPUP)
    answer = client.get("/v1/calls/c1")
    Call.model_validate_json(answer.content)
    call = answer.json()
    assert call["scores"] == {"start": first, "live": None, "wrapup": last}
    assert (call["moment"], call["reason"], call["team"]) == ("wrapup", "billing", "red")
    assert [item["done"] for item in call["check"]] == [True, True, False]
    assert call["actions"] is None


def test_an_earlier_moment_asked_again_does_not_take_the_call_back(client):
    """Which score is the latest hangs on its instant, not on when it was asked for."""
    score(client, **WRAPUP)
    score(client, **START)
    assert client.get("/v1/calls/c1").json()["moment"] == "wrapup"


def test_what_the_agent_did_is_kept(client, running):
    """Actions land in the database, tick the check off, and replace what was sent before."""
    score(client, **WRAPUP)
    for actions in ({"probed": True, "promised": PROMISED}, {"probed": True, "promised": None}):
        call = client.put("/v1/calls/c1/actions", json=actions).json()
        assert {name: call["actions"][name] for name in actions} == actions
        assert all(item["done"] for item in call["check"])
        assert client.get("/v1/calls/c1").json() == call
    with running.service.database.read() as db:
        row = db.execute(select(agent_actions)).mappings().one()
    assert (row["probed"], row["promised"], row["agent_id"]) == (True, None, "a1")
    assert (row["program"], row["customer_id"]) == ("acme", "u1")


def test_sending_actions_again_changes_nothing(client):
    """Not even when they were sent."""
    score(client, **WRAPUP)
    actions = {"probed": None, "promised": {"what": "a call"}}
    once, twice = (client.put("/v1/calls/c1/actions", json=actions).json() for _ in range(2))
    assert once == twice
    assert once["check"][1]["done"] is False


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"probed": "yes", "promised": None}, "/probed"),
        ({"probed": None}, "/promised"),
        ({"promised": None}, "/probed"),
        ({"probed": None, "promised": {"owner": "Ada"}}, "/promised/what"),
        ({"probed": None, "promised": {"what": "x", "due_at": "soon"}}, "/promised/due_at"),
        ({"probed": None, "promised": None, "more": 1}, "/more"),
    ],
)
def test_actions_are_strict(client, body, pointer):
    """An unknown, missing or wrong field is named."""
    score(client, **WRAPUP)
    answer = client.put("/v1/calls/c1/actions", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_a_contact_that_was_never_scored_is_not_there(client):
    """404, for reading and for sending."""
    assert client.get("/v1/calls/c9").status_code == 404
    body = {"probed": None, "promised": None}
    assert client.put("/v1/calls/c9/actions", json=body).status_code == 404


def test_a_call_is_followed_from_before_its_first_score(client, read):
    """Each score comes by itself, with the whole call, in turn."""
    reader = read("/v1/calls/c1/events")
    assert reader.kind.startswith("text/event-stream")
    for number, request in enumerate((START, LIVE, WRAPUP), start=1):
        score(client, **request)
        assert reader.calls(number)[-1] == client.get("/v1/calls/c1").json()
    numbers = [seq for seq, _ in reader.events]
    assert numbers == sorted(set(numbers))


def test_the_same_again_is_not_told_again(client, read):
    """A score that was asked for twice is told once."""
    reader = read("/v1/calls/c1/events")
    for request in (START, START, LIVE):
        score(client, **request)
        time.sleep(0.4)  # longer than a look at the log is apart
    assert [call["moment"] for call in reader.calls(2)] == ["start", "live"]


def test_whichever_call_the_agent_is_on_is_followed(client, read):
    """One agent's calls come, those of others do not; who comes later gets the present one."""
    reader = read("/v1/agents/a1/events")
    score(client, **START)
    score(client, **{**START, "contact_id": "c2", "agent_id": "a2"})
    score(client, **{**START, "contact_id": "c3"})
    assert [call["contact_id"] for call in reader.calls(2)] == ["c1", "c3"]
    assert [call["contact_id"] for call in read("/v1/agents/a1/events").calls(1)] == ["c3"]


def test_an_agents_call_of_long_ago_is_not_shown(client, read, running):
    """Who comes back after hours waits for the next call."""
    score(client, **START)
    with running.service.database.write() as db:
        db.execute(update(decisions).values(scored_at=decisions.c.scored_at - 5 * 3600 * 10**6))
    reader = read("/v1/agents/a1/events")
    score(client, **{**START, "contact_id": "c2"})
    assert [call["contact_id"] for call in reader.calls(1)] == ["c2"]


def test_who_comes_back_gets_what_was_missed(client, read):
    """With the number of the last event, each call that moved since comes once, as it is now."""
    reader = read("/v1/agents/a1/events")
    score(client, **START)
    reader.calls(1)
    seen = reader.events[-1][0]
    score(client, **LIVE)
    score(client, **WRAPUP)
    score(client, **{**START, "contact_id": "c2"})
    again = read("/v1/agents/a1/events", **{"Last-Event-ID": str(seen)})
    told = [(call["contact_id"], call["moment"]) for call in again.calls(2)]
    assert told == [("c1", "wrapup"), ("c2", "start")]
    at_the_end = read("/v1/agents/a1/events", **{"Last-Event-ID": str(again.events[-1][0])})
    score(client, **{**LIVE, "contact_id": "c2"})
    assert [call["moment"] for call in at_the_end.calls(1)] == ["live"]


def test_the_last_number_is_a_number(client):
    """Anything else is refused."""
    answer = client.get("/v1/agents/a1/events", headers={"Last-Event-ID": "x"})
    assert answer.status_code == 422


def test_who_goes_leaves_nothing_behind(client):
    """A closed connection is counted no more, and a dead one costs nothing."""
    with client.stream("GET", "/v1/calls/c1/events") as answer:
        assert answer.status_code == 200
        assert followers(client) == 1
    eventually(lambda: followers(client) == 0)


def followers(client) -> int:
    page = client.get("/metrics").text
    return int(float(page.split("\nrecontact_followers ")[1].split()[0]))


def eventually(holds, seconds=5.0):
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_slow_reader_is_let_go():
    """Whose hand is full is ended; the others are told on."""
    slow, quick = (Watch(lambda _: True, agent_id="a1") for _ in range(2))
    event = Event(1, None, b"{}")
    for _ in range(HAND):
        slow.offer(event)
    for watch in (slow, quick):
        watch.offer(event)
    assert slow.over.is_set()
    assert slow.hand.qsize() == HAND
    assert not quick.over.is_set()


def test_rows_that_show_up_out_of_turn_are_told_once(database):
    """A number that was left out is looked for again, for some seconds."""
    log = Log()
    add(database, 7)
    assert new(database, log, 0.0) == []
    add(database, 9)
    assert new(database, log, 1.0) == [9]
    add(database, 8)
    assert new(database, log, 2.0) == [8]
    assert new(database, log, 2.5) == []
    add(database, 12)
    assert new(database, log, 3.0) == [12]
    add(database, 11)
    assert new(database, log, 3.0 + LATE_S) == []


def add(database, seq):
    row = dict.fromkeys(("contact_id", "program", "customer_id", "moment", "explain"), "x")
    row |= {"models": "{}", "features": "[]", "answer": "{}", "scored_at": 0, "seq": seq}
    with database.write() as db:
        db.execute(decisions.insert(), row)


def new(database, log, now_s):
    with database.read() as db:
        return [one.seq for one in log.new(db, now_s)]


@pytest.fixture
def guarded_client(start, guarded, models):
    """A service with keys: its client, and a key of program acme."""
    database = Database(guarded.database_url)
    with database.write() as db:
        acme = keys.add(db, "crm", ("score",), ("acme",))
        every = keys.add(db, "all", keys.SCOPES)
        reads = keys.add(db, "reader", ("read",))
    database.close()
    running = start(guarded, models)
    return running, {"acme": bearer(acme), "all": bearer(every), "read": bearer(reads)}


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def token(client, key, **asked):
    answer = client.post("/v1/desktop-tokens", json=asked, headers=key)
    assert answer.status_code == 201, answer.text
    return bearer(answer.json()["token"])


def test_a_token_opens_its_own_calls_only(guarded_client):
    """An agent's token reads and sends about that agent's calls, of the key's programs."""
    running, held = guarded_client
    client = running.client
    for contact_id, change in {
        "c1": {},
        "c2": {"agent_id": "a2"},
        "c3": {"program": "other"},
    }.items():
        asked = {**START, "contact_id": contact_id, **change}
        assert client.post("/v1/score", json=asked, headers=held["all"]).status_code == 200
    own = token(client, held["acme"], agent_id="a1")
    found = [client.get(f"/v1/calls/{c}", headers=own).status_code for c in ("c1", "c2", "c3")]
    assert found == [200, 403, 403]
    body = {"probed": True, "promised": None}
    for contact_id, status in {"c1": 200, "c2": 403, "c3": 403}.items():
        path = f"/v1/calls/{contact_id}/actions"
        assert client.put(path, json=body, headers=own).status_code == status
    assert client.get("/v1/agents/a2/events", headers=own).status_code == 403
    assert client.get("/v1/calls/c2/events", headers=own).status_code == 403
    one = token(client, held["all"], contact_id="c2")
    found = [client.get(f"/v1/calls/{c}", headers=one).status_code for c in ("c1", "c2", "c9")]
    assert found == [403, 200, 403]
    assert client.get("/v1/agents/a2/events", headers=one).status_code == 403


def test_events_of_other_programs_are_kept_back(guarded_client):
    """Who follows an agent is told of the calls of the key's programs alone."""
    running, held = guarded_client
    own = token(running.client, held["acme"], agent_id="a1")
    for contact_id, program in (("c0", "other"), ("c1", "other"), ("c2", "acme")):
        asked = {**START, "contact_id": contact_id, "program": program}
        running.client.post("/v1/score", json=asked, headers=held["all"]).raise_for_status()
        if contact_id == "c0":  # who comes now is not told of the call that goes on
            reader = Reader(running.address, "/v1/agents/a1/events", **own)
    assert [call["contact_id"] for call in reader.calls(1)] == ["c2"]


def test_a_token_opens_nothing_else(guarded_client):
    """Not the scores, not the list, not another token; and a key needs the scope for one."""
    running, held = guarded_client
    client = running.client
    own = token(client, held["all"], agent_id="a1")
    assert client.post("/v1/score", json=START, headers=own).status_code == 401
    assert client.get("/v1/at-risk", headers=own).status_code == 401
    asked = {"agent_id": "a1"}
    assert client.post("/v1/desktop-tokens", json=asked, headers=own).status_code == 401
    assert client.post("/v1/desktop-tokens", json=asked, headers=held["read"]).status_code == 403
    assert client.get("/v1/calls/c1", headers=held["read"]).status_code == 403


def test_a_token_ends(guarded_client, monkeypatch):
    """With its time, with its key, or when one letter of it is changed."""
    running, held = guarded_client
    client = running.client
    assert client.post("/v1/score", json=START, headers=held["all"]).status_code == 200
    own = token(client, held["acme"], agent_id="a1", hours=1)
    assert client.get("/v1/calls/c1", headers=own).status_code == 200
    forged = {"Authorization": own["Authorization"][:-1] + "!"}
    assert client.get("/v1/calls/c1", headers=forged).status_code == 401
    later = time.time() + 3601
    monkeypatch.setattr(desktop_access.time, "time", lambda: later)
    assert client.get("/v1/calls/c1", headers=own).status_code == 401
    monkeypatch.undo()
    with running.service.database.write() as db:
        keys.revoke(db, "crm")
    assert client.get("/v1/calls/c1", headers=own).status_code == 401


def test_an_open_connection_ends_with_its_token(guarded_client):
    """Who follows calls with a token is not told of them any more when it is over."""
    running, held = guarded_client
    own = token(running.client, held["acme"], agent_id="a1", hours=1.2 / 3600)
    reader = Reader(running.address, "/v1/agents/a1/events", **own)
    reader.wait(lambda: reader.over)
    assert running.client.get("/v1/agents/a1/events", headers=own).status_code == 401


@pytest.mark.parametrize(
    "asked", [{}, {"agent_id": "a", "contact_id": "c"}, {"agent_id": "a", "hours": 25}, {"x": 1}]
)
def test_a_token_is_for_one_thing_and_some_hours(client, asked):
    """Neither both nor none, and never for days."""
    assert client.post("/v1/desktop-tokens", json=asked).status_code == 422


def test_every_worker_signs_alike(database):
    """The secret is made once and kept."""
    assert desktop_tokens.secret_of(database) == desktop_tokens.secret_of(database)
    with database.read() as db:
        assert db.execute(select(func.count()).select_from(meta)).scalar_one() > 0


LISTED = "https://crm.example"


@pytest.fixture
def embedded(start, settings, models):
    """A service whose panel a listed origin may embed."""
    return start(replace(settings, desktop_origins=(LISTED,)), models).client


def test_only_listed_origins_may_read_calls(embedded):
    """A listed origin is let in by name, without credentials; others are not; the rest is shut."""
    path = "/v1/calls/c1/actions"
    ask = {"Access-Control-Request-Method": "PUT"}
    answer = embedded.options(path, headers={"Origin": LISTED, **ask})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == LISTED
    assert "PUT" in answer.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in answer.headers
    other = embedded.options(path, headers={"Origin": "https://evil.example", **ask})
    assert other.status_code == 405
    for place, origin, let in [
        ("/v1/calls/c1", LISTED, True),
        ("/static/recontact-panel.js", LISTED, True),
        ("/v1/calls/c1", "https://evil.example", False),
        ("/v1/calls/c1", "null", False),
        ("/v1/at-risk", LISTED, False),
        ("/health/ready", LISTED, False),
    ]:
        found = embedded.get(place, headers={"Origin": origin}).headers
        assert ("access-control-allow-origin" in found) is let, place


def test_only_the_panel_may_be_embedded_and_only_by_listed_origins(embedded, client):
    """Without a list nobody may; no inline script or style is ever let run."""
    policy = embedded.get("/desktop").headers["content-security-policy"]
    assert policy.endswith(f"frame-ancestors {LISTED}")
    assert "unsafe" not in policy
    for answer in (embedded.get("/desktop/day"), embedded.get("/"), client.get("/desktop")):
        assert answer.headers["content-security-policy"].endswith("frame-ancestors 'none'")


DAY = {
    "customer_id": "u1",
    "agent_id": "a1",
    "queue": "billing",
    "reason": "billing > dispute",
    "talk_s": 60.0,
    "csat": 4,
    "started_at": "2026-03-01T10:00:00Z",
    "ended_at": "2026-03-01T10:10:00Z",
    "attributes": {"plan": "gold"},
}


def test_a_day_is_played_as_it_went(running):
    """The fullest day of an agent, each call as known at its start, middle and wrap-up."""
    contacts = [
        {**DAY, "contact_id": f"c{i}", "started_at": f"2026-03-01T10:0{i}:00Z"} for i in (2, 1)
    ]
    contacts.append({**DAY, "contact_id": "c3", "agent_id": "a2"})
    sent = running.client.post("/v1/contacts", json={"contacts": contacts}).json()
    assert sent["accepted"] == 3
    day = fullest_day(running.service.database)
    assert (day["agent_id"], day["date"]) == ("a1", "2026-03-01")
    assert [call["contact_id"] for call in day["calls"]] == ["c1", "c2"]
    start, live, wrapup = day["calls"][0]["requests"]
    assert start["at"] == "2026-03-01T10:01:00Z"
    assert live["at"] == "2026-03-01T10:05:30Z"
    assert "talk_s" not in start | live
    assert (wrapup["talk_s"], wrapup["attributes"]) == (60.0, {"plan": "gold"})
    assert "csat" not in wrapup
    for request in (start, live, wrapup):
        score(running.client, **request)


def test_no_day_is_played_where_history_is_real(guarded_client, client):
    """With keys the page is not there; without contacts it says how to get some."""
    answer = guarded_client[0].client.get("/desktop/day")
    assert answer.status_code == 404
    page = client.get("/desktop/day").text
    assert "recontact load" in page
    assert 'aria-label="Pages"' in page


def test_the_panel_alone_leads_to_the_day_where_there_is_one(guarded_client, client):
    """On an open service, and not beside a call."""
    assert 'href="/desktop/day"' in client.get("/desktop").text
    assert 'href="/desktop/day"' not in client.get("/desktop?agent=a1").text
    assert 'href="/desktop/day"' not in guarded_client[0].client.get("/desktop").text


def test_a_stream_ends_although_an_event_comes_at_the_same_moment():
    """It is cancelled when its reader has gone; an event on the way must not swallow that."""

    async def ended():
        watch = Watch(lambda _: True, agent_id="a1")
        stream = EventStream(SimpleNamespace(present=_nothing), watch, None, None)
        telling = asyncio.create_task(stream._tell(_nothing))
        await asyncio.sleep(0.01)  # it waits
        watch.offer(Event(1, None, b"{}"))
        await asyncio.sleep(0)  # the event is taken, and not yet told
        telling.cancel()
        done, _ = await asyncio.wait([telling], timeout=5)
        telling.cancel()
        return bool(done)

    with ThreadPoolExecutor(1) as threads:  # a browser's own loop may run in this thread
        assert threads.submit(lambda: asyncio.run(ended())).result()


async def _nothing(*_):
    return []
