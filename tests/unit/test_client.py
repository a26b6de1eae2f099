"""`recontact.client`: what it sends, when it tries again, and what it makes of answers."""

import datetime as dt
import json

import httpx
import pytest

from recontact.client import Client, ServiceError, answers
from recontact.errors import UserError

WHEN = dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.UTC)
CONTACT = {"contact_id": "c-1", "started_at": WHEN}


@pytest.fixture
def waits(monkeypatch):
    """How long the client waited; nobody really waits."""
    found = []
    monkeypatch.setattr("recontact.client.sending.time.sleep", found.append)
    return found


@pytest.fixture
def service():
    """Make clients of a service that gives these answers in turn, and notes what it was asked."""
    opened = []

    def made(*given, **options):
        turn, asked = iter(given), []

        def answer(request):
            asked.append(request)
            found = next(turn)
            if isinstance(found, Exception):
                raise found
            return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)

        client = Client("http://service", "rck_x", transport=httpx.MockTransport(answer), **options)
        opened.append(client)
        return client, asked

    yield made
    for client in opened:
        client.close()


def body(request):
    return json.loads(request.content)


def problem(status, headers=None, **more):
    detail = {"type": "about:blank", "title": "No", "status": status, "detail": "no", **more}
    return httpx.Response(status, json=detail, headers=headers)


def test_a_contact_is_sent_as_the_service_reads_it(service):
    """Instants as text, the key in the header, the moment beside the contact."""
    client, asked = service({"band": 1})
    client.score(CONTACT, moment="live", at=WHEN, explain="always")
    assert asked[0].url.path == "/v1/score"
    assert asked[0].headers["authorization"] == "Bearer rck_x"
    sent = {"contact_id": "c-1", "started_at": "2026-03-01T09:30:00+00:00", "moment": "live"}
    assert body(asked[0]) == {**sent, "at": "2026-03-01T09:30:00+00:00", "explain": "always"}


def test_a_busy_service_is_asked_again_when_it_says(service, waits):
    """503 and 429 with their Retry-After, then a lost connection, then the answer."""
    client, asked = service(
        problem(503, {"Retry-After": "5"}), problem(429), httpx.ConnectError("gone"), {"ok": True}
    )
    assert client.call("c-1") == {"ok": True}
    assert len(asked) == 4
    assert waits[0] == 5.0
    assert 0.25 <= waits[1] <= 0.5
    assert 0.5 <= waits[2] <= 1.0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 500])
def test_what_will_not_change_is_not_tried_again(service, waits, status):
    """A refusal is an error with the problem document, at once."""
    errors = [{"pointer": "/talk_s", "detail": "too small"}]
    client, asked = service(problem(status, errors=errors))
    with pytest.raises(ServiceError) as caught:
        client.score(CONTACT, moment="start")
    assert (caught.value.status, caught.value.errors) == (status, errors)
    assert isinstance(caught.value, UserError)
    assert (len(asked), waits) == (1, [])


def test_it_gives_up_in_the_end(service, waits):
    """After the retries the last refusal, or that nobody is there, is the error."""
    client, _ = service(*[problem(503)] * 3, retries=2)
    with pytest.raises(ServiceError, match="503"):
        client.call("c-1")
    client, _ = service(*[httpx.ConnectError("refused")] * 3, retries=2)
    with pytest.raises(ServiceError, match="can't be reached: ConnectError: refused") as caught:
        client.call("c-1")
    assert caught.value.status is None
    assert len(waits) == 4


def test_many_are_sent_in_parts_and_answered_as_one(service):
    """Scores in turn; the index of a rejected contact is that of all contacts sent."""
    client, asked = service({"results": [1] * 1000}, {"results": [2]})
    assert client.scores([CONTACT] * 1001) == [1] * 1000 + [2]
    bad = {"index": 1, "contact_id": "c-1", "problem": {"status": 422}}
    taken = {"accepted": 4999, "unchanged": 0, "rejected": [bad]}
    client, asked = service(taken, {"accepted": 0, "unchanged": 1, "rejected": [bad]})
    found = client.add_contacts(CONTACT for _ in range(5002))
    assert [one["index"] for one in found["rejected"]] == [1, 5001]
    assert (found["accepted"], found["unchanged"]) == (4999, 1)
    assert [len(body(request)["contacts"]) for request in asked] == [5000, 2]


