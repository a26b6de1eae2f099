"""What the bench of the service needs: a trained contact centre up to now, and requests to it."""

import datetime as dt
import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.clean import read_contacts
from recontact.contacts import SCHEMA
from recontact.model import train
from recontact.simulate import simulate
from recontact_serving.scoring.loading import load, refresh
from recontact_serving.storage.database import Database

ARRIVAL = ("customer_id", "program", "channel", "direction", "queue", "site", "reason")
NEVER_SENT = ("known_at", "interaction_id", "csat", "nps", "ces", "survey_resolved", "contact_id")
INSTANTS = ("started_at", "ended_at", "known_at")


def prepare(folder: Path, contacts: int) -> dict[str, str]:
    """Simulate, train and load; give the settings of the service."""
    simulate(contacts, 7, folder / "centre")
    table = until_now(read_contacts(folder / "centre" / "contacts.parquet"))
    mlflow, url = f"sqlite:///{folder}/mlflow.db", f"sqlite:///{folder}/recontact.db"
    train(table, tracking_uri=mlflow)
    database = Database(url)
    load(database, table)
    refresh(database, mlflow, table)
    database.close()
    (folder / "calls.json").write_bytes(json.dumps(calls(table, 2_000)).encode())
    return settings(folder, url)


def settings(folder: Path, url: str) -> dict[str, str]:
    """Give the settings of a service on what was prepared, with its database at an address."""
    own = {
        "DATABASE_URL": url,
        "MLFLOW_URI": f"sqlite:///{folder}/mlflow.db",
        "CACHE_DIR": f"{folder}/cache",
        "AUTH": "off",
        "REFRESH": "off",
    }
    return os.environ | {f"RECONTACT_{name}": value for name, value in own.items()}


def until_now(table: pa.Table) -> pa.Table:
    """Move a contact centre in time so that its last contact has just ended."""
    now = dt.datetime.now(dt.UTC)
    by = pa.scalar(now - pc.max(table["ended_at"]).as_py())
    for name in INSTANTS:
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, pc.add(table[name], by).cast(SCHEMA.field(name).type))
    return table


def calls(table: pa.Table, most: int) -> list[dict]:
    """Make new calls like the last ones, by the same customers: what is sent at each moment."""
    made = []
    for number, row in enumerate(table.sort_by("started_at").slice(len(table) - most).to_pylist()):
        lasted = (row["ended_at"] - row["started_at"]).total_seconds()
        known = {k: v for k, v in row.items() if v is not None and k not in NEVER_SENT}
        facts = {k: v for k, v in known.items() if not isinstance(v, dt.datetime)}
        arrival = {k: facts[k] for k in ARRIVAL if k in facts}
        made.append(
            {"contact_id": f"new-{number}", "lasted": lasted} | {"start": arrival, "wrapup": facts}
        )
    return made


def bodies(folder: Path, explain: str) -> list[bytes]:
    """Write requests for the calls, as if they began or ended now: half of them each."""
    now = dt.datetime.now(dt.UTC)
    found = []
    for call in json.loads((folder / "calls.json").read_bytes()):
        began = now - dt.timedelta(seconds=call["lasted"])
        base = {"contact_id": call["contact_id"], "explain": explain}
        found.append({**base, **call["start"], "moment": "start", "started_at": text(now)})
        end = {"started_at": text(began), "ended_at": text(now)}
        found.append({**base, **call["wrapup"], **end, "moment": "wrapup"})
    order = np.random.default_rng(3).permutation(len(found))
    return [json.dumps(found[k]).encode() for k in order]


def text(at: dt.datetime) -> str:
    return at.isoformat()
