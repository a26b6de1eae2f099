"""How long the first page of the at-risk list takes at a million scored contacts.

Fills SQLite and PostgreSQL with contacts of a large outsourcer, nearly all of them still to do
(the most that the list can hold), then reads the list as its page does: the rows with their
reasons and who called again, how many there are, what one can choose from, and what is left of
the day. Then it times what a score's commit costs with and without its row of the list.

    python tests/bench/bench_list.py                              # both, some minutes
    python tests/bench/bench_list.py --contacts 100000 --only sqlite --json
"""

# ruff: noqa: T201 - it prints what it measures

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parents[2]))

from sqlalchemy import Connection, Index
from tests.serving import postgres

from recontact.evaluation.costs import Costs
from recontact.scoring import Ahead
from recontact_serving.follow_up import capacity, follow_ups, worklist
from recontact_serving.follow_up.follow_ups import FollowUps
from recontact_serving.follow_up.holdout import Holdout
from recontact_serving.follow_up.places import choices
from recontact_serving.people.access import Access
from recontact_serving.people.roles import scopes_of
from recontact_serving.scoring import history, latest
from recontact_serving.storage.clock import instant, micros, now
from recontact_serving.storage.database import Database
from recontact_serving.storage.raw import Bulk, Together
from recontact_serving.storage.tables import follow_ups as listed
from recontact_serving.storage.tables import scores, versions

PROGRAMS, TEAMS, QUEUES, AGENTS = 12, 60, 40, 1_500
RARE = "q-rare"  # so many contacts of a million are of it
RARE_OF = 40
CHUNK = 5_000
ROUNDS = 15
HOUR = 3_600_000_000
STATES = {"claimed": 0.02, "snoozed": 0.01, "resolved": 0.05, "lapsed": 0.02}
WHY = {"outcome": "repeated", "feature": "hold_s", "value": 60.0, "effect": 0.4}


def main() -> None:
    asked = arguments()
    result = {}
    for kind in asked.only:
        with database(kind, asked.folder) as opened:
            fill(opened, asked.contacts)
            result[kind] = {"ms": read(opened), "commit_us": commits(opened)}
    print(json.dumps(result, indent=1) if asked.json else table(result))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--only", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--folder", type=Path, help="where SQLite's file goes, and stays")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


@contextmanager
def database(kind: str, folder: Path | None) -> Iterator[Database]:
    """Give a database of a kind, empty or as it was left."""
    with ExitStack() as open_:
        if kind == "sqlite":
            where = folder or Path(open_.enter_context(tempfile.TemporaryDirectory()))
            url = f"sqlite:///{where}/list.db"
        else:
            url = open_.enter_context(open_.enter_context(postgres.running()).empty())
        opened = Database(url)
        yield opened
        opened.close()


def fill(database: Database, contacts: int) -> None:
    """Put in contacts, their scores and their rows of the list, some in other states."""
    with database.read() as db:
        if db.execute(scores.select().limit(1)).first():
            return
    draw = random.Random(1)  # noqa: S311 - made-up contacts
    rows = FollowUps(Costs(), Holdout())
    started = micros(now()) - 24 * HOUR
    indexes = sorted((*listed.indexes, *versions.indexes), key=of_some_rows)
    with database.write() as db:  # made once all is there, as it is quicker so
        for index in indexes:
            index.drop(db)
    for first in range(0, contacts, CHUNK):
        made = [contact(draw, number, contacts, started) for number in range(first, first + CHUNK)]
        arrivals = [history.arrival(one) for one, _ in made]
        scored = [latest.row(one, answer, micros(now())) for one, answer in made]
        work = [rows.row(one, Ahead(48 * HOUR, 12 * HOUR)) for one in scored]
        for row in work:
            row["state"] = state(draw)
            row["owner"] = "lea" if row["state"] == "claimed" else None
        put(database, arrivals, scored, work)
        say(f"\r{first + CHUNK:,} contacts")
    say("\n")
    with database.engine.connect() as db, db.begin():
        if database.engine.dialect.name == "postgresql":
            db.exec_driver_sql("SET LOCAL statement_timeout = 0")
        for index in indexes:
            index.create(db)
    if database.engine.dialect.name == "postgresql":  # its autovacuum, off here, does so by itself
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.exec_driver_sql("VACUUM ANALYZE")


