"""Take the pictures of the documentation: a simulated contact centre, trained, served, looked at.

Everything is real but the customers: the simulator's contacts are moved so that they end now, the
models are trained on them, and the last ones are scored over HTTP. Takes some minutes.
"""

import datetime as dt
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from playwright.sync_api import Browser, Page, sync_playwright

from recontact.clean import read_contacts
from recontact.contacts import instants
from recontact.policy import Policy
from recontact.simulate import simulate
from recontact.writing import write_table
from recontact_pipelines import past_days
from recontact_pipelines.demo import moved, past_contacts
from recontact_pipelines.local_service import here
from recontact_serving.app import create_app
from recontact_serving.follow_up.following_up import act
from recontact_serving.people import accounts, sessions
from recontact_serving.service import Service
from recontact_serving.settings import Settings
from recontact_serving.storage.clock import now
from recontact_serving.storage.database import Database

IMAGES = Path(__file__).parents[1] / "docs" / "images"
CONTACTS, SCORED = 20_000, 150
PAST_SHARE = 0.12  # of the judged contacts, all of them after those learnt from
PASSWORD = "of people made up here"  # noqa: S105 - their service is gone afterwards
MOST_CALLS = 12  # of the day that is played
NEVER_SENT = ("known_at", "interaction_id", "csat", "nps", "ces", "survey_resolved")
COMMANDS = (
    "train contacts.parquet",
    "load contacts.parquet",
    "label contacts.parquet --out labels.parquet",
    "report contacts.parquet labels.parquet --out report.html",
)
CHROMIUM = ("--no-sandbox", "--disable-background-networking", "--disable-gpu")
LEAD, COLLEAGUE, AGENT, ADMIN = "Lea", "Tom", "Ada", "Kim"
DESK, PHONE = (1280, 800), (390, 844)
PICTURES = {  # name: width, height, colours
    "at-risk": (*DESK, "light"),
    "at-risk-dark": (*DESK, "dark"),
    "at-risk-phone": (*PHONE, "light"),
    "contact": (1280, 1000, "light"),
    "contact-dark": (1280, 1000, "dark"),
    "contact-phone": (*PHONE, "light"),
    "mine": (*DESK, "light"),
    "mine-dark": (*DESK, "dark"),
    "mine-phone": (*PHONE, "light"),
    "fcr": (1280, 1000, "light"),
    "fcr-dark": (1280, 1000, "dark"),
    "fcr-phone": (*PHONE, "light"),
    "proof": (1280, 1000, "light"),
    "proof-dark": (1280, 1000, "dark"),
    "proof-phone": (*PHONE, "light"),
    "people": (*DESK, "light"),
    "people-dark": (*DESK, "dark"),
    "password": (*DESK, "light"),
    "password-dark": (*DESK, "dark"),
    "sign-in": (*DESK, "light"),
    "sign-in-dark": (*DESK, "dark"),
    "report": (1280, 1000, "light"),
    "desktop-day": (1280, 800, "light"),
    "desktop-panel-dark": (380, 660, "dark"),
}


def main(folder: Path, images: Path) -> None:
    """Make every picture of `PICTURES` in `images`, working in `folder`."""
    contacts = until_now(folder)
    mlflow = f"sqlite:///{folder}/mlflow.db"
    settings = Settings(f"sqlite:///{folder}/recontact.db", mlflow, auth=False)
    environment = {"RECONTACT_DATABASE_URL": settings.database_url, "RECONTACT_MLFLOW_URI": mlflow}
    for command in COMMANDS:
        subprocess.run(  # noqa: S603 - our own commands
            [sys.executable, "-m", "recontact_pipelines", *command.split()],
            env=os.environ | environment,
            cwd=folder,
            check=True,
        )
    with running(settings) as (service, base):
        days_before(contacts, folder, environment)
        score_last(contacts, base)
        worst = httpx.get(f"{base}/v1/at-risk?limit=20").json()["items"]
        tokens = a_morning(service.database, worst)
        own = {
            "report": (folder / "report.html").as_uri(),
            "desktop-day": f"{base}/desktop/day",
            "desktop-panel-dark": f"{base}/desktop?contact={worst[0]['contact_id']}",
        }
        photograph({name: (address, "") for name, address in own.items()}, images)
    with running(replace(settings, auth=True)) as (_, base):
        about = max(worst[:10], key=lambda item: item["history"]["contacts_30d"] or 0)
        pages = {
            "at-risk": ("/", LEAD),
            "contact": (f"/contacts/{about['contact_id']}", LEAD),
            "mine": ("/mine", AGENT),
            "fcr": ("/fcr", LEAD),
            "proof": ("/proof", LEAD),
            "people": ("/people", ADMIN),
            "password": ("/password", LEAD),
            "sign-in": ("/sign-in", ""),
        }
        shown = {}
        for name in PICTURES:
            page = name.removesuffix("-dark").removesuffix("-phone")
            if page in pages:
                path, who = pages[page]
                shown[name] = (base + path, tokens.get(who, ""))
        photograph(shown, images)


@contextmanager
def running(settings: Settings) -> Iterator[tuple[Service, str]]:
    """Run the service on a free port; give it and its address."""
    app = create_app(settings)
    with here(app) as base:
        yield app.state.service, base


