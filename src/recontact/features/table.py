"""The features table: one row per contact and moment, as known then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import (
    INSTANT,
    canonical,
    escalated_of,
    instants,
    known_of,
    map_values,
    normalise_reason,
)
from recontact.durations import DAY, HOUR, SECOND
from recontact.features import arrays
from recontact.features.declared import FEATURES
from recontact.features.kernel import NAMES, Floats, Ints, Seen, look_back
from recontact.features.known import extras, mask_own
from recontact.features.moments import WRAPUP_DELAY_S
from recontact.features.rates import ENTITIES, Rates, build, rate_features
from recontact.features.so_far import so_far
from recontact.history import Order, order
from recontact.labels.rules import Rules, rules
from recontact.policy import Policy

LAST_ARRIVAL = ("channel", "queue")
LAST_RECORD = (
    "reason",
    "wait_s",
    "talk_s",
    "hold_s",
    "transfer_count",
    "tier",
    "escalated",
    "dropped",
    "agent_resolved",
    "csat",
)


@dataclass(frozen=True)
class Source:
    """Contacts made ready once, to be read at several moments.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts.
    policy : Policy
        Which contacts count and how they relate.
    known : mapping of str to str
        Column to the moment from which it is known (`recontact.features.known_from`).
    delay_s : float
        How long after the end a record may come and still be known at wrap-up.
    events : pyarrow.Table, optional
        What happened during the contacts (`recontact.features.so_far`); without it, holds and
        transfers are unknown at `live`.
    """

    contacts: pa.Table
    policy: Policy
    known: Mapping[str, str]
    delay_s: float = WRAPUP_DELAY_S
    events: pa.Table | None = None
    order: Order = field(init=False, repr=False)
    rules: Rules = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "contacts", canonical(self.contacts))
        object.__setattr__(self, "order", order(self.contacts))
        object.__setattr__(self, "rules", rules(self.contacts, self.policy, self.order))

    def at(self, moment: str, elapsed_s: Floats | None = None) -> Ints:
        """Give the instant of each contact's moment, in microseconds."""
        if moment == "wrapup":
            return instants(self.contacts["ended_at"])
        started = instants(self.contacts["started_at"])
        if elapsed_s is None:
            return started
        return started + np.round(elapsed_s * SECOND).astype(np.int64)

    def own(self, moment: str, elapsed_s: Floats | None = None) -> pa.Table:
        """Give the contacts with what is known of each itself; at `live`, what happened so far."""
        known = mask_own(
            self.contacts, moment, self.known, elapsed_s=elapsed_s, delay_s=self.delay_s
        )
        if moment != "live" or self.events is None:
            return known
        found = so_far(self.events, self.contacts["contact_id"], self.at(moment, elapsed_s))
        for name, column in found.items():
            known = known.set_column(known.column_names.index(name), name, column)
        return known

    def rates(self, labels: pa.Table) -> Rates:
        """Build the rates of agents, queues and reasons from labels of the same rows."""
        know = arrays.knowing(self.contacts, self.contacts, self.policy, self.known)
        record = known_of(self.contacts)
        late = {c: record for c in ENTITIES.values() if self.known[c] != "start"}
        rests_on = arrays.rests_on(self.contacts, self.policy, know)
        return build(self.contacts, labels, self.order, self.rules.window_us, rests_on, late)


def compute(
    source: Source,
    rows: Ints,
    moment: str,
    rates: Rates,
    *,
    elapsed_s: Floats | None = None,
) -> pa.Table:
    """Compute the features of some contacts at one moment.

    Parameters
    ----------
    source : Source
        All contacts that may have been seen.
    rows : numpy.ndarray of int64
        Row numbers of the contacts to score, ascending.
    moment : {"start", "live", "wrapup"}
        When the score is asked for.
    rates : Rates
        Cumulated labels; only what had settled by each instant is read.
    elapsed_s : numpy.ndarray of float64, optional
        At `live`: seconds since its start, for each contact of the source.

    Returns
    -------
    pyarrow.Table
        `contact_id`, `moment`, `at`, the features, `repeated_already`, `escalation_already`.
    """
    own = source.own(moment, elapsed_s)
    at = source.at(moment, elapsed_s)[rows]
    seen = see(source, own, rows, at)
    return assemble(source, own.take(pa.array(rows)), seen, moment, at, rates)


def assemble(
    source: Source, own: pa.Table, seen: Seen, moment: str, at: Ints, rates: Rates
) -> pa.Table:
    """Put the features table together from what is known of each contact and what was seen."""
    rows = len(own)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        "contact_id": own["contact_id"],
        "moment": pa.array(np.full(rows, moment), pa.string()),
        "at": pa.array(at, pa.int64()).cast(INSTANT),
    }
    found = _own(own, at) | _history(seen) | _last(source, own, seen, at)
    found |= rate_features(own, at, rates) | _calendar(at)
    for feature in FEATURES:
        columns[feature.name] = _column(found[feature.name], feature.kind == "number")
    for name in extras(source.known):
        columns[name] = _extra(own[name])
    escalated = escalated_of(own)
    columns["repeated_already"] = pa.array(seen.repeated_already)
    columns["escalation_already"] = pa.array(seen.escalation_already | escalated)
    return pa.table(columns)


