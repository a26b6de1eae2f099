"""The service with real models from a real registry: what it answers is what the batch says."""

import datetime as dt
import time
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from recontact_serving.models.registry import Registry
from recontact_serving.scoring.loading import load, refresh
from recontact_serving.storage.database import Database
from recontact_serving.web.schemas import Score

SURVEY = ("csat", "nps", "ces", "survey_resolved")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def kind(request):
    """The kind of database."""
    return request.param


@pytest.fixture(scope="module")
def real(followed, simulated, kind, new_database):
    """Settings of a service whose history is the simulated contact centre."""
    from recontact_serving.settings import Settings

    with new_database(kind) as url:
        # On a busy machine a day's arrivals, which each score here reads anew, take their time.
        settings = Settings(url, followed, auth=False, time_limit_ms=60_000)
        database = Database(url)
        assert load(database, simulated).accepted == len(simulated)
        assert refresh(database, followed, simulated).trouble == ""
        database.close()
        yield settings


@pytest.fixture
def another_url(kind, new_database):
    """The address of a database without history."""
    with new_database(kind) as url:
        yield url


@pytest.fixture
def running(start, real):
    return start(real, Registry(Database(real.database_url), real.mlflow_uri))


def asked(contact: dict[str, Any], moment: str, known: dict[str, str]) -> dict[str, Any]:
    """Make the request that a desktop would send at a moment."""
    sent = {
        name: value.isoformat() if isinstance(value, dt.datetime) else value
        for name, value in contact.items()
        if value is not None
        and name not in SURVEY
        and (known.get(name) == "start" or moment == "wrapup")  # late records too
    }
    keys = ("started_at",) if moment == "start" else ("started_at", "ended_at")
    sent |= {name: contact[name].isoformat() for name in keys}
    end = contact["started_at"] if moment == "start" else contact["ended_at"]
    return {**sent, "contact_id": contact["contact_id"], "moment": moment, "at": end.isoformat()}


def test_ready_names_both_models_and_the_rates(running):
    """Both champions with their versions, the policy's digest, rates of the same policy."""
    checks = running.client.get("/health/ready").json()["checks"]
    assert checks["models"]["models"] == {"recontact-repeated": "1", "recontact-escalation": "1"}
    assert checks["models"]["policy"]
    assert checks["rates"]["ok"]
    assert checks["rates"]["up_to"]


@pytest.mark.parametrize("moment", ["start", "wrapup"])
def test_the_service_answers_what_the_batch_says(running, simulated, trained, moment):
    """Probability and band over HTTP, from stored history, are those of `recontact score`."""
    from recontact.model.batch import score
    from recontact.tracking import load_bundles

    bundles = load_bundles(uri=trained)
    known = bundles["repeated"].known_from
    batch = score(simulated, bundles, moment).sort_by("at").to_pylist()[-60:]
    contacts = {row["contact_id"]: row for row in simulated.to_pylist()}
    for row in contacts.values():
        row["known_at"] = row["known_at"] or row["ended_at"]
    requests = [asked(contacts[row["contact_id"]], moment, known) for row in batch]
    answers = running.client.post("/v1/scores", json={"requests": requests}).json()["results"]
    for row, answer in zip(batch, answers, strict=True):
        Score.model_validate(answer)
        assert answer["contact_id"] == row["contact_id"]
        assert dt.datetime.fromisoformat(answer["at"]) == row["at"]
        for outcome in ("repeated", "escalation"):
            assert answer[outcome]["band"] == row[f"{outcome}_band"]
            assert answer[outcome]["probability"] == pytest.approx(
                row[f"{outcome}_probability"], abs=1e-12
            )


def test_reasons_come_as_asked(running, simulated):
    """At most three an outcome, in words; none when never asked for."""
    contact = simulated.to_pylist()[-1]
    base = {
        "contact_id": "new",
        "customer_id": contact["customer_id"],
        "program": contact["program"],
        "moment": "wrapup",
        "started_at": contact["ended_at"].isoformat(),
        "at": (contact["ended_at"] + dt.timedelta(minutes=9)).isoformat(),
        "escalated": True,
    }
    always = running.client.post("/v1/score", json={**base, "explain": "always"}).json()
    assert always["escalation"] == {"probability": 1.0, "band": "already"}
    for outcome in ("repeated", "escalation"):
        texts = [r["text"] for r in always["reasons"] if r["outcome"] == outcome]
        assert 1 <= len(texts) <= 3
        assert not any("_" in text for text in texts)
    never = running.client.post("/v1/score", json={**base, "explain": "never"}).json()
    assert never["reasons"] == []
    assert never["repeated"] == always["repeated"]


def test_what_is_missing_is_said(running):
    """An anonymous caller in a queue never seen is scored, and both are named."""
    asked = {"contact_id": "x", "moment": "start", "started_at": "2026-05-01T10:00:00Z"}
    answer = running.client.post("/v1/score", json={**asked, "queue": "brand new"})
    Score.model_validate_json(answer.content)
    degraded = answer.json()["degraded"]
    assert any("brand new" in text for text in degraded)
    assert any("customer" in text for text in degraded)


