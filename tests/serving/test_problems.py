"""Every error is a problem document, and no more is told than the client needs."""

import codecs
import json
import re

import httpx
import pytest
from tests.serving import routes

from recontact_serving.web.middleware import MOST_BYTES

START = {"contact_id": "c1", "moment": "start", "started_at": "2026-03-01T10:00:00Z"}
JSON = {"Content-Type": "application/json"}


def check(answer: httpx.Response, status: int) -> dict:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status
    assert {"type", "title", "detail"} <= set(document)
    return document


def test_an_unknown_page_and_an_unknown_method(client):
    """404 and 405 are problems; 405 says what is allowed."""
    assert check(client.get("/v1/nothing"), 404)["detail"] == "there is nothing at this address"
    check(client.get("/static/nothing.css"), 404)
    answer = client.delete("/v1/score")
    assert check(answer, 405)["detail"] == "this address takes POST"
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("address", ["/v1/score", "/v1/scores", "/v1/contacts"])
@pytest.mark.parametrize("body", ["{", "", " ", "\xff"])
def test_a_body_that_is_no_json(client, body, address):
    """What can't be parsed is a problem of 400, never a fault."""
    answer = client.post(address, content=body.encode("latin-1"), headers=JSON)
    check(answer, 400)


def test_a_byte_order_mark_before_json_is_no_part_of_it(client):
    """Some programs write one: every endpoint that takes a body reads past it, as past a space."""
    for path, body in (
        ("/v1/score", START),
        ("/v1/scores", {"requests": [START]}),
        ("/v1/contacts", {"contacts": []}),
        ("/v1/at-risk/bulk", {"requests": []}),
        ("/v1/desktop-tokens", {"agent_id": "a"}),
    ):
        for before in (codecs.BOM_UTF8, b" "):
            answer = client.post(path, content=before + json.dumps(body).encode(), headers=JSON)
            assert answer.status_code in {200, 201}, path
        check(client.post(path, content=codecs.BOM_UTF8, headers=JSON), 400)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_head_is_taken_wherever_get_is(running):
    """It gives the head of the answer to GET and no body, also where that would not end."""
    client = running.client
    client.post("/v1/score", json={**START, "moment": "wrapup"}).raise_for_status()
    gets = [route.path for route in routes.of(running.app) if route.method == "GET"]
    paths = ["/static/recontact.css", "/v1/nothing"]
    paths += [re.sub(r"{.*?}", "c1", path) for path in gets if path != "/static"]
    for path in paths:
        head = client.head(path)
        assert head.content == b"", path
        if path.endswith("/events"):  # goes on
            assert head.headers["content-type"].startswith("text/event-stream")
            continue
        found = client.get(path)
        assert head.status_code == found.status_code != 405, path
        assert set(head.headers) == set(found.headers) - {"transfer-encoding"}, path
        assert head.headers["content-type"] == found.headers["content-type"], path
    refused = client.head("/v1/score")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert client.post("/health/live").headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("body", ["null", "[]", "7", '"x"'])
def test_a_body_that_is_no_object(client, body):
    """Another JSON value than an object is refused."""
    check(client.post("/v1/contacts", content=body, headers=JSON), 422)


def test_wrong_fields_are_told_in_plain_words(client):
    """Not in those of the library that found them."""
    wrong = {"contact_id": 7, "moment": "later", "started_at": "soon", "colour": "blue"}
    document = check(client.post("/v1/score", json=wrong), 422)
    assert {error["pointer"]: error["detail"] for error in document["errors"]} == {
        "/contact_id": "must be a text",
        "/moment": "must be 'start', 'live' or 'wrapup'",
        "/started_at": "an instant is a text like 2026-03-01T09:30:00Z",
        "/colour": "there is no such field",
    }
    document = check(client.post("/v1/score", json={"moment": "start"}), 422)
    assert document["detail"] == "/contact_id: it is missing (and 1 more)"


def test_each_wrong_attribute_is_told_once_and_by_its_name(client):
    """Whatever kinds of value it might have had; of very many only the first are listed."""
    wrong = {**START, "attributes": {"foo": [1], "": "x"}}
    errors = check(client.post("/v1/score", json=wrong), 422)["errors"]
    assert [error["pointer"] for error in errors] == ["/attributes/foo", "/attributes/"]
    many = check(
        client.post("/v1/score", json={**START, **dict.fromkeys(map(str, range(300)), 1)}), 422
    )
    assert len(many["errors"]) == 100
    assert many["detail"].endswith("(and 299 more)")


def test_a_body_that_is_not_called_json(client):
    """A form, or JSON under another name, is 415 and says which header to send."""
    answer = client.post("/v1/score", content="{}", headers={"Content-Type": "text/plain"})
    assert "application/json" in check(answer, 415)["detail"]


def test_a_body_that_is_too_large(client):
    """A body over the limit is 413, whether or not it says its length."""
    check(client.post("/v1/contacts", content=b" " * (MOST_BYTES + 1), headers=JSON), 413)
    parts = (b" " * 2**20 for _ in range(MOST_BYTES // 2**20 + 1))
    check(client.post("/v1/contacts", content=parts, headers=JSON), 413)


def test_a_fault_tells_nothing_of_the_inside(start, settings, models):
    """500 carries neither the exception nor a path."""
    models.scored = lambda *_, **__: 1 / 0
    asked = {"contact_id": "c", "moment": "start", "started_at": "2026-03-01T10:00:00Z"}
    document = check(start(settings, models).client.post("/v1/score", json=asked), 500)
    assert "division" not in str(document)
    assert "/" not in document["detail"]


def test_what_is_answered_is_documented(client):
    """Each operation documents its errors as problems; requests allow no other field."""
    document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert "500" in operation["responses"], path
            for status, answer in operation["responses"].items():
                kinds = set(answer["content"])
                assert ("application/problem+json" in kinds) == (status >= "400"), (path, status)
    for name in ("ScoreRequest", "ScoreRequests", "Contacts", "Score"):
        assert document["components"]["schemas"][name]["additionalProperties"] is False
    assert "Problem" in document["components"]["schemas"]


def test_every_answer_is_guarded(client):
    """Pages run no script, are framed by nobody and are not guessed to be something else."""
    for path in ("/", "/v1/at-risk", "/v1/nothing", "/static/recontact.css"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
