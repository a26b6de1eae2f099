"""Look for better settings inside the training part, and weigh them against explanations."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import yaml

from recontact.features.declared import Feature
from recontact.features.moments import MOMENTS, WRAPUP_DELAY_S
from recontact.model.backtest import check_fold
from recontact.model.bundle import TARGETS
from recontact.model.digest import digest
from recontact.model.fitting import fit
from recontact.model.gate import TooLittleError
from recontact.model.knee import Tried, front, knee
from recontact.model.latency import measure
from recontact.model.losses import GROUPS, losses, some_customers
from recontact.model.params import DEFAULTS
from recontact.model.rolling import rolling
from recontact.model.rows import Recipe, labeled_rows
from recontact.model.split import greatest_window, split
from recontact.model.study import SPACE, Study, check_file
from recontact.policy import Policy
from recontact.progress import Say, silent

FOLDS = 3
TRIALS = 40
ROWS = 200_000
BUDGET_STEPS = 300_000  # of one explanation; docs/tuning.md says what that is in milliseconds
EXPLAINED = 30  # rows that an explanation is timed on


@dataclass(frozen=True)
class Tuned:
    """What was tried, and what came out.

    Attributes
    ----------
    tried : list of Tried
        Every trial; the first has the defaults.
    chosen : Tried
        The one to take (`recontact.model.knee.knee`).
    budget_steps : float
        The most steps that an explanation may take.
    origin : dict
        On which data and terms.
    """

    tried: list[Tried]
    chosen: Tried
    budget_steps: float
    origin: dict[str, Any]

    @property
    def front(self) -> list[Tried]:
        """The trials that no other one beats at the same cost."""
        return front(self.tried)

    def text(self) -> str:
        """Write the chosen settings as YAML, as `recontact train --params` takes it."""
        one, first = self.chosen, self.tried[0]
        head = [
            "Settings found by recontact tune; those not named are the defaults.",
            f"trial {one.number} of {len(self.tried)}, seed {self.origin['seed']}",
            f"loss {one.loss:.5f}, of the defaults {first.loss:.5f}",
            f"explanation {one.steps:,.0f} steps, of the defaults {first.steps:,.0f}",
            f"data {self.origin['data'][:12]}, policy {self.origin['policy'][:12]}",
        ]
        named = {k: v for k, v in one.params.items() if k in SPACE or v != DEFAULTS[k]}
        written = yaml.safe_dump(named, sort_keys=False)
        return "".join(f"# {line}\n" for line in head) + str(written)


def tune(
    contacts: pa.Table,
    policy: Policy | None = None,
    *,
    trials: int = TRIALS,
    minutes: float | None = None,
    folds: int = FOLDS,
    rows: int = ROWS,
    budget_steps: float = BUDGET_STEPS,
    study: str | Path | None = None,
    params: Mapping[str, Any] | None = None,
    until: int | None = None,
    known: Mapping[str, str] | None = None,
    wrapup_delay_s: float = WRAPUP_DELAY_S,
    moments: Sequence[str] = MOMENTS,
    seed: int = 0,
    events: pa.Table | None = None,
    yours: Sequence[Feature] = (),
    say: Say = silent,
) -> Tuned:
    """Tune the settings of both models on what `recontact.model.learn` would train them on.

    The test part is the same as that of `learn` and is never looked at.

    Parameters
    ----------
    contacts : pyarrow.Table
        Clean contacts.
    policy : Policy, optional
        How they are labeled; the defaults without.
    trials : int
        How many settings to try, those of earlier sittings and the defaults among them.
    minutes : float, optional
        Begin no further trial after so many.
    folds : int
        Rolling origins inside the training part.
    rows : int
        Try on at most about so many rows, of customers drawn evenly.
    budget_steps : float
        The most steps that an explanation may take (`recontact.model.latency.size`).
    study : str or Path, optional
        An SQLite file that keeps the trials: the same call goes on where it was cut off.
    params : mapping, optional
        Settings over the defaults, to begin with; those not looked for stay.
    until, known, wrapup_delay_s, moments, seed, events, yours
        As of `recontact.model.learn`.
    say : callable
        Told what is being done.

    Returns
    -------
    Tuned

    Raises
    ------
    UserError
        Too little data, or the study's file is of another search.
    """
    policy = policy or Policy()
    recipe = Recipe(until, moments, known, wrapup_delay_s, events, yours)
    if study is not None:
        check_file(Path(study), _terms(policy, seed, folds, params))
    seen = recipe.contacts(contacts)
    say(f"labels and features of {len(seen):,} contacts")
    labeled = labeled_rows(seen, policy, recipe)
    train = labeled.filter(pa.array(split(labeled, greatest_window(policy)).earlier))
    return search(
        some_customers(train, rows),
        policy,
        trials=trials,
        minutes=minutes,
        folds=folds,
        budget_steps=budget_steps,
        study=study,
        params=params,
        seed=seed,
        say=say,
    )


def search(
    train: pa.Table,
    policy: Policy,
    *,
    targets: Sequence[str] = TARGETS,
    trials: int = TRIALS,
    minutes: float | None = None,
    folds: int = FOLDS,
    budget_steps: float = BUDGET_STEPS,
    study: str | Path | None = None,
    params: Mapping[str, Any] | None = None,
    seed: int = 0,
    say: Say = silent,
) -> Tuned:
    """Tune on training rows (`recontact.dataset.build`); parameters as of `tune`."""
    gap = greatest_window(policy)
    parts = [
        (train.filter(pa.array(f.train)), train.filter(pa.array(f.test)))
        for f in rolling(train, gap, folds)
    ]
    targets = _learnable(parts, targets, gap, say)
    origin = {
        "data": digest(train),
        **_terms(policy, seed, folds, params),
        "targets": list(targets),
    }
    start = {name: origin["settings"][name] for name in SPACE}
    memory = Study(None if study is None else Path(study), origin, start)
    began = time.monotonic()
    while len(memory.tried) < max(trials, 1):
        if minutes is not None and memory.tried and time.monotonic() - began >= 60 * minutes:
            say(f"{minutes:g} minutes are over after {len(memory.tried)} trials")
            break
        with memory.next() as (looked_for, keep):
            keep(_tried(parts, targets, policy, {**(params or {}), **looked_for}, seed))
        say(_said(memory.tried, trials))
    tried = memory.tried
    return Tuned(tried, knee(tried, budget_steps), budget_steps, origin)


def _terms(
    policy: Policy, seed: int, folds: int, params: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Name what a search hangs on beside its data."""
    return {
        "policy": policy.digest,
        "seed": seed,
        "folds": folds,
        "space": {name: list(where) for name, where in SPACE.items()},
        "settings": DEFAULTS | dict(params or {}),
    }


