"""The hourly refresh: one worker of all does it, in a process apart."""

import datetime as dt
import gc
import sys
import threading
from dataclasses import replace

import pytest
from sqlalchemy import event

from recontact.features.moments import KNOWN_FROM
from recontact.policy import Policy
from recontact_serving.hourly import rates, refreshing
from recontact_serving.hourly.refresh_once import refresh_once
from recontact_serving.hourly.refreshing import Refresher
from recontact_serving.models.cache import Cache, Followed
from recontact_serving.models.champions import Champions
from recontact_serving.scoring import history
from recontact_serving.storage import leases, renewing
from recontact_serving.storage.clock import micros, now
from recontact_serving.storage.database import Database, put, read_meta
from recontact_serving.storage.tables import meta
from recontact_serving.web.metrics import Metrics

HOUR = 3_600_000_000


@pytest.fixture
def database(settings):
    database = Database(settings.database_url)
    yield database
    database.close()


def recorded(database, count: int = 10) -> None:
    """Put a customer who is back every day into the history."""
    began = now() - dt.timedelta(days=count + 1)
    with database.write() as db:
        for day in range(count):
            at = dict.fromkeys(
                ("started_at", "ended_at", "known_at"), began + dt.timedelta(days=day)
            )
            told = {"contact_id": f"c{day}", "customer_id": "u", "reason": "billing"}
            history.record(db, [told | at], began)


def noted(database, **values: int | str) -> None:
    with database.write() as db:
        put(db, meta, [{"name": name, "value": str(value)} for name, value in values.items()])


def refresher(settings, database, models) -> Refresher:
    champions = Champions(models, Metrics())
    champions.refresh()
    return Refresher(settings, database, champions, Metrics())


@pytest.fixture
def done(monkeypatch):
    """Note refreshes and do nothing."""
    found: list[str] = []
    monkeypatch.setattr(Refresher, "_refresh", lambda self: found.append(self._holder) or "")
    return found


