"""`POST /v1/score` and `/v1/scores`: what they accept, record and answer."""

import datetime as dt

import pytest

from recontact.contacts import SCHEMA
from recontact_serving.web.schemas import Score, ScoreRequest

START = {
    "contact_id": "c1",
    "customer_id": "u1",
    "program": "acme",
    "moment": "start",
    "started_at": "2026-03-01T10:00:00Z",
    "at": "2026-03-01T10:00:00Z",
}
WRAPUP = {**START, "moment": "wrapup", "at": "2026-03-01T10:10:00Z"}
DONE = {
    "contact_id": "c0",
    "customer_id": "u1",
    "program": "acme",
    "started_at": "2026-03-01T08:00:00Z",
    "ended_at": "2026-03-01T08:10:00Z",
}


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def pointer(response) -> str:
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    return response.json()["errors"][0]["pointer"]


def test_the_answer_is_what_the_document_says(client):
    """Every field of the answer is there and of the described kind, and no other."""
    answer = client.post("/v1/score", json=WRAPUP)
    assert answer.status_code == 200
    Score.model_validate_json(answer.content)
    assert answer.json()["model"] == {"recontact-repeated": "1"}
    assert answer.json()["policy"] == "abc"


def test_the_request_knows_every_contact_column():
    """A column of the contacts table can be sent, with no exception."""
    assert set(SCHEMA.names) <= set(ScoreRequest.model_fields)


@pytest.mark.parametrize(
    ("moment", "at"),
    [("start", "10:00:00"), ("live", "10:10:00"), ("wrapup", "10:07:00")],
)
def test_each_moment_has_its_instant(client, models, moment, at):
    """A score is as of the start, of `at`, or of the end."""
    asked = {**WRAPUP, "moment": moment, "ended_at": "2026-03-01T10:07:00Z"}
    assert client.post("/v1/score", json=asked).json()["at"] == f"2026-03-01T{at}Z"
    assert models.seen[0]["at"] == utc(f"2026-03-01T{at}")


def test_the_end_is_at_by_default(client, models):
    """At wrap-up, a contact without `ended_at` ended at `at`."""
    client.post("/v1/score", json=WRAPUP)
    assert models.seen[0]["at"] == utc("2026-03-01T10:10:00")


def test_at_is_now_by_default(client):
    """Without `at`, a live score is as of the present."""
    asked = {**START, "moment": "live", "at": None}
    at = dt.datetime.fromisoformat(client.post("/v1/score", json=asked).json()["at"])
    assert abs(dt.datetime.now(dt.UTC) - at) < dt.timedelta(minutes=1)


def test_instants_without_a_zone_are_utc(client, models):
    """10:00, 10:00Z and 12:00+02:00 are one instant."""
    for text in ("2026-03-01T10:00", "2026-03-01 10:00:00Z", "2026-03-01T12:00:00+02:00"):
        client.post("/v1/score", json={**START, "started_at": text})
    assert {row["contact"]["started_at"] for row in models.seen} == {utc("2026-03-01T10:00")}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"at": "2026-03-01T09:59:59Z"}, "/at"),
        ({"ended_at": "2026-03-01T09:59:59Z"}, "/ended_at"),
        ({"started_at": "2126-03-01T10:00:00Z", "at": None}, "/started_at"),
        ({"started_at": "yesterday"}, "/started_at"),
        ({"started_at": 1772359200}, "/started_at"),
        ({"started_at": "0001-01-01T00:00:00+14:00"}, "/started_at"),
        ({"moment": "end"}, "/moment"),
        ({"contact_id": ""}, "/contact_id"),
        ({"contact_id": "a\x00b"}, "/contact_id"),
        ({"contact_id": 7}, "/contact_id"),
        ({"talk_s": "60"}, "/talk_s"),
        ({"talk_s": -1}, "/talk_s"),
        ({"hold_count": 1.5}, "/hold_count"),
        ({"tier": True}, "/tier"),
        ({"escalated": 1}, "/escalated"),
        ({"mood": "bad"}, "/mood"),
        ({"attributes": {"queue": "q"}}, "/attributes"),
        ({"explain": "maybe"}, "/explain"),
    ],
)
def test_a_bad_field_is_named(client, change, field):
    """What can't be right is refused, never read as something else, and the field is named."""
    asked = {**START, **change}
    assert pointer(client.post("/v1/score", json=asked)) == field
    assert client.get("/v1/at-risk").json()["items"] == []


