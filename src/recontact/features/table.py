"""The features table: one row per contact and moment, as known then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.contacts import INSTANT, canonical, escalated_of, instants
from recontact.durations import SECOND
from recontact.features import arrays
from recontact.features.cumulated import in_stretches
from recontact.features.declared import FEATURES, Feature
from recontact.features.entities import INSIDE
from recontact.features.figures import Figures, build
from recontact.features.kernel import look_back
from recontact.features.known import extras, mask_own
from recontact.features.measured import Scored, measure, past
from recontact.features.measures import Past
from recontact.features.moments import KEYS, WRAPUP_DELAY_S
from recontact.features.needed import (
    NOT_FEATURES,
    check_columns,
    columns_needed,
    figures_needed,
    own_columns_needed,
)
from recontact.features.shapes import Asked, Floats, History, Ints, Seen, nothing_seen
from recontact.features.so_far import so_far
from recontact.features.walks import Walks
from recontact.history import Order, order
from recontact.labels.rules import Rules, rules
from recontact.policy import Policy

OWN = f"own{INSIDE}"  # begins the names of columns of a contact itself, and of no feature


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
    features : sequence of Feature
        What to compute; the columns named in `known` that are not of the contacts table come too.
    """

    contacts: pa.Table
    policy: Policy
    known: Mapping[str, str]
    delay_s: float = WRAPUP_DELAY_S
    events: pa.Table | None = None
    features: Sequence[Feature] = FEATURES
    order: Order = field(init=False, repr=False)
    rules: Rules = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "contacts", canonical(self.contacts))
        check_columns(self.features, self.contacts.schema, self.known)
        object.__setattr__(self, "order", order(self.contacts))
        object.__setattr__(self, "rules", rules(self.contacts, self.policy, self.order))

    @cached_property
    def walks(self) -> Walks:
        """What is looked for in the customers' histories."""
        return Walks.of([feature.measure for feature in self.features], self.known)

    @cached_property
    def key_from(self) -> Ints:
        """From when others know each contact's issue, by way of relating."""
        return arrays.key_from(self.contacts, self.policy, self.known)

    @cached_property
    def history(self) -> History:
        """The contacts as the compiled loop reads them."""
        known_late = self.known["reason"] != "start"
        before = arrays.windows_before(self.contacts, self.policy) if known_late else None
        return arrays.history(
            self.contacts, self.rules, self.key_from, before, self.order, self.walks
        )

    def at(self, moment: str, elapsed_s: Floats | None = None) -> Ints:
        """Give the instant of each contact's moment, in microseconds."""
        if moment == "wrapup":
            return instants(self.contacts["ended_at"])
        started = instants(self.contacts["started_at"])
        if elapsed_s is None:
            return started
        return started + np.round(elapsed_s * SECOND).astype(np.int64)

    def own(self, rows: Ints, moment: str, elapsed_s: Floats | None = None) -> pa.Table:
        """Give what some contacts know of themselves; at `live`, with what happened so far."""
        columns = columns_needed(self.features, self.known)
        names = [name for name in self.contacts.column_names if name in columns or name in KEYS]
        chosen = self.contacts.select(names).take(pa.array(rows))
        spent = None if elapsed_s is None else elapsed_s[rows]
        known = mask_own(chosen, moment, self.known, elapsed_s=spent, delay_s=self.delay_s)
        if moment != "live" or self.events is None:
            return known
        found = so_far(self.events, chosen["contact_id"], self.at(moment, elapsed_s)[rows])
        for name in found.keys() & columns:
            known = known.set_column(known.column_names.index(name), name, found[name])
        return known

    def figures(self, labels: pa.Table) -> Figures:
        """Build what is known of agents, queues, reasons ... from labels of the same rows."""
        rests_on = arrays.rests_on(self.contacts, self.policy, self.key_from)
        return build(
            self.contacts, labels, self.order, self.rules.window_us, rests_on, self.known,
            *figures_needed(self.features),
        )  # fmt: skip


def compute(
    source: Source,
    rows: Ints,
    moment: str,
    figures: Figures,
    *,
    elapsed_s: Floats | None = None,
) -> pa.Table:
    """Compute the features of some contacts at one moment.

    Parameters
    ----------
    source : Source
        All contacts that may have been seen.
    rows : numpy.ndarray of int64
        Row numbers of the contacts to score.
    moment : {"start", "live", "wrapup"}
        When the score is asked for.
    figures : Figures
        What is known of agents, queues, reasons ..., by day and minute; only what had been known
        by each instant is read.
    elapsed_s : numpy.ndarray of float64, optional
        At `live`: seconds since its start, for each contact of the source.

    Returns
    -------
    pyarrow.Table
        `contact_id`, `moment`, `at`, the features, `repeated_already`, `escalation_already`; in
        the order of `rows`.
    """
    looked = look(source, rows, moment, elapsed_s=elapsed_s)
    return finish(looked, moment, source.features, source.known, figures)