def test_a_lease_is_held_by_one_of_many(database):
    """Of eight who try at once one has it; it is free again when given back or when it is over."""
    won: list[str] = []
    threads = [
        threading.Thread(
            target=lambda k=k: leases.take(database, "x", str(k), 60) and won.append(str(k))
        )
        for k in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert leases.take(database, "x", won[0], 60)
    assert not leases.take(database, "x", "later", 60)
    leases.give_back(database, "x", "later")
    assert not leases.take(database, "x", "later", 60)
    assert leases.take(database, "x", won[0], -1)
    assert leases.take(database, "x", "later", 60)


def test_it_is_done_once_an_hour(settings, database, models, done):
    """Not before an hour has passed, not where it is switched off, not without a champion."""
    ours = refresher(settings, database, models)
    noted(database, rates_policy="abc", rates_built_at=micros(now()) - HOUR // 2)
    assert not ours.look()
    noted(database, rates_built_at=micros(now()) - HOUR)
    assert not refresher(replace(settings, refresh=False), database, models).look()
    models.trouble = "none"
    assert not refresher(settings, database, models).look()
    assert not done
    assert ours.look()
    noted(database, refreshed_at=micros(now()))
    assert not ours.look()
    assert len(done) == 1


def test_another_policy_is_learnt_at_once(settings, database, models, done):
    """Rates of another policy than the champion's are no use to it."""
    noted(database, rates_policy="old", rates_built_at=micros(now()))
    assert refresher(settings, database, models).look()
    assert done


def test_what_another_worker_does_is_left_to_it(settings, database, models, done):
    """The lease decides."""
    assert leases.take(database, refreshing.LEASE, "another machine", 60)
    assert not refresher(settings, database, models).look()
    assert not done


def test_a_failure_is_told_and_not_tried_again_at_once(settings, database, models, monkeypatch):
    """The trouble shows; the lease is kept for its time."""
    monkeypatch.setattr(Refresher, "_refresh", lambda _: "no memory")
    ours = refresher(settings, database, models)
    assert not ours.look()
    assert ours.trouble == "no memory"
    assert not leases.take(database, refreshing.LEASE, "another machine", 60)


@pytest.fixture
def served(settings, learnt, tmp_path):
    """Settings of a service whose cache names a champion; contacts are kept for five days."""
    bundle = learnt.bundles["repeated"]
    cache = Cache(tmp_path / "cache")
    with cache.staged() as folder:
        bundle.save(folder / "new")
        cache.keep(folder / "new", bundle.digest)
    uri = f"sqlite:///{tmp_path}/nowhere.db"
    champion = {"name": "recontact-repeated", "version": "1", "digest": bundle.digest}
    cache.hear(uri, Followed({"repeated": champion}))
    return replace(settings, mlflow_uri=uri, cache_dir=str(cache.folder), retention_days=5)


def test_it_learns_rates_and_forgets(served, database, learnt):
    """Under the policy of the champion that the cache names; what is too old is deleted."""
    recorded(database)
    assert refresh_once(served) > 0
    with database.read() as db:
        assert read_meta(db, rates.POLICY) == learnt.bundles["repeated"].policy_digest
        assert int(read_meta(db, refreshing.REFRESHED_AT)) > micros(now()) - HOUR
        assert 0 < len(list(history.latest(db))) <= 5


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_it_is_done_in_a_process_apart(served, database, models):
    """Which is told of database, registry and cache, and is not asked for twice."""
    recorded(database)
    ours = refresher(served, database, models)
    assert ours.look(), ours.trouble
    with database.read() as db:
        assert read_meta(db, rates.BUILT_AT)
    assert not ours.look()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_the_process_apart_dies_of_is_told(served, database, models, monkeypatch, tmp_path):
    """Its last words are the trouble."""
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\necho no space left >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    ours = refresher(served, database, models)
    assert not ours.look()
    assert ours.trouble == "the hourly refresh failed: no space left"


def test_without_a_champion_only_what_is_too_old_is_deleted(settings, database, tmp_path):
    """Rates of some policy or other would be no use."""
    recorded(database)
    assert refresh_once(replace(settings, cache_dir=str(tmp_path), retention_days=5)) == 0
    with database.read() as db:
        assert read_meta(db, rates.BUILT_AT) is None
        assert 0 < len(list(history.latest(db))) <= 5


def test_learning_again_changes_only_what_is_new(database):
    """Rows that are there stay, those that are wrong or gone are put right."""
    recorded(database)
    rates.rebuild(database, Policy(), KNOWN_FROM)
    with database.read() as db:
        before = rates.read(db, Policy().digest)[0].daily.rows()
    with database.write() as db:
        db.exec_driver_sql("update daily set total = 99 where what = 'began'")
        db.exec_driver_sql("delete from daily where what = 'repeated'")
        db.exec_driver_sql("update daily set entity = 'nobody' where what = 'escalation'")
    rates.rebuild(database, Policy(), KNOWN_FROM)
    with database.read() as db:
        assert sorted(rates.read(db, Policy().digest)[0].daily.rows()) == sorted(before)


@pytest.mark.parametrize("after", [Policy(), Policy(window=24 * HOUR)])
def test_others_write_while_rates_are_written(database, monkeypatch, after):
    """Between a few rows and the next; and rates of two policies are never read together."""
    recorded(database)
    rates.rebuild(database, Policy(), KNOWN_FROM)
    with database.write() as db:
        db.exec_driver_sql("update daily set total = 99")
    written, turns = [0], []

    def note(_, __, said, values, *___):
        if "daily" in said and isinstance(values, list):
            written[-1] += len(values)
            assert not gc.isenabled()  # it would take a second of a million rows

    def turn(_):
        assert gc.isenabled()
        noted(database, somebody=len(turns))
        with database.read() as db:
            found = [rates.read(db, policy.digest)[0].daily.counts for policy in (Policy(), after)]
        turns.append([bool(counts) for counts in found])

    monkeypatch.setattr(renewing, "AT_ONCE", 3)
    monkeypatch.setattr(renewing.time, "sleep", turn)
    event.listen(database.engine, "begin", lambda _: written.append(0))
    event.listen(database.engine, "before_cursor_execute", note)
    rates.rebuild(database, after, KNOWN_FROM)
    same = after.digest == Policy().digest
    assert len(turns) > 3
    assert all(seen == [same, same] for seen in turns[:3])
    assert max(written) == 3
    with database.read() as db:
        assert rates.read(db, after.digest)[0].daily.counts


def test_of_two_who_write_rates_the_last_writes_all(database, monkeypatch):
    """Whoever finds at the end that others were done meanwhile looks at the rows again."""
    recorded(database)
    real = rates.renew

    def others_first(*_):
        monkeypatch.setattr(rates, "renew", real)
        rates.rebuild(database, Policy(), KNOWN_FROM)
        with database.write() as db:
            db.exec_driver_sql("update daily set total = 99")
        return 0

    monkeypatch.setattr(rates, "renew", others_first)
    rates.rebuild(database, Policy(), KNOWN_FROM)
    with database.read() as db:
        assert not db.exec_driver_sql("select * from daily where total = 99").all()
