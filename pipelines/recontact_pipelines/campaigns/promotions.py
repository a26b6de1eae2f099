"""A hundred promotions in a minute, under load: no request fails, none is answered by half a pair.

Three pairs of models are trained so that they answer differently. While a service is asked 200
times a second, the champion alias is moved from one pair to the next. Every answer must be what
the versions that it names give when they are loaded apart from the service.

    python -m recontact_pipelines.campaigns.promotions --out FOLDER
"""

import argparse
import json
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from recontact.features.needed import figures_needed
from recontact.model import train
from recontact.model.bundle import Bundle
from recontact.scoring import Scorer
from recontact.simulate import simulate
from recontact.tracking.loading import load_bundle
from recontact.tracking.registry import CHAMPION, NAMES
from recontact.tracking.store import Store, open_store, speaking
from recontact_pipelines.local_service import serving
from recontact_pipelines.output import emit, note
from recontact_serving.hourly import rates
from recontact_serving.scoring import history
from recontact_serving.scoring.arrivals import Arrivals
from recontact_serving.storage.database import Database
from recontact_serving.web.schemas import ScoreRequest

THREADS = 8
SIZES = ({"num_leaves": 7, "max_trees": 40}, {"num_leaves": 3, "max_trees": 8},
         {"num_leaves": 31, "max_trees": 120})  # fmt: skip
SAME = ("repeated", "escalation", "reasons", "next_issues", "history")


