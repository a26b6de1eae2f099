"""The matrix: every route of the application, asked by everybody, about everybody's rows.

Routes are taken from the application; what must happen follows from the scope that each declares
(`tests.serving.routes`) and from the rows that somebody may see (`Access.sees`). A route that is
added is in here by itself, and one without a scope fails by its name.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Annotated, Any, NamedTuple

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from sqlalchemy import Connection, Float, Integer, String, Table, func, select
from tests.serving import people, routes
from tests.serving.routes import Route

from recontact.durations import DAY
from recontact.policy import Policy
from recontact_serving.app import create_app
from recontact_serving.hourly.fcr_filling import NOTE
from recontact_serving.people import keys, sessions
from recontact_serving.people.access import Access
from recontact_serving.people.accounts import add_user, find_user
from recontact_serving.people.forms import HEADER, SESSION_COOKIE, form_token
from recontact_serving.people.roles import ROLES, scopes_of
from recontact_serving.people.security import OPEN_ROUTES, machine, page
from recontact_serving.storage.database import Database, put
from recontact_serving.storage.tables import (
    actions,
    fcr_days,
    fcr_estimates,
    follow_ups,
    followed_by,
    meta,
)

AT = "2026-03-01T10:00:00Z"
OWN = ("acme", "north")
PLACES = [OWN, ("acme", "south"), ("acme", None), ("other", "north"), (None, None)]
LIMITS: dict[str, Any] = {"programs": ["acme"], "teams": ["north"]}
SELF = "agent-0"  # whose contacts are an agent's own: handled one in each place
BIG = 1_000_000  # the figures of each place are of a size of their own, as one sees on a page
ACTIONS = {"until": "2099-01-01T00:00", "outcome": "solved", "reason": "no", "text": "hm"}


class Row(NamedTuple):
    """A contact of the list; whatever names it is found nowhere else."""

    number: int
    program: str | None
    team: str | None
    agent_id: str

    @property
    def contact_id(self) -> str:
        return f"contact-{self.number}z"

    @property
    def marks(self) -> tuple[str, ...]:
        """What a page that shows it would hold."""
        queue = self.number % (2 * len(PLACES))  # what is held out came by a queue like others
        customer = 1 if self.number == 3 else self.number  # served by two teams
        return (f"customer-{customer}z", f"queue-{queue}z", f"reason-{self.number}z")


ROWS = [
    Row(2 * number + own, program, team, SELF if own else f"agent-{number + 1}")
    for number, (program, team) in enumerate(PLACES)
    for own in (0, 1)
]
HELD = Row(2 * len(PLACES), *OWN, SELF)  # left untouched on purpose: in no list


class Asker(NamedTuple):
    """Somebody who asks: what they may, and how they do."""

    name: str
    access: Access
    client: httpx.Client
    headers: dict[str, str]
    by_key: bool

    @property
    def rows(self) -> list[Row]:
        """The rows that they may see."""
        seen = [row for row in ROWS if self.access.sees(row.program, row.team)]
        own = self.access.role == "agent"
        return [row for row in seen if not own or row.agent_id == self.access.agent_id]

    @property
    def foreign(self) -> list[Row]:
        """The rows that are in no list of theirs."""
        return [row for row in (*ROWS, HELD) if row not in self.rows]

    def not_of(self, route: Route) -> list[Row]:
        """Give the rows that this route must not show; at a desktop a team may not be known yet."""
        if route.kind != "CallerNeeded":
            proof = self.access.may("proof")  # then one sees what is held out, on its own page
            return [row for row in self.foreign if not proof or row is not HELD]
        return [row for row in ROWS if not self.access.allows(row.program, row.team)]

    @property
    def figures(self) -> list[int]:
        """The places whose figures they may not see."""
        sees = self.access.sees
        return [n for n, place in enumerate(PLACES) if not sees(*place) or not self.by_figures]

    @property
    def by_figures(self) -> bool:
        return self.access.may("fcr") or self.access.may("proof")

    @property
    def token(self) -> str:
        """What the forms that they are shown carry."""
        return form_token(self.client.cookies[SESSION_COOKIE])

    def may_ask(self, route: Route) -> bool:
        """Tell whether this route lets them in."""
        ways = {"Page": (False,), "MachineOrPerson": (False, True)}.get(route.kind, (True,))
        scope = route.scope_of_key if self.by_key else route.scope
        return self.by_key in ways and self.access.may(scope)

    def ask(self, route: Route, path: str, token: bool = True, **query: str) -> tuple[int, str]:
        """Send a request such as a page or a program would; return status and body."""
        headers = dict(self.headers)
        sent: dict[str, Any] = {}
        if route.method != "GET":
            form = self.token if token and not self.by_key and self.name else ""
            if route.path.startswith("/v1/"):
                headers |= {HEADER: form} if form else {}
                sent["json"] = _body(route)
            else:
                sent["data"] = {"token": form or "x", **_form(route, path)}
        request = self.client.build_request(
            route.method, path, params=query, headers=headers, **sent
        )
        answer = self.client.send(request, stream=True)  # some answers have no end
        try:
            endless = "event-stream" in answer.headers.get("content-type", "")
            text = "" if endless else answer.read().decode()
        finally:
            answer.close()
        return answer.status_code, text + answer.headers.get("location", "")


def _body(route: Route) -> dict[str, Any]:
    action = route.path.rpartition("/")[2]
    if action == "actions":
        return {"probed": True, "promised": None}
    takes = {"snooze": "until", "resolve": "outcome", "disagree": "reason", "note": "text"}
    if action == "assign":
        return {"to": "lead"}
    if action == "snooze":
        return {"until": "2099-01-01T00:00:00Z"}
    return {takes[action]: ACTIONS[takes[action]]} if action in takes else {}


def _form(route: Route, path: str) -> dict[str, Any]:
    ids = [row.contact_id for row in ROWS if row.contact_id in path] or []
    many = {"contact_id": ids, "action": "note"} if route.path == "/work" else {}
    if route.path == "/changes":
        many = {"shown": [f"x {row.contact_id}" for row in ROWS], "fresh": "x"}
    return {**ACTIONS, "to": "lead", **many}


def filled(route: Route, row: Row) -> str:
    """Write a route's path for a row."""
    values = {
        "contact_id": row.contact_id,
        "customer_id": "nobody-of-this-name",
        "agent_id": row.agent_id,
        "action": "note",
    }
    path = re.sub(r":path", "", route.path)
    missing = set(re.findall(r"{(\w+)}", path)) - set(values)
    assert not missing, f"{route.name}: say here what {missing} may be"
    return path.format(**values)


