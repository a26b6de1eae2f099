"""Scores of the log are given again, byte by byte; what was changed since is told."""

import datetime as dt

import orjson
import pytest
from sqlalchemy import delete, insert, select, update
from tests.serving.conftest import KINDS, _run

from recontact.probes import DEFAULT, Probes
from recontact_serving.models.registry import Registry
from recontact_serving.scoring.decisions import OURS
from recontact_serving.scoring.loading import load, refresh
from recontact_serving.scoring.replay import replay
from recontact_serving.settings import Settings
from recontact_serving.storage.clock import micros
from recontact_serving.storage.database import Database
from recontact_serving.storage.tables import decisions

NEVER_SENT = ("known_at", "interaction_id", "csat", "nps", "ces", "survey_resolved")
SCORED = 20


@pytest.fixture(scope="module", params=KINDS)
def scored(followed, simulated, new_database, request):
    """The database of a service with real models that has scored some calls at all moments."""
    with new_database(request.param) as url:
        database = Database(url)
        load(database, simulated)
        refresh(database, followed, simulated)
        last = simulated.sort_by("ended_at").slice(len(simulated) - SCORED).to_pylist()
        settings = Settings(url, followed, auth=False)
        with _run(settings, Registry(Database(url), followed)) as running:
            for row in last:
                for moment in ("start", "live", "wrapup"):
                    for explain in ("auto", "always"):
                        body = {**_request(row, moment), "explain": explain}
                        assert running.client.post("/v1/score", json=body).status_code == 200
        yield database
        database.close()


@pytest.fixture
def logged(scored):
    """The same; the log is put back in order afterwards."""
    with scored.read() as db:
        rows = [dict(row) for row in db.execute(select(decisions)).mappings()]
    yield scored
    with scored.write() as db:
        db.execute(delete(decisions))
        db.execute(insert(decisions), rows)


def _request(row, moment):
    known = {k: v for k, v in row.items() if v is not None and k not in NEVER_SENT}
    plain = {k: v.isoformat() if isinstance(v, dt.datetime) else v for k, v in known.items()}
    if moment != "wrapup":
        names = ("contact_id", "customer_id", "program", "queue", "reason", "started_at")
        plain = {name: plain[name] for name in names if name in plain}
    return {**plain, "moment": moment, "at": row["ended_at"].isoformat()}


def test_every_score_is_given_again_unless_something_was_changed(logged, trained):
    """All are the same; another answer, other questions and a model that is gone are told."""
    found = replay(logged, trained, DEFAULT)
    assert found.scores == found.same == SCORED * 6
    assert not found.gone

    assert replay(logged, trained, DEFAULT, last=7).scores == 7
    late = micros(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    assert replay(logged, trained, DEFAULT, since=late).scores == 0

    with logged.read() as db:
        first = db.execute(decisions.select().order_by(decisions.c.seq)).first()
    answer = orjson.loads(first.answer)
    answer["repeated"]["probability"] += 1e-12
    with logged.write() as db:
        named = decisions.c.seq == first.seq
        db.execute(update(decisions).where(named).values(answer=orjson.dumps(answer).decode()))
    found = replay(logged, trained, DEFAULT)
    assert found.differ == 1
    parts = {"seq": first.seq, "contact_id": first.contact_id, "moment": "start"}
    assert found.differing == [{**parts, **OURS, "parts": ["repeated"]}]

    found = replay(logged, trained, Probes({"any": "Anything else?"}))
    assert found.differ > SCORED
    assert all("next_issues: probe" in one["parts"] for one in found.differing)

    with logged.write() as db:
        gone = first.models.replace(orjson.loads(first.models)["recontact-repeated"], "77")
        db.execute(update(decisions).values(models=gone))
    found = replay(logged, trained, DEFAULT)
    assert found.same == found.differ == 0
    assert sum(found.gone.values()) == SCORED * 6


def test_words_of_another_version_are_told_apart_from_what_was_changed(logged, trained):
    """Other words are named; those of another version, or an unknown one, are no fault of a log."""
    with logged.read() as db:
        rows = db.execute(select(decisions).order_by(decisions.c.seq)).all()
    reasoned = [row for row in rows if orjson.loads(row.answer)["reasons"]][:4]

    def keep(row, version, **changes):
        answer, models = orjson.loads(row.answer), orjson.loads(row.models)
        assert models.pop("recontact") == OURS["recontact"]
        answer["reasons"][0] |= changes
        values = {"answer": orjson.dumps(answer).decode(),
                  "models": orjson.dumps(models | version).decode()}  # fmt: skip
        with logged.write() as db:
            db.execute(update(decisions).where(decisions.c.seq == row.seq).values(values))

    other = {"recontact": "9.9"}
    keep(reasoned[0], other, text="in other words")
    keep(reasoned[1], {}, text="in other words")
    keep(reasoned[2], other, text="in other words", effect=0.123)
    keep(reasoned[3], OURS, text="in other words")
    found = replay(logged, trained, DEFAULT)
    assert found.reworded == {"9.9": 1, "0.1.0 or earlier": 1}
    assert found.same == SCORED * 6 - 4
    told = {one["seq"]: (one["recontact"], one["parts"]) for one in found.differing}
    assert told == {
        reasoned[2].seq: ("9.9", ["reasons"]),
        reasoned[3].seq: (OURS["recontact"], ["reasons: text"]),
    }
