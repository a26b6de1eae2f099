"""The gate: keys known from memory, dead soon after they are revoked, and never in the way."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from recontact_serving.people import keyring, keys
from recontact_serving.people.gate import Access, Gate
from recontact_serving.settings import Settings
from recontact_serving.storage.database import Database
from recontact_serving.web.metrics import Metrics
from recontact_serving.web.problems import ProblemError


@dataclass
class Watched:
    """A database that counts readings, and fails or hangs when it is told to."""

    database: Database
    readings: int = 0
    fails: bool = False
    hangs: threading.Event | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def read(self) -> Iterator[Any]:
        self.readings += 1
        self._trouble()
        with self.database.read() as db:
            yield db

    @contextmanager
    def write(self) -> Iterator[Any]:
        self._trouble()
        with self.database.write() as db:
            yield db

    def _trouble(self) -> None:
        if self.hangs is not None:
            self.hangs.wait(10)
        if self.fails:
            raise OperationalError("select", {}, Exception("gone"))


@pytest.fixture
def watched(database) -> Watched:
    return Watched(database)


@pytest.fixture
def gates(watched) -> Iterator[Any]:
    """Make gates, each as of one worker; they end with the test."""
    made: list[Gate] = []

    def gate(rate: float = 0.0) -> Gate:
        made.append(Gate(watched, Settings(rate_limit=rate), Metrics()))
        made[-1].start()
        return made[-1]

    yield gate
    watched.fails, watched.hangs = False, None
    for one in made:
        one.stop()


@pytest.fixture
def quick(monkeypatch) -> None:
    """Keys are read ten times as often."""
    monkeypatch.setattr(keyring, "FRESH_S", 0.1)


def new_key(watched: Watched, name: str = "desktop", **limits: Any) -> str:
    with watched.database.write() as db:
        return keys.add(db, name, **limits)


def admit(gate: Gate, key: str, scope: str = "score") -> Access:
    return gate.admit(f"Bearer {key}", scope)


def refused(gate: Gate, header: str | None, scope: str = "score") -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        gate.admit(header, scope)
    return caught.value


def within(seconds: float, true: Any) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.01)


def test_a_key_opens_what_it_is_for(watched, gates):
    """Its name, scopes and limits come with it; a scope that it lacks is 403 and named."""
    key = new_key(watched, scopes=["score"], programs=["acme"], teams=["north"])
    gate = gates()
    access = admit(gate, key)
    assert access == Access(
        "desktop", frozenset({"score"}), frozenset({"acme"}), frozenset({"north"})
    )
    error = refused(gate, f"Bearer {key}", "ingest")
    assert error.document["status"] == 403
    assert "`ingest`" in error.document["detail"]
    assert 'scope="ingest"' in error.headers["WWW-Authenticate"]
    assert admit(gate, key).name == gate.admit(f"bearer  {key} ", "score").name


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer rck_no", "Bearer " + "x" * 9000]
)
def test_without_a_key_in_force_it_is_401(watched, gates, header):
    """And the answer says how to send one."""
    new_key(watched)
    error = refused(gates(), header)
    assert error.document["status"] == 401
    assert error.headers["WWW-Authenticate"].startswith("Bearer")
    assert "Authorization: Bearer KEY" in error.document["detail"]


def test_a_new_key_works_at_once_and_a_revoked_one_is_dead_in_two_seconds(watched, gates):
    """In every worker, whichever of them has seen the key before."""
    workers = [gates(), gates()]
    key = new_key(watched)
    for gate in workers:
        assert admit(gate, key).name == "desktop"
    with watched.database.write() as db:
        keys.revoke(db, "desktop")
    time.sleep(2)
    for gate in workers:
        assert refused(gate, f"Bearer {key}").document["status"] == 401


def test_a_known_key_needs_no_look_into_the_database(watched, gates):
    """A thousand requests read nothing beside what is read every second."""
    key, gate = new_key(watched), gates()
    before, began = watched.readings, time.monotonic()
    for _ in range(1000):
        admit(gate, key)
    assert watched.readings - before <= 1 + (time.monotonic() - began) / keyring.FRESH_S


def test_guesses_cost_neither_readings_nor_memory(watched, gates):
    """However many keys are guessed, the database is asked a few times a second."""
    new_key(watched)
    gate = gates()
    before, began = watched.readings, time.monotonic()
    for number in range(2000):
        refused(gate, f"Bearer rck_{number}")
    seconds = time.monotonic() - began
    assert watched.readings - before <= 25 + seconds * (keyring.GUESSES + 1 / keyring.FRESH_S)
    assert len(gate._keyring._held) == 1
    assert not gate._keyring._uses._noted


def test_known_keys_stay_good_when_the_database_is_gone(watched, gates, monkeypatch):
    """Scoring goes on; an unknown key is 503, never 401: nobody can tell that it is wrong."""
    key, gate = new_key(watched), gates()
    watched.fails = True
    monkeypatch.setattr(keyring, "FRESH_S", 0.05)
    time.sleep(0.5)
    assert admit(gate, key).name == "desktop"
    error = refused(gate, "Bearer rck_other")
    assert (error.document["status"], "Retry-After" in error.headers) == (503, True)
    monkeypatch.setattr(keyring, "KEPT_S", 0.2)
    assert refused(gate, f"Bearer {key}").document["status"] == 503
    watched.fails = False
    time.sleep(1)
    assert admit(gate, key).name == "desktop"


def test_a_database_that_hangs_stops_nobody(watched, gates):
    """Known keys are admitted in no time; an unknown one waits half a second, once."""
    key, gate = new_key(watched), gates()
    watched.hangs = threading.Event()
    try:
        refused(gate, "Bearer rck_first")  # may wait
        began = time.monotonic()
        for number in range(20):
            assert admit(gate, key).name == "desktop"
            refused(gate, f"Bearer rck_{number}")
        assert time.monotonic() - began < keyring.PATIENCE_S * 5  # twenty waits are twice that
    finally:
        watched.hangs.set()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_slow_database_makes_guesses_take_a_tenth_of_the_time(watched, gates, monkeypatch):
    """Where each reading takes long, most guesses are answered without one."""
    new_key(watched)
    gate = gates()
    read = keys.live
    monkeypatch.setattr(keys, "live", lambda db: time.sleep(0.1) or read(db))
    waits, began = 0.0, time.monotonic()
    while time.monotonic() - began < 1:
        asked = time.monotonic()
        refused(gate, "Bearer rck_guess")
        waits += time.monotonic() - asked
        time.sleep(0.005)
    assert waits < 0.8  # at first some waits are free


def test_a_key_that_asks_too_often_waits(watched, gates):
    """Ten at once, then 429 with the seconds to wait; another key is not held up."""
    one, other = new_key(watched), new_key(watched, "other")
    gate = gates(rate=2)
    for _ in range(10):
        admit(gate, one)
    error = refused(gate, f"Bearer {one}")
    assert (error.document["status"], error.headers["Retry-After"]) == (429, "1")
    assert admit(gate, other).name == "other"
    within(1, lambda: gate._keyring.find(keys.digest(one)).bucket.take() == 0)


@pytest.mark.usefixtures("quick")
def test_a_batch_counts_as_its_requests(watched, gates):
    """It passes, however large, and what follows waits for so long; a new reading forgets not."""
    key, gate = new_key(watched), gates(rate=10)
    admit(gate, key).charge(999)
    time.sleep(keyring.FRESH_S + 0.1)
    assert 80 < int(refused(gate, f"Bearer {key}").headers["Retry-After"]) < 100


@pytest.mark.usefixtures("quick")
def test_last_use_is_written_now_and_then(watched, gates):
    """Soon after the first use, later at the end; and never by the request itself."""
    key, gate = new_key(watched), gates()

    def last_used() -> Any:
        with watched.database.read() as db:
            return keys.listed(db)[0].last_used_at

    assert last_used() is None
    admit(gate, key)
    within(3, lambda: last_used() is not None)
    first = last_used()
    admit(gate, key)
    time.sleep(keyring.FRESH_S + 0.2)
    assert last_used() == first
    gate.stop()
    assert last_used() > first


def test_last_use_that_can_not_be_written_disturbs_nobody(watched, gates):
    """The database refuses; requests go on, and so does the end."""
    key, gate = new_key(watched), gates()
    watched.fails = True
    assert admit(gate, key).name == "desktop"
    gate.stop()


def test_who_may_touch_what():
    """A key of some programs touches none without one; an unknown team passes, a foreign not."""
    access = Access("crm", frozenset({"ingest"}), frozenset({"acme"}), frozenset({"north"}))
    cases = [("acme", "north"), ("acme", None), ("acme", "south"), ("other", "north"), (None, None)]
    assert [access.allows(*case) for case in cases] == [True, True, False, False, False]
    with pytest.raises(ProblemError, match="program 'other'"):
        access.check("other", "north")
    with pytest.raises(ProblemError, match="team 'south'"):
        access.check("acme", "south")
    with pytest.raises(ProblemError, match="without a program"):
        access.check(None, None)
    Access("all", frozenset()).check(None, "x")