def look(source: Source, rows: Ints, moment: str, *, elapsed_s: Floats | None = None) -> pa.Table:
    """Compute of some contacts what rests on their customers' histories.

    Parameters
    ----------
    source, rows, moment, elapsed_s
        As of `compute`.

    Returns
    -------
    pyarrow.Table
        The part of the features table that needs other contacts, and beside it, `OWN` before
        their names, the columns of each contact itself from which `finish` makes the rest.
    """
    own = source.own(rows, moment, elapsed_s)
    at = source.at(moment, elapsed_s)[rows]
    seen = see(source, own, rows, at)
    columns = {"at": pa.array(at, pa.int64()).cast(INSTANT)}
    for feature in source.features:
        if isinstance(feature.measure, Past):
            found = past(feature.measure, source.contacts, source.order, source.walks, seen)
            columns[feature.name] = _column(found, feature.kind == "number")
    columns["repeated_already"] = pa.array(seen.repeated_already)
    columns["escalation_already"] = pa.array(seen.escalation_already | escalated_of(own))
    needed = own_columns_needed(source.features, source.known)
    kept = [name for name in own.column_names if name in needed]
    return pa.table(columns | {OWN + name: own[name] for name in kept})


def finish(
    looked: pa.Table,
    moment: str,
    features: Sequence[Feature],
    known: Mapping[str, str],
    figures: Figures,
) -> pa.Table:
    """Make the features table of what `look` gave: of any rows, in any order.

    Parameters
    ----------
    looked : pyarrow.Table
        As `look` gave it for the same moment, features and `known`.
    moment, features, known, figures
        As of `compute` and `Source`.
    """
    names = [name for name in looked.column_names if name.startswith(OWN)]
    own = looked.select(names).rename_columns([name.removeprefix(OWN) for name in names])
    scored = Scored(known, own, instants(looked["at"]), figures)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        "contact_id": own["contact_id"],
        "moment": pa.repeat(pa.scalar(moment), len(own)),
        "at": looked["at"],
    }
    for feature in features:
        if isinstance(feature.measure, Past):
            columns[feature.name] = looked[feature.name]
        else:
            number = feature.kind == "number"
            columns[feature.name] = _column(measure(feature.measure, scored), number)
    for name in extras(known):
        columns[name] = _extra(own[name])
    for name in ("repeated_already", "escalation_already"):
        columns[name] = looked[name]
    return pa.table(columns)


def see(source: Source, own: pa.Table, rows: Ints, at: Ints) -> Seen:
    """Look back over the history of some contacts, each from its own instant.

    Parameters
    ----------
    source : Source
        All contacts that may have been seen.
    own : pyarrow.Table
        The contacts to score, with what is known of each itself.
    rows, at : numpy.ndarray of int64
        Their row numbers, and their instants in microseconds.

    Returns
    -------
    Seen
        In the order of `rows`; positions are those of `source.order`.
    """
    know = arrays.knows_issue(own, source.policy)
    asked = arrays.asked(
        source.contacts, own, rows, at, source.rules, know, source.order, source.walks
    )
    in_order = np.argsort(asked.leave, kind="stable")  # neighbours in memory one after the other
    sorted_already = bool((np.diff(in_order) == 1).all())
    if not sorted_already:
        asked = _reordered(asked, in_order)
    seen, h = nothing_seen(len(source.walks.steps), len(rows)), source.history
    in_stretches(
        lambda part: look_back(h, asked, source.walks.steps, seen, part.start, part.stop),
        len(rows),
    )
    if sorted_already:
        return seen
    back = np.empty_like(in_order)
    back[in_order] = np.arange(len(in_order))
    return Seen(
        seen.values[:, back],
        seen.last[back],
        seen.repeated_already[back],
        seen.escalation_already[back],
    )


def _reordered(asked: Asked, rows: Ints) -> Asked:
    return Asked(*(np.ascontiguousarray(each[..., rows]) for each in asked))


def _column(
    values: pa.Array | pa.ChunkedArray | npt.NDArray[np.float64], number: bool
) -> pa.Array | pa.ChunkedArray:
    if isinstance(values, np.ndarray):
        return _nan_as_null(np.ascontiguousarray(values))
    return values.cast(pa.float64()) if number else values.cast(pa.string())


def _nan_as_null(values: npt.NDArray[np.float64]) -> pa.Array:
    """Give numbers as they lie in memory; `pyarrow.array` looks at one after the other."""
    there = ~np.isnan(values)
    bits = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
    return pa.Array.from_buffers(pa.float64(), len(values), [bits, pa.py_buffer(values)])


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
