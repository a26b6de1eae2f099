"""The whole main job at once: contacts, labels, models, the service and live traffic."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.clean import read_contacts
from recontact.contacts import INSTANT, instants
from recontact.durations import DAY
from recontact.errors import UserError
from recontact.labels.table import label
from recontact.model import train
from recontact.model.split import greatest_window
from recontact.policy import Policy
from recontact.rates import rates
from recontact.simulate import simulate
from recontact.sources.fetch import fetch_servicenow
from recontact.sources.imports import import_contacts
from recontact.writing import write_table
from recontact_pipelines import past_days, scoreboard
from recontact_pipelines.local_service import serving
from recontact_pipelines.output import note, progress
from recontact_pipelines.replay import Played, events, play
from recontact_serving.scoring.loading import load, refresh
from recontact_serving.storage.database import Database

HOST = "127.0.0.1"
LIVE, LIVE_SHARE = 300, 0.02  # how many contacts are played to the service, at most
PAST, PAST_SHARE = 1_300, 0.08  # how many before them the proof is of, at most
LISTED_SHARE = 0.1  # the part of them that is looked at on the at-risk list
LEFT = ("recontact.db*", "mlflow.db*", "*.parquet")  # by an earlier demo
SERVICENOW_ENDS = datetime(2016, 6, 1, tzinfo=UTC)  # the log holds but stragglers after it


@dataclass(frozen=True)
class Centre:
    """A contact centre to show.

    Attributes
    ----------
    contacts : pyarrow.Table
        Clean contacts.
    policy : Policy
        How they are judged.
    ceiling : mapping
        Of simulated contacts the best ROC AUC there can be, by outcome and moment.
    """

    contacts: pa.Table
    policy: Policy
    ceiling: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """The end of a demonstration, while its service still runs."""

    board: dict[str, Any]
    words: str


def simulated(folder: Path, contacts: int, seed: int) -> Centre:
    """Simulate a contact centre into a folder."""
    with progress(f"simulating {contacts:,} contacts", total=1) as advance:
        done = simulate(contacts=contacts, seed=seed, out=folder / "centre", progress=advance)
    return Centre(read_contacts([folder / "centre/contacts.parquet"]), Policy(), done.ceiling)


def servicenow(folder: Path) -> Centre:
    """Take the real ServiceNow incidents: every channel is judged, by the first reason level."""
    with progress("fetching the incident event log"):
        log = fetch_servicenow(folder)
    with progress("importing it"):
        contacts = import_contacts("servicenow", [str(log)]).contacts
    ours = contacts.filter(pc.less(contacts["started_at"], pa.scalar(SERVICENOW_ENDS, INSTANT)))
    channels = sorted(c for c in pc.unique(ours["channel"]).to_pylist() if c)
    return Centre(ours, Policy.parse({"index_channels": channels, "reason_level": 1}))


def fresh(folder: Path) -> Path:
    """Make a folder for a demonstration, without what an earlier one left in it."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for left in (path for pattern in LEFT for path in folder.glob(pattern)):
        left.unlink()
    return folder


@contextmanager
def shown(centre: Centre, folder: Path, port: int) -> Iterator[Shown]:
    """Label, train on all but the last contacts, serve, and play those to the service.

    Parameters
    ----------
    centre : Centre
        Whose contacts.
    folder : pathlib.Path
        Where tables, models and the service's database go (`fresh`).
    port : int
        Where the service listens.

    Yields
    ------
    Shown
        The result; the service ends with the context.

    Raises
    ------
    UserError
        Too little data, or the service does not come up.
    """
    with progress("labeling"):
        write_table(centre.contacts, folder / "contacts.parquet")
        labels = label(centre.contacts, centre.policy)
        write_table(labels, folder / "labels.parquet")
    last = last_contacts(centre.contacts, labels)
    since = int(instants(last["started_at"]).min())
    settings = _settings(folder)
    store = settings["RECONTACT_MLFLOW_URI"]
    with progress("training on what came before the last contacts"):
        trained = train(centre.contacts, centre.policy, until=since, tracking_uri=store, say=note)
    earlier = centre.contacts.filter(pa.array(instants(centre.contacts["started_at"]) < since))
    days = (datetime.now(UTC) - pc.max(last["ended_at"]).as_py()).days
    note(f"moving the dates by {days:,} days: the last contact ends within the last 24 hours")
    away = timedelta(days=days)
    _load(moved(earlier, away), settings)
    note("starting the service")
    with serving(HOST, port, settings, folder / "service.log") as address:
        past = moved(past_contacts(earlier, labels, centre.policy, since), away)
        _live_through(past, labels, settings, folder)
        judged = labels["contact_id"].filter(labels["eligible"]).to_pylist()
        played = _play(address, moved(last, away), judged)
        board = {
            "policy_digest": centre.policy.digest,
            "tested": trained.evaluation["test"]["contacts"],
            "auc": scoreboard.against_the_rule(trained.evaluation, centre.ceiling),
            "list": scoreboard.caught(_listed(address, len(played.scores)), played.scores, labels),
            "live": scoreboard.live(played),
            "address": address,
        }
        overall = rates(centre.contacts, labels).to_pylist()[0]
        text = scoreboard.words(board, overall, centre.policy)
        yield Shown({**board, "fcr": overall["fcr"], "fcr_of": overall["fcr_of"]}, text)


