"""How steady the models are over time: several origins, each with its own past and future."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from recontact.contacts import INSTANT, instants
from recontact.errors import UserError
from recontact.evaluation.figures import OURS, RULE, Trial, figures
from recontact.features.declared import Feature
from recontact.features.known import known_from
from recontact.features.moments import MOMENTS, WRAPUP_DELAY_S
from recontact.model.baselines import rule
from recontact.model.bundle import TARGETS, Bundle
from recontact.model.calibration import Floats
from recontact.model.comparing import check_target
from recontact.model.digest import digest
from recontact.model.fitting import fit, judged, moments_of, outcomes
from recontact.model.gate import TooLittleError, check_part
from recontact.model.rolling import FIRST, FOLDS, Fold, rolling
from recontact.model.rows import Recipe, labeled_rows
from recontact.model.split import greatest_window, split
from recontact.policy import Policy
from recontact.progress import Say, silent

DAY_US = 86_400_000_000
FEWER = "ask for fewer folds, start later with --first, or give more contacts"
MEASURED = ("roc_auc", "average_precision", "brier", "calibration_error")


@dataclass(frozen=True)
class Backtest:
    """Figures of every fold, and what they come to.

    Attributes
    ----------
    folds : list of dict
        One a fold: `fold`, `origin`, `to`, `training_rows`, `test_rows`.
    figures : list of dict
        As `recontact.evaluation.figures.figures`, each with its `fold`.
    summary : list of dict
        One a target, moment, model and figure: `mean`, `spread` (standard deviation over the
        folds), `least`, `greatest`, and `folds`, in how many it is defined.
    origin : dict
        Which data and policy.
    """

    folds: list[dict[str, Any]]
    figures: list[dict[str, Any]]
    summary: list[dict[str, Any]]
    origin: dict[str, Any]


def backtest(
    contacts: pa.Table,
    policy: Policy | None = None,
    *,
    folds: int = FOLDS,
    first: float = FIRST,
    until: int | None = None,
    known: Mapping[str, str] | None = None,
    wrapup_delay_s: float = WRAPUP_DELAY_S,
    moments: Sequence[str] = MOMENTS,
    params: Mapping[str, Any] | None = None,
    seed: int = 0,
    events: pa.Table | None = None,
    yours: Sequence[Feature] = (),
    say: Say = silent,
) -> Backtest:
    """Train at several origins, and test each time on the stretch that came next.

    Where too few contacts of a fold escalated, it has no figures of `escalation`.

    Labels and features are made once: a feature sees only what was known at its own instant,
    so it is the same at whichever origin. Every fold trains as `recontact.model.learn` does.

    Parameters
    ----------
    contacts : pyarrow.Table
        Clean contacts.
    policy : Policy, optional
        How they are labeled; the defaults without.
    folds : int
        How many origins.
    first : float
        Which share of the rows, by time, lies before the first origin.
    until, known, wrapup_delay_s, moments, params, seed, events, yours
        As of `recontact.model.learn`.
    say : callable
        Told what is being done.

    Returns
    -------
    Backtest

    Raises
    ------
    UserError
        Too little data in a fold; says which fold and what is missing.
    """
    policy = policy or Policy()
    recipe = Recipe(until, moments, known, wrapup_delay_s, events, yours)
    seen = recipe.contacts(contacts)
    say(f"labels and features of {len(seen):,} contacts")
    rows = labeled_rows(seen, policy, recipe)
    gap = greatest_window(policy)
    told, table = [], []
    for number, fold in enumerate(rolling(rows, gap, folds, first), start=1):
        train, test = rows.filter(pa.array(fold.train)), rows.filter(pa.array(fold.test))
        told.append(_told(number, fold, train, test))
        for target in TARGETS:
            say(f"fold {number} of {folds}, '{target}': {len(train):,} training rows")
            try:
                check_fold(train, test, target, gap)
            except TooLittleError as error:
                if target == TARGETS[0]:
                    raise UserError(f"fold {number}: {error.what}", FEWER) from error
                say(f"fold {number} has no figures of '{target}': {error.what}")
                continue
            made = fit(
                train,
                target,
                policy,
                known_from=known_from(seen, recipe.changes),
                wrapup_delay_s=wrapup_delay_s,
                yours=yours,
                params=params,
                seed=seed,
            )
            table += [{"fold": number, **row} for row in figures(trials(made, test))]
    return Backtest(told, table, summed(table), _origin(seen, policy, gap, params, seed))


def check_fold(train: pa.Table, test: pa.Table, target: str, gap: int) -> None:
    """Refuse a fold in which a model can't be trained, calibrated or tested.

    Raises
    ------
    TooLittleError
        Says which part lacks which outcome.
    """
    check_target(train, test, target, gap)
    own = judged(train, target)
    parts = split(own, gap)
    check_part(own, parts.earlier, target, "training", gap)
    check_part(own, parts.later, target, "validation", gap)


def trials(bundle: Bundle, test: pa.Table) -> list[Trial]:
    """Score the test rows by a model and by the rule; one result a moment."""
    rows = judged(test, bundle.target)
    scores: dict[str, Floats] = {OURS: bundle.predict(rows), RULE: rule(rows)}
    outcome, moments = outcomes(rows, bundle.target), moments_of(rows)
    known = np.asarray(rows["contacts_before"].cast(pa.float64()).to_numpy(), dtype=np.float64)
    customer, day = np.asarray(rows["customer"]), instants(rows["started_at"]) // DAY_US
    return [
        Trial(
            bundle.target,
            moment,
            outcome[m],
            known[m],
            {model: score[m] for model, score in scores.items()},
            customer[m],
            day[m],
        )
        for moment in dict.fromkeys(moments.tolist())
        for m in [moments == moment]
    ]


def summed(table: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give mean and spread over the folds of all contacts' figures.

    Examples
    --------
    >>> row = {"target": "repeated", "moment": "start", "history": "all", "model": "recontact"}
    >>> row |= {"average_precision": None, "brier": None, "calibration_error": None}
    >>> (auc,) = summed([row | {"roc_auc": 0.7}, row | {"roc_auc": 0.8}])
    >>> auc["figure"], round(auc["mean"], 3), round(auc["spread"], 3), auc["folds"]
    ('roc_auc', 0.75, 0.071, 2)
    """
    found: dict[tuple[str, ...], list[float]] = {}
    for row in table:
        if row["history"] == "all":
            for name in MEASURED:
                key = (row["target"], row["moment"], row["model"], name)
                found.setdefault(key, []).extend([row[name]] if row[name] is not None else [])
    return [
        dict(zip(("target", "moment", "model", "figure"), key, strict=True)) | _spread(values)
        for key, values in found.items()
        if values
    ]


def _spread(values: Sequence[float]) -> dict[str, Any]:
    return {
        "mean": float(np.mean(values)),
        "spread": float(np.std(values, ddof=1)) if len(values) > 1 else None,
        "least": min(values),
        "greatest": max(values),
        "folds": len(values),
    }


def _told(number: int, fold: Fold, train: pa.Table, test: pa.Table) -> dict[str, Any]:
    to = instants(test["started_at"])
    return {
        "fold": number,
        "origin": _written(fold.origin),
        "to": _written(int(to.max())) if len(to) else None,
        "training_rows": len(train),
        "test_rows": len(test),
    }


def _origin(
    contacts: pa.Table, policy: Policy, gap: int, params: Mapping[str, Any] | None, seed: int
) -> dict[str, Any]:
    return {
        "policy": policy.text(),
        "policy_digest": policy.digest,
        "data_digest": digest(contacts),
        "contacts": len(contacts),
        "gap_s": gap / 1e6,
        "params": dict(params or {}),
        "seed": seed,
    }


def _written(instant: int) -> str:
    return str(pa.scalar(instant, INSTANT).as_py().isoformat())
