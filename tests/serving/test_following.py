"""How a model gets into a running service: copied, checked, cached, followed, swapped."""

import datetime as dt
import gc
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.serving.conftest import _run
from tests.serving.registered import files_of, register, shifted, store_in

from recontact.tracking.loading import RefusedModelError
from recontact_pipelines.campaigns.promotions import (
    Offline,
    move,
    promote_under_load,
    requests,
    summary,
    wait_for,
)
from recontact_serving.hourly.rates import BUILT_AT
from recontact_serving.models import fetching, following
from recontact_serving.models.cache import Cache
from recontact_serving.models.champions import Champions
from recontact_serving.models.fetching import load_version
from recontact_serving.models.following import Following
from recontact_serving.models.registry import Registry
from recontact_serving.scoring.loading import load
from recontact_serving.settings import Settings
from recontact_serving.storage.clock import micros, now
from recontact_serving.storage.database import Database, put
from recontact_serving.storage.tables import meta
from recontact_serving.web.metrics import Metrics


@pytest.fixture(scope="module")
def pairs(learnt):
    """Three pairs that answer differently."""
    return [shifted(learnt.bundles, by) for by in (0.0, -1.0, 1.0)]


@pytest.fixture(scope="module")
def store(pairs, empty_store, tmp_path_factory):
    """A registry that holds them; the first pair are the champions."""
    found = store_in(tmp_path_factory.mktemp("registry"), empty_store)
    versions = [register(found, pair) for pair in pairs]
    move(found, versions[0])
    return found, versions


@pytest.fixture(scope="module")
def service(store, simulated, tmp_path_factory):
    """A service that follows the registry closely, with some history."""
    folder = tmp_path_factory.mktemp("service")
    settings = Settings(
        f"sqlite:///{folder}/recontact.db",
        store[0].uri,
        auth=False,
        cache_dir=str(folder / "cache"),
        follow_s=0.1,
        time_limit_ms=30_000,  # what is given without history can't be compared
    )
    database = Database(settings.database_url)
    load(database, simulated.slice(0, 500))
    database.close()
    with _run(settings, None) as running:
        yield running, settings


class NoSleep:
    """A clock for what must not wait."""

    monotonic = time.monotonic

    @staticmethod
    def sleep(seconds: float) -> None:
        raise AssertionError(f"it waits {seconds} s")


def _named(heard) -> dict[str, str]:
    return {one["name"]: one["version"] for one in heard.champions.values()}


def ready(running) -> dict:
    return running.client.get("/health/ready").json()["checks"]["models"]


def test_promotions_under_load_fail_nobody(service, store, simulated):
    """Each answer is what its named pair gives offline; no request fails; the swaps are seen."""
    running, settings = service
    bodies = requests(simulated.slice(len(simulated) - 20).to_pylist())
    size = {"seconds": 3.0, "moves": 6, "rate": 40}
    asked = promote_under_load(running.address, *store, bodies, **size)
    offline = Offline(store[0], Database(settings.database_url))
    found = summary(asked, offline, bodies)
    assert (found["requests"], found["failed"], found["different"]) == (120, 0, 0)
    assert found["swaps"] >= 1  # how many is a matter of the machine; the campaign counts them
    given = [offline.answer(versions, bodies[0])["repeated"] for versions in store[1]]
    assert len({one["probability"] for one in given}) == len(store[1])


def test_no_score_waits_for_a_search_of_all_memory(models, monkeypatch):
    """What stays is set aside with the first champion, before any score; with no later one."""
    searched: list[str] = []
    monkeypatch.setattr(gc, "collect", lambda *_: searched.append(models.version))
    champions = Champions(models, Metrics(), 0.01)
    champions.start()
    try:
        for models.version in ("1", "2", "3"):
            until = time.monotonic() + 10
            while (found := champions.current()) is None or found.models != models.load().models:
                assert time.monotonic() < until
                time.sleep(0.005)
            time.sleep(0.03)  # what comes after the swap
        assert searched == ["1"]
        assert gc.get_freeze_count() > 0
    finally:
        champions.stop()
    assert gc.get_freeze_count() == 0


def test_the_next_champion_goes_on_counting_arrivals(service, store):
    """What the day before rests on is read before a champion comes, and not again for the next."""
    running, _ = service
    registry, versions = store
    before, counting = micros(now()), []
    for one in (*versions[1:], versions[0]):
        move(registry, one)
        wait_for(running.address, one)
        counting.append(running.service.champions.needed().scorer.loads)
    assert counting[0].at_hand(before)
    assert all(one is counting[0] for one in counting)


def test_old_rates_are_told_in_every_score(service, simulated):
    """Rates that nobody brought up to date for days: their age is in `degraded`."""
    running, _ = service
    (body,) = requests(simulated.slice(0, 1).to_pylist())
    for age, told in ((3, ["rates: they are 3 days old"]), (1, [])):
        built = str(micros(now() - dt.timedelta(days=age)))
        with running.service.database.write() as db:
            put(db, meta, [{"name": BUILT_AT, "value": built}])
        until, said = time.monotonic() + 10, None
        while said != told and time.monotonic() < until:
            degraded = running.client.post("/v1/score", json=body).json()["degraded"]
            said = [text for text in degraded if "old" in text]
        assert said == told