@pytest.fixture
def application(guarded, start, models) -> Any:
    """A service with rows, figures, people of each role and keys of each scope."""
    url = guarded.database_url
    with Database(url).write() as db:
        maker = keys.add(db, "maker", ["score"])
        for role in sorted(ROLES):
            limits = {} if role == "admin" else {"agent_id": SELF, **LIMITS}
            add_user(db, role, None, role, **limits)
    running = start(guarded, models)
    bearer = {"Authorization": f"Bearer {maker}"}
    body = {"requests": [_score(row) for row in (*ROWS, HELD)]}
    answer = running.client.post("/v1/scores", json=body, headers=bearer).raise_for_status()
    assert all("reasons" in one for one in answer.json()["results"]), answer.text
    with Database(url).write() as db:
        held = follow_ups.c.contact_id == HELD.contact_id
        db.execute(follow_ups.update().where(held).values(state="held_out"))
        _write_figures(db)
    return running


def _score(row: Row) -> dict[str, Any]:
    customer, queue, reason = row.marks
    return {
        "contact_id": row.contact_id,
        "customer_id": customer,
        "queue": queue,
        "reason": reason,
        "agent_id": row.agent_id,
        "moment": "wrapup",
        "started_at": AT,
        "ended_at": AT,
        "attributes": {"repeated": 0.6},
        **{n: v for n, v in (("program", row.program), ("team", row.team)) if v is not None},
    }


def _write_figures(db: Connection) -> None:
    """Write figures of each place such as the hourly refresh does."""
    policy = Policy()
    note = {"policy": policy.text(), "digest": policy.digest, "contacts": 1}
    note |= {"as_of": 20_513 * DAY, "built_at": 20_513 * DAY}
    put(db, meta, [{"name": NOTE, "value": json.dumps(note)}])
    for number, (program, team) in enumerate(PLACES):
        place = {"program": program or "", "team": team or ""}
        for by, entity in (("", ""), *((b, f"{b}-{number}f") for b in BY)):
            _put(db, fcr_days, number, place | {"by": by, "entity": entity, "day": 20_513})
        pair = {"reason": f"reason-{number}f", "next_reason": f"reason-{number}g"}
        _put(db, followed_by, number, place | pair)
        _put(db, fcr_estimates, number, place | {"since": 0, "until": 1})