NOT_GIVEN = "ended_at: not given, over a day after the start, so taken as 2026-03-02T10:00:01Z"
EARLY = "known_at: before the contact's own end, and taken as at the end"
AHEAD = "known_at: after the present instant"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        # an end that is not given is `at`: said where a contact that long is not to be expected
        ({"ended_at": "2026-03-01T10:09:00Z"}, []),
        ({}, []),
        ({"at": "2026-03-02T10:00:00Z"}, []),
        ({"at": "2026-03-02T10:00:01Z"}, [NOT_GIVEN]),
        ({"at": "2026-03-02T10:00:01Z", "ended_at": "2026-03-02T10:00:01Z"}, []),
        # a record known before its contact's end counts as one known at the end
        ({"ended_at": "2026-03-01T10:09:00Z", "known_at": "2026-03-01T10:09:00Z"}, []),
        ({"ended_at": "2026-03-01T10:09:00Z", "known_at": "2026-03-01T10:08:59Z"}, [EARLY]),
        ({"known_at": "2026-03-01T10:09:00Z"}, []),
        ({"known_at": "2026-03-01T09:59:59Z"}, [EARLY]),
        # one known ahead counts by how long that is after the end, which the scorer tells
        ({"known_at": 30}, []),
        ({"known_at": 120}, [AHEAD]),
        ({"known_at": 120, "at": None}, [AHEAD, "ended_at: not given"]),
        # and before the wrap-up it is used for nothing
        ({"moment": "live", "known_at": 120}, []),
        ({"moment": "start", "known_at": "2026-03-01T09:59:59Z"}, []),
    ],
)
def test_what_is_doubtful_about_the_instants_is_said(client, models, change, said):
    """The contract gives each a meaning, by which it is scored; `degraded` says that it did so."""
    if isinstance(seconds := change.get("known_at"), int):  # from now
        then = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
        change = {**change, "known_at": then.isoformat()}
    answer = client.post("/v1/score", json={**WRAPUP, **change}).json()
    assert len(answer["degraded"]) == len(said)
    assert all(any(found.startswith(one) for found in answer["degraded"]) for one in said)
    assert models.seen[0]["contact"].get("known_at") == (
        dt.datetime.fromisoformat(change["known_at"]) if "known_at" in change else None
    )


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999", '"\\ud800"', "1e308", "9" * 400])
def test_values_that_json_can_write_but_nobody_can_keep_are_refused(client, text):
    """Not-a-number, infinity, lone surrogates and numbers beyond all measure are refused."""
    body = '{"contact_id": "c", "moment": "start", "started_at": "2026-03-01T10:00:00Z", '
    whole = body + f'"attributes": {{"x": {text}}}}}'
    answer = client.post("/v1/score", content=whole, headers={"Content-Type": "application/json"})
    if "ud800" in text:  # JSON's readers do not agree whether that is JSON
        assert answer.status_code == 400
    else:
        assert pointer(answer).startswith("/attributes/x")


def test_a_contact_sees_the_others_of_its_customer_and_program_only(client, models):
    """History holds neither another customer's, nor another program's, nor its own contact."""
    others = [
        DONE,
        {**DONE, "contact_id": "stranger", "customer_id": "u2"},
        {**DONE, "contact_id": "elsewhere", "program": "other"},
        {**DONE, "contact_id": "no program", "program": None},
        {**DONE, "contact_id": "c1"},
    ]
    assert client.post("/v1/contacts", json={"contacts": others}).json()["accepted"] == 5
    client.post("/v1/score", json=START)
    assert [row["contact_id"] for row in models.seen[0]["history"]] == ["c0"]


def test_anonymous_callers_are_nobodys_history(client, models):
    """Contacts without a customer don't see each other."""
    asked = {**START, "customer_id": None}
    client.post(
        "/v1/score", json={**asked, "contact_id": "before", "started_at": "2026-03-01T09:00"}
    )
    client.post("/v1/score", json=asked)
    assert models.seen[1]["history"] == []


def test_a_contact_that_has_only_begun_is_seen_by_its_arrival_facts(client, models):
    """Scoring records that a contact started: the next one sees it, without an end."""
    first = {
        **START,
        "queue": "billing",
        "talk_s": 60,
        "notes": "x",
        "attributes": {"city": "Rome"},
    }
    client.post("/v1/score", json=first)
    client.post("/v1/score", json={**START, "contact_id": "c2", "started_at": "2026-03-01T10:30",
                                   "at": "2026-03-01T10:30"})  # fmt: skip
    assert models.seen[1]["history"] == [
        {
            "contact_id": "c1",
            "customer_id": "u1",
            "program": "acme",
            "queue": "billing",
            "city": "Rome",
            "started_at": utc("2026-03-01T10:00"),
            "ended_at": None,
            "known_at": None,
        }
    ]


