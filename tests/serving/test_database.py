"""What both databases keep to: one state to a reader, nobody hangs, nothing personal in errors."""

import socket
import sqlite3
import time

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from recontact.errors import UserError
from recontact_serving.storage import checkpoints, tables
from recontact_serving.storage.checkpoints import Checkpoints
from recontact_serving.storage.database import Database, put, read_meta

only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def test_a_reader_sees_one_state_while_others_write(database, database_url):
    """What was read once in a transaction is read again, whatever was written since."""
    other = Database(database_url)
    with database.read() as db:
        assert read_meta(db, "colour") is None
        with other.write() as writing:
            put(writing, tables.meta, [{"name": "colour", "value": "blue"}])
        assert read_meta(db, "colour") is None
    with database.read() as db:
        assert read_meta(db, "colour") == "blue"
    other.close()


def test_an_error_of_the_database_tells_no_values(database):
    """What goes to the log names the statement, and not whom it was about."""
    wrong = text("select no_such_thing(:who)")
    with database.read() as db, pytest.raises(DBAPIError, match="no_such_thing") as caught:
        db.execute(wrong, {"who": "u-secret"})
    assert "u-secret" not in str(caught.value)


@only_postgresql
def test_a_statement_that_takes_too_long_is_given_up(database, database_url):
    """The limits are set on every connection; the address may say others."""
    with database.read() as db:
        told = [db.execute(text(f"show {name}")).scalar() for name in
                ("statement_timeout", "lock_timeout", "application_name")]  # fmt: skip
    assert told == ["20s", "10s", "recontact"]
    hasty = Database(f"{database_url}&options=-c%20statement_timeout%3D200&application_name=us")
    began = time.monotonic()
    with hasty.read() as db:
        assert db.execute(text("show application_name")).scalar() == "us"
    with hasty.read() as db, pytest.raises(OperationalError):
        db.execute(text("select pg_sleep(30)"))
    assert time.monotonic() - began < 10
    assert hasty.reachable()
    hasty.close()


def test_a_server_that_does_not_answer_is_one_clear_message():
    """Something listens and says nothing: it is given up after seconds."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(UserError, match="can't be opened") as caught:
            Database(f"postgresql://me:s3cret@127.0.0.1:{port}/db?connect_timeout=2")
    assert "RECONTACT_DATABASE_URL" in caught.value.mend
    assert "s3cret" not in str(caught.value)


@only_postgresql
def test_a_connection_that_was_cut_is_replaced(database):
    """A server that started again in between costs no request."""
    with database.read() as db:
        mine = db.execute(text("select pg_backend_pid()")).scalar()
    other = Database(str(database.url))
    with other.write() as db:
        db.execute(text(f"select pg_terminate_backend({mine})"))
    time.sleep(0.1)
    with database.read() as db:
        assert db.execute(select(1)).scalar() == 1
    other.close()


def test_a_connection_in_use_when_the_database_is_closed_is_closed_when_given_back(database_url):
    """None is put aside, where only the end of the process, or a warning, would close it."""
    database = Database(database_url)
    held = database.engine.raw_connection()
    driver = held.driver_connection
    database.close()
    driver.execute("SELECT 1")
    held.close()
    with pytest.raises((sqlite3.ProgrammingError, psycopg.OperationalError), match="closed"):
        driver.execute("SELECT 1")


def test_what_is_written_ahead_is_moved_beside_who_writes(tmp_path, monkeypatch):
    """A connection that leaves it to others writes its log full, and they move it."""
    file = tmp_path / "recontact.db"
    database = Database(f"sqlite:///{file}")
    raw = database.engine.raw_connection()
    driver = raw.driver_connection
    Checkpoints.leave_to_others(driver)
    for k in range(1_500):  # SQLite's own limit is 1,000 pages
        driver.execute("INSERT INTO meta VALUES (?, ?)", (f"m{k}", "x" * 4000))
    driver.execute("INSERT INTO meta VALUES ('last', 'written at last')")
    assert file.stat().st_size < 1_000_000
    monkeypatch.setattr(checkpoints, "EVERY_S", 0.01)
    moving = Checkpoints(database)
    moving.start()
    moving.due()
    until = time.monotonic() + 30
    while b"written at last" not in file.read_bytes() and time.monotonic() < until:
        time.sleep(0.02)
    moving.stop()
    assert b"written at last" in file.read_bytes()
    raw.invalidate()
    database.close()