def see(source: Source, own: pa.Table, rows: Ints, at: Ints) -> Seen:
    """Look back over the history of some contacts, each from its own instant.

    Parameters
    ----------
    source : Source
        All contacts that may have been seen.
    own : pyarrow.Table
        The same contacts with what is known of each itself (`mask_own`).
    rows, at : numpy.ndarray of int64
        Row numbers of the contacts to score, and their instants in microseconds.

    Returns
    -------
    Seen
        One row a contact; positions are those of `source.order`.
    """
    o = source.order
    know = arrays.knowing(source.contacts, own, source.policy, source.known)
    h = arrays.history(source.contacts, source.rules, know, o)
    position = np.empty(len(o.rows), dtype=np.int64)
    position[o.rows] = np.arange(len(o.rows))
    by_place = np.argsort(position[rows], kind="stable")
    n = len(rows)
    seen = Seen(
        np.full((n, len(NAMES)), np.nan),
        np.full(n, -1, dtype=np.int64),
        np.full(n, -1, dtype=np.int64),
        np.zeros(n, dtype=bool),
        np.zeros(n, dtype=bool),
    )
    look_back(h, o.starts, position[rows][by_place], at[by_place], seen)
    back = np.argsort(by_place, kind="stable")
    return Seen(
        seen.values[back],
        seen.last[back],
        seen.last_same[back],
        seen.repeated_already[back],
        seen.escalation_already[back],
    )


def _own(own: pa.Table, at: Ints) -> dict[str, pa.ChunkedArray | npt.NDArray[np.float64]]:
    reason = own["reason"]
    elapsed = (at - instants(own["started_at"])) / SECOND
    return {
        **{name: own[name] for name in own.column_names},
        "reason_1": map_values(reason, lambda text: normalise_reason(text, 1)),
        "reason_2": map_values(reason, lambda text: normalise_reason(text, 2)),
        "elapsed_s": elapsed,
        "has_case": pc.if_else(own["case_id"].is_valid(), 1.0, pa.scalar(None, pa.float64())),
    }


def _history(seen: Seen) -> dict[str, Floats]:
    return {name: seen.values[:, k] for k, name in enumerate(NAMES)}


def _last(
    source: Source, own: pa.Table, seen: Seen, at: Ints
) -> dict[str, pa.ChunkedArray | npt.NDArray[np.float64]]:
    places = source.order.rows
    there = seen.last >= 0
    row = pa.array(places[seen.last], mask=~there)
    recorded = there & (known_of(source.contacts)[places[seen.last]] < at)
    last = source.contacts.select([*LAST_ARRIVAL, *LAST_RECORD]).take(row)
    out = {f"last_{name}": last[name] for name in LAST_ARRIVAL}
    for name in LAST_RECORD:
        known = there if source.known.get(name) == "start" else recorded
        out[f"last_{name}"] = pc.if_else(pa.array(known), last[name], None)
    same = np.where(there & np.isfinite(seen.values[:, NAMES.index("same_issue_before")]),
                    (seen.last == seen.last_same).astype(float), np.nan)  # fmt: skip
    queue = pc.equal(own["queue"], last["queue"]).cast(pa.float64())
    return out | {"last_same_issue": same, "last_same_queue": queue}


def _calendar(at: Ints) -> dict[str, Floats]:
    day = at // DAY
    months = day.astype("datetime64[D]")
    return {
        "hour": (at - day * DAY) / HOUR,
        "weekday": ((day + 3) % 7).astype(np.float64),  # 1 January 1970 was a Thursday
        "month_day": (months - months.astype("datetime64[M]")).astype(np.float64) + 1,
    }


def _column(
    values: pa.ChunkedArray | npt.NDArray[np.float64], number: bool
) -> pa.Array | pa.ChunkedArray:
    if isinstance(values, np.ndarray):
        return pa.array(values, pa.float64(), from_pandas=True)
    return values.cast(pa.float64()) if number else values


def _extra(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return column.cast(pa.float64())
    return column.cast(pa.string())


def feature_columns(table: pa.Table) -> list[str]:
    """List the feature columns of a features table or dataset, in order.

    Examples
    --------
    >>> feature_columns(pa.table({"contact_id": ["1"], "hour": [3.0], "repeated_already": [True]}))
    ['hour']
    """
    return [name for name in table.column_names if name not in NOT_FEATURES]


NOT_FEATURES: Sequence[str] = (
    "contact_id",
    "moment",
    "at",
    "repeated_already",
    "escalation_already",
    "repeated",
    "escalation",
    "matured",
    "started_at",
    "ended_at",
    "customer",
)
