"""What is older than the operator keeps goes, and nothing else does."""

import datetime as dt
import json

import pytest
from sqlalchemy import select

from recontact_pipelines.cli import main
from recontact_serving.people import accounts
from recontact_serving.scoring import history
from recontact_serving.storage import retention
from recontact_serving.storage.clock import micros
from recontact_serving.storage.database import put
from recontact_serving.storage.retention import forget_old
from recontact_serving.storage.tables import (
    actions,
    agent_actions,
    decisions,
    follow_ups,
    scores,
    sessions,
    versions,
)

NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)


def keys(database, table, column="contact_id"):
    with database.read() as db:
        return sorted(db.execute(select(table.c[column])).scalars())


def contact(name, ended, known=None):
    return {
        "contact_id": name,
        "customer_id": "u",
        "started_at": ended - 10 * MINUTE,
        "ended_at": ended,
        "known_at": known or ended,
    }


def score(name, at):
    told = {f"{o}_{part}": v for o in ("repeated", "escalation")
            for part, v in (("probability", 0.5), ("band", "high"))}  # fmt: skip
    plain = {"program": "", "customer_id": "u", "moment": "wrapup", "answer": "{}"}
    times = dict.fromkeys(("at", "scored_at", "started_at"), micros(at))
    return {**plain, **told, **times, "contact_id": name}


def decision(name, at):
    plain = {"program": "", "customer_id": "u", "moment": "wrapup", "explain": "auto"}
    kept = dict.fromkeys(("models", "features", "answer"), "{}")
    return {**plain, **kept, "contact_id": name, "scored_at": micros(at)}


def action(name, at):
    return {"contact_id": name, "program": "", "customer_id": "u", "sent_at": micros(at)}


def follow_up(name, at):
    told = {f"{o}_{part}": v for o in ("repeated", "escalation")
            for part, v in (("probability", 0.5), ("band", "high"))}  # fmt: skip
    plain = {"program": "", "customer_id": "u", "queue": "", "team": "", "state": "claimed"}
    times = dict.fromkeys(("at", "scored_at", "started_at", "changed_at"), micros(at))
    more = {"cost": 1.0, "disputed": False, "version": 1, "closes_at": micros(NOW)}
    return {**plain, **told, **times, **more, "contact_id": name}


def done(name, at):
    plain = {"program": "", "customer_id": "u", "who": "lea", "action": "claim"}
    kept = {"details": "{}", "before": "{}", "version": 1}
    return {**plain, **kept, "contact_id": name, "at": micros(at)}


@pytest.mark.parametrize(("table", "row"), [
    (scores, score), (decisions, decision), (agent_actions, action),
    (follow_ups, follow_up), (actions, done)])  # fmt: skip
def test_rows_go_when_they_are_older_than_the_days(database, table, row):
    """A row a microsecond older than the days goes, one of just the days stays."""
    least = dt.timedelta(microseconds=1)
    with database.write() as db:
        db.execute(table.insert(), [row("old", NOW - 30 * DAY - least), row("new", NOW - 30 * DAY)])
    assert forget_old(database, 30, NOW) == {table.name: 1}
    assert keys(database, table) == ["new"]
    assert forget_old(database, 30, NOW) == {}


def test_a_contact_goes_with_all_its_versions_and_by_its_last_one(database):
    """It is old by the end that its last version tells; one corrected into the days stays whole."""
    old, new = NOW - 31 * DAY, NOW - 29 * DAY
    with database.write() as db:
        told = [contact("gone", old), {**contact("gone", old, NOW), "csat": 1.0}]
        told += [contact("corrected", old), contact("corrected", new, NOW), contact("new", new)]
        history.record(db, told, NOW)
        for name, at in (("begun long ago", old), ("begun", new)):
            put(
                db,
                versions,
                [history.arrival({"contact_id": name, "customer_id": "u", "started_at": at})],
            )
        over_the_edge = contact("long", NOW - 30 * DAY + MINUTE)
        history.record(db, [over_the_edge], NOW)
    assert forget_old(database, 30, NOW) == {"contact_versions": 3}
    assert keys(database, versions) == ["begun", "corrected", "corrected", "long", "new"]


def test_sessions_that_have_expired_go_whatever_is_kept(database):
    """Nobody's session outlives its hours in the database."""
    with database.write() as db:
        accounts.add_user(db, "ada", "correct horse battery")
        row = {"user": "ada", "expires_at": micros(NOW), "seen_at": 0}
        ended = {**row, "expires_at": micros(NOW) - 1}
        db.execute(sessions.insert(), [{**row, "digest": "live"}, {**ended, "digest": "over"}])
    assert forget_old(database, None, NOW) == {"sessions": 1}
    assert keys(database, sessions, "digest") == ["live"]


def test_without_days_everything_stays(database):
    """By default nothing of the customers' is ever deleted."""
    with database.write() as db:
        history.record(db, [contact("a", NOW - 10_000 * DAY)], NOW)
        db.execute(scores.insert(), [score("a", NOW - 10_000 * DAY)])
    assert forget_old(database, None, NOW) == {}


def test_much_goes_in_small_transactions(database, monkeypatch):
    """No transaction deletes more than a few contacts: scores are written in between."""
    monkeypatch.setattr(retention, "AT_ONCE", 7)
    with database.write() as db:
        history.record(db, [contact(f"c{i}", NOW - 99 * DAY) for i in range(40)], NOW)
    sizes = []
    original = database.write

    def write():
        sizes.append(len(keys(database, versions)))
        return original()

    monkeypatch.setattr(database, "write", write)
    assert forget_old(database, 30, NOW) == {"contact_versions": 40}
    assert sizes == [40, 33, 26, 19, 12, 5]


def test_loading_deletes_what_is_older_and_says_what_that_costs(
    database, database_url, monkeypatch, capsys, tmp_path
):
    """`load --refresh` with RECONTACT_RETENTION_DAYS; too few days are told."""
    monkeypatch.setenv("RECONTACT_DATABASE_URL", database_url)
    monkeypatch.setenv("RECONTACT_MLFLOW_URI", f"sqlite:///{tmp_path}/none.db")
    monkeypatch.setenv("RECONTACT_RETENTION_DAYS", "30")
    today = dt.datetime.now(dt.UTC)
    with database.write() as db:
        told = [contact("old", today - 31 * DAY), contact("new", today - 29 * DAY)]
        history.record(db, told, today)
    assert main(["load", "--refresh", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["forgotten"] == {"contact_versions": 1}
    assert "features look back up to 90 days" in said.err
    assert keys(database, versions) == ["new"]
