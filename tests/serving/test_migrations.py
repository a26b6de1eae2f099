"""The tables are made and brought up to date by steps, and nothing that is kept gets lost."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text

from recontact.errors import UserError
from recontact_serving.people import keys
from recontact_serving.scoring import history
from recontact_serving.storage import migrations, tables
from recontact_serving.storage.clock import instant
from recontact_serving.storage.database import Database, put, read_meta
from recontact_serving.storage.engines import engine_of, url_of

VERSION_2 = (Path(__file__).parent / "version_2.sql").read_text()
KEPT = ("users", "scores", "daily", "hourly")
pytestmark = [  # SQLite does not tell what is computed for an index
    pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based"),
    pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based"),
]
ADDED = {"role", "programs", "teams", "agent_id", "subject"}  # to users


@pytest.fixture
def old(empty_url):
    """The address of a filled database from before there were steps."""
    engine = engine_of(url_of(empty_url))
    with engine.begin() as db:
        for statement in VERSION_2.split(";\n")[:-1]:
            db.exec_driver_sql(statement)
    engine.dispose()
    return empty_url


def rows(db, table):
    names = [name for name in table.columns.keys() if name not in ADDED or table.name != "users"]  # noqa: SIM118 - names
    columns = ", ".join(f'"{name}"' for name in names)
    return sorted(map(str, db.execute(text(f"select {columns} from {table.name}"))))  # noqa: S608


def differences(database):
    with database.read() as db:
        options = {"version_table": migrations.TABLE, "compare_type": True}
        return compare_metadata(MigrationContext.configure(db, opts=options), tables.metadata)


def test_the_steps_lead_to_the_tables_that_the_program_uses(empty_url):
    """A database that was made by the steps differs in nothing from `storage.tables`."""
    database = Database(empty_url)
    assert differences(database) == []
    with database.read() as db:
        assert migrations.found(db) == migrations.HEAD == migrations.scripts().get_current_head()
    database.close()


def test_a_filled_old_database_is_brought_up_with_nothing_lost(old):
    """Version 2: people, sessions, scores and rates stay as they are, versions get their stamps."""
    engine = engine_of(url_of(old))
    with engine.connect() as db:
        before = {name: rows(db, tables.metadata.tables[name]) for name in KEPT}
    engine.dispose()
    database = Database(old)
    assert differences(database) == []
    with database.read() as db:
        assert before == {name: rows(db, tables.metadata.tables[name]) for name in KEPT}
        assert all(before.values())
        assert read_meta(db, "rates_policy") == "abc"
        at = instant(1772362800000000)
        (seen,) = history.of_customer(
            db, {"contact_id": "x", "program": "acme", "customer_id": "u1"}, at
        )
        assert (seen["contact_id"], seen["csat"]) == ("c1", 2.0)
        assert seen["reason"] == "Rechnung für März"
        stamps = {row.contact_id + str(row.known_at): row.stamp for row in
                  db.execute(select(tables.versions))}  # fmt: skip
    assert len(set(stamps.values())) == 3
    with database.write() as db:  # a stamp is the one that the program itself gives
        found = db.execute(select(tables.versions)).mappings().all()
        for row in found:
            assert history._stored(dict(row), 0, 0)["stamp"] == row["stamp"]
    database.close()


def test_indexes_that_were_made_ahead_are_kept(database_url):
    """A long list can get them while the service runs (docs/operation.md); the rest is made."""
    database = Database(database_url)
    with database.write() as db:
        db.execute(text(f"update {migrations.TABLE} set version_num = '0003'"))  # noqa: S608
        for name in ("newest_first", "worst_of_customer_id"):
            db.execute(text(f"drop index {name}"))
    database.close()
    database = Database(database_url)
    with database.read() as db:
        assert migrations.found(db) == migrations.HEAD
        names = {index["name"] for index in inspect(db).get_indexes("follow_ups")}
    assert {"newest_first", "worst_of_customer_id", "worst_of_high"} <= names
    assert differences(database) == []
    database.close()


def test_old_keys_go_on_to_do_all_they_did(old):
    """A key from before scopes may score, ingest and read; a revoked one stays revoked."""
    database = Database(old)
    with database.read() as db:
        desktop, gone = keys.listed(db)
    database.close()
    assert (desktop.name, set(desktop.scopes)) == ("desktop", {"score", "ingest", "read"})
    assert (desktop.programs, desktop.teams, desktop.revoked_at) == (None, None, None)
    assert gone.revoked_at is not None


def test_an_upgrade_that_fails_leaves_the_old_database_as_it_was(old, monkeypatch):
    """Steps are taken whole or not at all: the program from before still finds its database."""
    step = migrations.scripts().get_revision("0002").module
    monkeypatch.setattr(step, "_stamps", lambda: 1 / 0)
    monkeypatch.setattr(migrations, "scripts", lambda: Steps([step]))
    with pytest.raises(ZeroDivisionError):
        Database(old)
    engine = engine_of(url_of(old))
    with engine.connect() as db:
        assert migrations.found(db) == "0001"
        assert db.execute(text("select count(*) from keys where revoked")).scalar() == 1
    engine.dispose()
    monkeypatch.undo()
    Database(old).close()


class Steps:
    """Steps of which some go wrong."""

    def __init__(self, modules):
        self._modules = modules

    def walk_revisions(self):
        return [type("Step", (), {"revision": m.revision, "module": m}) for m in self._modules]


@pytest.mark.parametrize(("step", "told"), [("0009", "step 0009"), ("zz", "tables of zz")])
def test_a_database_of_a_newer_recontact_is_refused_in_words(database_url, step, told):
    """Nothing is changed in it."""
    database = Database(database_url)
    with database.write() as db:
        db.execute(text(f"update {migrations.TABLE} set version_num = '{step}'"))  # noqa: S608
    with pytest.raises(UserError, match=told) as caught:
        Database(database_url)
    assert "use the recontact that made it" in caught.value.mend
    database.close()


def test_a_database_of_before_version_2_is_refused_in_words(old):
    """No step leads on from there."""
    engine = engine_of(url_of(old))
    with engine.begin() as db:
        db.execute(text("update meta set value = '1' where name = 'schema'"))
    with pytest.raises(UserError, match="tables of version 1"):
        Database(old)
    with engine.connect() as db:
        assert migrations.found(db) == "version 1"
    engine.dispose()


def test_the_recontact_of_before_refuses_what_was_brought_up(database):
    """It looks for version 2 in `meta`, and says so."""
    with database.read() as db:
        assert read_meta(db, "schema") == "3"


def test_tables_of_others_do_not_disturb(empty_url):
    """MLflow's tables, and its own steps, may be in the same database."""
    engine = engine_of(url_of(empty_url))
    with engine.begin() as db:
        db.execute(text("create table alembic_version (version_num varchar(32))"))
        db.execute(text("insert into alembic_version values ('f5a4f2784254')"))
    engine.dispose()
    database = Database(empty_url)
    with database.write() as db:
        put(db, tables.meta, [{"name": "colour", "value": "blue"}])
        assert db.execute(text("select version_num from alembic_version")).all() == [
            ("f5a4f2784254",)
        ]
    database.close()


@pytest.mark.parametrize("which", ["empty", "old"])
def test_many_that_start_together_take_each_step_once(which, empty_url, request):
    """However many open a new or an old database at once, all find today's tables."""
    url = empty_url if which == "empty" else request.getfixturevalue("old")
    together = Barrier(8)

    def open_it(_):
        together.wait()
        opened = Database(url)
        with opened.read() as db:
            found = read_meta(db, "schema")
        opened.close()
        return found

    with ThreadPoolExecutor(8) as starting:
        assert list(starting.map(open_it, range(8))) == ["3"] * 8
    database = Database(url)
    assert differences(database) == []
    database.close()
