"""A real server on a free port for each test, and models whose answers the test decides."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
import uvicorn

from recontact.errors import UserError
from recontact_serving.app import create_app
from recontact_serving.champions import Champion
from recontact_serving.server import address, listen
from recontact_serving.service import Service
from recontact_serving.settings import Settings


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

    def score(self, contact: Any, history: Any, *, moment: str, at: Any, explain: str) -> Any:
        given = {"contact": contact, "history": list(history), "moment": moment, "at": at}
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
        past = {"contacts_48h": 0, "contacts_30d": len(history), "last_contact_at": None}
        return {
            **outcomes,
            "reasons": [{**why, "text": "on hold for 1 min"}] if explain != "never" else [],
            "next_issues": [{"reason": "delivery", "probability": 0.2, "probe": "Is it there?"}],
            "history": {**past, "last_reason": None, "last_agent_id": None},
            "degraded": [],
        }


@dataclass
class Running:
    """A service that runs: its client, and what is behind it."""

    client: httpx.Client
    service: Service
    address: str


Start = Callable[..., Running]


@pytest.fixture(scope="session", autouse=True)
def quiet() -> None:
    """Log lines of the servers go nowhere."""
    structlog.configure(processors=[_drop])


def _drop(*_: Any) -> Any:
    raise structlog.DropEvent


@pytest.fixture
def models() -> Told:
    return Told()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{tmp_path}/recontact.db", auth=False)


@pytest.fixture
def start() -> Iterator[Start]:
    """Start services; they stop when the test is over."""
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


@contextmanager
def _run(settings: Settings, models: Any) -> Iterator[Running]:
    app = create_app(settings, models)
    app.state.service.champions.refresh()
    with listen("127.0.0.1", 0) as taken:
        config = uvicorn.Config(app, log_config=None, access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
        thread.start()
        try:
            with httpx.Client(base_url=address(taken), timeout=30) as client:
                yield Running(client, app.state.service, address(taken))
        finally:
            server.should_exit = True
            thread.join(timeout=10)