def test_a_history_that_is_cut_is_said(running):
    """Of a customer with very many contacts the latest 500 count; with one fewer, nothing is."""
    many = [
        {
            "contact_id": f"deep{n}",
            "customer_id": "deep",
            "channel": "voice",
            "started_at": f"2026-04-{1 + n // 24:02}T{n % 24:02}:00:00Z",
            "ended_at": f"2026-04-{1 + n // 24:02}T{n % 24:02}:05:00Z",
        }
        for n in range(500)
    ]
    asked = {"contact_id": "now", "customer_id": "deep", "moment": "start"}
    asked["started_at"] = "2026-05-01T10:00:00Z"
    cut = "history: only the latest 500 contacts are looked at"
    for taken, said in ((many[:499], False), (many[499:], True)):
        assert running.client.post("/v1/contacts", json={"contacts": taken}).status_code == 200
        answer = running.client.post("/v1/score", json=asked).json()
        assert (cut in answer["degraded"]) is said


def test_rates_loaded_later_are_taken_up(start, real, another_url, simulated):
    """A service that starts with an empty history says so, until the history is loaded."""
    settings = replace(real, database_url=another_url)
    running = start(settings, Registry(Database(settings.database_url), settings.mlflow_uri))
    asked = {"contact_id": "x", "moment": "start", "started_at": "2026-05-01T10:00:00Z"}
    before = running.client.post("/v1/score", json=asked).json()["degraded"]
    assert any(text.startswith("rates") for text in before)
    load(running.service.database, simulated.slice(0, 500))
    refresh(running.service.database, settings.mlflow_uri)
    until, after = time.monotonic() + 60, before  # another refresh may be under way
    while any(text.startswith("rates") for text in after) and time.monotonic() < until:
        running.service.champions.refresh()
        after = running.client.post("/v1/score", json=asked).json()["degraded"]
    assert not any(text.startswith("rates") for text in after)


def test_a_record_that_comes_late_is_said_to_be_left_out(running, simulated):
    """What a wrap-up tells hours later moves no score, and the answer says so."""
    contact = simulated.to_pylist()[-1]
    ended = contact["ended_at"]
    base = {
        "contact_id": "new",
        "customer_id": contact["customer_id"],
        "program": contact["program"],
        "moment": "wrapup",
        "started_at": (ended - dt.timedelta(minutes=9)).isoformat(),
        "ended_at": ended.isoformat(),
        "known_at": (ended + dt.timedelta(hours=5)).isoformat(),
    }
    told = {"transfer_count": 3, "dropped": True, "disposition": "line_lost", "escalated": True}
    plain = running.client.post("/v1/score", json=base).json()
    late = running.client.post("/v1/score", json=base | told).json()
    in_time = running.client.post("/v1/score", json=base | told | {"known_at": base["ended_at"]})
    assert late == plain
    assert late["degraded"][0].startswith("known_at: over 15 min after the end")
    assert in_time.json()["escalation"] == {"probability": 1.0, "band": "already"}
    assert not any(said.startswith("known_at") for said in in_time.json()["degraded"])


def test_records_known_early_late_or_ahead_count_as_in_the_batch(running, simulated, trained):
    """Whenever a record was known, its wrap-up counts live where it counts in `recontact score`."""
    from recontact.model.batch import score
    from recontact.tracking import load_bundles

    bundles = load_bundles(uri=trained)
    end = max(row["ended_at"] for row in simulated.to_pylist())
    just = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)
    cases = [  # the end, seconds from it until the record was known, and whether it is used
        (end, -3600, True),
        (end, 0, True),
        (end, 900, True),
        (end, 900.000001, False),
        (just, 840, True),
        (just, 86_400, False),
    ]
    judged = {"channel": "voice", "direction": "inbound", "handled": True}.items()
    base = next(row for row in simulated.to_pylist() if row["reason"] and judged <= row.items())
    told = [
        {
            **base,
            "contact_id": f"when-{k}",
            "customer_id": f"whose-{k}",
            "started_at": ended - dt.timedelta(minutes=5),
            "ended_at": ended,
            "known_at": ended + dt.timedelta(seconds=after),
            "escalated": True,
        }
        for k, (ended, after, _) in enumerate(cases)
    ]
    more = pa.Table.from_pylist(told, simulated.schema)
    batch = score(pa.concat_tables([simulated, more]), bundles, "wrapup").to_pylist()
    batch = {row["contact_id"]: row for row in batch}
    requests = [asked(one, "wrapup", bundles["repeated"].known_from) for one in told]
    answers = running.client.post("/v1/scores", json={"requests": requests}).json()["results"]
    rows = [batch[one["contact_id"]] for one in told]
    for found in (
        [(row["escalation_band"], row["repeated_probability"]) for row in rows],
        [(a["escalation"]["band"], a["repeated"]["probability"]) for a in answers],
    ):
        assert [band == "already" for band, _ in found] == [used for _, _, used in cases]
        assert len({chance for _, chance in found[:3]}) == 1  # all as if known at the end
