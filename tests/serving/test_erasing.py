"""One customer is erased everywhere, and nobody else; nothing of it can be read afterwards."""

import datetime as dt
import io
import json
import random
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from recontact_pipelines.cli import main
from recontact_serving.people import accounts, keys
from recontact_serving.scoring import history
from recontact_serving.storage import tables
from recontact_serving.storage.erasing import TABLES, erase

T0 = dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def done(name, customer="u1", program="acme", hours=0, **more):
    at = T0 + hours * HOUR
    times = {"started_at": at, "ended_at": at, "known_at": at}
    return {"contact_id": name, "customer_id": customer, "program": program, **times, **more}


def asked(name, moment="wrapup", **who):
    return {"contact_id": name, "moment": moment, "started_at": T0.isoformat(),
            "at": (T0 + 2 * HOUR).isoformat(), **who}  # fmt: skip


def names(database, table, column="contact_id"):
    with database.read() as db:
        return sorted(db.execute(select(table.c[column])).scalars())


@pytest.fixture
def filled(running, database):
    """A service that knows of two customers of two programs, in every table."""
    with database.write() as db:
        history.record(db, [done("a"), done("b", hours=1), done("c", program="other")], T0)
        history.record(db, [done("d", "u2"), done("e", "u2", "other")], T0)
        for number, (name, customer) in enumerate([("a", "u1"), ("d", "u2")]):
            row = {"contact_id": name, "program": "acme", "customer_id": customer}
            db.execute(tables.agent_actions.insert(), {**row, "sent_at": number})
            noted = {"who": "lea", "action": "note", "details": "{}", "before": "{}", "version": 1}
            db.execute(tables.actions.insert(), {**row, **noted, "at": number})
    for name, customer in (("a", "u1"), ("d", "u2")):
        who = {"customer_id": customer, "program": "acme"}
        assert running.client.post("/v1/score", json=asked(name, **who)).status_code == 200
    # scored before anybody knew whose it was
    assert running.client.post("/v1/score", json=asked("a", "start")).status_code == 200
    return running.client


def test_every_table_that_names_customers_is_looked_into():
    """Those of which the program knows; a new one is found by its column."""
    assert {table.name for table in TABLES} == {
        *("contact_versions", "scores", "decisions", "agent_actions", "follow_ups", "actions"),
    }


def test_one_customer_is_erased_everywhere_and_nobody_else(filled, database):
    """History, list, log and actions, also what was kept while nobody knew whose it was."""
    before = {table.name: names(database, table) for table in TABLES}
    answer = filled.delete("/v1/customers/u1")
    assert answer.status_code == 200
    after = {table.name: names(database, table) for table in TABLES}
    for name, there in before.items():
        assert after[name] == [contact for contact in there if contact in {"d", "e"}]
        assert after[name], name
        assert answer.json()["erased"][name] == len(there) - len(after[name])
    assert "u1" not in filled.get("/v1/at-risk").text
    assert filled.delete("/v1/customers/u1").json() == {"erased": {}}


def test_only_as_a_customer_of_one_program(filled, database):
    """Another program's customer of the same name stays."""
    filled.delete("/v1/customers/u1", params={"program": "acme"})
    assert names(database, tables.versions) == ["c", "d", "e"]


def test_a_running_service_sees_nothing_of_it_and_puts_nothing_back(filled, models, database):
    """The customer's next contact is scored as a stranger's."""
    who = {"customer_id": "u1", "program": "acme"}
    filled.post("/v1/score", json=asked("x", **who))
    assert len(models.seen[-1]["history"]) == 2
    filled.delete("/v1/customers/u1")
    filled.post("/v1/score", json=asked("y", **who))
    assert models.seen[-1]["history"] == []
    assert names(database, tables.versions) == ["d", "e", "y"]


def test_a_contact_that_became_another_customers_stays_theirs(database):
    """Versions of the erased go; the others follow each other as if these had never been."""
    with database.write() as db:
        told = [done("a", "u1"), done("a", "u2", csat=1.0), done("a", "u1"), done("a", "u2")]
        for hour, version in enumerate(told):
            history.record(db, [{**version, "known_at": T0 + hour * HOUR, "talk_s": hour}], T0)
    assert erase(database, "u1") == {"contact_versions": 2}
    seen = []
    with database.read() as db:
        for hour in (1, 2, 3, 4):
            who = {"contact_id": "x", "customer_id": "u2", "program": "acme"}
            (row,) = history.of_customer(db, who, T0 + hour * HOUR)
            seen.append(row["talk_s"])
    assert seen == [1, 1, 1, 3]


