"""Rates over labels: first contact resolution, repeats, escalations and survey answers, by group.

Every rate has its 95 % interval by Wilson's method (`recontact.intervals`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import canonical
from recontact.errors import UserError
from recontact.groups import Groups, groups
from recontact.history import Order, order
from recontact.intervals import wilson
from recontact.labels import unknown
from recontact.labels.rules import rules
from recontact.labels.table import policy_of
from recontact.labels.tally import measured
from recontact.policy import Policy

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

RATES = {  # what a rate is called in words
    "fcr": "FCR rate",
    "gross_fcr": "gross FCR rate",
    "repeat": "repeat rate",
    "escalation": "escalation rate",
    "own_escalation": "own-escalation rate",
    "unknown_reason": "followed by an unknown reason",
    "csat": "CSAT",
}
CSAT_POSITIVE = 4.0  # of a scale from 1 to 5


@dataclass(frozen=True)
class Measures:
    """What rates are counted of, in the row order of the contacts.

    Attributes
    ----------
    shares : mapping of str to pair of numpy.ndarray of bool
        By rate: which contacts are hits, and of which it is taken.
    answers : mapping of str to numpy.ndarray of float
        Survey answers of which the mean is taken: `nps` in points, `ces`; nan where none.
    """

    shares: Mapping[str, tuple[Flags, Flags]]
    answers: Mapping[str, Floats]


def rates(
    contacts: pa.Table,
    labels: pa.Table,
    by: str | None = None,
    csat_positive: float = CSAT_POSITIVE,
) -> pa.Table:
    """Count rates over all contacts or by group.

    Parameters
    ----------
    contacts : pyarrow.Table
        Clean contacts.
    labels : pyarrow.Table
        Their labels, with the policy in the metadata.
    by : str, optional
        What `recontact.groups.groups` knows: a column of the contacts, such as `agent_id`,
        `queue` or `reason`; `week`, `month`, `reason:1`.
    csat_positive : float
        The least `csat` answer that is positive.

    Returns
    -------
    pyarrow.Table
        One row per group, the most judged first: `group` (text; null where the column is null,
        or without `by`), `contacts`, then for each of `RATES` the rate, its interval `*_low`
        and `*_high`, and in `*_of` how many contacts it is taken of; `nps` (points) with
        `nps_of` and `ces` (mean) with `ces_of`. A rate of none is null. `unknown_reason` is the
        share of the contacts that `fcr` judges which were followed within their window by one
        whose reason is unknown. The policy is kept in the metadata.

    Raises
    ------
    UserError
        Labels of other contacts or without policy, or no such column.

    Examples
    --------
    >>> import datetime as dt, pyarrow as pa, recontact
    >>> t = [dt.datetime(2026, 1, d) for d in (1, 9, 10, 20)]
    >>> contacts = pa.table({"contact_id": list("abcd"), "customer_id": ["w", "x", "x", "z"],
    ...                      "reason": ["bill"] * 4, "started_at": t, "ended_at": t})
    >>> table = rates(contacts, recontact.label(contacts))
    >>> table.select(["fcr", "fcr_of", "repeat", "repeat_of"]).to_pylist()
    [{'fcr': 0.0, 'fcr_of': 1, 'repeat': 0.3333333333333333, 'repeat_of': 3}]
    """
    table = canonical(contacts)
    sums = tally(measure(table, labels, csat_positive), groups(table, by))
    ranks = [("fcr_of", "descending"), ("contacts", "descending"), ("group", "ascending")]
    return sums.sort_by(ranks).replace_schema_metadata(labels.schema.metadata)


def measure(
    contacts: pa.Table,
    labels: pa.Table,
    csat_positive: float = CSAT_POSITIVE,
    ordered: Order | None = None,
) -> Measures:
    """Find for each rate which contacts are hits, and of which it is taken.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts.
    labels : pyarrow.Table
        Their labels, in any order.
    csat_positive : float
        The least `csat` answer that is positive.
    ordered : Order, optional
        `recontact.history.order` of the contacts, where it is already there.

    Raises
    ------
    UserError
        Labels of other contacts, or without policy.
    """
    policy = policy_of(labels)
    labels = beside(contacts, labels)
    csat, nps, ces = (contacts[name].to_numpy() for name in ("csat", "nps", "ces"))
    followed = followed_by_unknown(contacts, policy, ordered)
    shares = measured(labels, followed) | {"csat": (csat >= csat_positive, ~np.isnan(csat))}
    points = np.where(np.isnan(nps), np.nan, 100.0 * ((nps >= 9) * 1 - (nps <= 6) * 1))
    return Measures(shares, {"nps": points, "ces": ces})


def tally(measures: Measures, grouped: Groups) -> pa.Table:
    """Count measures by group.

    Returns
    -------
    pyarrow.Table
        As of `rates`, in the order of the groups.
    """
    size = len(grouped.names)
    columns: dict[str, Any] = {
        "group": pa.array(grouped.names, pa.string()),
        "contacts": pa.array(np.bincount(grouped.codes, minlength=size)),
    }
    for name, (hits, of) in measures.shares.items():
        columns |= _shares(name, count(grouped, hits & of), count(grouped, of))
    for name, values in measures.answers.items():
        columns |= _mean(name, values, grouped)
    return pa.table(columns)


def followed_by_unknown(contacts: pa.Table, policy: Policy, ordered: Order | None = None) -> Flags:
    """Tell which contacts were followed within their window by one whose reason is unknown.

    See `recontact.labels.unknown`.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts.
    policy : Policy
        Whose windows and rules of counting hold.
    ordered : Order, optional
        `recontact.history.order` of the contacts, where it is already there.
    """
    ordered = ordered or order(contacts)
    return unknown.followed_by_unknown(contacts, ordered, rules(contacts, policy, ordered))


def beside(contacts: pa.Table, labels: pa.Table) -> pa.Table:
    """Give the labels in the row order of the contacts."""
    if len(contacts) == len(labels):
        ids = contacts["contact_id"].cast(pa.string())
        if labels["contact_id"].equals(ids):
            return labels
        rows = pc.index_in(ids, labels["contact_id"])
        if rows.null_count == 0:
            return labels.take(rows)
    raise UserError(
        "the labels are not of these contacts",
        "label them: recontact label contacts.parquet --out labels.parquet",
    )


def count(grouped: Groups, rows: Flags) -> Floats:
    """Count by group the contacts that are marked."""
    return np.asarray(np.bincount(grouped.codes, rows, len(grouped.names)), dtype=float)


def _shares(name: str, hits: Floats, of: Floats) -> dict[str, pa.Array]:
    low, high = wilson(hits, of)
    none = of == 0
    share = hits / np.where(none, 1, of)
    columns = {name: share, f"{name}_low": low, f"{name}_high": high}
    shares = {key: pa.array(values, mask=none) for key, values in columns.items()}
    return {**shares, f"{name}_of": pa.array(of.astype(np.int64))}


def _mean(name: str, values: Floats, grouped: Groups) -> dict[str, pa.Array]:
    answered = ~np.isnan(values)
    of = count(grouped, answered)
    sums = np.bincount(
        grouped.codes[answered], weights=values[answered], minlength=len(grouped.names)
    )
    means = sums / np.where(of == 0, 1, of)
    return {name: pa.array(means, mask=of == 0), f"{name}_of": pa.array(of.astype(np.int64))}
