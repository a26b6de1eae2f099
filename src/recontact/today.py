"""FCR before the window has passed: what came so far, and what may still come."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import canonical, escalated_of, instants
from recontact.durations import DAY, HOUR
from recontact.errors import UserError
from recontact.features.figures import Figures
from recontact.features.known import known_from
from recontact.features.table import Source, compute
from recontact.history import order
from recontact.labels.table import policy_of
from recontact.model.bundle import Bundle
from recontact.model.when import Curves
from recontact.policy import Policy
from recontact.rates import beside
from recontact.report.followed import Followed, followed

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
DRAWS, SEED = 2_000, 0
LEVEL_DAYS = 28
AS_FORETOLD = 30.0
MOST_ROWS = 20_000
SURE = 0.999


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
    resolved = _resolved(table, labels, policy, found)
    settled = ~np.isnan(resolved[rows])
    asked = _Asked(table, labels, policy, model, found, known)
    drawn = np.zeros(DRAWS)
    if not settled.all():
        weeks = (found.seen_us >= 0) & (found.seen_us <= LEVEL_DAYS * DAY)
        levels = asked.levels(np.flatnonzero(first & weeks))
        hazard = asked.ahead(rows[~settled])
        drawn = _drawn(hazard, levels)
        resolved[rows[~settled]] = np.exp(-hazard * levels.mean())
    chance = resolved[rows]
    low, high = _interval(float(chance[settled].sum()) + drawn, len(rows))
    return FcrToday(
        rate=float(chance.mean()) if len(rows) else None,
        low=low,
        high=high,
        contacts=len(rows),
        settled=int(settled.sum()),
        so_far=float(np.where(settled, chance, 1.0).mean()) if len(rows) else None,
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


@dataclass(frozen=True)
class _Asked:
    """What the model says of contacts at their end."""

    contacts: pa.Table
    labels: pa.Table
    policy: Policy
    model: Bundle
    found: Followed
    known: Mapping[str, str] | None

    def ahead(self, rows: Ints) -> Floats:
        """Give the hazard that lies in the rest of each contact's window."""
        curves, window = self.curves(rows)
        return curves.hazard_at(window) - curves.hazard_at(self.found.seen_us[rows] / HOUR)

    def levels(self, rows: Ints) -> Floats:
        """Draw how far re-contacts of the last weeks were from what was foretold; 1 is as told.

        Those that came by now, over those that should have come by now: contacts of any age
        count for the time that they were watched. A few are added as foretold.
        """
        rows = rows[:: max(1, -(-len(rows) // MOST_ROWS))]
        curves, window = self.curves(rows)
        watched = np.minimum(window, self.found.seen_us[rows] / HOUR)
        gap = self.found.gap_us[rows] / HOUR
        came = int((gap <= watched).sum())
        foretold = float(curves.hazard_at(np.minimum(gap, watched)).sum())
        random = np.random.default_rng(SEED)
        return random.gamma(came + AS_FORETOLD, 1.0, DRAWS) / (foretold + AS_FORETOLD)

    def curves(self, rows: Ints) -> tuple[Curves, Floats]:
        """Give when they come back, and the window in hours."""
        if self.model.when is None:
            raise UserError(
                "the model does not know when customers come back",
                "train it on contacts of which at least 20 were followed: recontact train",
            )
        asked = compute(self._source, rows, "wrapup", self._figures)
        chance = np.minimum(self.model.predict(asked), SURE)  # an overlap is known to have come
        window = self.found.window_us[rows]
        ended = instants(self.contacts["ended_at"])[rows]
        found = self.model.when.curves(asked, chance, ended, window)
        return found, window / HOUR

    @cached_property
    def _source(self) -> Source:
        known = known_from(self.contacts, self.known or self.model.known_from)
        delay_s = self.model.wrapup_delay_s
        return Source(self.contacts, self.policy, known, delay_s, None, self.model.features)

    @cached_property
    def _figures(self) -> Figures:
        return self._source.figures(self.labels)


def _drawn(hazard: Floats, levels: Floats) -> Floats:
    """Draw how many of some contacts stay without a re-contact, once a level."""
    random = np.random.default_rng(SEED + 1)
    stay = [(random.random(len(hazard)) < np.exp(-hazard * level)).sum() for level in levels]
    return np.array(stay, dtype=np.float64)


def _interval(resolved: Floats, of: int) -> tuple[float | None, float | None]:
    """Give the 2.5 and 97.5 % quantiles of the drawn rates."""
    if not of:
        return None, None
    low, high = np.quantile(resolved / of, [0.025, 0.975])
    return float(low), float(high)
