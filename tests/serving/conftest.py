"""A real server on a free port for each test, on each kind of database, and models whose answers
the test decides.
"""

import asyncio
import os
import shutil
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
import uvicorn
from argon2 import PasswordHasher
from tests.serving import postgres

from recontact.durations import HOUR
from recontact.errors import UserError
from recontact.scoring import Ahead, Scored
from recontact_serving.app import create_app
from recontact_serving.models.cache import Cache
from recontact_serving.models.champions import Champion
from recontact_serving.models.follower import Follower
from recontact_serving.people import passwords
from recontact_serving.server import address, listen
from recontact_serving.service import Service
from recontact_serving.settings import Settings
from recontact_serving.storage.database import Database
from recontact_serving.web.protocol import Protocol

KINDS = ("sqlite", "postgresql")
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # a context of one's own for each client is slow
NewDatabase = Callable[[str], AbstractContextManager[str]]


@dataclass
class Told:
    """Models that answer what the request's attributes say, and note what they were given."""

    trouble: str = ""
    version: str = "1"
    seen: list[dict[str, Any]] = field(default_factory=list)

    def stamp(self) -> str:
        return self.version

    def load(self) -> Champion:
        if self.trouble:
            raise UserError(self.trouble, "train first")
        return Champion(self, {"recontact-repeated": self.version}, "abc")

    def news(self) -> str:
        return ""

    def refused(self) -> int:
        return 0

    def close(self) -> None:
        pass

    def at_hand(self, at: Any) -> bool:  # noqa: ARG002 - the protocol's
        return True

    def ready(self, stamps: Any, fetch: Any, at: Any) -> Any:  # noqa: ARG002 - the protocol's
        return list(fetch(stamps).values())

    def scored_together(self, asked: Any) -> Any:
        return [self.scored(*one) for one in asked]

    def scored(self, contact: Any, history: Any, moment: str, at: Any, explain: str) -> Any:
        known = history or []
        given = {"contact": contact, "history": known, "moment": moment, "at": at}
        self.seen.append(given)
        outcomes = {}
        for outcome in ("repeated", "escalation"):
            chance = contact.get(outcome, 0.1)
            band = "high" if chance > 0.4 else "medium" if chance > 0.2 else "low"
            outcomes[outcome] = {
                "probability": chance,
                "band": "already" if chance == 1 else band,
            }
        why = {"outcome": "repeated", "feature": "hold_s", "value": 60.0, "effect": 0.4}
        past = {"contacts_48h": 0, "contacts_30d": len(known), "last_contact_at": None}
        answer = {
            **outcomes,
            "reasons": [{**why, "text": "on hold for 1 min"}] if explain != "never" else [],
            "next_issues": [{"reason": "delivery", "probability": 0.2, "probe": "Is it there?"}],
            "history": {**past, "last_reason": None, "last_agent_id": None},
            "degraded": ["history: unread"] if history is None else [],
        }
        hours = contact.get("window_h", 48), contact.get("due_h", 12)
        ahead = Ahead(*(None if n is None else int(n * HOUR) for n in hours))
        return Scored(answer, [moment], ahead if moment == "wrapup" else None)


@dataclass
class Running:
    """A service that runs: its client, and what is behind it."""

    client: httpx.Client
    service: Service
    address: str
    app: Any = None


HOW: Any = {"http": Protocol, "ws": "none", "log_config": None, "access_log": False}
Start = Callable[..., Running]


@pytest.fixture(scope="session", autouse=True)
def quiet() -> None:
    """Log lines of the servers go nowhere."""
    structlog.configure(processors=[_drop])


def _drop(*_: Any) -> Any:
    raise structlog.DropEvent


@pytest.fixture(scope="session", autouse=True)
def own_hasher() -> Iterator[PasswordHasher]:
    """The service's own way to keep passwords, in whose place the tests take a quick one.

    It takes a tenth of a second on purpose, and people sign in hundreds of times here.
    """
    own = passwords._HASHER, passwords._NOBODY
    quick = PasswordHasher(time_cost=1, memory_cost=512, parallelism=1)
    passwords._HASHER, passwords._NOBODY = quick, quick.hash("of nobody")
    yield own[0]
    passwords._HASHER, passwords._NOBODY = own