@pytest.mark.parametrize(("limits", "query", "status"), [
    ({"scopes": ["score", "read"]}, {}, 403),
    ({"scopes": ["ingest"]}, {}, 200),
    ({"scopes": ["ingest"], "programs": ["acme"]}, {}, 403),
    ({"scopes": ["ingest"], "programs": ["acme"]}, {"program": "other"}, 403),
    ({"scopes": ["ingest"], "programs": ["acme"]}, {"program": "acme"}, 200),
    ({"scopes": ["ingest"], "teams": ["north"]}, {"program": "acme"}, 403),
])  # fmt: skip
def test_a_key_erases_within_its_limits(start, settings, models, database, limits, query, status):
    """Scope `ingest`; a key of some programs has to name one of its own, one of teams can't."""
    with database.write() as db:
        key = keys.add(db, "erasing", **limits)
        history.record(db, [done("a")], T0)
    client = start(replace(settings, auth=True), models).client
    bearer = {"Authorization": f"Bearer {key}"}
    assert client.delete("/v1/customers/u1", params=query, headers=bearer).status_code == status
    assert names(database, tables.versions) == ([] if status == 200 else ["a"])


def test_names_with_slashes_can_be_erased(client, database):
    """An id is whatever the source calls the customer."""
    with database.write() as db:
        history.record(db, [done("a", "crm/17 ü")], T0)
    answer = client.delete("/v1/customers/crm%2F17%20%C3%BC")
    assert answer.json() == {"erased": {"contact_versions": 1}}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # reads the file's bytes
def test_nothing_of_it_is_left_in_the_file(database, database_url, monkeypatch, capsys):
    """After the command neither the file nor its log holds a byte of it, however rows had moved."""
    draw = random.Random(5)  # noqa: S311 - an example, always the same
    customers = [f"marker{draw.randrange(16**10):010x}z" for _ in range(120)]
    for _ in range(20):
        with database.write() as db:
            told = [done(f"c{draw.randrange(900)}", name, hours=draw.randrange(999),
                         notes=name + "x" * draw.randrange(900))
                    for name in draw.choices(customers, k=60)]  # fmt: skip
            history.record(db, told, T0)
    kept, gone = customers[60:], customers[:60]
    monkeypatch.setenv("RECONTACT_DATABASE_URL", database_url)
    for name in gone[:-1]:
        erase(database, name)
    assert main(["erase", gone[-1], "--yes"]) == 0
    assert "erased: " in capsys.readouterr().out
    file = database_url.removeprefix("sqlite:///")
    ends = [end for end in ("", "-wal") if Path(file + end).exists()]
    there = b"".join(Path(file + end).read_bytes() for end in ends)
    assert [name for name in gone if name.encode() in there] == []
    assert sum(name.encode() in there for name in kept) > 50


def test_the_command_asks_first_and_tells_what_went(database, database_url, monkeypatch, capsys):
    """Without a terminal it wants --yes; then it says how many rows of what."""
    with database.write() as db:
        history.record(db, [done("a"), done("b", "u2")], T0)
        accounts.add_user(db, "ada", "correct horse battery")
    monkeypatch.setenv("RECONTACT_DATABASE_URL", database_url)
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert main(["erase", "u1"]) == 1
    assert "--yes" in capsys.readouterr().err
    assert names(database, tables.versions) == ["a", "b"]
    assert main(["erase", "u1", "--program", "acme", "--yes", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said == {"customer_id": "u1", "program": "acme", "rewritten": True,
                    "erased": {"contact_versions": 1}}  # fmt: skip
    assert main(["erase", "u1", "--yes", "--no-rewrite"]) == 0
    said = capsys.readouterr()
    assert "nothing was kept" in said.out
    assert "until `recontact erase` rewrites them" in said.err
    assert names(database, tables.versions) == ["b"]


def test_no_database_is_made_to_erase_from(tmp_path, monkeypatch, capsys):
    """A wrong address is one clear message."""
    monkeypatch.setenv("RECONTACT_DATABASE_URL", f"sqlite:///{tmp_path}/none.db")
    assert main(["erase", "u1", "--yes"]) == 1
    assert "there is no database" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