def test_a_damaged_champion_keeps_the_old_one(service, store, pairs):
    """It says which model is refused and why, in ready and in a metric; scores go on."""
    running, _ = service
    registry, versions = store
    move(registry, versions[0])
    wait_for(running.address, versions[0])
    damaged = register(registry, shifted(pairs[0], 0.5))
    file = files_of(registry, "recontact-repeated", damaged["recontact-repeated"]) / "model.txt"
    file.write_bytes(file.read_bytes().replace(b"1", b"7", 1))
    move(registry, damaged)
    until = time.monotonic() + 30
    while not (told := ready(running))["trouble"] and time.monotonic() < until:
        time.sleep(0.05)
    assert told["ok"]
    assert told["models"] == versions[0]
    assert "its files are not those that were registered" in told["trouble"]
    assert "recontact_models_refused 1.0" in running.client.get("/metrics").text
    move(registry, versions[1])
    wait_for(running.address, versions[1])
    assert ready(running)["trouble"] is None


def test_a_promotion_that_is_half_done_is_waited_out(service, store, monkeypatch):
    """The second alias comes a moment after the first: only whole pairs are taken."""
    registry, versions = store
    own = Following(registry.uri, Cache(Path(service[1].cache_dir)))
    move(registry, versions[0])
    own.ask()
    first, second = versions[1].items()
    move(registry, dict([first]))
    later = threading.Timer(0.3, move, (registry, dict([second])))
    later.start()
    assert _named(own.ask()) == versions[1]
    later.join()
    move(registry, dict([next(iter(versions[2].items()))]))
    began = time.monotonic()
    alone = {**versions[1], first[0]: versions[2][first[0]]}
    assert _named(own.ask()) == alone  # it stays so: one moved alone
    assert time.monotonic() - began >= following.HALF_S
    monkeypatch.setattr(following, "time", NoSleep)
    assert _named(own.ask()) == alone


def test_a_service_starts_with_the_cached_champion_while_the_registry_is_gone(
    service, store, monkeypatch
):
    """The pair that this registry named last is served, and ready says that it is not there.

    It is loaded while the registry may still answer.
    """
    _, settings = service
    registry, versions = store
    move(registry, versions[1])
    cache = Cache(Path(settings.cache_dir))
    until = time.monotonic() + 30
    while _named(heard := cache.heard(registry.uri)) != versions[1] and time.monotonic() < until:
        time.sleep(0.05)
    gone = f"{registry.uri}.gone"
    cache.hear(gone, heard)  # as if it had been there and was taken away
    source = Registry(Database(settings.database_url), gone, cache_dir=settings.cache_dir)
    champions = Champions(source, Metrics())
    read, reads = Cache.load, []
    monkeypatch.setattr(Cache, "load", lambda self, digest: reads.append(1) or read(self, digest))
    champions.refresh()
    assert champions.current() is None
    assert len(reads) == 2
    while not champions.settle(0.05):
        champions.refresh()
    champions.stop()
    assert champions.current().models == versions[1]
    assert len(reads) == 2
    assert "mlflow.db.gone does not exist" in champions.trouble


def test_what_was_heard_since_the_service_began_counts_for_each_worker(service, store):
    """A worker does not wait for another word, as long as there was one since."""
    _, settings = service
    registry, _ = store
    cache = Cache(Path(settings.cache_dir))
    began = time.time()
    while (heard := cache.heard(registry.uri)).asked_at < began:
        time.sleep(0.05)
    elsewhere = f"{registry.uri}.elsewhere"
    cache.hear(elsewhere, heard)
    database = Database(settings.database_url)
    source = Registry(database, elsewhere, cache_dir=settings.cache_dir, began=began)
    champions = Champions(source, Metrics())
    champions.refresh()
    champions.stop()
    assert champions.current().models == _named(heard)


def test_any_version_is_loaded_by_its_name_also_while_the_registry_is_gone(service, store):
    """The first time by the registry, later by the copy that was checked then."""
    registry, versions = store
    cache = Cache(Path(service[1].cache_dir))
    ours = load_version(
        "recontact-repeated", versions[2]["recontact-repeated"], registry.uri, cache
    )
    assert ours.version == versions[2]["recontact-repeated"]
    cache.note_version(f"{registry.uri}.gone", "recontact-repeated", "7", ours.digest)
    again = load_version("recontact-repeated", "7", f"{registry.uri}.gone", cache)
    assert again.digest == ours.digest


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path):
    """A folder for the time being takes its place."""
    (tmp_path / "file").write_text("")
    cache = Cache.open(str(tmp_path / "file" / "cache"))
    with cache.staged() as folder:
        assert folder.is_dir()
    assert tmp_path not in cache.folder.parents


def test_a_copy_that_was_damaged_on_disk_is_thrown_away(store, tmp_path, monkeypatch):
    """It is not loaded, and fetched anew the next time."""
    monkeypatch.setattr(fetching, "try_apart", lambda _: None)  # it takes seconds, and passes
    registry, versions = store
    cache = Cache(tmp_path)
    ours = load_version(
        "recontact-repeated", versions[0]["recontact-repeated"], registry.uri, cache
    )
    file = tmp_path / "models" / ours.digest / "recontact.json"
    file.write_bytes(file.read_bytes()[:-50])
    again = load_version(
        "recontact-repeated", versions[0]["recontact-repeated"], registry.uri, cache
    )
    assert again == ours


@pytest.mark.parametrize(
    ("does", "told", "mend"),
    [
        ("kill -SEGV $$", "ended with signal 11", "train again"),
        ("exec sleep 9", "took over", "it is tried again"),
        ("exit 3", "exit code 3", "train again"),
    ],
)
def test_a_self_test_that_dies_or_hangs_refuses_the_model(monkeypatch, tmp_path, does, told, mend):
    """Whatever happens to the process apart, the service hears why and goes on."""
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\n{does}\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    monkeypatch.setattr(fetching, "WITHIN_S", 1)
    with pytest.raises(RefusedModelError, match=told) as refused:
        fetching.try_apart({"0" * 64: tmp_path})
    assert refused.value.mend.startswith(mend)