@dataclass
class Asked:
    """What became of the requests.

    Attributes
    ----------
    answers : list of tuple
        When each was sent, which request, and the answer.
    failed : list of str
        What those said that were not answered with a score.
    seconds : list of float
        How long each took.
    """

    answers: list[tuple[float, int, dict[str, Any]]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


class Offline:
    """Gives what a pair of versions answers, loaded apart from any service.

    Parameters
    ----------
    store : Store
        Where the versions are registered.
    database : Database
        What the service reads.
    """

    def __init__(self, store: Store, database: Database) -> None:
        self._store = store
        self._database = database
        self._bundles: dict[tuple[str, str], Bundle] = {}
        self._answers: dict[tuple[Any, ...], Mapping[str, Any]] = {}

    def answer(self, models: Mapping[str, str], body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Score a request by the versions that `models` names."""
        key = (*models.values(), body["contact_id"])
        if key not in self._answers:
            scorer = self._scorer({t: self._bundle(n, models[n]) for t, n in NAMES.items()})
            request = ScoreRequest.model_validate(body)
            contact, at = request.columns(), request.instant(request.at or request.started_at)
            with self._database.read() as db:
                past = history.of_customer(db, contact, at)
            found = scorer.score(contact, past, moment=request.moment, at=at, explain="always")
            self._answers[key] = {name: found[name] for name in SAME}
        return self._answers[key]

    def _bundle(self, name: str, version: str) -> Bundle:
        if (name, version) not in self._bundles:
            self._bundles[name, version] = load_bundle(name, version, store=self._store)
        return self._bundles[name, version]

    def _scorer(self, bundles: Mapping[str, Bundle]) -> Scorer:
        first = bundles["repeated"]
        learnt, following = self._learnt
        columns = figures_needed(first.features)[1]
        arrivals = Arrivals(self._database, columns, first.known_from, learnt.loads)
        return Scorer(bundles, learnt, following, arrivals)

    @cached_property
    def _learnt(self) -> Any:
        first = next(iter(self._bundles.values()))
        with self._database.read() as db:
            return rates.read(db, first.policy_digest)


def requests(contacts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Ask for scores of contacts at their wrap-up, always with the same words."""
    named = ("contact_id", "customer_id", "program", "queue", "agent_id", "reason", "talk_s")
    return [
        {
            **{name: row[name] for name in named if row[name] is not None},
            **{name: row[name].isoformat() for name in ("started_at", "ended_at")},
            "at": row["ended_at"].isoformat(),
            "moment": "wrapup",
            "explain": "always",
        }
        for row in contacts
    ]


def move(store: Store, versions: Mapping[str, str]) -> None:
    """Give the champion alias to a version of each model."""
    with speaking(store.uri):
        for name, version in versions.items():
            store.client.set_registered_model_alias(name, CHAMPION, version)


def wait_for(address: str, versions: Mapping[str, str], within_s: float = 60.0) -> None:
    """Wait until a service scores with these versions."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        found = httpx.get(f"{address}/health/ready", timeout=30, trust_env=False).json()
        if found["checks"]["models"]["models"] == dict(versions):
            return
        time.sleep(0.05)
    raise TimeoutError(f"the service does not take up {dict(versions)}: {found}")


def promote_under_load(
    address: str,
    store: Store,
    pairs: Sequence[Mapping[str, str]],
    bodies: Sequence[Mapping[str, Any]],
    *,
    seconds: float,
    moves: int,
    rate: float,
) -> Asked:
    """Move the alias through pairs of versions while a service is asked at a fixed rate."""
    asked = Asked()
    with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
        for versions in (*pairs[1:], pairs[0]):  # each is copied and tested once
            move(store, versions)
            wait_for(address, versions)
        for body in bodies:  # their arrivals are recorded now, so that all later answers are alike
            client.post("/v1/score", json=body).raise_for_status()
    began = time.monotonic() + 0.1
    threads = [
        threading.Thread(target=_ask, args=(address, bodies, asked, k, began, seconds, rate))
        for k in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for k in range(moves):
        time.sleep(max(0.0, began + k * seconds / moves - time.monotonic()))
        move(store, pairs[(k + 1) % len(pairs)])
    for thread in threads:
        thread.join()
    return asked


def summary(asked: Asked, offline: Offline, bodies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Compare every answer with what its named versions give, and count."""
    seen: Counter[str] = Counter()
    different = swaps = 0
    before = ""
    for _, k, answer in sorted(asked.answers, key=lambda one: one[0]):
        named = " + ".join(answer["model"][name] for name in NAMES.values())
        seen[named] += 1
        swaps += bool(before) and named != before
        before = named
        wanted = json.loads(json.dumps(offline.answer(answer["model"], bodies[k]), default=str))
        got = {name: answer[name] for name in SAME}
        got["history"] = wanted["history"] = None  # its instants are written in another form
        different += got != wanted
    times = np.quantile(asked.seconds, [0.5, 0.99]) * 1000 if asked.seconds else [0.0, 0.0]
    return {
        "requests": len(asked.seconds),
        "failed": len(asked.failed),
        "different": different,
        "swaps": swaps,
        "versions": dict(seen.most_common()),
        "median_ms": round(float(times[0]), 2),
        "p99_ms": round(float(times[1]), 2),
        "errors": asked.failed[:3],
    }


def _ask(
    address: str,
    bodies: Sequence[Mapping[str, Any]],
    asked: Asked,
    first: int,
    began: float,
    seconds: float,
    rate: float,
) -> None:
    """Send every `THREADS`th request at its time."""
    with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
        for k in range(first, int(seconds * rate), THREADS):
            time.sleep(max(0.0, began + k / rate - time.monotonic()))
            sent = time.monotonic()
            try:
                answer = client.post("/v1/score", json=bodies[k % len(bodies)])
            except httpx.HTTPError as error:
                asked.failed.append(repr(error))
                continue
            asked.seconds.append(time.monotonic() - sent)
            if answer.status_code == httpx.codes.OK:
                asked.answers.append((sent, k % len(bodies), answer.json()))
            else:
                asked.failed.append(answer.text)


def trained(folder: Path, contacts: int) -> tuple[Store, list[dict[str, str]], Any]:
    """Train the pairs; give the store, the versions of each, and the contacts."""
    from recontact.clean import read_contacts  # noqa: PLC0415 - for the whole campaign only

    simulate(contacts=contacts, seed=3, out=folder / "centre")
    table = read_contacts([folder / "centre/contacts.parquet"])
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    pairs = []
    for size in SIZES:
        note(f"training with {size}")
        done = train(table, params=size, tracking_uri=uri)
        pairs.append({NAMES[t]: version for t, version in done.versions.items()})
    return open_store(uri), pairs, table


def main() -> int:
    """Run the campaign at its full size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--contacts", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--moves", type=int, default=100)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    folder = (given.out / "promotions").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    store, pairs, table = trained(folder, given.contacts)
    move(store, pairs[0])
    url = f"sqlite:///{folder / 'recontact.db'}"
    settings = {
        "RECONTACT_AUTH": "off",
        "RECONTACT_DATABASE_URL": url,
        "RECONTACT_MLFLOW_URI": store.uri,
        "RECONTACT_CACHE_DIR": str(folder / "cache"),
        "RECONTACT_FOLLOW_S": "0.1",
        "RECONTACT_TIME_LIMIT_MS": "30000",  # what is given without history can't be compared
        "RECONTACT_WORKERS": str(given.workers),
    }
    bodies = requests(table.slice(len(table) - 50).to_pylist())
    with serving("127.0.0.1", 0, settings, folder / "service.log") as address:
        note(f"{given.moves} promotions in {given.seconds:.0f} s at {given.rate:.0f} requests/s")
        size = {"seconds": given.seconds, "moves": given.moves, "rate": given.rate}
        asked = promote_under_load(address, store, pairs, bodies, **size)
        found = summary(asked, Offline(store, Database(url)), bodies)
    (folder / "promotions.json").write_text(json.dumps(found, indent=1) + "\n")
    emit(found, json.dumps(found, indent=1), as_json=False)
    return int(bool(found["failed"] or found["different"] or found["swaps"] < given.moves // 2))


if __name__ == "__main__":
    raise SystemExit(main())