def test_the_list_is_read_page_after_page(service):
    """Only as far as it is looked at, with the filters on each page."""
    client, asked = service({"items": [1, 2], "cursor": "x"}, {"items": [3], "cursor": None})
    found = client.at_risk(band="high")
    assert next(found) == 1
    assert len(asked) == 1
    assert list(found) == [2, 3]
    assert [dict(r.url.params).get("cursor") for r in asked] == [None, "x"]
    assert all(r.url.params["band"] == "high" for r in asked)


def test_names_are_made_safe_for_an_address(service):
    """A slash in an id is part of the id."""
    client, asked = service({})
    client.send_actions("a/b c", probed=True)
    assert asked[0].url.raw_path == b"/v1/calls/a%2Fb%20c/actions"
    assert body(asked[0]) == {"probed": True, "promised": None}


def event(seq, call):
    return f"event: score\nid: {seq}\ndata: {json.dumps(call)}\n\n"


def test_a_call_is_followed_over_lost_connections(service, waits):
    """After a break it asks for what came since the last event."""
    first = httpx.Response(200, text="retry: 2000\n\n: still here\n\n" + event(3, "a"))
    client, asked = service(first, httpx.ReadError("lost"), problem(503), event_of(4, "b"))
    found = client.follow(agent_id="a-7")
    assert [next(found), next(found)] == ["a", "b"]
    assert [request.headers.get("last-event-id") for request in asked] == [None, "3", "3", "3"]
    assert len(waits) == 3


def event_of(seq, call):
    return httpx.Response(200, text=event(seq, call))


def test_following_ends_where_it_is_not_allowed(service, waits):
    """A refusal is an error; so is a service that is gone, if only so many tries are left."""
    client, _ = service(problem(403))
    with pytest.raises(ServiceError, match="403"):
        next(client.follow(contact_id="c-1"))
    client, _ = service(*[httpx.ConnectError("gone")] * 3)
    with pytest.raises(ServiceError, match="can't be reached"):
        next(client.follow(contact_id="c-1", tries=2))
    assert len(waits) == 2
    with pytest.raises(TypeError):
        client.follow()


def test_what_is_done_about_a_contact_is_sent_once(service, waits):
    """A claim that came through before the connection broke would be refused the second time."""
    client, asked = service({"state": "resolved"}, httpx.ReadError("lost"), problem(409))
    assert client.act("a/b", "resolve", outcome="solved") == {"state": "resolved"}
    assert asked[0].url.raw_path == b"/v1/at-risk/a%2Fb/resolve"
    assert body(asked[0]) == {"outcome": "solved"}
    for told in ("can't be reached", "409"):
        with pytest.raises(ServiceError, match=told):
            client.act("c", "claim")
    assert (len(asked), waits) == (3, [])


SCHEMAS = {name: name for name in vars(answers) if name[0].isupper()} | {"Sent": "Sent"}
APART = {"TypedDict", "NotRequired", "Literal", "Band", "Moment", "Explain"}


@pytest.fixture(scope="module")
def document():
    """The OpenAPI document as it is checked in."""
    from pathlib import Path

    file = Path(__file__).parents[2] / "examples" / "typescript" / "openapi.json"
    return json.loads(file.read_text())


@pytest.mark.parametrize("name", sorted(set(SCHEMAS) - APART))
def test_answers_are_typed_as_the_document_describes_them(name, document):
    """Every field of an answer has its place in the type of the same name, and no other."""
    described = document["components"]["schemas"][name]
    assert set(getattr(answers, name).__annotations__) == set(described["properties"])


def test_every_operation_of_the_client_is_in_the_document(service, document):
    """Each request that the client makes is one that the document describes."""
    client, asked = service(*[{"results": [], "items": [], "cursor": None}] * 16)
    client.score(CONTACT, moment="start")
    client.scores([CONTACT])
    list(client.at_risk())
    client.call("c")
    client.send_actions("c")
    client.desktop_token(agent_id="a")
    client.follow_up("c")
    for action in ("claim", "release", "assign", "snooze", "resolve", "disagree", "note", "undo"):
        client.act("c", action)
    described = {
        (method.upper(), path.replace("{contact_id}", "c"))
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert {(request.method, request.url.path) for request in asked} <= described
    assert ("GET", "/v1/agents/{agent_id}/events") in described
    assert ("POST", "/v1/contacts") in described
