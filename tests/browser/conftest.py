"""The whole service as its users meet it: real models, a real process, headless Chromium."""

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.browser.desks import Desk, site
from tests.browser.floor import Floor

from recontact_serving.people import accounts, keys
from recontact_serving.scoring.loading import load, refresh
from recontact_serving.settings import Settings
from recontact_serving.storage.database import Database

NAME, PASSWORD = "ada", "correct horse battery"
NEVER_SENT = ("known_at", "interaction_id", "csat", "nps", "ces", "survey_resolved")
SCORED = 70


@dataclass(frozen=True)
class Centre:
    """A running service: its address, a key, and the scores it gave, in the order they came."""

    address: str
    key: str
    scores: list[dict]


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    arguments = ["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
    with sync_playwright() as tools:
        opened = tools.chromium.launch(executable_path=chromium, args=arguments)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def service(trained, simulated, tmp_path_factory) -> Iterator[Centre]:
    """A service with keys and people, whose list holds the last contacts of the centre."""
    folder = tmp_path_factory.mktemp("service")
    environ = environment(folder, trained)
    database = Database(environ["RECONTACT_DATABASE_URL"])
    with database.write() as db:
        key = keys.add(db, "desktop", keys.SCOPES)
        accounts.add_user(db, NAME, PASSWORD)
    load(database, simulated)
    refresh(database, trained)
    database.close()
    last = simulated.sort_by("ended_at").slice(len(simulated) - SCORED).to_pylist()
    with serving(environ) as address:
        headers = {"Authorization": f"Bearer {key}"}
        body = {"requests": [request(row) for row in last]}
        answer = httpx.post(f"{address}/v1/scores", json=body, headers=headers, timeout=120)
        yield Centre(address, key, answer.raise_for_status().json()["results"])


@pytest.fixture(scope="session")
def empty(trained, tmp_path_factory) -> Iterator[str]:
    """The address of an open service that has not scored anything."""
    environ = environment(tmp_path_factory.mktemp("empty"), trained)
    with serving({**environ, "RECONTACT_AUTH": "off"}, "/health/live") as address:
        yield address


def environment(folder: Path, mlflow: str) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("RECONTACT_")}
    database = f"sqlite:///{folder}/recontact.db"
    return {**clean, "RECONTACT_DATABASE_URL": database, "RECONTACT_MLFLOW_URI": mlflow}


@contextmanager
def serving(environ: dict[str, str], until: str = "/health/ready") -> Iterator[str]:
    """Run `recontact serve` on a free port; end it afterwards."""
    words = [sys.executable, "-m", "recontact_pipelines", "serve", "--port", "0", "--json"]
    with subprocess.Popen(
        words, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout
            address = json.loads(process.stdout.readline())["address"]
            while httpx.get(address + until).status_code != 200:
                time.sleep(0.2)
            yield address
        finally:
            process.terminate()
            assert process.wait(timeout=30) in {0, -15}


def request(row: dict) -> dict:
    known = {k: v for k, v in row.items() if v is not None and k not in NEVER_SENT}
    plain = {k: v.isoformat() if isinstance(v, dt.datetime) else v for k, v in known.items()}
    return {**plain, "moment": "wrapup", "at": plain["ended_at"]}


@pytest.fixture
def page(browser, service):
    """A page of somebody who has signed in."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    sign_in(opened, service.address)
    yield opened
    context.close()


def sign_in(page, address: str, password: str = PASSWORD, path: str = "/") -> None:
    page.goto(address + path)
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(password)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()


@pytest.fixture
def signing_in():
    return sign_in


@pytest.fixture
def outside(tmp_path):
    """A site whose origin is listed."""
    with site(tmp_path / "outside") as found:
        yield found


@pytest.fixture
def stranger(tmp_path):
    """A site whose origin is not listed."""
    with site(tmp_path / "stranger") as found:
        yield found


@pytest.fixture
def desk(tmp_path) -> Iterator[Desk]:
    """A service without keys."""
    started = Desk(Settings(f"sqlite:///{tmp_path}/recontact.db", auth=False))
    yield started
    started.stop()


@pytest.fixture
def guarded_desk(tmp_path, outside) -> Iterator[Desk]:
    """A service with keys, whose panel the outside may embed."""
    url = f"sqlite:///{tmp_path}/recontact.db"
    database = Database(url)
    with database.write() as db:
        key = keys.add(db, "crm")
    database.close()
    started = Desk(Settings(url, desktop_origins=(outside.origin,)))
    started.bearer = {"Authorization": f"Bearer {key}"}
    yield started
    started.stop()


@pytest.fixture(scope="session")
def floor(tmp_path_factory) -> Iterator[Floor]:
    """A service with keys and people of each role; each test brings a team of its own."""
    opened = Floor.opened(f"sqlite:///{tmp_path_factory.mktemp('floor')}/recontact.db")
    yield opened
    opened.desk.stop()


@pytest.fixture
def seen_by(browser, floor):
    """Open pages of somebody who has signed in; they close when the test is over."""
    contexts = []

    def opened(who: str, path: str = "/", **how: Any):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **how})
        contexts.append(context)
        context.add_cookies([floor.cookie(who)])
        page = context.new_page()
        page.goto(floor.address + path)
        return page

    yield opened
    for context in contexts:
        context.close()