def _put(db: Connection, table: Table, number: int, known: dict[str, Any]) -> None:
    """Write a row whose figures are those of a place."""
    big = figure(number)
    kinds = ((Float, big / 2), (String, json.dumps([big / 2] * 100)), (Integer, big))
    figures = {c.name: next(v for kind, v in kinds if isinstance(c.type, kind)) for c in table.c}
    db.execute(table.insert(), figures | known)


def figure(number: int) -> int:
    """Give what is counted in a place; halves of it are of no other place."""
    return BIG + number * 111_111


BY = ("queue", "reason", "agent_id")


@pytest.fixture
def askers(application, guarded) -> Iterator[dict[str, Asker]]:
    """Nobody, each role, and for each scope a key with it alone; all but the admin are limited."""
    with ExitStack() as open_now:
        found = {}
        plain = open_now.enter_context(people.browser(application.client))
        found["nobody"] = Asker("", Access("", frozenset()), plain, {}, by_key=False)
        for role in sorted(ROLES):
            client = open_now.enter_context(people.browser(application.client))
            with Database(guarded.database_url).write() as db:
                client.cookies.set(SESSION_COOKIE, sessions.begin(db, role))
                access = find_user(db, role).access
            found[role] = Asker(role, access, client, {}, by_key=False)
        for scope in keys.SCOPES:
            with Database(guarded.database_url).write() as db:
                secret = keys.add(db, scope, [scope], **LIMITS)
            some = (frozenset(LIMITS[name]) for name in ("programs", "teams"))
            access = Access(scope, frozenset({scope}), *some)
            headers = {"Authorization": f"Bearer {secret}"}
            found[f"key for {scope}"] = Asker(scope, access, plain, headers, by_key=True)
        yield found


def test_every_route_has_a_scope_or_is_open_on_purpose(settings, models):
    """One of each; and what is listed as open is there."""
    app = create_app(settings, models)
    assert routes.undeclared(app) == []
    assert len(routes.of(app)) > 40
    there = {(route.method, route.path) for route in routes.of(app)}
    assert there >= OPEN_ROUTES - {("GET", "/sign-in/oidc"), ("GET", "/sign-in/callback")}
    app.state.service.database.close()


def test_a_route_without_a_scope_is_found_by_its_name():
    """Wherever it is put: on the application, in a router within a router, in what is mounted."""

    def answer() -> None:
        """Nothing."""

    def guarded(_: Annotated[Access, Depends(page("read"))]) -> None:
        """Nothing either."""

    def twice(
        _: Annotated[Access, Depends(page("read"))], __: Annotated[Access, Depends(machine("read"))]
    ) -> None:
        """Which of the two?"""

    app, inner, outer, mounted = FastAPI(openapi_url=None), APIRouter(), APIRouter(), FastAPI()
    app.get("/good")(guarded)
    app.get("/plain")(answer)
    app.get("/twice")(twice)
    inner.post("/inner")(answer)
    outer.include_router(inner, prefix="/outer")
    app.include_router(outer)
    mounted.put("/put")(answer)
    app.mount("/mounted", mounted)
    app.mount("/static", FastAPI(openapi_url=None, docs_url=None, redoc_url=None))
    found = routes.undeclared(app)
    assert {"GET /plain", "GET /twice", "POST /outer/inner", "PUT /mounted/put"} <= set(found)
    assert "GET /good" not in found
    assert "GET /static" not in found


def test_every_role_has_its_scopes():
    """As they are told in docs/people.md."""
    lead = {"read", "follow_up", "assign", "dispute", "fcr", "capacity", "account"}
    assert {role: set(scopes_of(role)) for role in ROLES} == {
        "agent": {"own", "dispute", "account"},
        "lead": lead,
        "manager": lead | {"proof"},
        "analyst": {"read", "fcr", "proof", "account"},
        "admin": lead | {"proof", "own", "people"},
    }


