"""From contacts and labels to the rows that a model learns from: features beside targets."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from recontact.errors import UserError
from recontact.features.declared import FEATURES, Feature
from recontact.features.known import known_from, made_by
from recontact.features.moments import MOMENTS, WRAPUP_DELAY_S
from recontact.features.reached import asked_after
from recontact.features.table import Source, compute, feature_columns
from recontact.history import customers
from recontact.labels.read import refuse_others
from recontact.labels.table import policy_of

__all__ = ["build", "feature_columns", "features"]


def features(
    contacts: pa.Table,
    labels: pa.Table,
    moment: str,
    *,
    known: Mapping[str, str] | None = None,
    elapsed_s: float | None = None,
    delay_s: float = WRAPUP_DELAY_S,
    events: pa.Table | None = None,
    features: Sequence[Feature] = FEATURES,
) -> pa.Table:
    """Compute the features of every eligible contact at one moment, as known then.

    Parameters
    ----------
    contacts : pyarrow.Table
        Clean contacts, with what their source says is known from when in the metadata.
    labels : pyarrow.Table
        Their labels (`recontact.label`): same rows, same order, policy in the metadata.
    moment : {"start", "live", "wrapup"}
        When the score is asked for.
    known : mapping of str to str, optional
        Changes to what is known from when (`recontact.features.known_from`).
    elapsed_s : float, optional
        Seconds since the start, needed at `live`.
    delay_s : float
        At `wrapup`, how many seconds after the end a record may come.
    events : pyarrow.Table, optional
        What happened during the contacts; tells holds and transfers so far at `live`.
    features : sequence of Feature
        What to compute, ours and your own (`recontact.features.yours`).

    Returns
    -------
    pyarrow.Table
        `contact_id`, `moment`, `at`, the features (`recontact.features.FEATURES` and the named
        extra columns), `repeated_already`, `escalation_already`. The metadata keep the policy,
        its digest and what is known from when.

    Raises
    ------
    UserError
        Labels of other contacts, an unknown moment, or `live` without its elapsed time.

    Examples
    --------
    >>> import datetime as dt, pyarrow as pa
    >>> from recontact import label
    >>> from recontact.contacts import canonical
    >>> t = [dt.datetime(2026, 1, d) for d in (1, 2)]
    >>> c = canonical(pa.table({"contact_id": ["1", "2"], "customer_id": ["x", "x"],
    ...                         "started_at": t, "ended_at": t, "reason": ["a", "a"]}))
    >>> features(c, label(c), "start")["contacts_7d"].to_pylist()
    [0.0, 1.0]
    """
    check_moment(moment, elapsed_s)
    source = _source(contacts, labels, known, delay_s, events, features)
    rows = np.flatnonzero(np.asarray(labels["eligible"]))
    elapsed = None if elapsed_s is None else np.full(len(contacts), elapsed_s)
    elapsed = elapsed if moment == "live" else None
    found = compute(source, rows, moment, source.figures(labels), elapsed_s=elapsed)
    return found.replace_schema_metadata(made_by(source.policy, source.known))


def check_moment(moment: str, elapsed_s: float | None) -> None:
    """Refuse a moment that is none, and `live` without its time since the start.

    Raises
    ------
    UserError
        As said.
    """
    if moment not in MOMENTS:
        raise UserError(f"unknown moment '{moment}'", f"one of {', '.join(MOMENTS)}")
    if moment == "live" and elapsed_s is None:
        raise UserError("the moment 'live' needs the time since the start", "--elapsed 120s")


def build(
    contacts: pa.Table,
    labels: pa.Table,
    *,
    moments: Sequence[str] = MOMENTS,
    known: Mapping[str, str] | None = None,
    delay_s: float = WRAPUP_DELAY_S,
    events: pa.Table | None = None,
    features: Sequence[Feature] = FEATURES,
) -> pa.Table:
    """Stack the features of every eligible contact at several moments beside its targets.

    Each contact is asked about once at `live`, after a time drawn from those at which something
    happened in contacts (`recontact.features.reached`); those that were over by then have no
    such row.

    Parameters
    ----------
    contacts, labels, known, delay_s, events, features
        As for the function `features`.
    moments : sequence of str
        The moments to stack.

    Returns
    -------
    pyarrow.Table
        The columns of `features`, then `repeated` and `escalation` (null where not judged or
        not matured), `matured`, `started_at`, `ended_at` and `customer` (a number, for grouping).
    """
    source = _source(contacts, labels, known, delay_s, events, features)
    figures = source.figures(labels)
    customer = customers(source.contacts)
    eligible = np.asarray(labels["eligible"])
    parts = []
    for moment in moments:
        elapsed, reached = asked_after(source) if moment == "live" else (None, eligible)
        rows = np.flatnonzero(eligible & reached)
        part = compute(source, rows, moment, figures, elapsed_s=elapsed)
        chosen = labels.select(["repeated", "escalation", "matured"]).take(pa.array(rows))
        for name in chosen.column_names:
            part = part.append_column(name, chosen[name])
        for name in ("started_at", "ended_at"):
            part = part.append_column(name, source.contacts[name].take(pa.array(rows)))
        parts.append(part.append_column("customer", pa.array(customer[rows])))
    return pa.concat_tables(parts)


def _source(
    contacts: pa.Table,
    labels: pa.Table,
    known: Mapping[str, str] | None,
    delay_s: float,
    events: pa.Table | None,
    features: Sequence[Feature],
) -> Source:
    refuse_others(contacts["contact_id"], labels["contact_id"])
    known_here = known_from(contacts, known)
    return Source(contacts, policy_of(labels), known_here, delay_s, events, features)
