"""The leak firewall: take away all that was not yet known, and see that no feature moves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import INSTANT, instants, known_of
from recontact.durations import SECOND
from recontact.features.kernel import Floats
from recontact.features.known import mask_own
from recontact.features.table import Source, compute
from recontact.labels.table import label

NOT_YET = pa.scalar(253370764800 * SECOND, pa.int64()).cast(INSTANT)  # 9999-01-01
ALWAYS = ("contact_id", "started_at")
FROM_END = ("ended_at", "handled")


@dataclass(frozen=True)
class Leak:
    """A feature whose value changed when what was not yet known was taken away."""

    contact_id: str
    moment: str
    feature: str
    value: Any
    value_then: Any


def as_known(
    source: Source, row: int, moment: str, at: int, elapsed_s: float | None = None
) -> pa.Table:
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
    pyarrow.Table
        The contact itself first, then those that had started; ends and records still to come
        lie in the year 9999, and what was not known is null.
    """
    contacts = source.contacts
    started, ended = instants(contacts["started_at"]), instants(contacts["ended_at"])
    begun = started < at
    begun[row] = False
    others = contacts.filter(pa.array(begun))
    over, recorded = pa.array(ended[begun] < at), pa.array(known_of(contacts)[begun] < at)
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
    return pa.concat_tables([own, pa.table(columns).cast(own.schema)])


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


def check(
    source: Source,
    moments: Sequence[str],
    *,
    sample: int = 20,
    seed: int = 0,
    advance: Callable[[], None] = lambda: None,
) -> list[Leak]:
    """Compare the features of sampled contacts with those computed from what was known then.

    Parameters
    ----------
    source : Source
        Contacts, policy and what is known from when.
    moments : sequence of str
        The moments to check; `live` is checked at half of each contact's length.
    sample : int
        Contacts drawn for each moment.
    seed : int
        Which contacts are drawn.
    advance : callable
        Is called after each contact.

    Returns
    -------
    list of Leak
        Empty where nothing leaks.
    """
    labels = label(source.contacts, source.policy)
    rates = source.rates(labels)
    eligible = np.flatnonzero(np.asarray(labels["eligible"]))
    draw = np.random.default_rng(seed)
    found: list[Leak] = []
    for moment in moments:
        rows = np.sort(draw.choice(eligible, min(sample, len(eligible)), replace=False))
        elapsed = _halfway(source) if moment == "live" else None
        at = source.at(moment, elapsed)
        full = compute(source, rows, moment, rates, elapsed_s=elapsed).to_pylist()
        for row, values in zip(rows, full, strict=True):
            spent = None if elapsed is None else float(elapsed[row])
            then = then_features(source, int(row), moment, int(at[row]), spent)
            found += _differences(values, then)
            advance()
    return found


def _halfway(source: Source) -> Floats:
    lasted = instants(source.contacts["ended_at"]) - instants(source.contacts["started_at"])
    return lasted / SECOND / 2


def _differences(values: dict[str, Any], then: dict[str, Any]) -> list[Leak]:
    return [
        Leak(values["contact_id"], values["moment"], name, value, then[name])
        for name, value in values.items()
        if value != then[name]
    ]


def then_features(
    source: Source, row: int, moment: str, at: int, elapsed_s: float | None
) -> dict[str, Any]:
    """Compute one contact's features, labels and rates included, from what was known then."""
    known = as_known(source, row, moment, at, elapsed_s)
    before = at if source.policy.as_of is None else min(at, source.policy.as_of)
    policy = replace(source.policy, as_of=before)
    world = Source(known, policy, source.known, source.delay_s, source.events)
    elapsed = None if elapsed_s is None else np.full(len(known), elapsed_s)
    only = np.zeros(1, dtype=np.int64)
    rates = world.rates(label(known, policy))
    return dict(compute(world, only, moment, rates, elapsed_s=elapsed).to_pylist()[0])
