"""FCR before the window has passed: what came so far, and what may still come."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.ahead import DRAWS, LEVEL_DAYS, Ahead, drawn
from recontact.contacts import canonical, escalated_of, instants
from recontact.durations import DAY
from recontact.errors import UserError
from recontact.features.figures import Figures
from recontact.groups import Groups, groups
from recontact.history import order
from recontact.labels.table import policy_of
from recontact.model.bundle import Bundle
from recontact.policy import Policy
from recontact.rates import beside
from recontact.report.followed import Followed, followed

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FcrToday:
    """The FCR rate of the newest contacts.

    Attributes
    ----------
    rate : float or None
        What the rate will probably be once every window has passed; None of no contact.
    low, high : float or None
        95 of 100 such intervals hold the rate that these contacts come to.
    contacts : int
        First contacts that it is taken of.
    settled : int
        Those of them whose outcome is known: the window has passed, or they came back, or were
        escalated where that breaks FCR.
    so_far : float or None
        The rate if nobody came back any more.
    since_us, until_us : int
        They began at or after the first and ended by the last, microseconds since 1970.
    """

    rate: float | None
    low: float | None
    high: float | None
    contacts: int
    settled: int
    so_far: float | None
    since_us: int
    until_us: int


def fcr_today(
    contacts: pa.Table,
    labels: pa.Table,
    model: Bundle,
    days: float = 7.0,
    *,
    known: Mapping[str, str] | None = None,
) -> FcrToday:
    """Estimate the FCR rate of the newest contacts before their window has passed.

    A first contact that matured counts as its label says. One that did not counts as not
    resolved if the customer has come back already (or it was escalated, where that breaks FCR),
    else by the chance that nobody comes in the rest of the window, given that nobody came so far.

    Parameters
    ----------
    contacts : pyarrow.Table
        Clean contacts.
    labels : pyarrow.Table
        Their labels.
    model : Bundle
        The model of `repeated`, of the same policy.
    days : float
        How many days back from the labels' `as_of`.
    known : mapping of str to str, optional
        Changes to what is known from when; by default as the model was trained.

    Returns
    -------
    FcrToday

    Raises
    ------
    UserError
        Labels of other contacts or another policy, or a model that does not know when.

    Notes
    -----
    How much more or less came back in the last 28 days than the model foretold corrects it; the
    interval is that of the rate that these very contacts will come to: 2,000 times that level is
    drawn (a gamma distribution, of as many events as were seen), then whether each comes back.
    """
    one = groups(canonical(contacts))
    return fcr_today_by(contacts, labels, model, one, days, known=known).today(slice(None))


@dataclass(frozen=True)
class Newest:
    """The newest first contacts by group, such that groups can be added up.

    Attributes
    ----------
    names : list of str or None
        Of the groups.
    contacts, settled : numpy.ndarray of int64
        By group: how many, and how many of which the outcome is known.
    came_to, resolved : numpy.ndarray of float64
        By group: of the settled ones, how many were resolved; and of all, how many will be.
    draws : numpy.ndarray of int64
        A row a group, a column a draw of the level: how many of all are resolved then.
    since_us, until_us : int
        As of `FcrToday`.
    """

    names: list[str | None]
    contacts: Ints
    settled: Ints
    came_to: Floats
    resolved: Floats
    draws: Ints
    since_us: int
    until_us: int

    def today(self, chosen: Any) -> FcrToday:
        """Add some groups up; `chosen` is an index of NumPy."""
        count, settled = int(self.contacts[chosen].sum()), int(self.settled[chosen].sum())
        low, high = bounds(self.draws[chosen].sum(axis=0), count)
        so_far = self.came_to[chosen].sum() + count - settled
        return FcrToday(
            rate=float(self.resolved[chosen].sum() / count) if count else None,
            low=low,
            high=high,
            contacts=count,
            settled=settled,
            so_far=float(so_far / count) if count else None,
            since_us=self.since_us,
            until_us=self.until_us,
        )


def fcr_today_by(
    contacts: pa.Table,
    labels: pa.Table,
    model: Bundle,
    grouped: Groups,
    days: float = 7.0,
    *,
    known: Mapping[str, str] | None = None,
    figures: Figures | None = None,
) -> Newest:
    """Estimate the FCR rate of the newest contacts of each group, and of groups together.

    Parameters
    ----------
    contacts, labels, model, days, known
        As of `fcr_today`.
    grouped : Groups
        The contacts in groups.
    figures : Figures, optional
        What is known of agents, queues ... from these labels, where it is already there.

    Returns
    -------
    Newest
        Re-contacts of all groups tell how far the model is off: a group has too few. So the
        intervals of groups added up are those of `fcr_today`.

    Raises
    ------
    UserError
        As of `fcr_today`.
    """
    table, policy = canonical(contacts), policy_of(labels)
    labels = beside(table, labels)
    if model.policy_digest != policy.digest:
        raise UserError(
            f"the model is of policy {model.policy_digest}, the labels are of {policy.digest}",
            "label the contacts by the model's policy, or train a model for this one",
        )
    found = followed(table, policy, order(table))
    first = np.asarray(pc.fill_null(labels["first_contact"], fill_value=False))
    until = int((instants(table["ended_at"]) + found.seen_us).max(initial=0))
    since = until - round(days * DAY)
    chosen = first & (found.seen_us >= 0) & (instants(table["started_at"]) >= since)
    rows = np.flatnonzero(chosen)
    resolved = _resolved(table, labels, policy, found)[rows]
    settled = ~np.isnan(resolved)
    group, size = grouped.codes[rows], len(grouped.names)
    came_to = np.bincount(group[settled], resolved[settled], size).astype(np.float64)
    stay = np.zeros((size, DRAWS), dtype=np.int64)
    if not settled.all():
        weeks = (found.seen_us >= 0) & (found.seen_us <= LEVEL_DAYS * DAY)
        asked = Ahead(table, labels, policy, model, found, known, figures)
        levels = asked.levels(np.flatnonzero(first & weeks))
        hazard = asked.ahead(rows[~settled])
        stay = drawn(hazard, levels, group[~settled], size)
        resolved[~settled] = np.exp(-hazard * levels.mean())
    return Newest(
        names=grouped.names,
        contacts=np.bincount(group, minlength=size),
        settled=np.bincount(group[settled], minlength=size),
        came_to=came_to,
        resolved=np.bincount(group, resolved, size).astype(np.float64),
        draws=came_to.astype(np.int64)[:, None] + stay,
        since_us=since,
        until_us=until,
    )


def _resolved(contacts: pa.Table, labels: pa.Table, policy: Policy, found: Followed) -> Floats:
    """Give 1 and 0 for first contacts whose outcome is known by now, nan for the others."""
    fcr = labels["fcr"].cast(pa.float64()).to_numpy()
    came = found.gap_us <= np.minimum(found.window_us, found.seen_us)
    programs = contacts["program"].to_pylist()
    breaks = {name: policy.for_program(name).escalation_breaks_fcr for name in set(programs)}
    broken = escalated_of(contacts) & np.array([breaks[name] for name in programs], dtype=bool)
    return np.where(np.isnan(fcr) & (came | broken), 0.0, fcr)


def bounds(resolved: npt.NDArray[Any], of: int) -> tuple[float | None, float | None]:
    """Give the 2.5 and 97.5 % quantiles of the drawn rates."""
    if not of:
        return None, None
    low, high = np.quantile(resolved / of, [0.025, 0.975])
    return float(low), float(high)