# Whether a scope is looked at has nothing to do with the database; what rows are read, has.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_route_lets_in_whom_its_scope_names(application, askers):
    """No session: to the form, or 401. The wrong scope: 403. The right one: an answer."""
    wrong = []
    own = ROWS[1]
    for route in declared(application):
        for name, asker in askers.items():
            status, text = asker.ask(route, filled(route, own))
            told = f"{route.name} asked by {name}: {status}"
            if asker.may_ask(route):
                refused = status in {401, 403} or text.startswith("/sign-in")
                away = "/v1/customers/" in route.path  # erases for keys without teams alone
                if refused and not (away and status == 403):
                    wrong.append(f"{told}, although it has the scope {route.scope}")
            elif not _is_refusal(route, asker, status, text):
                wrong.append(f"{told}, although it lacks the scope {route.scope}")
    assert wrong == []


def _is_refusal(route: Route, asker: Asker, status: int, text: str) -> bool:
    """Tell whether somebody without the scope is kept out in the way that there is for it."""
    if route.kind == "Page":
        if asker.by_key or not asker.name:
            return status == 303 and text.endswith(_after(route))
        home = route.path == "/" and route.method == "GET" and text == "/mine"
        return (status, home) == (303, True) or (status == 403 and "not for your role" in text)
    if not asker.by_key and (not asker.name or route.kind != "MachineOrPerson"):
        return status == 401
    return status == 403


def _after(route: Route) -> str:
    """Give where the form leads to, as it stands in the address."""
    return "" if route.method == "GET" else "/sign-in?next=/"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_changes_something_in_a_session_carries_its_token(application, askers):
    """Each form and each POST of a script, whoever sends it; else another site could."""
    wrong = []
    for route in declared(application):
        if route.method == "GET" or route.kind not in {"Page", "MachineOrPerson"}:
            continue
        asker = askers["admin"]
        status, _ = asker.ask(route, filled(route, ROWS[1]), token=False)
        if status != 403 and not (status == 422 and _is_checked(asker, route)):
            wrong.append(f"{route.name}: {status}")
    assert wrong == []


def _is_checked(asker: Asker, route: Route) -> bool:
    """Tell whether the form is refused once it is whole: what is not whole does nothing."""
    whole = dict.fromkeys((*route.fields, "action"), "1") | {"action": "note", "token": "x"}
    path = filled(route, ROWS[1])
    return asker.client.post(path, data=whole).status_code == 403


def test_no_answer_shows_what_somebody_may_not_see(application, askers):
    """Pages, lists, counts, files and figures, also where the address asks for foreign rows."""
    wrong = []
    for route in declared(application):
        reads = route.method == "GET" or route.path == "/changes"
        if not reads or "{agent_id" in route.path:
            continue
        path = filled(route, ROWS[1])  # whose customer has been with another team too
        for name, asker in askers.items():
            if not asker.may_ask(route):
                continue
            for query in ({}, *_foreign_queries(asker)):
                status, text = asker.ask(route, path, **query)
                asked = f"{route.name} {query} asked by {name}"
                if status not in {200, 204, 422}:
                    wrong.append(f"{asked}: {status}")
                shown = _shown(asker, text, query)
                wrong += [f"{asked} shows {mark}" for mark in shown]
    assert wrong == []


def _foreign_queries(asker: Asker) -> list[dict[str, str]]:
    """Ask for what is not one's own, by address."""
    if asker.access.programs is None:
        return []
    return [
        {"team": "south"},
        {"program": "other"},
        {"agent_id": ROWS[2].agent_id},
        {"queue": ROWS[2].marks[1]},
        {"team": "south", "program": "other", "state": "open", "owner": "admin"},
        {"of": "reason", "name": "reason-1f", "about": "reason-1f"},
        {"of": "agent_id", "name": "agent_id-3f", "all": "agent_id"},
        {"state": "held_out"},
    ]


def _shown(asker: Asker, text: str, query: dict[str, str]) -> list[str]:
    """List what an answer shows of what this person may not see; not what they typed."""
    asked = set(query.values())
    marks = {m for row in asker.foreign for m in (*row.marks, row.contact_id, row.agent_id)}
    marks -= {m for row in asker.rows for m in (*row.marks, row.agent_id)}
    for number in asker.figures:
        big = figure(number)
        marks |= {f"{big:,}", str(big), f"reason-{number}f", f"agent_id-{number}f"}
    return sorted(mark for mark in marks - asked if mark in text)


