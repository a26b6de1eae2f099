"""What the operator sees: liveness, readiness, metrics, settings and clear refusals."""

import datetime as dt
import time
from pathlib import Path

import pytest
import structlog

from recontact.errors import UserError
from recontact.features.declared import Feature
from recontact.features.measures import Judged
from recontact.features.moments import KNOWN_FROM
from recontact.policy import Policy
from recontact_serving.hourly import rates
from recontact_serving.scoring import history
from recontact_serving.server import listen
from recontact_serving.settings import Settings
from recontact_serving.storage.clock import micros
from recontact_serving.storage.database import Database

WRAPUP = {
    "contact_id": "c",
    "moment": "wrapup",
    "started_at": "2026-03-01T10:00:00Z",
    "at": "2026-03-01T10:10:00Z",
    "attributes": {"repeated": 0.5, "escalation": 0.3},
}


def test_ready_tells_which_models_are_in_use(client):
    """Ready: models with versions, policy, and that no rates are there yet."""
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    checks = answer.json()["checks"]
    assert checks["database"]["ok"]
    assert checks["models"]["models"] == {"recontact-repeated": "1"}
    assert checks["models"]["policy"] == "abc"
    assert "recontact load" in checks["rates"]["trouble"]


def test_not_ready_tells_what_is_missing_and_the_mend(start, settings, models):
    """Without a champion: 503, a problem, Retry-After; the process is live all the same."""
    models.trouble = "no champion yet"
    client = start(settings, models).client
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"]
    assert answer.json()["detail"] == "no champion yet; train first"
    assert answer.json()["checks"]["database"]["ok"]
    assert client.get("/health/live").json() == {"status": "live"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # damages its file
def test_not_ready_when_the_database_is_gone(running, settings):
    """Without its database the service is not ready; scores are given all the same."""
    running.service.database.close()
    file = settings.database_url.removeprefix("sqlite:///")
    with open(file, "r+b") as damaged:
        damaged.write(b"not a database, not a database, not a database")
    for end in ("-wal", "-shm"):
        open(file + end, "wb").close()
    answer = running.client.get("/health/ready")
    assert answer.status_code == 503
    assert not answer.json()["checks"]["database"]["ok"]
    answer = running.client.post("/v1/score", json={**WRAPUP, "customer_id": "u"})
    assert answer.status_code == 200
    missing = [text.split(":")[0] for text in answer.json()["degraded"]]
    assert missing == ["history", "log"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_score_is_in_the_file_itself_soon_after_its_commit(running, settings):
    """What is written ahead is moved by a thread that the commit tells; without a further one."""
    file = Path(settings.database_url.removeprefix("sqlite:///"))
    told = {**WRAPUP, "contact_id": "c-moved-by-and-by"}
    assert running.client.post("/v1/score", json=told).status_code == 200
    until = time.monotonic() + 30
    while b"c-moved-by-and-by" not in file.read_bytes() and time.monotonic() < until:
        time.sleep(0.05)
    assert b"c-moved-by-and-by" in file.read_bytes()


def test_metrics_count_requests_scores_and_stages(client):
    """Requests by route and status, scores by band, seconds by stage."""
    client.post("/v1/score", json=WRAPUP)
    client.get("/v1/nothing/c-17")
    page = client.get("/metrics").text
    assert 'recontact_scores_total{band="high",moment="wrapup",outcome="repeated"} 1.0' in page
    assert 'recontact_scores_total{band="medium",moment="wrapup",outcome="escalation"} 1.0' in page
    assert 'recontact_stage_seconds_count{stage="history"} 1.0' in page
    assert 'route="/v1/score",status="200"} 1.0' in page
    assert 'recontact_model{name="recontact-repeated",version="1"} 1.0' in page
    assert "c-17" not in page


def test_the_log_tells_no_personal_data(client):
    """One line a request: method, route, status and time; neither who nor what about."""
    private = {"contact_id": "c-secret", "customer_id": "u-secret", "notes": "n-secret"}
    with structlog.testing.capture_logs() as lines:
        client.post("/v1/score", json={**WRAPUP, **private})
        client.get("/v1/at-risk", params={"team": "t-secret"})
        client.get("/v1/p-secret")
        until = time.monotonic() + 10
        while len(lines) < 3 and time.monotonic() < until:
            time.sleep(0.01)  # a line is written just after its answer has gone out
    assert [line["route"] for line in lines] == ["/v1/score", "/v1/at-risk", "none"]
    assert [line["status"] for line in lines] == [200, 200, 404]
    assert "secret" not in str(lines)


def test_settings_come_from_the_environment():
    """Each variable is read; what the command says goes before."""
    environ = {
        "RECONTACT_DATABASE_URL": "sqlite:///x.db",
        "RECONTACT_MLFLOW_URI": "sqlite:///m.db",
        "RECONTACT_HOST": "::1",
        "RECONTACT_PORT": "81",
        "RECONTACT_AUTH": "off",
    }
    read = Settings.read(environ)
    assert read == Settings("sqlite:///x.db", "sqlite:///m.db", "::1", 81, auth=False)
    assert Settings.read(environ, host="localhost", port=0).port == 0
    assert Settings.read({}) == Settings("sqlite:///recontact.db", None, "127.0.0.1", 8000, True)


@pytest.mark.parametrize(
    "environ",
    [{"RECONTACT_PORT": "x"}, {"RECONTACT_PORT": "70000"}, {"RECONTACT_AUTH": "no"}],
)
def test_a_bad_setting_is_named(environ):
    """The message names the variable."""
    with pytest.raises(UserError, match=next(iter(environ))):
        Settings.read(environ)


@pytest.mark.parametrize(
    "url",
    ["nonsense", "mysql://x/y", "unknown://x", "sqlite:////no/such/folder/recontact.db"],
)
def test_a_bad_database_address_is_one_clear_message(url):
    """An address that can't be used ends in a message that names the variable."""
    with pytest.raises(UserError) as caught:
        Database(url)
    assert "RECONTACT_DATABASE_URL" in str(caught.value)


def test_a_port_in_use_is_one_clear_message():
    """The second service on a port is refused with the mend."""
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"port {port} on 127.0.0.1 is in use") as caught:
            listen("127.0.0.1", port)
    assert "--port" in caught.value.mend


def test_rates_of_another_policy_are_not_used(database):
    """Rates are read under the digest that they were built with, and under no other."""
    t0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    contacts = [
        {
            "contact_id": f"c{i}",
            "customer_id": "u",
            "reason": "billing",
            "queue": "q",
            "started_at": t0 + dt.timedelta(days=i),
            "ended_at": t0 + dt.timedelta(days=i),
            "known_at": t0 + dt.timedelta(days=i),
        }
        for i in range(10)
    ]
    with database.write() as db:
        history.record(db, contacts, t0)
    assert rates.rebuild(database, Policy(), KNOWN_FROM) == 10
    with database.read() as db:
        found, following = rates.read(db, Policy().digest)
        settled = found.daily.on("queue", None, "q", 99_999)
        assert (settled["judged", "repeated"], settled["rate", "repeated"]) == (8, 1.0)
        assert following.probable("billing")[0]["reason"] == "billing"
        assert not rates.read(db, "another")[0].daily.counts


def test_what_your_own_features_look_up_is_learnt_too(database):
    """Figures of an extra column, asked for by a feature of the champion, come from the history."""
    t0 = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    told = {"customer_id": "u", "reason": "billing", "region": "north"}
    with database.write() as db:
        for day in range(10):
            at = dict.fromkeys(("started_at", "ended_at", "known_at"), t0 + dt.timedelta(days=day))
            history.record(db, [{"contact_id": f"c{day}", **told, **at}], t0)
    mine = Feature("region_judged", Judged("region"), "settled contacts of the region")
    rates.rebuild(database, Policy(), {**KNOWN_FROM, "region": "start"}, [mine])
    with database.read() as db:
        found, _ = rates.read(db, Policy().digest)
    assert found.daily.on("region", None, "north", 99_999)["judged", "repeated"] == 8


def test_what_is_usual_far_back_is_not_told_from_weeks_that_were_dropped(database):
    """The service keeps the last weeks only; before them the record begins, as in batch."""
    weeks = [
        dt.datetime(2026, 1, 5, 9, 30, tzinfo=dt.UTC) + dt.timedelta(weeks=k) for k in range(20)
    ]
    told = {"customer_id": "u", "reason": "billing", "queue": "q"}
    with database.write() as db:
        for k, at in enumerate(weeks):
            times = dict.fromkeys(("started_at", "ended_at", "known_at"), at)
            history.record(db, [{"contact_id": f"c{k}", **told, **times}], weeks[0])
    rates.rebuild(database, Policy(), KNOWN_FROM)
    with database.read() as db:
        found, _ = rates.read(db, Policy().digest)
    usual = [found.loads.usual_at("queue", 60, None, "q", micros(at)) for at in weeks]
    assert usual[19] == usual[12] == 1.0
    assert usual[5] is None
