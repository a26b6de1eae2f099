"""Simulating a contact centre, from the number of contacts to the files."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recontact.errors import UserError
from recontact.simulate import customers, tables, truth
from recontact.simulate.ceiling import Ceiling
from recontact.simulate.chances import Chances
from recontact.simulate.customers import People
from recontact.simulate.issues import lifetime
from recontact.simulate.output import Tables, folder, refuse_other
from recontact.simulate.records import MOMENTS, Records, ended_ms, records
from recontact.simulate.runs import Runs
from recontact.simulate.world import END, World, build

BLOCK = 8_192  # persons lived through together
SHARED_PEOPLE, CONTACTS_PER_SHARER = 400, 250  # who use the shared number: at most, one in
MOST_CONTACTS = 10**10
END_MS = int(END * 1_000) + 1
WINDOW_MS = 48 * 3_600_000
KNOWN_FROM = json.dumps({"reason": "start"})

Progress = Callable[[float], object]


@dataclass(frozen=True)
class Simulated:
    """What was simulated.

    Attributes
    ----------
    out : str
        The folder.
    contacts, legs, events, customers, agents : int
        Rows of the tables; customers include those whose contacts were all left out.
    ceiling : dict
        For each outcome and moment the number of eligible, matured contacts whose outcome was
        open, their mean chance and the ROC AUC of the chances.
    """

    out: str
    contacts: int
    legs: int
    events: int
    customers: int
    agents: int
    ceiling: dict[str, dict[str, dict[str, float | None]]]


def refuse(contacts: int, seed: int, out: Path) -> None:
    """Refuse what can't be simulated, before anything is done.

    Raises
    ------
    UserError
        A number out of range, or a folder that holds something else.
    """
    if not 1 <= contacts <= MOST_CONTACTS:
        raise UserError(f"cannot simulate {contacts} contacts", "ask for 1 or more")
    if seed < 0:
        raise UserError(f"the seed is {seed}", "give a whole number of 0 or more")
    refuse_other(out)


def simulate(
    contacts: int, seed: int, out: str | Path, progress: Progress | None = None
) -> Simulated:
    """Simulate a contact centre over 180 days and write it into a folder.

    Parameters
    ----------
    contacts : int
        Rows of the contacts table, at least 1.
    seed : int
        0 or more; the same number of contacts and seed give the same bytes.
    out : path
        A new or empty folder, or an earlier simulation, which is replaced.
    progress : callable, optional
        Called with each share of the work that was done; the shares sum to 1.

    Returns
    -------
    Simulated

    Raises
    ------
    UserError
        A number out of range, or a folder that cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as out:
    ...     done = simulate(contacts=500, seed=1, out=out)
    >>> done.contacts, done.agents
    (500, 45)
    """
    refuse(contacts, seed, Path(out))
    world = build(contacts, _random(seed, 0))
    told = progress or (lambda _share: None)
    with folder(Path(out)) as (partial, work), Tables(partial) as files:
        runs, people = _live(world, contacts, seed, Runs(work, contacts, END_MS), files, told)
        counts, ceiling = _write(world, runs, files, told)
        files.add("truth/agents.parquet", truth.agents(world))
        files.add("truth/outages.parquet", truth.outages(world))
        done = Simulated(str(out), *counts, people, len(world.agents.pool), ceiling)
        _tell(done, seed, partial)
    return done


def _random(seed: int, *key: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=key)))


def _live(
    world: World, contacts: int, seed: int, runs: Runs, files: Tables, told: Progress
) -> tuple[Runs, int]:
    """Live through blocks of persons until there are enough contacts."""
    count, chances = 0, Chances.of(world)
    for block, people, rng in _blocks(world, contacts, seed):
        wave = lifetime(world, people, rng)
        chances.add(people, wave)
        rows = records(people, wave, block)[: contacts - runs.rows]
        runs.add(rows)
        enough = runs.rows == contacts
        persons = int(rows["person"][-1]) + 1 if enough else len(people.number)
        files.add("truth/customers.parquet", truth.customers(people).slice(0, persons))
        count += persons
        told(0.5 * len(rows) / contacts)
        if enough:
            break
    return runs, count


def _blocks(
    world: World, contacts: int, seed: int
) -> Iterator[tuple[int, People, np.random.Generator]]:
    sharers = min(SHARED_PEOPLE, contacts // CONTACTS_PER_SHARER)
    if sharers > 1:
        rng = _random(seed, 1, 0)
        yield 0, customers.crowd(world, 0, sharers, rng), rng
    for block in range(1, MOST_CONTACTS):
        rng = _random(seed, 1, block)
        yield block, customers.block(world, np.arange(1, BLOCK + 1) + (block - 1) * BLOCK, rng), rng


def _write(
    world: World, runs: Runs, files: Tables, told: Progress
) -> tuple[tuple[int, int, int], dict[str, Any]]:
    ceilings = {(o, m): Ceiling() for o in ("repeated", "escalation") for m in MOMENTS}
    legs = events = first = 0
    for rows in runs.slices():
        whole = tables.contacts(world, rows, first).replace_schema_metadata(
            {"recontact.known_from": KNOWN_FROM}
        )
        ids = whole["contact_id"].combine_chunks()
        parts = tables.legs(world, rows, whole)
        happened = tables.events(rows, ids)
        files.add("contacts.parquet", whole)
        files.add("legs.parquet", parts.replace_schema_metadata(whole.schema.metadata))
        files.add("events.parquet", happened)
        files.add("truth/issues.parquet", truth.issues(rows, ids))
        files.add("truth/probabilities.parquet", truth.probabilities(rows, ids))
        _gather(ceilings, rows, runs.as_of_ms)
        first, legs, events = first + len(rows), legs + len(parts), events + len(happened)
        told(0.5 * len(rows) / runs.rows)
    summary: dict[str, Any] = {"repeated": {}, "escalation": {}}
    for (outcome, moment), ceiling in ceilings.items():
        summary[outcome][moment] = ceiling.summary()
    return (first, legs, events), summary


def _gather(ceilings: dict[tuple[str, str], Ceiling], rows: Records, as_of_ms: int) -> None:
    """Take in the eligible, matured contacts; own escalations are known at wrap-up."""
    matured = ended_ms(rows) + WINDOW_MS <= as_of_ms
    counted = truth.judged(rows) & matured
    still_open = counted & ~rows["escalated"]
    for (outcome, moment), ceiling in ceilings.items():
        known = outcome == "escalation" and moment == "wrapup"
        chances = rows[outcome][:, MOMENTS.index(moment)]
        ceiling.add(chances[still_open if known else counted].astype(np.float64))


def _tell(done: Simulated, seed: int, partial: Path) -> None:
    facts = {"seed": seed, **asdict(done)}
    del facts["out"]  # the same bytes wherever they are written
    text = json.dumps(facts, indent=2) + "\n"
    (partial / "truth" / "ceiling.json").write_text(text, encoding="utf-8")