def test_a_contact_of_the_same_instant_is_not_seen(client, models):
    """Only contacts that started strictly before the instant are history."""
    client.post("/v1/score", json={**START, "contact_id": "twin"})
    client.post("/v1/score", json=START)
    assert models.seen[1]["history"] == []


def test_a_finished_record_takes_the_place_of_the_arrival(client, models):
    """Once the record is there, a later score of the same contact does not undo it."""
    record = {**DONE, "contact_id": "c1", "talk_s": 5, "ended_at": "2026-03-01T10:10:00Z"}
    record["started_at"] = START["started_at"]
    later = {**START, "contact_id": "c2", "started_at": "2026-03-01T11:00", "at": None}
    client.post("/v1/score", json=START)
    client.post("/v1/contacts", json={"contacts": [record]})
    client.post("/v1/score", json=WRAPUP)
    client.post("/v1/score", json=later)
    assert [(row["contact_id"], row["talk_s"]) for row in models.seen[-1]["history"]] == [("c1", 5)]


def test_repeating_a_request_is_harmless(client):
    """The same request twice gives the same answer and one row of the list."""
    answers = [client.post("/v1/score", json=WRAPUP).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(client.get("/v1/at-risk").json()["items"]) == 1


def test_history_ends_at_the_five_hundredth_contact(client, models):
    """A shared number's endless history is cut to the latest 500 contacts."""
    began = utc("2026-01-01T00:00")
    many = [
        {**DONE, "contact_id": f"h{i}", "started_at": (began + dt.timedelta(hours=i)).isoformat(),
         "ended_at": (began + dt.timedelta(hours=i)).isoformat()}
        for i in range(600)
    ]  # fmt: skip
    client.post("/v1/contacts", json={"contacts": many})
    client.post("/v1/score", json=START)
    seen = [row["contact_id"] for row in models.seen[0]["history"]]
    assert seen == [f"h{i}" for i in range(599, 99, -1)]


def test_several_requests_answer_in_order_each_for_itself(client):
    """In `/v1/scores` a bad request has its problem in its place and harms no other."""
    bad = {**WRAPUP, "contact_id": "bad", "talk_s": -1}
    body = {"requests": [WRAPUP, bad, {}, None, [], "x", {**WRAPUP, "contact_id": "c9"}]}
    results = client.post("/v1/scores", json=body).json()["results"]
    assert [r["contact_id"] for r in results] == ["c1", "bad", None, None, None, None, "c9"]
    assert [r.get("status") for r in results] == [None, 422, 422, 422, 422, 422, None]
    alone = client.post("/v1/score", json={**WRAPUP, "contact_id": "c9"}).json()
    assert results[-1] == alone


def test_more_than_a_thousand_requests_are_refused(client):
    """`/v1/scores` takes 1,000 requests and not one more."""
    assert pointer(client.post("/v1/scores", json={"requests": [{}] * 1001})) == "/requests"


def test_without_a_model_there_is_no_score_but_a_time_to_come_back(start, settings, models):
    """No champion: 503 with Retry-After and the mend, until there is one."""
    models.trouble = "no champion yet"
    running = start(settings, models)
    for path, body in (("/v1/score", START), ("/v1/scores", {"requests": [START]})):
        answer = running.client.post(path, json=body)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert "no champion yet; train first" in answer.json()["detail"]
    models.trouble = ""
    running.service.champions.refresh()
    assert running.client.post("/v1/score", json=START).status_code == 200


def test_another_champion_is_taken_up_and_a_bad_one_is_not(running, models):
    """A new version answers from the next score on; trouble leaves the old one in place."""
    models.version = "2"
    running.service.champions.refresh()
    answer = running.client.post("/v1/score", json=START).json()
    assert answer["model"] == {"recontact-repeated": "2"}
    models.version, models.trouble = "3", "the file is damaged"
    running.service.champions.refresh()
    answer = running.client.post("/v1/score", json=START).json()
    assert answer["model"] == {"recontact-repeated": "2"}
    checks = running.client.get("/health/ready").json()["checks"]
    assert "the file is damaged" in checks["models"]["trouble"]