def test_whoever_may_see_rows_is_shown_all_of_theirs(askers):
    """The list, its count and its file hold those rows, no more and no fewer."""
    for name, asker in askers.items():
        mine = sorted(row.contact_id for row in asker.rows)
        if asker.access.may("read") and name != "key for follow_up":
            answer = asker.client.get("/v1/at-risk", headers=asker.headers).json()
            assert sorted(item["contact_id"] for item in answer["items"]) == mine, name
            text = asker.client.get("/v1/at-risk.csv", headers=asker.headers).text
            file = csv.DictReader(io.StringIO(text))
            assert sorted(row["contact_id"] for row in file) == mine, name
        if asker.access.may("read") and not asker.by_key:
            text = asker.client.get("/").text
            assert sorted(r.contact_id for r in ROWS if r.contact_id in text) == mine, name
            assert f"<strong>{len(mine)}</strong>" in text, name
            assert "called again" in text, name  # when, if another team served the customer
    figures = askers["manager"].client.get("/fcr").text
    assert f"{figure(0):,}" in figures
    assert "reason-0f" in figures
    agent = askers["agent"]
    text = agent.client.get("/mine").text
    assert [r.contact_id for r in ROWS if r.contact_id in text] == [ROWS[1].contact_id]


def test_a_row_of_others_is_as_if_it_were_not_there(application, askers, guarded):
    """404 on its page and in the API, whatever is asked of it; nothing is changed or told."""
    wrong = []
    before = state(guarded.database_url)
    for route in declared(application):
        if "{contact_id" not in route.path:
            continue
        for name, asker in askers.items():
            if not asker.may_ask(route):
                continue
            for row in asker.not_of(route):
                status, text = asker.ask(route, filled(route, row))
                allowed = {403, 404} if route.kind == "CallerNeeded" else {404}
                asked = f"{route.name} of {row.contact_id} asked by {name}"
                if status not in allowed:
                    wrong.append(f"{asked}: {status}")
                marks = set(row.marks) - set(ROWS[1].marks)
                wrong += [f"{asked} shows {mark}" for mark in marks if mark in text]
    assert wrong == []
    assert state(guarded.database_url) == before


def test_a_form_for_many_leaves_rows_of_others_as_they_are(askers, guarded):
    """On the page and in the API; one's own row of the same form is done."""
    foreign, own = ROWS[2], ROWS[1]
    asker = askers["lead"]
    both = [own.contact_id, foreign.contact_id]
    form = {"action": "note", "text": "hm", "contact_id": both, "token": asker.token}
    assert asker.client.post("/work", data=form).status_code == 303
    requests = [{"contact_id": one, "action": "note", "text": "hm"} for one in both]
    headers = {HEADER: asker.token}
    answer = asker.client.post("/v1/at-risk/bulk", json={"requests": requests}, headers=headers)
    results = answer.json()["results"]
    assert [one.get("status", 200) for one in results] == [200, 404]
    assert all(mark not in json.dumps(results[1]) for mark in foreign.marks)
    with Database(guarded.database_url).read() as db:
        touched = db.execute(select(actions.c.contact_id)).scalars().all()
    assert set(touched) == {own.contact_id}


def test_a_key_for_follow_ups_gives_no_contact_to_anybody(askers):
    """To assign is a scope of its own, in a list of actions too."""
    asker, own = askers["key for follow_up"], ROWS[1]
    work = {"contact_id": own.contact_id, "action": "assign", "to": "lead"}
    answer = asker.client.post("/v1/at-risk/bulk", json={"requests": [work]}, headers=asker.headers)
    assert answer.json()["results"][0]["status"] == 403


def declared(application: Any) -> list[Route]:
    """Give the routes that have a scope."""
    return [route for route in routes.of(application.app) if route.needs]


def state(url: str) -> Any:
    """Read what has been done about rows."""
    with Database(url).read() as db:
        versions = db.execute(
            select(follow_ups.c.contact_id, follow_ups.c.version).order_by(follow_ups.c.contact_id)
        ).all()
        return versions, db.execute(select(func.count()).select_from(actions)).scalar_one()
