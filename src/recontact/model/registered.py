"""Train both models, keep them in MLflow, and let them serve where nobody does yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from recontact.errors import UserError
from recontact.evaluation.plan import Plan
from recontact.features.declared import Feature
from recontact.features.moments import MOMENTS, WRAPUP_DELAY_S
from recontact.leaks.brief import briefly
from recontact.model.bundle import Bundle
from recontact.model.latency import measure as latency_of
from recontact.model.rows import Recipe
from recontact.model.training import Learnt, learn
from recontact.policy import Policy
from recontact.progress import Say, silent
from recontact.tracking.loading import load_bundle
from recontact.tracking.record import objections, record, set_champions
from recontact.tracking.registry import NAMES, champion
from recontact.tracking.store import Store, open_store

ROWS = 100  # test rows that the time of a score is taken on


@dataclass(frozen=True)
class Trained:
    """A training that is kept.

    Attributes
    ----------
    learnt : Learnt
        Models, test scores and figures.
    run_id : str
        The MLflow run.
    versions : dict of str to str
        Registered version by target.
    champions : dict of str to str
        By target what became of the champion alias, in words.
    objections : dict of str to list of str
        By target what the gate of `recontact.tracking.promote` would say against a version that
        became champion as the first of its policy; no entry where nothing.
    """

    learnt: Learnt
    run_id: str
    versions: dict[str, str]
    champions: dict[str, str]
    objections: dict[str, list[str]]

    @property
    def bundles(self) -> dict[str, Bundle]:
        """The models by target."""
        return self.learnt.bundles

    @property
    def evaluation(self) -> dict[str, Any]:
        """The figures, ready for JSON."""
        return self.learnt.evaluation


def train(
    contacts: pa.Table,
    policy: Policy | None = None,
    *,
    until: int | None = None,
    known: Mapping[str, str] | None = None,
    wrapup_delay_s: float = WRAPUP_DELAY_S,
    moments: Sequence[str] = MOMENTS,
    params: Mapping[str, Any] | None = None,
    seed: int = 0,
    events: pa.Table | None = None,
    yours: Sequence[Feature] = (),
    plan: Plan | None = None,
    tracking_uri: str | None = None,
    say: Say = silent,
) -> Trained:
    """Label, train, test and register the models of both targets.

    Parameters
    ----------
    contacts, policy, until, known, wrapup_delay_s, moments, params, seed, events, yours, plan, say
        As for `recontact.model.learn`.
    tracking_uri : str, optional
        The MLflow store (`recontact.tracking.open_store`); a local one is made where missing.

    Returns
    -------
    Trained

    Raises
    ------
    UserError
        Too little data, or the store does not answer.
    """
    policy = policy or Policy()
    store = open_store(tracking_uri, create=True, say=say)
    beside = _champions(store, policy)
    learnt = learn(
        contacts,
        policy,
        until=until,
        known=known,
        wrapup_delay_s=wrapup_delay_s,
        moments=moments,
        params=params,
        seed=seed,
        champions=beside,
        events=events,
        yours=yours,
        plan=plan,
        say=say,
    )
    say("leak check of some of the contacts")
    leaks = leak_check(
        contacts, policy, Recipe(until, moments, known, wrapup_delay_s, events, yours)
    )
    learnt = measured(learnt, leaks)
    say("writing the run and its models to MLflow")
    run_id, versions = record(store, learnt, {t: b.version for t, b in beside.items()})
    said = set_champions(store, versions)
    numbers = {target: version.version for target, version in versions.items()}
    return Trained(learnt, run_id, numbers, said, objections(store, versions))


def measured(learnt: Learnt, leaks: Mapping[str, Any]) -> Learnt:
    """Put what the gate asks for beside the figures: the leak check, and the time of a score."""
    latency = {
        target: latency_of(bundle, bundle.encoding.matrix(learnt.test.slice(0, ROWS)))
        for target, bundle in learnt.bundles.items()
    }
    more = {"leak_check": dict(leaks), "latency": latency}
    return replace(learnt, evaluation=learnt.evaluation | more)


def leak_check(
    contacts: pa.Table,
    policy: Policy,
    recipe: Recipe | None = None,
) -> dict[str, Any]:
    """Check some of what models learn from for leaks (`recontact.leaks.brief`).

    Parameters
    ----------
    contacts, policy
        As for `recontact.model.learn`.
    recipe : Recipe, optional
        How its rows are made.
    """
    recipe = recipe or Recipe()
    return briefly(
        recipe.contacts(contacts),
        recipe.judging(policy),
        known=recipe.changes,
        delay_s=recipe.wrapup_delay_s,
        events=recipe.events,
        features=recipe.features,
    )


def _champions(store: Store, policy: Policy) -> dict[str, Bundle]:
    """Load the champions of the same policy, to be tested beside the new models."""
    found = {}
    for target, name in NAMES.items():
        holder = champion(store, name)
        if holder and holder.policy_digest == policy.digest:
            try:
                found[target] = load_bundle(name, holder.version, store=store)
            except UserError:  # a damaged champion must not keep a new model from being trained
                continue
    return found
