"""The future is deleted: each feature must be the same by what was known at its instant."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import INSTANT, instants, known_of
from recontact.durations import SECOND
from recontact.features.known import mask_own
from recontact.features.shapes import Floats, Ints
from recontact.features.table import Source
from recontact.leaks.found import Check, Moves
from recontact.leaks.world import HISTORY, RATE, Asked, World

NOT_YET = pa.scalar(253370764800 * SECOND, pa.int64()).cast(INSTANT)  # 9999-01-01
ALWAYS = ("contact_id", "started_at")
FROM_END = ("ended_at", "handled")
BESIDE = 200  # contacts whose instants lie just before are compared in the same world


class Known(NamedTuple):
    """Contacts as they were known at an instant, and where they stand in the whole table."""

    contacts: pa.Table
    rows: Ints


def as_known(
    source: Source, row: int, moment: str, at: int, elapsed_s: float | None = None
) -> Known:
    """Give the contacts as they were known just before an instant.

    Parameters
    ----------
    source : Source
        All contacts.
    row : int
        The contact being scored.
    moment : {"start", "live", "wrapup"}
        The moment of its score.
    at : int
        The instant in microseconds.
    elapsed_s : float, optional
        At `live`, seconds since its start.

    Returns
    -------
    Known
        The contact itself first, then those that had started; ends and records still to come
        lie in the year 9999, and what was not known is null.
    """
    contacts = source.contacts
    begun = instants(contacts["started_at"]) < at
    begun[row] = False
    rows = np.flatnonzero(begun)
    others = contacts.take(pa.array(rows))
    over = pa.array(instants(others["ended_at"]) < at)
    recorded = pa.array(known_of(others) < at)
    columns = {}
    for name in contacts.column_names:
        column = others[name]
        if name in ALWAYS or source.known.get(name) == "start":
            columns[name] = column
        else:
            known = over if name in FROM_END else recorded
            later = NOT_YET if name in ("ended_at", "known_at") else None
            columns[name] = pc.if_else(known, column, pa.scalar(later, column.type))
    own = _own(source, row, moment, elapsed_s)
    return Known(pa.concat_tables([own, pa.table(columns).cast(own.schema)]), np.append(row, rows))


def _own(source: Source, row: int, moment: str, elapsed_s: float | None) -> pa.Table:
    contact = source.contacts.slice(row, 1)
    elapsed: Floats | None = None if elapsed_s is None else np.array([elapsed_s])
    own = mask_own(contact, moment, source.known, elapsed_s=elapsed, delay_s=source.delay_s)
    ended = contact["ended_at"] if moment == "wrapup" else pa.array([NOT_YET.as_py()], INSTANT)
    columns = dict(zip(own.column_names, own.columns, strict=True))
    columns |= {"ended_at": ended, "known_at": ended, "handled": pa.array([True])}
    if moment == "live" and own["agent_id"].null_count == 0:  # answered: the wait is over
        columns["wait_s"] = contact["wait_s"]
    return pa.table(columns)


def future(
    world: World,
    all_asked: Sequence[Asked],
    sample: int,
    draw: np.random.Generator,
    advance: Callable[[], None] = lambda: None,
) -> Check:
    """Compare features with those computed from what was known then, labels and all.

    Contacts are drawn, half of them such as their customer's next contact follows. At the
    instant of each, everything still to come is taken away and all is computed anew: for the
    contact itself, and for those whose instants and records lie just before.

    Parameters
    ----------
    world : World
        The contacts.
    all_asked : sequence of Asked
        Their features by moment.
    sample : int
        Contacts drawn for each moment.
    draw : numpy.random.Generator
        Draws them.
    advance : callable
        Is called after each contact.

    Returns
    -------
    Check

    Raises
    ------
    BlindFirewallError
        A planted feature that looks ahead was not found.
    """
    moves, drawn = Moves(), 0
    planted: set[str] = set()
    for one in all_asked:
        for row in _drawn(one, sample, draw):
            rows, after = _anew(world, one, int(row))
            before = one.table.take(pa.array(np.searchsorted(one.rows, rows)))
            moves.compare(before, after)
            planted |= {
                name for name in (HISTORY, RATE) if pc.any(pc.greater(before[name], 0)).as_py()
            }
            drawn += 1
            advance()
    text = (
        f"{drawn} instants, {len(moves.contacts):,} contacts, {moves.values:,} values computed "
        "anew without what came later"
    )
    checked = {"instants": drawn, "contacts": len(moves.contacts), "values": moves.values}
    return Check("future", text, checked, moves.found(planted), sorted(planted))


def _any(column: pa.ChunkedArray) -> bool:
    """Tell whether a planted feature has anything ahead to look at."""
    return bool(pc.any(pc.greater(column, 0)).as_py())


def _drawn(one: Asked, sample: int, draw: np.random.Generator) -> Ints:
    """Draw contacts, half of them from those that another of the customer follows."""
    followed = one.rows[np.asarray(pc.greater(one.table[HISTORY], 0))]
    some = draw.choice(followed, min(sample // 2, len(followed)), replace=False)
    rest = np.setdiff1d(one.rows, some)
    more = draw.choice(rest, min(sample - len(some), len(rest)), replace=False)
    return np.sort(np.append(some, more))


def _anew(world: World, one: Asked, row: int) -> tuple[Ints, pa.Table]:
    """Compute the features of a contact, and of those before it, by what was known then."""
    source, at = world.source, int(one.at[row])
    spent = None if one.elapsed_s is None else float(one.elapsed_s[row])
    known = as_known(source, row, one.moment, at, spent)
    then = World.of(_at(source, known.contacts, at))
    rows = np.append(row, _before(source, one, row))
    places = np.append(0, 1 + np.searchsorted(known.rows[1:], rows[1:]))
    elapsed = None if one.elapsed_s is None else one.elapsed_s[known.rows]
    return rows, then.features(places, one.moment, elapsed)


def _at(source: Source, contacts: pa.Table, at: int) -> Source:
    """Give a source at an instant: its contacts as known, its policy and events up to then."""
    end = source.policy.as_of
    policy = replace(source.policy, as_of=at if end is None else min(at, end))
    events = source.events
    if events is not None:
        events = events.filter(pa.array(instants(events["at"]) < at))
    return replace(source, contacts=contacts, policy=policy, events=events)


def _before(source: Source, one: Asked, row: int) -> Ints:
    """List the last contacts before a contact's instant whose own facts were all known by then."""
    at = one.at[one.rows]
    there: npt.NDArray[np.bool_] = at < one.at[row]
    if one.moment != "start":
        there &= known_of(source.contacts)[one.rows] < one.at[row]
    there &= one.rows != row
    rows = one.rows[there]
    latest = np.argsort(at[there], kind="stable")[-BESIDE:]
    return np.sort(rows[latest])
