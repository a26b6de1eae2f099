"""How well a model tells when customers come back, and what about, on later contacts."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import instants
from recontact.durations import HOUR
from recontact.evaluation.metrics import calibration_error
from recontact.model.beside import next_of
from recontact.model.bundle import Bundle
from recontact.model.calibration import Floats
from recontact.model.next_reasons_learning import NEEDED, Next
from recontact.model.sequel import Sequel, sequel
from recontact.model.split import greatest_window
from recontact.model.when import horizons
from recontact.next_issues import PRIOR
from recontact.policy import Policy

MOST_ROWS = 20_000
DRAWS = 300
LEAST = 1e-6
UNKNOWN = "?"


def figures_beside(
    bundle: Bundle, contacts: pa.Table, policy: Policy, train: pa.Table, test: pa.Table
) -> dict[str, Any]:
    """Give the figures of when and of next issues, ready for JSON; null where not learnt.

    Parameters
    ----------
    bundle : Bundle
        The model of `repeated`.
    contacts : pyarrow.Table
        All clean contacts.
    policy : Policy
        Theirs, with the `as_of` up to which the record goes.
    train, test : pyarrow.Table
        Dataset rows; those of the last moment are looked at.

    Returns
    -------
    dict
        `when`: by hours after the end how many test contacts were watched so long, the mean
        probability, how many were back, and the calibration error. `next_issues`: the mean log
        loss of what the next contact within the window was about (or that none came), that of
        the table of what followed each reason, by how much ours is less with its 95 % interval by
        customer, and how often the reason was among the first three.
    """
    rows = _last(test, MOST_ROWS)
    chance = bundle.predict(rows)
    found = sequel(contacts, policy, rows["contact_id"])
    when = None if bundle.when is None else _when(bundle, rows, chance, found, policy)
    earlier = _last(train, len(train))
    before = next_of(earlier, sequel(contacts, policy, earlier["contact_id"]))
    after = next_of(rows, found)
    issues = None if bundle.next_issues is None else _issues(bundle, before, after, chance)
    return {"when": when, "next_issues": issues}


def _last(rows: pa.Table, most: int) -> pa.Table:
    """Keep the rows of the last moment whose outcome was open, at most so many."""
    last = pc.equal(rows["moment"], rows["moment"][-1])
    open_ = pc.invert(pc.fill_null(rows["repeated_already"], fill_value=False))
    kept = np.flatnonzero(np.asarray(pc.and_(last, open_)))
    return rows.take(pa.array(kept[:: max(1, -(-len(kept) // most))]))


def _when(
    bundle: Bundle, rows: pa.Table, chance: Floats, found: Sequel, policy: Policy
) -> list[dict[str, Any]]:
    if bundle.when is None:
        return []
    curves = bundle.when.curves(rows, chance, instants(rows["ended_at"]), found.window_us)
    figures = []
    for hours in horizons(greatest_window(policy)):
        watched = found.watched_us >= hours * HOUR
        if watched.any():
            told = curves.chance(hours)[watched]
            back = (found.gap_us[watched] <= hours * HOUR).astype(np.float64)
            figures.append(
                {
                    "hours": hours,
                    "contacts": int(watched.sum()),
                    "probability": float(told.mean()),
                    "back": float(back.mean()),
                    "calibration_error": calibration_error(back, told),
                }
            )
    return figures


def _issues(bundle: Bundle, before: Next, after: Next, chance: Floats) -> dict[str, Any] | None:
    model = bundle.next_issues
    if model is None:
        return None
    rows = after.rows.select(list(NEEDED)).to_pylist()
    table = OwnTable(before, model.base)
    ours, theirs, hits = np.empty(len(rows)), np.empty(len(rows)), []
    for i, (row, came, about) in enumerate(zip(rows, after.came, after.reason, strict=True)):
        named = about if about in model.base else None
        if came:
            ours[i] = model.chance_of(named, row, chance[i])
            hits.append(about in [issue.reason for issue in model.probable(row, chance[i])])
        else:
            ours[i] = 1.0 - model.any_chance(row, chance[i])
        theirs[i] = table.chance(row["reason"], named, came=bool(came))
    loss, plain = (-np.log(np.maximum(values, LEAST)) for values in (ours, theirs))
    low, high = _by_customer(plain - loss, after.rows["customer"].to_numpy())
    return {
        "contacts": len(rows),
        "followed": len(hits),
        "log_loss": float(loss.mean()),
        "log_loss_of_table": float(plain.mean()),
        "gain": float((plain - loss).mean()),
        "gain_low": low,
        "gain_high": high,
        "among_first_three": float(np.mean(hits)) if hits else None,
    }


class OwnTable:
    """What followed each reason, counted: what a model of next issues must beat.

    Parameters
    ----------
    before : Next
        Settled contacts, one row each.
    known : collection of str
        Reasons that are told apart; all others, and the unknown, are one.
    """

    def __init__(self, before: Next, known: Any) -> None:
        self.followed: dict[str | None, Counter[str]] = {}
        self.every: Counter[str] = Counter()
        own: Sequence[str | None] = before.rows["reason"].to_pylist()
        self.counts = Counter(own)
        for reason, came, about in zip(own, before.came, before.reason, strict=True):
            if came:
                name = about if about is not None and about in known else UNKNOWN
                self.followed.setdefault(reason, Counter())[name] += 1
                self.every[name] += 1

    def chance(self, reason: str | None, about: str | None, *, came: bool) -> float:
        """Give the share of contacts about a reason that went on so."""
        own = self.followed.get(reason, Counter())
        of = self.counts[reason] + PRIOR
        prior = PRIOR / max(self.counts.total(), 1)
        if not came:
            return 1.0 - (own.total() + prior * self.every.total()) / of
        name = UNKNOWN if about is None else about
        return (own[name] + prior * self.every[name]) / of


def _by_customer(gain: Floats, customer: Any) -> tuple[float, float]:
    """Give the interval of a mean, customers drawn anew."""
    who = np.unique(customer, return_inverse=True)[1]
    sums, counts = np.bincount(who, gain), np.bincount(who)
    random = np.random.default_rng(0)
    means = []
    for _ in range(DRAWS):
        drawn = random.integers(0, len(sums), len(sums))
        means.append(sums[drawn].sum() / counts[drawn].sum())
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
