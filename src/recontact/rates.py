"""Rates over labels: first contact resolution, repeats, escalations and survey answers, by group.

Every rate has the 95 % interval of Wilson (1927), "Probable inference, the law of succession,
and statistical inference", which holds for small groups and for rates near 0 or 1.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import canonical, instants
from recontact.errors import UserError
from recontact.history import codes, order
from recontact.labels.rules import rules
from recontact.labels.table import policy_of
from recontact.policy import Policy

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

Z = 1.959963984540054  # the normal quantile of a two-sided 95 % interval
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
        A column of the contacts, such as `agent_id`, `queue` or `reason`.
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
    policy = policy_of(labels)
    table, labels = canonical(contacts), _beside(contacts, labels)
    group, names = _groups(table, by)
    columns: dict[str, pa.Array] = {
        "group": pa.array(names, pa.string()),
        "contacts": pa.array(np.bincount(group, minlength=len(names))),
    }
    for name, (hits, of) in _measures(table, labels, policy, csat_positive).items():
        columns |= _shares(name, _count(group, hits & of, names), _count(group, of, names))
    columns |= _answers(table, group, names)
    sums = pa.table(columns)
    ranks = [("fcr_of", "descending"), ("contacts", "descending"), ("group", "ascending")]
    return sums.sort_by(ranks).replace_schema_metadata(labels.schema.metadata)


def wilson(hits: npt.ArrayLike, of: npt.ArrayLike, z: float = Z) -> tuple[Floats, Floats]:
    """Give the bounds of Wilson's score interval of a share; nan where of none.

    Parameters
    ----------
    hits, of : array_like of int
        How many, out of how many.
    z : float
        Normal quantile; the default gives 95 %.

    Examples
    --------
    >>> low, high = wilson([0, 8], [10, 10])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.0, 0.49], [0.278, 0.943])
    """
    n = np.asarray(of, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.asarray(hits, dtype=float) / n
        middle = share + z**2 / (2 * n)
        reach = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
        scale = 1 + z**2 / n
        low, high = (middle - reach) / scale, (middle + reach) / scale
    return np.maximum(low, 0.0), np.minimum(high, 1.0)


def followed_by_unknown(contacts: pa.Table, policy: Policy) -> Flags:
    """Tell which contacts were followed within their window by one whose reason is unknown.

    That one is of the same customer and program and counts; a repeat may hide in it.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts.
    policy : Policy
        Whose windows and rules of counting hold.
    """
    ordered = order(contacts)
    applied, rows = rules(contacts, policy, ordered), ordered.rows
    started = instants(contacts["started_at"])[rows]
    ended = instants(contacts["ended_at"])[rows]
    unknown = (applied.counts & pc.is_null(contacts["reason"]).to_numpy())[rows]
    size = len(rows)
    own = np.where(unknown, np.arange(size), size)
    nearest = np.append(np.minimum.accumulate(own[::-1])[::-1][1:], size)[:size]
    run_end = np.zeros(size, dtype=np.int64)  # 0 for anonymous callers, whom nobody follows
    run_end[ordered.starts[0] :] = np.repeat(ordered.starts[1:], np.diff(ordered.starts))
    later = np.flatnonzero(nearest < run_end)
    gaps = np.maximum(0, started[nearest[later]] - ended[later])
    followed = np.zeros(size, dtype=bool)
    followed[rows[later]] = gaps <= applied.window_us[rows[later]]
    return followed


def _beside(contacts: pa.Table, labels: pa.Table) -> pa.Table:
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


def _groups(contacts: pa.Table, by: str | None) -> tuple[npt.NDArray[np.int64], list[str | None]]:
    """Number the groups, the unknown one last, and name them."""
    if by is None:
        return np.zeros(len(contacts), dtype=np.int64), [None]
    if by not in contacts.column_names:
        raise UserError(
            f"no column '{by}' to group by", f"there are {', '.join(contacts.column_names)}"
        )
    column = contacts[by].cast(pa.string())
    names = column.drop_null().unique().to_pylist()
    unknown = [None] if column.null_count else []
    return codes(column) % (len(names) + 1), [*names, *unknown]


def _measures(
    contacts: pa.Table, labels: pa.Table, policy: Policy, csat_positive: float
) -> dict[str, tuple[Flags, Flags]]:
    """Give for each rate which contacts are hits, and of which it is taken."""
    fcr, judged = _known(labels["fcr"])
    _, first_known = _known(labels["first_contact"])
    repeated, matured = _known(labels["repeated"])  # known where eligible and matured
    csat = contacts["csat"].to_numpy()
    return {
        "fcr": (fcr, judged),
        "gross_fcr": (fcr, matured & first_known),
        "repeat": (repeated, matured),
        "escalation": _known(labels["escalation"]),
        "own_escalation": _known(labels["escalated"]),
        "unknown_reason": (followed_by_unknown(contacts, policy), judged),
        "csat": (csat >= csat_positive, ~np.isnan(csat)),
    }


def _known(column: pa.ChunkedArray) -> tuple[Flags, Flags]:
    """Give a nullable boolean as what is true and what is known."""
    values = pc.fill_null(column, fill_value=False).to_numpy()
    return np.asarray(values, dtype=bool), np.asarray(pc.is_valid(column).to_numpy(), dtype=bool)


def _count(group: npt.NDArray[np.int64], rows: Flags, names: list[str | None]) -> Floats:
    return np.bincount(group[rows], minlength=len(names)).astype(float)


def _shares(name: str, hits: Floats, of: Floats) -> dict[str, pa.Array]:
    low, high = wilson(hits, of)
    none = of == 0
    share = hits / np.where(none, 1, of)
    columns = {name: share, f"{name}_low": low, f"{name}_high": high}
    shares = {key: pa.array(values, mask=none) for key, values in columns.items()}
    return {**shares, f"{name}_of": pa.array(of.astype(np.int64))}


def _answers(
    contacts: pa.Table, group: npt.NDArray[np.int64], names: list[str | None]
) -> dict[str, pa.Array]:
    """Give NPS in points and the mean CES."""
    nps, ces = contacts["nps"].to_numpy(), contacts["ces"].to_numpy()
    points = np.where(np.isnan(nps), np.nan, 100.0 * ((nps >= 9) * 1 - (nps <= 6) * 1))
    return _mean("nps", points, group, names) | _mean("ces", ces, group, names)


def _mean(
    name: str, values: Floats, group: npt.NDArray[np.int64], names: list[str | None]
) -> dict[str, pa.Array]:
    answered = ~np.isnan(values)
    of = _count(group, answered, names)
    sums = np.bincount(group[answered], weights=values[answered], minlength=len(names))
    means = sums / np.where(of == 0, 1, of)
    return {name: pa.array(means, mask=of == 0), f"{name}_of": pa.array(of.astype(np.int64))}