def last_contacts(contacts: pa.Table, labels: pa.Table) -> pa.Table:
    """Give the last judged contacts whose outcome is known, and all that came between them."""
    started = instants(contacts["started_at"])
    judged = np.sort(started[np.asarray(pc.and_(labels["eligible"], labels["matured"]))])
    count = min(LIVE, int(LIVE_SHARE * len(judged)))
    if not count:
        raise UserError(
            f"only {len(judged)} contacts can be judged: too few for a demonstration",
            mend="take more contacts: recontact demo --contacts 60000",
        )
    return contacts.filter(pa.array((started >= judged[-count]) & (started <= judged[-1])))


def past_contacts(
    contacts: pa.Table, labels: pa.Table, policy: Policy, since: int, share: float = PAST_SHARE
) -> pa.Table:
    """Give judged contacts that nobody need look at any more at an instant, nor a day before it.

    Their outcome is known; they are the last such ones, `PAST` or a share of them.
    """
    known = labels["contact_id"].filter(pc.is_valid(labels["repeated"])).combine_chunks()
    over = pa.array(instants(contacts["ended_at"]) + greatest_window(policy) + DAY <= since)
    judged = contacts.filter(pc.and_(pc.is_in(contacts["contact_id"], value_set=known), over))
    count = min(PAST, int(share * len(judged)))
    return judged.sort_by("ended_at").slice(len(judged) - count)


def _settings(folder: Path) -> dict[str, str]:
    return {
        "RECONTACT_AUTH": "off",  # the service listens on this machine only
        "RECONTACT_DATABASE_URL": f"sqlite:///{folder / 'recontact.db'}",
        "RECONTACT_MLFLOW_URI": f"sqlite:///{folder / 'mlflow.db'}",
    }


def moved(contacts: pa.Table, away: timedelta) -> pa.Table:
    """Move all instants of contacts: a list of old ones would have nothing to do.

    Examples
    --------
    >>> began = pa.array([datetime(2026, 3, 1, tzinfo=UTC)], INSTANT)
    >>> moved(pa.table({"started_at": began}), timedelta(days=2))["started_at"].to_pylist()[0].day
    3
    """
    for place, column in enumerate(contacts.schema):
        if pa.types.is_timestamp(column.type):
            later = pc.add(contacts[column.name], pa.scalar(away))
            contacts = contacts.set_column(place, column, later.cast(column.type))
    return contacts


def _load(earlier: pa.Table, settings: Mapping[str, str]) -> None:
    database = Database(settings["RECONTACT_DATABASE_URL"])
    with progress("loading the history", len(earlier)) as advance:
        load(database, earlier, advance)
    with progress("rates of agents, queues and reasons"):
        refresh(database, settings["RECONTACT_MLFLOW_URI"], earlier)
    database.close()


def _live_through(
    past: pa.Table, labels: pa.Table, settings: Mapping[str, str], folder: Path
) -> None:
    told = past_days.wrapups(past)
    with progress("living through the days before, half of the customers held out", len(told)) as a:
        past_days.live_through(told, labels, settings, folder / "service.log", a)


def _play(address: str, contacts: pa.Table, judged: list[str]) -> Played:
    told = events(contacts, judged)
    with progress(f"playing {len(contacts):,} contacts to the service", len(told)) as advance:
        return play(address, told, advance)


def _listed(address: str, scores: int) -> list[dict[str, Any]]:
    """Read the top of the at-risk list; each contact was scored twice."""
    top = max(1, round(LISTED_SHARE * scores / 2))
    answer = httpx.get(f"{address}/v1/at-risk?limit={top}", timeout=30, trust_env=False)
    items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
    return items
