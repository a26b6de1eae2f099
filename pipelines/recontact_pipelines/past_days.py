"""Days gone by, lived through by the service again, so that the proof has something to compare.

What came then is what came: these follow-ups change nothing, and the proof should say no more.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

import httpx
import pyarrow as pa
import structlog

from recontact.errors import UserError
from recontact_pipelines.local_service import here
from recontact_pipelines.replay import Event, events
from recontact_serving.app import create_app
from recontact_serving.follow_up.holdout import SECRET, Holdout
from recontact_serving.hourly.fcr_filling import came_true
from recontact_serving.settings import Settings
from recontact_serving.storage.clock import as_if
from recontact_serving.storage.database import Database, put
from recontact_serving.storage.tables import meta

HOLDOUT = "0.5"  # the share that tells most of few contacts
A_DAY = 20  # follow-ups of all teams
LATER = dt.timedelta(minutes=1)


def wrapups(contacts: pa.Table) -> list[Event]:
    """Tell the wrap-ups of contacts, in the order of their instants."""
    told = events(contacts, contacts["contact_id"].to_pylist())
    return [event for event in told if event.body.get("moment") == "wrapup"]


def live_through(
    told: Sequence[Event],
    labels: pa.Table,
    settings: Mapping[str, str],
    log: Path,
    advance: Callable[[int], object],
) -> None:
    """Score wrap-ups day by day, follow up what the list says, and note what came.

    A service of this process takes the end of each day for the present; half of the customers at
    risk are held out. It asks nobody: each follow-up ends as "not reached".

    Parameters
    ----------
    told : sequence of Event
        Of `wrapups`.
    labels : pyarrow.Table
        What came afterwards.
    settings : mapping of str to str
        `RECONTACT_*` variables of a service that runs, whose models are at hand.
    log : pathlib.Path
        Where the log goes.
    advance : callable
        Is told how many more are done.

    Raises
    ------
    UserError
        The service does not come up, or refuses something.
    """
    database = Database(settings["RECONTACT_DATABASE_URL"])
    with database.write() as db:  # the same lot in each demonstration
        put(db, meta, [{"name": SECRET, "value": "00" * 32}])
    then = {**settings, "RECONTACT_HOLDOUT": HOLDOUT, "RECONTACT_REFRESH": "off"}
    with as_if(told[0].at - LATER), _serving(then, log) as client:
        for _, some in groupby(told, lambda event: event.at.date()):
            day = list(some)
            with as_if(day[-1].at + LATER):
                _work(client, day)
            advance(len(day))
    with as_if(told[-1].at + LATER):
        Holdout.of(database, 0.0)  # whoever comes from now on is held out no more
    came_true(database, labels)
    database.close()


def _work(client: httpx.Client, day: Sequence[Event]) -> None:
    """Score what ended on a day, and follow up the worst of the list."""
    _good(client.post("/v1/scores", json={"requests": [event.body for event in day]}))
    listed = _good(client.get("/v1/at-risk", params={"limit": A_DAY})).json()["items"]
    for item in listed:
        path = f"/v1/at-risk/{quote(item['contact_id'], safe='')}/resolve"
        _good(client.post(path, json={"outcome": "not_reached"}))


def _good(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        raise UserError(f"the service refuses {answer.url.path}: {answer.text}")
    return answer


@contextmanager
def _serving(settings: Mapping[str, str], log: Path) -> Iterator[httpx.Client]:
    """Run a service in this process; give a client of it."""
    app = create_app(replace(Settings.read(settings), began=0.0))
    with log.open("a") as file:
        structlog.configure(logger_factory=structlog.WriteLoggerFactory(file=file))
        try:
            with (
                here(app) as address,
                httpx.Client(base_url=address, timeout=60, trust_env=False) as client,
            ):
                yield client
        finally:
            structlog.reset_defaults()