def a_morning(database: Database, worst: list[dict[str, Any]]) -> dict[str, str]:
    """Let people work on the list for a morning; give a session of each."""
    agent_id = next(item["agent_id"] for item in worst if item["agent_id"])
    own = [item["contact_id"] for item in worst if item["agent_id"] == agent_id]
    names = [item["contact_id"] for item in worst]
    at = now()
    with database.write() as db:
        accounts.add_user(db, ADMIN, PASSWORD, "admin")
        accounts.add_user(db, LEAD, PASSWORD, "manager")
        accounts.add_user(db, COLLEAGUE, PASSWORD, "lead")
        accounts.add_user(db, AGENT, PASSWORD, "agent", agent_id=agent_id)
        people = {
            name: accounts.find_user(db, name).access for name in (LEAD, COLLEAGUE, AGENT, ADMIN)
        }
        act(db, names[1], "claim", {}, people[COLLEAGUE], at)
        act(db, names[2], "claim", {}, people[LEAD], at)
        act(db, names[2], "note", {"text": "prefers a call after 16:00"}, people[LEAD], at)
        act(db, names[3], "snooze", {"until": at + dt.timedelta(hours=2)}, people[LEAD], at)
        act(db, names[5], "resolve", {"outcome": "solved"}, people[COLLEAGUE], at)
        reason = "the order was found while the customer waited"
        act(db, own[-1], "disagree", {"reason": reason}, people[AGENT], at)
        return {name: sessions.begin(db, name) for name in people}


def until_now(folder: Path) -> pa.Table:
    """Simulate contacts and move them in time, so that the last of them has just ended."""
    simulate(CONTACTS, 3, folder / "centre")
    contacts = read_contacts(folder / "centre" / "contacts.parquet")
    away = dt.datetime.now(dt.UTC) - pc.max(contacts["ended_at"]).as_py()
    contacts = moved(contacts, away)
    write_table(contacts, folder / "contacts.parquet")
    return contacts


def days_before(contacts: pa.Table, folder: Path, environment: Mapping[str, str]) -> None:
    """Live through the days before the last calls, so that there is something to prove."""
    labels = pq.read_table(folder / "labels.parquet")
    since = int(instants(last_calls(contacts)["started_at"]).min())
    told = past_days.wrapups(past_contacts(contacts, labels, Policy(), since, PAST_SHARE))
    settings = {**environment, "RECONTACT_AUTH": "off"}
    past_days.live_through(told, labels, settings, folder / "past.log", lambda _: None)


def last_calls(contacts: pa.Table) -> pa.Table:
    """Give the last calls."""
    calls = contacts.filter(pc.and_(pc.equal(contacts["channel"], "voice"), contacts["handled"]))
    return calls.sort_by("ended_at").slice(len(calls) - SCORED)


def score_last(contacts: pa.Table, base: str) -> None:
    """Score the last calls at their wrap-up."""
    body = {"requests": [request(row) for row in last_calls(contacts).to_pylist()]}
    httpx.post(f"{base}/v1/scores", json=body, timeout=120).raise_for_status()


def request(row: dict[str, Any]) -> dict[str, Any]:
    """Make a score request of a contact."""
    known = {k: v for k, v in row.items() if v is not None and k not in NEVER_SENT}
    plain = {k: v.isoformat() if isinstance(v, dt.datetime) else v for k, v in known.items()}
    return {**plain, "moment": "wrapup", "at": plain["ended_at"]}


def photograph(shown: Mapping[str, tuple[str, str]], images: Path) -> None:
    """Take pictures by their names: each of an address, in a session or without."""
    with sync_playwright() as tools:
        browser = tools.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(CHROMIUM)
        )
        for name, (base, token) in shown.items():
            picture(browser, base, token, images / f"{name}.png")
        browser.close()


def picture(browser: Browser, base: str, token: str, file: Path) -> None:
    """Take one picture of a page."""
    width, height, colours = PICTURES[file.stem]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if colours == "dark" else "light",
    )
    if token:
        context.add_cookies([{"name": "recontact_session", "value": token, "url": base}])
    page = context.new_page()
    if not page.goto(base).ok:  # type: ignore[union-attr] - it leads to another page
        sys.exit(f"{base} can't be shown")
    if file.stem == "desktop-day":
        play_a_day(page)
    if file.stem.startswith("desktop"):
        page.locator("recontact-panel .outcome").first.wait_for()
    page.screenshot(path=file)
    context.close()


def play_a_day(page: Page) -> None:
    """Play calls up to the wrap-up of one that has reasons to show."""
    outcome = "recontact-panel .outcome li"
    for _ in range(MOST_CALLS):
        page.get_by_role("button", name="Next call").click()
        page.get_by_role("button", name="Play").click()
        page.locator("#moments [aria-current]", has_text="wrap-up").wait_for()
        page.get_by_role("button", name="Pause").click()
        page.wait_for_timeout(1000)  # the panel hears of it within a third of one
        if page.locator(outcome).count():
            return


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as work:
        main(Path(work), Path(sys.argv[1]) if sys.argv[1:] else IMAGES)
