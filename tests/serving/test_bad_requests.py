"""What no client should send: each is refused with a problem, at once, and the service goes on."""

import gzip
import json
import socket
import time
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from recontact_serving.web import protocol

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SCORE = '{"contact_id": "c", "moment": "wrapup", "started_at": "2026-03-01T10:00:00Z"%s}'
JSON = {"Content-Type": "application/json"}
BODIES = {
    "deep": ("[" * 100_000, 400),
    "deep and closed": ('{"a":' * 50_000 + "1" + "}" * 50_000, 400),
    "NaN": (SCORE % ', "talk_s": NaN', 422),
    "infinity": (SCORE % ', "talk_s": 1e999', 422),
    "many digits": (SCORE % (', "tier": ' + "9" * 10_000), 400),
    "whole, but too great": (SCORE % ', "attributes": {"a": 123456789012345678901234567890}', 200),
    "NUL": (SCORE % ', "queue": "a\\u0000b"', 422),
    "half a character": (SCORE % ', "queue": "\\ud800"', 400),
    "no UTF-8": (b'{"contact_id": "\xff\xfe"}', 400),
    "text after the end": (SCORE % "" + "}", 400),
    "true for a number": (SCORE % ', "talk_s": true', 422),
    "text for a number": (SCORE % ', "talk_s": "60"', 422),
    "number for a truth": (SCORE % ', "handled": 1', 422),
    "number for a text": (SCORE % ', "queue": 7', 422),
    "no such field": (SCORE % ', "contact": "c"', 422),
    "a column as attribute": (SCORE % ', "attributes": {"queue": "a"}', 422),
    "nested attribute": (SCORE % ', "attributes": {"a": {"b": 1}}', 422),
    "long text": (SCORE % (', "queue": "' + "x" * 201 + '"'), 422),
    "many attributes": (
        SCORE % (', "attributes": ' + json.dumps({str(i): i for i in range(201)})),
        422,
    ),
    "no day": (SCORE.replace("03-01", "02-30") % "", 422),
    "before 1970": (SCORE.replace("2026", "1969") % "", 422),
    "a number for an instant": (SCORE.replace('"2026-03-01T10:00:00Z"', "1772359200") % "", 422),
    "end before start": (SCORE % ', "ended_at": "2026-03-01T09:00:00Z"', 422),
}


def check(answer: Any, status: int) -> None:
    assert answer.status_code == status, answer.text[:300]
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_makes_no_sense(client, name):
    """The same for one score and for a list of them, of which it is one."""
    body, status = BODIES[name]
    check(client.post("/v1/score", content=body, headers=JSON), status)
    if isinstance(body, bytes):
        check(client.post("/v1/contacts", content=body, headers=JSON), status)
        return
    several = client.post("/v1/scores", content='{"requests": [' + body + "]}", headers=JSON)
    if several.status_code == 200:
        assert several.json()["results"][0].get("status", 200) in {status, 422}
    else:
        check(several, status)


def test_of_a_field_given_twice_the_last_counts(client):
    """As JSON readers agree; the answer is never made of both."""
    body = SCORE % ', "contact_id": "second"'
    answer = client.post("/v1/score", content=body, headers=JSON)
    assert answer.json()["contact_id"] == "second"


@pytest.mark.parametrize("path", ["/v1/score", "/v1/scores", "/v1/contacts"])
def test_a_compressed_body_is_415(client, path):
    """And told to send it as it is; a small body can't grow to gigabytes here."""
    sent = gzip.compress(b'{"contacts": []}')
    answer = client.post(path, content=sent, headers=JSON | {"Content-Encoding": "gzip"})
    check(answer, 415)
    assert "not compressed" in answer.json()["detail"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "TRACE", "ODD"])
@pytest.mark.parametrize("path", ["/v1/score", "/static/recontact.css", "/nothing", "/health/live"])
def test_other_methods_and_paths_are_problems(client, method, path):
    """405 names what is allowed, 404 where there is nothing: JSON too, on every path."""
    answer = client.request(method, path)
    if answer.status_code == 200:
        return
    assert answer.status_code in {400, 404, 405}
    check(answer, answer.status_code)
    if answer.status_code == 405 and not path.startswith("/static"):
        assert answer.headers["allow"]


