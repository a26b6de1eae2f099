"""A backup made while the service is written to opens, and holds all that was acknowledged."""

import datetime as dt
import json
import os
import shutil
import sqlite3
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from threading import Barrier

import pytest
from sqlalchemy import select
from tests.serving.postgres import tools

from recontact_serving.scoring import history
from recontact_serving.storage.database import Database
from recontact_serving.storage.tables import versions

T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def done(name, known=0):
    at = T0 + known * dt.timedelta(minutes=1)
    return {"contact_id": name, "customer_id": "u", "started_at": T0, "ended_at": T0,
            "known_at": at, "talk_s": float(known)}  # fmt: skip


@contextmanager
def written_to(url):
    """Contacts are recorded one by one all the time; gives the names of those acknowledged."""
    acknowledged, over = [], threading.Event()

    def write():
        database = Database(url)
        while not over.is_set():
            name = f"c{len(acknowledged)}"
            with database.write() as db:
                history.record(db, [done(name)], T0)
            acknowledged.append(name)
        database.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        while len(acknowledged) < 20:
            over.wait(0.01)
        yield acknowledged
    finally:
        over.set()
        thread.join(10)


def kept(url):
    database = Database(url)
    with database.read() as db:
        found = set(db.execute(select(versions.c.contact_id)).scalars())
    database.close()
    return found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # its own ways of copying
@pytest.mark.parametrize("way", ["VACUUM INTO", ".backup"])
def test_a_copy_of_sqlite_made_while_it_is_written_to(database_url, tmp_path, way):
    """Both ways of docs/operation.md."""
    copy = tmp_path / "copy.db"
    with written_to(database_url) as acknowledged:
        before = set(acknowledged)
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as db:
            if way == "VACUUM INTO":
                db.execute("VACUUM INTO ?", (str(copy),))
            else:
                with closing(sqlite3.connect(copy)) as target:
                    db.backup(target)  # what `.backup` of the program sqlite3 does
    assert before <= kept(f"sqlite:///{copy}")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # its own programs
def test_a_dump_of_postgresql_made_while_it_is_written_to(database_url, postgres_server, tmp_path):
    """`pg_dump` and `pg_restore` into an empty database, as docs/operation.md says."""
    dump = str(tmp_path / "recontact.dump")
    with written_to(database_url) as acknowledged:
        before = set(acknowledged)
        run("pg_dump", "--format=custom", f"--file={dump}", database_url)
    with postgres_server.empty() as url:
        run("pg_restore", "--no-owner", f"--dbname={url}", dump)
        assert before <= kept(url)


def run(tool, *words):
    found = shutil.which(tool) or str(tools() / tool)
    environ = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run([found, *words], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_records_of_one_contact_that_come_together_are_all_kept(database_url):
    """However many machines correct a contact at once, each version is there, in turn."""
    together = Barrier(4)

    def correct(known):
        database = Database(database_url)
        together.wait()
        with database.write() as db:
            history.record(db, [done("c", known)], T0)
        database.close()

    with ThreadPoolExecutor(4) as machines:
        list(machines.map(correct, range(4)))
    database = Database(database_url)
    with database.read() as db:
        rows = db.execute(select(versions).order_by(versions.c.known_at)).all()
    database.close()
    assert [json.loads(row.payload)["talk_s"] for row in rows] == [0, 1, 2, 3]
    assert [row.valid_to for row in rows[:-1]] == [row.valid_from for row in rows[1:]]