def _learnable(
    parts: Sequence[tuple[pa.Table, pa.Table]], targets: Sequence[str], gap: int, say: Say
) -> list[str]:
    """Leave out targets but the first of which a fold has too little, as training does."""
    kept = []
    for target in targets:
        try:
            for earlier, later in parts:
                check_fold(earlier, later, target, gap)
        except TooLittleError as error:
            if target == targets[0]:
                raise
            say(f"'{target}' is left out: {error.what}")
        else:
            kept.append(target)
    return kept


def _tried(
    parts: Sequence[tuple[pa.Table, pa.Table]],
    targets: Sequence[str],
    policy: Policy,
    params: dict[str, Any],
    seed: int,
) -> Tried:
    began = time.monotonic()
    lost, costs = np.zeros(GROUPS), []
    for target in targets:
        for earlier, later in parts:
            bundle = fit(earlier, target, policy, params=params, seed=seed)
            lost += losses(bundle, later) / len(parts) / len(targets)
        rows = bundle.encoding.matrix(later.slice(0, EXPLAINED))
        costs.append(measure(bundle, rows, EXPLAINED))
    facts = {
        "trees": {t: cost["trees"] for t, cost in zip(targets, costs, strict=True)},
        "ms": max(cost["median_ms"] for cost in costs),
        "seconds": round(time.monotonic() - began, 1),
    }
    steps = float(max(cost["steps"] for cost in costs))
    return Tried(-1, params, float(lost.sum()), steps, tuple(lost.tolist()), facts)


def _said(tried: Sequence[Tried], trials: int) -> str:
    last, best = tried[-1], min(tried, key=lambda t: t.loss)
    return (
        f"trial {last.number + 1} of {trials} ({last.facts['seconds']:g} s): loss {last.loss:.5f}, "
        f"explanation {last.steps:,.0f} steps, {last.facts['ms']:g} ms; "
        f"best so far {best.loss:.5f} (trial {best.number}), defaults {tried[0].loss:.5f}"
    )
