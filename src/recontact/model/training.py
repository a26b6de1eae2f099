"""From contacts to two tested models: labels, features, split, fit, figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import INSTANT, instants
from recontact.evaluation.plan import Plan
from recontact.evaluation.plots import plots
from recontact.evaluation.trials import Trial
from recontact.features.declared import Feature
from recontact.features.known import known_from
from recontact.features.moments import MOMENTS, WRAPUP_DELAY_S
from recontact.model.beside import Beside
from recontact.model.beside_figures import figures_beside
from recontact.model.bundle import TARGETS, Bundle
from recontact.model.comparing import check_slices, check_target, compare, groups_of, summary
from recontact.model.constant import base_rate
from recontact.model.digest import digest
from recontact.model.fitting import fit, judged
from recontact.model.gate import TooLittleError
from recontact.model.rows import Recipe, labeled_rows
from recontact.model.shuffled import shuffled_check
from recontact.model.split import greatest_window, split
from recontact.policy import Policy
from recontact.progress import Say, silent


@dataclass(frozen=True)
class Learnt:
    """Two models, and how they did on later contacts.

    Attributes
    ----------
    bundles : dict of str to Bundle
        By target.
    trials : list of Trial
        Outcomes and scores of the test contacts, by target and moment.
    evaluation : dict
        The figures and where they come from, ready for JSON.
    test : pyarrow.Table
        The dataset rows of the test contacts.
    """

    bundles: dict[str, Bundle]
    trials: list[Trial]
    evaluation: dict[str, Any]
    test: pa.Table

    @cached_property
    def images(self) -> dict[str, bytes]:
        """The plots as PNG, drawn once: they take seconds."""
        return plots(self.trials, self.evaluation)


def learn(
    contacts: pa.Table,
    policy: Policy | None = None,
    *,
    until: int | None = None,
    known: Mapping[str, str] | None = None,
    wrapup_delay_s: float = WRAPUP_DELAY_S,
    moments: Sequence[str] = MOMENTS,
    params: Mapping[str, Any] | None = None,
    seed: int = 0,
    champions: Mapping[str, Bundle] | None = None,
    events: pa.Table | None = None,
    yours: Sequence[Feature] = (),
    plan: Plan | None = None,
    say: Say = silent,
) -> Learnt:
    """Train and test the models of both targets.

    Where too few contacts escalated, `escalation` has no model but the base rate
    (`recontact.model.constant`), which is said wherever it is used; no figure stands beside it.

    The last fifth of the judged contacts by time is the test set; training contacts ended at
    least the greatest window of the policy before it. The figures are those of the models
    that are returned: nothing is trained again on the test set.

    Parameters
    ----------
    contacts : pyarrow.Table
        Clean contacts.
    policy : Policy, optional
        How they are labeled; the defaults without.
    until : int, optional
        Microseconds since 1970: contacts that start at or after it and records known after it
        do not exist, and it is the labels' `as_of`. The models carry the policy as given.
    known : mapping of str to str, optional
        Changes to what is known from when.
    wrapup_delay_s : float
        How late a record may come and still be seen at wrap-up.
    moments : sequence of str
        The moments to train for.
    params : mapping, optional
        Settings over the defaults (`recontact.model.params`).
    seed : int
        The same seed and contacts give the same models, to the byte.
    champions : mapping of str to Bundle, optional
        Models to test beside, by target.
    events : pyarrow.Table, optional
        What happened during the contacts: the models then know holds and transfers so far at
        `live`, in the service from the request.
    yours : sequence of Feature
        Features of your own beside ours (`recontact.features.yours`); kept with the models.
    plan : Plan, optional
        Costs, columns and capacities that the figures are given for
        (`recontact.evaluation.plan`).
    say : callable
        Told what is being done.

    Raises
    ------
    UserError
        Too little data, or of one kind only, for `repeated`; says what is missing.
    """
    policy, plan = policy or Policy(), plan or Plan()
    recipe = Recipe(until, moments, known, wrapup_delay_s, events, yours)
    seen = recipe.contacts(contacts)
    check_slices(seen, plan.slices)
    say(f"labels and features of {len(seen):,} contacts")
    rows = labeled_rows(seen, policy, recipe)
    parts = split(rows, greatest_window(policy))
    train, test = rows.filter(pa.array(parts.earlier)), rows.filter(pa.array(parts.later))
    groups = groups_of(seen, test, plan.slices)
    evaluation = _origin(seen, policy, train, test, until)
    origin: dict[str, Any] = {
        "known_from": known_from(seen, recipe.changes),
        "wrapup_delay_s": wrapup_delay_s,
        "yours": yours,
        "facts": {
            "data_digest": evaluation["data_digest"],
            "test_from": evaluation["test"]["from"],
        },
    }
    learning: dict[str, Any] = {"params": params, "seed": seed}
    beside = {"repeated": Beside(seen, policy, rows, parts)}
    bundles: dict[str, Bundle] = {}
    trials: list[Trial] = []
    for target in TARGETS:
        say(f"model of '{target}': {len(train):,} training rows")
        try:
            check_target(train, test, target, greatest_window(policy))
            more = {**learning, **origin, "beside": beside.get(target)}
            bundles[target] = fit(train, target, policy, **more)
        except TooLittleError as error:
            if target == TARGETS[0]:
                raise
            say(f"no model of '{target}', only the base rate: {error.what}")
            none = judged(train, target)
            bundles[target] = base_rate(none, target, policy, error.what, **origin)
            continue
        say(f"baselines and figures of '{target}': {len(test):,} test rows")
        trials += compare(train, test, bundles[target], (champions or {}).get(target), groups)
    constant = {t: b.facts["constant"] for t, b in bundles.items() if "constant" in b.facts}
    evaluation["constant"] = constant
    say("intervals, groups and what drives the scores")
    evaluation |= summary(bundles, trials, test, plan, seed, groups)
    evaluation |= figures_beside(bundles["repeated"], seen, recipe.judging(policy), train, test)
    if plan.shuffled:
        say("the same with shuffled outcomes, of the latest contacts")
        shuffled = shuffled_check(seen, policy, recipe, **learning)
        evaluation["shuffled_check"] = shuffled
    return Learnt(bundles, trials, evaluation, test)


def _origin(
    contacts: pa.Table, policy: Policy, train: pa.Table, test: pa.Table, until: int | None
) -> dict[str, Any]:
    """Tell which data and policy the figures are of."""
    return {
        "policy": policy.text(),
        "policy_digest": policy.digest,
        "data_digest": digest(contacts),
        "until": None if until is None else _written(until),
        "gap_s": greatest_window(policy) / 1e6,
        "contacts": len(contacts),
        "training": _span(train),
        "test": _span(test),
    }


def _span(rows: pa.Table) -> dict[str, Any]:
    started = instants(rows["started_at"])
    edges = (int(started.min()), int(started.max())) if len(started) else (None, None)
    return {
        "contacts": int(pc.count_distinct(rows["contact_id"]).as_py()),
        "customers": int(pc.count_distinct(rows["customer"]).as_py()),
        "from": None if edges[0] is None else _written(edges[0]),
        "to": None if edges[1] is None else _written(edges[1]),
    }


def _written(instant: int) -> str:
    return str(pa.scalar(instant, INSTANT).as_py().isoformat())