class Raw:
    """A connection that sends what it is told to."""

    def __init__(self, address: str) -> None:
        where = urlsplit(address)
        self.socket = socket.create_connection((where.hostname or "", where.port or 0), timeout=10)

    def close(self) -> None:
        self.socket.close()

    def send(self, *parts: str) -> None:
        for part in parts:
            self.socket.sendall(part.encode("latin-1"))

    def answer(self) -> tuple[int, dict[str, Any]]:
        """Read until the service closes; give status and problem."""
        read = b""
        while chunk := self.socket.recv(65536):
            read += chunk
        head, _, body = read.partition(b"\r\n\r\n")
        assert b"application/problem+json" in head
        return int(head.split()[1]), json.loads(body)


@pytest.fixture
def raw(running) -> Any:
    with closing(Raw(running.address)) as connection:
        yield connection
    assert running.client.get("/health/live").status_code == 200


HEAD = "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "head",
    [
        "nonsense\r\n\r\n",
        "GET /\x01 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        HEAD + "Content-Length: -5\r\n\r\n",
        HEAD + "Content-Length: 5, 6\r\n\r\n",
        HEAD + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        HEAD + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + "Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
        HEAD + "Bad Name: x\r\n\r\n",
    ],
)
def test_what_is_no_http_is_a_problem_too(raw, head):
    """Lengths that contradict each other above all: a proxy might read another request there."""
    raw.send(head)
    status, document = raw.answer()
    assert (status, document["status"]) == (400, 400)


@pytest.mark.parametrize(
    "parts",
    [
        [f"X-{i}: y\r\n" for i in range(protocol.MOST_FIELDS + 1)],
        ["X: " + "y" * protocol.MOST_HEAD],
        ["X: ", *["y" * 1000] * (protocol.MOST_HEAD // 1000 + 1)],
    ],
)
def test_a_head_without_end_is_431(raw, parts):
    """Many fields, one great one, or one that comes bit by bit: none is kept in memory."""
    raw.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n")
    try:
        raw.send(*parts)
    except (BrokenPipeError, ConnectionResetError):
        return  # refused before all was sent
    assert raw.answer()[0] == 431


@pytest.mark.parametrize("size", [protocol.MOST_ADDRESS, 70_000, 300_000])
@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("begin", ["/", "/v1/at-risk?queue="])
def test_an_address_that_is_too_long_is_414(raw, begin, size, at_once):
    """However long it is, in the path or the query, sent at once or bit by bit."""
    address = begin + "a" * size
    step = len(address) if at_once else 4000
    try:
        raw.send("GET ", *(address[k : k + step] for k in range(0, len(address), step)))
        raw.send(" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    except (BrokenPipeError, ConnectionResetError):
        return  # refused before all was sent
    status, document = raw.answer()
    assert (status, document["status"]) == (414, 414)
    assert "16 KiB" in document["detail"]


def test_an_address_just_short_enough_is_read(client):
    """It is no fault by itself."""
    begin = "/health/live?x="
    length = protocol.MOST_ADDRESS - len(begin)
    assert client.get(begin + "a" * length).status_code == 200


@pytest.mark.parametrize(
    ("part", "sent"),
    [
        ("head", ""),
        ("head", "GET / HTTP/1.1\r\nHost:"),
        ("body", HEAD + 'Content-Length: 500\r\n\r\n{"contact_id"'),
        ("body", HEAD + "Transfer-Encoding: chunked\r\n\r\n5\r\n{"),
    ],
)
def test_who_sends_too_slowly_is_cut_off(running, monkeypatch, part, sent):
    """408 after a while, for a head as for a body; the connection is free again."""
    monkeypatch.setitem(protocol.SECONDS, part, 0.2)
    with closing(Raw(running.address)) as slow:
        slow.send(sent)
        status, document = slow.answer()
    assert (status, part in document["detail"]) == (408, True)


def test_who_has_sent_all_is_not_cut_off(running, monkeypatch):
    """The limits are on sending alone: a connection may rest between two requests."""
    monkeypatch.setitem(protocol.SECONDS, "head", 0.2)
    monkeypatch.setitem(protocol.SECONDS, "body", 0.2)
    with closing(Raw(running.address)) as patient:
        for _ in range(2):
            patient.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert patient.socket.recv(65536).startswith(b"HTTP/1.1 200")
            time.sleep(0.4)