@pytest.fixture(scope="module")
def followed(trained: str) -> Iterator[str]:
    """The address of a registry that one process follows for all services of a file."""
    follower = Follower(trained, Cache.open(), 0.2)
    follower.ensure()
    yield trained
    follower.stop()


@pytest.fixture
def models() -> Told:
    return Told()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server; skipped only where there is none, and never in CI."""
    try:
        with postgres.running() as server:
            yield server
    except FileNotFoundError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def postgres_template(postgres_server: postgres.Server) -> Iterator[str]:
    with postgres_server.empty("made") as url:
        Database(url).close()
        yield "made"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("made") / "recontact.db"
    Database(f"sqlite:///{file}").close()
    return file


@pytest.fixture(scope="session")
def new_database(request: Any, tmp_path_factory: pytest.TempPathFactory) -> NewDatabase:
    """Make databases of a kind, their tables made: each a copy of the first."""

    @contextmanager
    def made(kind: str) -> Iterator[str]:
        if kind == "sqlite":
            file = tmp_path_factory.mktemp("sqlite") / "recontact.db"
            shutil.copy(request.getfixturevalue("sqlite_template"), file)
            yield f"sqlite:///{file}"
            return
        template = request.getfixturevalue("postgres_template")
        with request.getfixturevalue("postgres_server").copy(template) as url:
            yield url

    return made


@pytest.fixture(params=KINDS)
def database_url(request: Any, new_database: NewDatabase) -> Iterator[str]:
    """The address of a database with its tables; the test runs once on each kind.

    What is about one kind alone asks for it:
    ``@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)``.
    """
    with new_database(request.param) as url:
        yield url


@pytest.fixture(params=KINDS)
def empty_url(request: Any, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables, of each kind; SQLite's file is not there yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    with request.getfixturevalue("postgres_server").empty() as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database of each kind."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, auth=False)


@pytest.fixture
def start(request: Any) -> Iterator[Start]:
    """Start services; they stop when the test is over, before their database goes away."""
    if "database_url" in request.fixturenames:
        request.getfixturevalue("database_url")
    with ExitStack() as running:
        yield lambda settings, models: running.enter_context(_run(settings, models))


@pytest.fixture
def running(start: Start, settings: Settings, models: Told) -> Running:
    """A service without keys."""
    return start(settings, models)


@pytest.fixture
def client(running: Running) -> httpx.Client:
    """Talks to a service without keys."""
    return running.client


@pytest.fixture
def guarded(settings: Settings) -> Settings:
    """Settings of a service that asks for keys."""
    return replace(settings, auth=True)


class _Server(uvicorn.Server):
    """Ends at once when it is told to; the original looks ten times a second, twice."""

    async def main_loop(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        await self.on_tick(0)
        if not self.should_exit:
            await self._over.wait()

    async def shutdown(self, sockets: Any = None) -> None:
        for listening in (*self.servers, *sockets):
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections or self.server_state.tasks:
            await asyncio.sleep(0.002)
        await self.lifespan.shutdown()

    def end(self) -> None:
        self.should_exit = True
        app = self.config.app
        self._loop.call_soon_threadsafe(app.state.call_watching.close)  # type: ignore[union-attr]
        self._loop.call_soon_threadsafe(self._over.set)


@contextmanager
def _run(settings: Settings, models: Any) -> Iterator[Running]:
    app = create_app(settings, models)
    champions = app.state.service.champions
    champions.refresh()
    while not champions.settle(0.05):
        champions.refresh()
    with listen("127.0.0.1", 0) as taken:
        server = _Server(uvicorn.Config(app, **HOW))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
        thread.start()
        try:
            with httpx.Client(base_url=address(taken), timeout=30, verify=NO_TLS) as client:
                client.get("/health/live")
                yield Running(client, app.state.service, address(taken), app)
        finally:
            server.end()
            thread.join(timeout=10)
            assert not thread.is_alive()
