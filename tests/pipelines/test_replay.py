"""Past contacts played to the service: what it is told, when, and what it may not know yet."""

import datetime as dt
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pyarrow as pa
import pytest

from recontact.contacts import canonical
from recontact.errors import UserError
from recontact_pipelines.replay import Event, events, play

NINE = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)


def minutes(n: float) -> dt.datetime:
    """Give an instant n minutes after nine."""
    return NINE + dt.timedelta(minutes=n)


@pytest.fixture
def contacts():
    """Two calls: the record of the second is known only an hour after its end."""
    columns = {
        "contact_id": ["a", "b"],
        "customer_id": ["w", "w"],
        "started_at": [minutes(0), minutes(5)],
        "ended_at": [minutes(10), minutes(20)],
        "known_at": [None, minutes(80)],
        "queue": ["billing", "billing"],
        "handled": [True, True],
        "reason": ["bill > due", "bill > due"],
        "talk_s": [500.0, 800.0],
        "csat": [5.0, None],
        "region": ["north", None],
        "colour": ["red", "red"],
    }
    table = canonical(pa.table(columns))
    return table.replace_schema_metadata({"recontact.known_from": '{"region": "start"}'})


def test_what_happens_is_told_in_the_order_of_its_instants(contacts):
    """Starts, wrap-ups and finished records of overlapping contacts come as they came then."""
    told = [
        (event.at, event.path, event.body.get("moment")) for event in events(contacts, ["a", "b"])
    ]
    assert told == [
        (minutes(0), "/v1/score", "start"),
        (minutes(5), "/v1/score", "start"),
        (minutes(10), "/v1/score", "wrapup"),
        (minutes(10), "/v1/contacts", None),
        (minutes(20), "/v1/score", "wrapup"),
        (minutes(80), "/v1/contacts", None),
    ]


def test_a_score_request_holds_what_was_known_then(contacts):
    """At the start only arrival facts, at wrap-up no record that came late, surveys never."""
    start, _, wrapup, finished, late, _ = (event.body for event in events(contacts, ["a", "b"]))
    arrival = {
        "contact_id": "a",
        "customer_id": "w",
        "started_at": minutes(0).isoformat(),
        "queue": "billing",
        "attributes": {"region": "north"},
    }
    assert start == {"moment": "start", **arrival}
    assert wrapup["talk_s"] == 500.0
    assert wrapup["reason"] == "bill > due"
    assert "csat" not in wrapup
    assert "talk_s" not in late
    assert "reason" not in late
    assert finished["contacts"][0]["csat"] == 5.0
    assert finished["contacts"][0]["known_at"] == minutes(10).isoformat()


def test_contacts_that_are_not_judged_only_become_history(contacts):
    """A contact that is not to be scored is told when it is finished, and not before."""
    told = events(contacts, ["b"])
    assert [e.body["contact_id"] for e in told if e.path == "/v1/score"] == ["b", "b"]
    assert [e.body["contacts"][0]["contact_id"] for e in told if e.path == "/v1/contacts"] == [
        "a",
        "b",
    ]


class Service(BaseHTTPRequestHandler):
    """Accepts scores and refuses everything else."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200 if self.path == "/v1/score" else 503)
        answer = json.dumps({"contact_id": body.get("contact_id"), "detail": "no model"}).encode()
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object):
        """Say nothing."""


@pytest.fixture
def address():
    """Run a service that accepts scores only."""
    server = HTTPServer(("127.0.0.1", 0), Service)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_answers_come_back_with_their_times(address):
    """Each score request gets the service's answer and how long it took."""
    told = [Event(NINE, "/v1/score", {"contact_id": name}) for name in "ab"]
    done = []
    played = play(address, told, lambda: done.append(1))
    assert [answer["contact_id"] for answer in played.scores] == ["a", "b"]
    assert len(played.seconds) == len(done) == 2


def test_a_refusal_is_told_with_its_reason(address):
    """What the service does not take ends the replay with the service's own words."""
    with pytest.raises(UserError, match="no model"):
        play(address, [Event(NINE, "/v1/contacts", {"contacts": []})], lambda: None)