def of_some_rows(index: Index) -> bool:
    """Tell which indexes come last, as the migrations make them: SQLite prefers the newest."""
    return index.dialect_options["sqlite"]["where"] is not None


def contact(draw: random.Random, number: int, of: int, started: int) -> tuple[Any, Any]:
    """Make up a contact and what was answered about it."""
    team = int(TEAMS * draw.random() ** 1.5)
    queue = RARE if number % (of // RARE_OF or 1) == 0 else f"q-{int(QUEUES * draw.random() ** 2)}"
    chance, escalates = draw.betavariate(1, 9), draw.betavariate(1, 30)
    at = instant(started + int(draw.random() * 20 * HOUR))
    facts = {
        "contact_id": f"c-{number}",
        "customer_id": f"u-{draw.randrange(of // 3 + 1)}",
        "program": f"p-{team % PROGRAMS}",
        "team": f"t-{team}",
        "queue": queue,
        "agent_id": f"a-{draw.randrange(AGENTS)}",
        "started_at": at,
        "reason": "billing > dispute",
    }
    reasons = [{**WHY, "text": "on hold for 1 min, longer than usual"}] * 3 if chance > 0.2 else []
    past = {"contacts_48h": 0, "contacts_30d": 2, "last_contact_at": None}
    answer = {
        "contact_id": facts["contact_id"],
        "moment": "wrapup",
        "at": at.isoformat(),
        "repeated": outcome(chance),
        "escalation": outcome(escalates),
        "reasons": reasons,
        "next_issues": [{"reason": "billing", "probability": 0.3, "probe": "Shall we check it?"}],
        "history": {**past, "last_reason": None, "last_agent_id": None},
        "model": {"recontact-repeated": "1", "recontact-escalation": "1"},
        "policy": "5ca5ee549816d4e5",
        "degraded": [],
    }
    return facts, answer


def outcome(chance: float) -> dict[str, Any]:
    band = "high" if chance > 0.35 else "medium" if chance > 0.2 else "low"
    return {"probability": chance, "band": band}


def state(draw: random.Random) -> str:
    drawn = draw.random()
    for name, share in STATES.items():
        if drawn < share:
            return name
        drawn -= share
    return "open"


def put(database: Database, arrivals: Any, scored: Any, work: Any) -> None:
    dialect = database.engine.dialect
    parts = [
        Bulk(versions, history.COLUMNS, dialect),
        Bulk(scores, latest.COLUMNS, dialect),
        Bulk(listed, follow_ups.COLUMNS, dialect),
    ]
    together = Together(parts)
    with database.engine.raw_connection() as raw:
        driver = raw.driver_connection
        if "together" not in raw.info:
            together.prepare(driver)
            raw.info["together"] = True
        together.put(driver, [arrivals, scored, work])
        driver.commit()


def read(database: Database) -> dict[str, dict[str, float]]:
    """Time the parts of the page for several people and filters."""
    boss = Access("boss", scopes_of("manager"))
    lead = Access("lea", scopes_of("lead"), teams=frozenset({"t-3", "t-17", "t-40"}))
    acme = Access("ann", scopes_of("lead"), programs=frozenset({"p-1", "p-2"}))
    with database.read() as db:
        deep = worklist.page(db, worklist.Asked(limit=1000))
        for _ in range(20):
            deep = worklist.page(db, worklist.Asked(limit=1000, cursor=deep.cursor))
    ways: dict[str, tuple[Access, dict[str, Any]]] = {
        "everybody": (boss, {}),
        "one team": (boss, {"team": "t-3"}),
        "a lead of 3 teams": (lead, {}),
        "a lead of 2 programs": (acme, {}),
        "a rare queue": (boss, {"queue": RARE}),
        "a lead of 3 teams, a rare queue": (lead, {"queue": RARE}),
        "one agent": (boss, {"agent_id": "a-7"}),
        "band high": (boss, {"band": "high"}),
        "band low": (boss, {"band": "low"}),
        "band already": (boss, {"band": "already"}),
        "resolved": (boss, {"state": "resolved"}),
        "one owner": (boss, {"owner": "lea"}),
        "by due time": (boss, {"sort": "due"}),
        "newest first": (boss, {"sort": "newest"}),
        "a lead of 3 teams, by due time": (lead, {"sort": "due"}),
        "20,000 rows down": (boss, {"cursor": deep.cursor}),
    }
    return {name: page(database, *way) for name, way in ways.items()}


def page(database: Database, access: Access, filters: dict[str, Any]) -> dict[str, float]:
    """Time what a page reads, in milliseconds of the processors: medians, and the most of all.

    Those of the database's process are counted too. `clock` is how long the page took, which
    other work on the machine makes longer.
    """
    asked = worklist.Asked(**filters, programs=access.programs, teams=access.teams)
    parts: dict[str, Callable[[Any], Any]] = {
        "rows": lambda db: worklist.page(db, asked),
        "count": lambda db: worklist.count(db, asked),
        "choices": lambda db: choices(db, access),
        "today": lambda db: capacity.of_today(db, access, asked.team, ZoneInfo("UTC")),
    }
    took: dict[str, list[float]] = {name: [] for name in (*parts, "clock")}
    for _ in range(ROUNDS):
        clock = time.perf_counter()
        for name, part in parts.items():
            with database.read() as db:
                began = processor_ms(db)
                part(db)
                took[name].append(processor_ms(db) - began)
        took["clock"].append((time.perf_counter() - clock) * 1e3)
    together = [sum(times) for times in zip(*(took[name] for name in parts), strict=True)]
    return {
        **{name: round(statistics.median(took[name]), 1) for name in parts},
        "page": round(statistics.median(together), 1),
        "most": round(max(together), 1),
        "clock": round(statistics.median(took["clock"]), 1),
    }


def processor_ms(db: Connection) -> float:
    """Give what this process and the one that answers it have computed so far."""
    own = time.process_time() * 1e3
    if db.dialect.name == "sqlite":
        return own
    pid = db.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    return own + int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def commits(database: Database) -> dict[str, float]:
    """Measure commits of 8 scores, in processor microseconds a score, without and with rows."""
    draw, started = random.Random(), micros(now())  # noqa: S311 - other contacts each time
    rows, found = FollowUps(Costs(), Holdout()), {}
    for name in ("without", "with"):
        took = []
        for _ in range(200):
            names = [draw.randrange(10**9, 10**15) for _ in range(8)]
            made = [contact(draw, number, 10**6, started) for number in names]
            scored = [latest.row(one, answer, micros(now())) for one, answer in made]
            work = [rows.row(one, Ahead(48 * HOUR, 12 * HOUR)) for one in scored]
            arrivals = [history.arrival(one) for one, _ in made]
            with database.engine.connect() as db:
                began = processor_ms(db)
            put(database, arrivals, scored, work if name == "with" else [])
            with database.engine.connect() as db:
                took.append((processor_ms(db) - began) * 1e3 / 8)
        found[name] = round(statistics.median(took), 1)
    return found


def table(result: dict[str, Any]) -> str:
    lines = []
    for kind, found in result.items():
        lines += [
            "",
            f"{kind}, ms",
            f"{'':32}" + "".join(f"{n:>9}" for n in next(iter(found["ms"].values()))),
        ]
        lines += [
            f"{way:32}" + "".join(f"{ms:9.1f}" for ms in parts.values())
            for way, parts in found["ms"].items()
        ]
        lines += [f"a score's part of a commit, us: {found['commit_us']}"]
    return "\n".join(lines)


def say(text: str) -> None:
    print(text, end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
