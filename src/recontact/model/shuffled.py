"""Training on outcomes that were dealt out at random: nothing may be found in them.

Labels are shuffled among the judged contacts before anything rests on them; then features, rates
over labels, split, fit and calibration run as ever. A model that still tells the shuffled
outcomes of later contacts has seen them: through a rate that counts a contact's own label or a
later one, a row in both parts, or a feature made from the target. What it can't see is a column
that holds the true outcome, for that is not shuffled along: `recontact leak-check` looks for it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.errors import UserError
from recontact.evaluation.bootstrap import Draws
from recontact.evaluation.metrics import roc_auc
from recontact.features.declared import Feature
from recontact.history import customers
from recontact.labels.table import label
from recontact.model.bundle import TARGETS
from recontact.model.fitting import fit, judged, outcomes
from recontact.model.rows import Recipe
from recontact.model.split import greatest_window, split
from recontact.policy import Policy

CONTACTS = 20_000  # of customers drawn by chance; enough to tell a leak, and quick
QUICK = {"max_trees": 30, "early_stopping": 10}
DEVIATIONS = 4.0  # from a coin: by chance that happens once in 30,000 times


def shuffled_check(
    contacts: pa.Table,
    policy: Policy,
    recipe: Recipe | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Learn shuffled outcomes of 20,000 contacts; say whether anything was found.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts.
    policy, params, seed
        As for `recontact.model.learn`; few trees are grown.
    recipe : Recipe, optional
        How the rows are made.

    Returns
    -------
    dict of str to dict
        By target: `rows` tested, `roc_auc`, `error` (its standard error, customers drawn again),
        `passed` (within four of them from 0.5), and `undefined`: why it could not be done.
    """
    contacts = some_customers(contacts, seed)
    recipe = recipe or Recipe()
    rows = recipe.rows(contacts, shuffle(label(contacts, recipe.judging(policy)), seed))
    rows = rows.filter(pc.is_valid(rows["repeated"]))
    parts = split(rows, greatest_window(policy))
    train, test = rows.filter(pa.array(parts.earlier)), rows.filter(pa.array(parts.later))
    settings = {**(params or {}), **QUICK}
    return {t: _found(train, test, t, policy, settings, recipe.yours, seed) for t in TARGETS}


def some_customers(contacts: pa.Table, seed: int = 0, most: int = CONTACTS) -> pa.Table:
    """Take all contacts of some customers, over all the time; nobody with a tenth of them.

    Examples
    --------
    >>> table = pa.table({"customer_id": ["a", "b", "b", "c", None], "program": ["x"] * 5})
    >>> len(some_customers(table, most=20)), len(some_customers(table, most=10))
    (4, 2)
    """
    named = contacts.filter(pc.is_valid(contacts["customer_id"]))
    number = np.unique(customers(named), return_inverse=True)[1]
    count = np.bincount(number)
    order = np.random.default_rng(seed).permutation(np.flatnonzero(count <= most / 10))
    chosen = order[np.cumsum(count[order]) <= most]
    return named.filter(pa.array(np.isin(number, chosen)))


def shuffle(labels: pa.Table, seed: int = 0) -> pa.Table:
    """Deal the outcomes of judged contacts out among them at random, both of one contact together.

    Examples
    --------
    >>> table = pa.table({"repeated": [True, None, False], "escalation": [True, None, False]})
    >>> [row["repeated"] for row in shuffle(table, seed=3).to_pylist()]
    [False, None, True]
    """
    there = np.flatnonzero(np.asarray(labels["repeated"].is_valid()))
    order = np.arange(len(labels))
    order[there] = np.random.default_rng(seed).permutation(there)
    for name in TARGETS:
        place = labels.column_names.index(name)
        labels = labels.set_column(place, name, labels[name].take(pa.array(order)))
    return labels


def _found(
    train: pa.Table,
    test: pa.Table,
    target: str,
    policy: Policy,
    params: Mapping[str, Any],
    yours: Sequence[Feature],
    seed: int,
) -> dict[str, Any]:
    try:
        bundle = fit(train, target, policy, yours=yours, params=params, seed=seed)
    except UserError as error:
        return _verdict(0, None, None, error.what)
    own = judged(test, target)
    outcome, score = outcomes(own, target), bundle.predict(own)
    customer = np.asarray(own["customer"].to_numpy(), dtype=np.int64)
    auc = roc_auc(outcome, score)
    if auc is None:
        return _verdict(len(own), None, None, "the later contacts have one outcome only")
    drawn = Draws.of(customer, seed).areas(outcome, score, customer).roc_auc
    return _verdict(len(own), auc, float(np.nanstd(drawn)), None)


def _verdict(
    rows: int, auc: float | None, error: float | None, undefined: str | None
) -> dict[str, Any]:
    passed = None
    if auc is not None and error is not None:
        passed = bool(abs(auc - 0.5) <= DEVIATIONS * error)
    found = {"rows": rows, "roc_auc": auc, "error": error}
    return {**found, "passed": passed, "undefined": undefined}
