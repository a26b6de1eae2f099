"""A service that is killed under load, again and again: nothing that it acknowledged is lost.

While several clients score contacts and send finished ones, the process gets SIGKILL. Then the
database must hold every score that was answered, byte by byte, and every contact that was taken.

    python -m recontact_pipelines.campaigns.kills --out FOLDER
    python -m recontact_pipelines.campaigns.kills --out FOLDER --database postgresql://...
"""

import argparse
import datetime as dt
import json
import os
import random
import secrets
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from recontact.model import train
from recontact.simulate import simulate
from recontact_pipelines.local_service import process
from recontact_pipelines.output import emit, note
from recontact_serving.storage.database import Database
from recontact_serving.storage.engines import url_of
from recontact_serving.storage.tables import decisions, scores, versions

CLIENTS = 4
AT_ONCE = 20  # contacts in one request
BEGUN_WITHIN_S = 30.0  # on a busy machine the first answers take their time
SMALL = {"num_leaves": 7, "max_trees": 40}


@dataclass
class Acknowledged:
    """What the service said that it keeps: scores with their bytes, contacts, and faults."""

    scores: dict[str, bytes] = field(default_factory=dict)
    contacts: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass
class Found:
    """What became of it, added up over the rounds."""

    rounds: int = 0
    scores: int = 0
    contacts: int = 0
    lost_scores: list[str] = field(default_factory=list)
    lost_contacts: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether there was something to lose and nothing was lost."""
        nothing = not (self.lost_scores or self.lost_contacts or self.faults)
        return nothing and self.scores > 0 and self.contacts > 0


def kills(url: str, mlflow: str, rounds: int, folder: Path, seed: int = 1) -> Found:
    """Kill a service so often, and look each time.

    Parameters
    ----------
    url : str
        Address of the database.
    mlflow : str
        Address of the MLflow store, with champions.
    rounds : int
        How often.
    folder : pathlib.Path
        Where the service's logs go.
    seed : int
        Of the times at which it is killed.
    """
    found, chance = Found(), random.Random(seed)  # noqa: S311 - no secret
    run = secrets.token_hex(4)  # what an earlier campaign left there has other names
    settings = {"DATABASE_URL": url, "MLFLOW_URI": mlflow, "AUTH": "off", "REFRESH": "off"}
    environ = {f"RECONTACT_{name}": value for name, value in settings.items()}
    for number in range(rounds):
        log = folder / f"serve-{number}.log"
        with process("127.0.0.1", 0, environ, log) as (address, running):
            told = _loaded(address, f"{run}-{number}", running.pid, chance.uniform(0.3, 1.5))
        _compare(url, told, found)
        note(f"round {number + 1}: {len(told.scores):,} scores, {len(told.contacts):,} contacts")
    return found


def _loaded(address: str, name: str, pid: int, seconds: float) -> Acknowledged:
    """Ask from several sides, and kill the process amid it, so long after the first answers."""
    told, over = Acknowledged(), threading.Event()
    work = [_score, _score, _score, _send][:CLIENTS]
    threads = [
        threading.Thread(target=_client, args=(one, address, f"{name}-{k}", told, over))
        for k, one in enumerate(work)
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + BEGUN_WITHIN_S
    while not (told.scores and told.contacts) and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(seconds)
    os.killpg(pid, signal.SIGKILL)
    over.set()
    for thread in threads:
        thread.join()
    return told


def _client(work: Any, address: str, name: str, told: Acknowledged, over: threading.Event) -> None:
    with httpx.Client(base_url=address, timeout=10, trust_env=False) as client:
        for number in range(100_000):
            try:
                work(client, f"{name}-{number}", told)
            except httpx.TransportError:
                return  # killed
            if over.is_set():
                return


def _score(client: httpx.Client, name: str, told: Acknowledged) -> None:
    now = dt.datetime.now(dt.UTC).isoformat()
    customer = name.rpartition("-")[0]
    body = {"contact_id": f"s-{name}", "customer_id": customer, "moment": "start",
            "started_at": now, "queue": "q"}  # fmt: skip
    answer = client.post("/v1/score", json=body)
    if answer.status_code != 200:
        told.faults.append(answer.text)
    elif not any(text.startswith("log:") for text in answer.json()["degraded"]):
        told.scores[f"s-{name}"] = answer.content


def _send(client: httpx.Client, name: str, told: Acknowledged) -> None:
    now = dt.datetime.now(dt.UTC).isoformat()
    ids = [f"c-{name}-{k}" for k in range(AT_ONCE)]
    contacts = [{"contact_id": one, "customer_id": "u", "started_at": now, "ended_at": now}
                for one in ids]  # fmt: skip
    answer = client.post("/v1/contacts", json={"contacts": contacts})
    if answer.status_code != 200 or answer.json()["accepted"] != AT_ONCE:
        told.faults.append(answer.text)
    else:
        told.contacts += ids


def _compare(url: str, told: Acknowledged, found: Found) -> None:
    database = Database(url)
    with database.read() as db:
        logged = {row.contact_id: row.answer for row in db.execute(select(decisions))}
        listed = set(db.execute(select(scores.c.contact_id)).scalars())
        taken = set(
            db.execute(
                select(versions.c.contact_id).where(versions.c.known_at.is_not(None))
            ).scalars()
        )
    database.close()
    found.rounds += 1
    found.scores += len(told.scores)
    found.contacts += len(told.contacts)
    found.faults += told.faults
    found.lost_scores += [
        name
        for name, sent in told.scores.items()
        if name not in listed or logged.get(name, "").encode() != sent
    ]
    found.lost_contacts += [name for name in told.contacts if name not in taken]


def main() -> int:
    """Run the campaign; 1 where something was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of what it makes")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--database", help="its address; default: SQLite in the folder")
    asked = parser.parse_args()
    kind = url_of(asked.database).get_backend_name() if asked.database else "sqlite"
    folder = asked.out / f"kills-{kind}"
    folder.mkdir(parents=True, exist_ok=True)
    simulate(6_000, 7, folder / "centre")
    from recontact.clean import read_contacts  # noqa: PLC0415 - takes seconds

    mlflow = f"sqlite:///{folder}/mlflow.db"
    train(read_contacts(folder / "centre" / "contacts.parquet"), params=SMALL, tracking_uri=mlflow)
    url = asked.database or f"sqlite:///{folder}/recontact.db"
    found = kills(url, mlflow, asked.rounds, folder)
    shown = {**vars(found), "database": kind, "passed": found.passed}
    (folder / "kills.json").write_text(json.dumps(shown, indent=1) + "\n")
    lost = f"{len(found.lost_scores)} and {len(found.lost_contacts)} lost"
    emit(shown, f"{kind}: {found.rounds} kills, {found.scores:,} scores and {found.contacts:,} "
         f"contacts acknowledged, {lost}, {len(found.faults)} faults", as_json=False)  # fmt: skip
    return 0 if found.passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
