"""How long `POST /v1/score` takes, with history, rates, both models, reasons and a durable log.

A simulated contact centre is loaded into the history; its last calls are scored over HTTP, at
their start and at their wrap-up, by clients that each wait for an answer before they ask again.
"""

# ruff: noqa: T201 - it prints what it measures

import datetime as dt
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np

from recontact.clean import read_contacts
from recontact.model import train
from recontact.simulate import simulate
from recontact_serving.database import Database
from recontact_serving.loading import load, refresh

CONTACTS, CALLS = 20_000, 400
CONNECTIONS = (1, 8)
ARRIVAL = ("contact_id", "customer_id", "program", "channel", "direction", "queue", "site")
NEVER_SENT = ("known_at", "interaction_id", "csat", "nps", "ces", "survey_resolved")
HEADERS = {"Content-Type": "application/json"}


def main() -> None:
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        environ = prepare(folder)
        bodies = requests(folder)
        with serving(environ) as (address, process):
            ask(address, bodies[:100], 1)  # what is compiled and cached at first is not measured
            for connections in CONNECTIONS:
                before = processor_s(process)
                taken, whole = ask(address, bodies, connections)
                report(connections, taken, whole, processor_s(process) - before)


def prepare(folder: Path) -> dict[str, str]:
    simulate(CONTACTS, 7, folder / "centre")
    contacts = read_contacts(folder / "centre" / "contacts.parquet")
    mlflow, url = f"sqlite:///{folder}/mlflow.db", f"sqlite:///{folder}/recontact.db"
    train(contacts, tracking_uri=mlflow)
    database = Database(url)
    load(database, contacts)
    refresh(database, mlflow, contacts)
    database.close()
    settings = {"DATABASE_URL": url, "MLFLOW_URI": mlflow, "AUTH": "off"}
    return os.environ | {f"RECONTACT_{name}": value for name, value in settings.items()}


def requests(folder: Path) -> list[bytes]:
    """Make the requests of the last calls, at their start and at their wrap-up."""
    contacts = read_contacts(folder / "centre" / "contacts.parquet").sort_by("started_at")
    bodies = []
    for row in contacts.slice(len(contacts) - CALLS).to_pylist():
        known = {k: v for k, v in row.items() if v is not None and k not in NEVER_SENT}
        plain = {k: v.isoformat() if isinstance(v, dt.datetime) else v for k, v in known.items()}
        start = {k: plain[k] for k in (*ARRIVAL, "reason", "started_at") if k in plain}
        bodies.append({**start, "moment": "start", "at": plain["started_at"]})
        bodies.append({**plain, "moment": "wrapup", "at": plain["ended_at"]})
    return [json.dumps(body).encode() for body in bodies]


@contextmanager
def serving(environ: dict[str, str]) -> Iterator[tuple[str, int]]:
    words = [sys.executable, "-m", "recontact_pipelines", "serve", "--port", "0", "--json"]
    with subprocess.Popen(
        words, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        address = json.loads(process.stdout.readline())["address"]
        while httpx.get(f"{address}/health/ready").status_code != 200:
            time.sleep(0.2)
        yield address, process.pid
        process.terminate()


def ask(address: str, bodies: list[bytes], connections: int) -> tuple[list[float], float]:
    """Send the requests over some connections; give each answer's seconds, and those of all."""
    taken: list[float] = []
    began = time.perf_counter()
    shares = [bodies[k::connections] for k in range(connections)]
    clients = [threading.Thread(target=client, args=(address, s, taken)) for s in shares]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    return taken, time.perf_counter() - began


def client(address: str, bodies: list[bytes], taken: list[float]) -> None:
    connection = http.client.HTTPConnection(urlsplit(address).netloc)
    for body in bodies:
        began = time.perf_counter()
        connection.request("POST", "/v1/score", body, HEADERS)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        taken.append(time.perf_counter() - began)


def processor_s(process: int) -> float:
    """Give the processor seconds that a process has used."""
    used = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")


def report(connections: int, taken: list[float], whole: float, processor: float) -> None:
    half, most = 1e3 * np.percentile(taken, [50, 99])
    print(
        f"{connections} connections: {len(taken) / whole:,.0f} requests/s, "
        f"median {half:.1f} ms, 99 % within {most:.1f} ms, "
        f"{1e3 * processor / len(taken):.1f} ms of processor each"
    )


if __name__ == "__main__":
    main()
