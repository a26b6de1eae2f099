"""A new model beside the baselines and the champion, on the same later contacts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact import dataset
from recontact.contacts import instants
from recontact.durations import DAY
from recontact.evaluation.bootstrap import Draws
from recontact.evaluation.costs import as_json, values
from recontact.evaluation.daily import daily
from recontact.evaluation.drivers import drivers
from recontact.evaluation.figures import figures
from recontact.evaluation.grouped import COLUMNS, MIN_ROWS, gaps, grouped, left_out
from recontact.evaluation.metrics import reliability
from recontact.evaluation.plan import Plan
from recontact.evaluation.trials import (
    CHAMPION,
    HIST_GB,
    LOGISTIC,
    OURS,
    REASON,
    RULE,
    Trial,
    histories,
)
from recontact.groups import Groups, groups
from recontact.model.baselines import boosted, logistic, reason_rate, rule
from recontact.model.bundle import Bundle
from recontact.model.calibration import Floats
from recontact.model.fitting import judged, moments_of, outcomes
from recontact.model.gate import check_part

EXPLAINED = 2_000  # test rows of a target that tell what drives its score
PARTS = 5  # groups of a chosen column that this is told for
ROW = "row"


def check_target(train: pa.Table, test: pa.Table, target: str, gap: int) -> None:
    """Refuse where training or test rows have too few of either outcome."""
    for rows, part in ((train, "training"), (test, "test")):
        own = judged(rows, target)
        check_part(own, np.ones(len(own), dtype=bool), target, part, gap)


def check_slices(contacts: pa.Table, chosen: Sequence[str]) -> None:
    """Refuse columns that there are not, before anything takes its time.

    Raises
    ------
    UserError
        Names the column and those that there are.
    """
    for by in chosen:
        groups(contacts.slice(0, 1), by)


def groups_of(contacts: pa.Table, test: pa.Table, chosen: Sequence[str] = ()) -> dict[str, Groups]:
    """Tell in which channel, queue, program, week and group of choice each test row is.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts, those of the test among them.
    test : pyarrow.Table
        Dataset rows.
    chosen : sequence of str
        Columns of the contacts, or what else `recontact.groups.groups` knows.

    Returns
    -------
    dict of str to Groups
        Of each column in which there is more than one group, and of each chosen one.
    """
    if not len(test):
        return {}
    tested = contacts.filter(pc.is_in(contacts["contact_id"], test["contact_id"]))
    place = np.asarray(pc.index_in(test["contact_id"], tested["contact_id"]), dtype=np.int64)
    found = {by: groups(tested, by) for by in dict.fromkeys((*COLUMNS, *chosen))}
    return {
        by: Groups(by, of.codes[place], of.names)
        for by, of in found.items()
        if len(of.names) > 1 or by in chosen
    }


def compare(
    train: pa.Table,
    test: pa.Table,
    bundle: Bundle,
    champion: Bundle | None = None,
    groups: Mapping[str, Groups] | None = None,
) -> list[Trial]:
    """Score the test rows by the model and the baselines; one result a moment.

    Parameters
    ----------
    train, test : pyarrow.Table
        Dataset rows.
    bundle, champion : Bundle
        The new model, and one to test beside.
    groups : mapping of str to Groups, optional
        In which group of each column the test rows are (`groups_of`).
    """
    target = bundle.target
    features = [*dataset.feature_columns(test), "moment"]
    own = judged(test.append_column(ROW, pa.array(np.arange(len(test)))), target)
    row = np.asarray(own[ROW].to_numpy(), dtype=np.int64)
    learnt = judged(train, target)
    scores: dict[str, Floats] = {OURS: bundle.predict(own)}
    if champion is not None and set(champion.encoding.features) <= set(own.column_names):
        scores[CHAMPION] = champion.predict(own)
    scores |= {
        HIST_GB: boosted(learnt, own, target, features),
        LOGISTIC: logistic(learnt, own, target, features),
        REASON: reason_rate(learnt, own, target),
        RULE: rule(own),
    }
    moments = moments_of(own)
    return [
        Trial(
            target,
            moment,
            outcomes(own, target)[m],
            _number(own, "contacts_before")[m],
            {model: score[m] for model, score in scores.items()},
            customer=np.asarray(own["customer"].to_numpy(), dtype=np.int64)[m],
            day=(instants(own["started_at"]) // DAY)[m],
            groups={
                by: Groups(by, of.codes[row[m]], of.names) for by, of in (groups or {}).items()
            },
        )
        for moment in dict.fromkeys(moments.tolist())
        for m in [moments == moment]
    ]


def _number(rows: pa.Table, name: str) -> Floats:
    return np.asarray(rows[name].cast(pa.float64()).to_numpy(), dtype=np.float64)


def summary(
    bundles: Mapping[str, Bundle],
    trials: Sequence[Trial],
    test: pa.Table | None = None,
    plan: Plan | None = None,
    seed: int = 0,
    groups: Mapping[str, Groups] | None = None,
) -> dict[str, Any]:
    """Gather the figures of both models, ready for JSON.

    Parameters
    ----------
    bundles : mapping of str to Bundle
        By target.
    trials : sequence of Trial
        Of `compare`.
    test : pyarrow.Table, optional
        The test rows, for what drives the score.
    plan : Plan, optional
        Costs, columns and capacities of choice.
    seed : int
        Of the draws behind the intervals.
    groups : mapping of str to Groups, optional
        In which group of each column the test rows are (`groups_of`); what drives the score is
        told for those of the chosen columns, too.
    """
    plan = plan or Plan()
    chosen = {by: of for by, of in (groups or {}).items() if by in plan.slices}
    draws = None
    if plan.replicates and trials:
        everyone = np.concatenate([trial.customers for trial in trials])
        draws = Draws.of(everyone, seed, plan.replicates)
    slices = grouped(trials, draws)
    return {
        "figures": figures(trials, draws),
        "reliability": [
            {
                "target": trial.target,
                "moment": trial.moment,
                "bins": [b._asdict() for b in reliability(trial.outcome, trial.scores[OURS])],
            }
            for trial in trials
        ],
        "importance": {target: importance(bundle) for target, bundle in bundles.items()},
        "daily": daily(trials, plan.capacities),
        "costs": as_json(plan.costs),
        "values": values(trials, plan.costs, draws),
        "slices": slices,
        "slices_left_out": left_out(trials),
        "slices_chosen": list(plan.slices),
        "gaps": gaps(slices),
        "drivers": {
            target: _drivers(bundle, test, chosen)
            for target, bundle in bundles.items()
            if test is not None and any(trial.target == target for trial in trials)
        },
        "intervals": {
            "level": 0.95,
            "replicates": plan.replicates,
            "customers": 0 if draws is None else len(draws.customers),
        },
    }


def importance(bundle: Bundle) -> dict[str, float]:
    """Give each feature's share of the trees' gain, the greatest first."""
    gain = bundle.booster.feature_importance("gain")
    shares = gain / max(float(gain.sum()), 1e-12)
    pairs = sorted(zip(-shares, bundle.encoding.features, strict=True))
    return {name: round(float(-share), 6) for share, name in pairs}


def _drivers(bundle: Bundle, test: pa.Table, groups: Mapping[str, Groups]) -> dict[str, Any]:
    """Explain some of the test rows, evenly spaced."""
    own = judged(test.append_column(ROW, pa.array(np.arange(len(test)))), bundle.target)
    some = np.linspace(0, len(own) - 1, min(len(own), EXPLAINED)).astype(np.int64)
    rows = own.take(pa.array(np.unique(some)))
    matrix = bundle.encoding.matrix(rows)
    moments = moments_of(rows)
    kinds = histories(_number(rows, "contacts_before"))
    parts = {
        **{f"moment: {moment}": moments == moment for moment in dict.fromkeys(moments.tolist())},
        **{f"history: {name}": there for name, there in kinds.items() if name != "all"},
        **_greatest(groups, np.asarray(rows[ROW].to_numpy(), dtype=np.int64)),
    }
    effects = bundle.contributions_rows(matrix)[:, :-1]
    encoding = bundle.encoding
    return drivers(effects, matrix, encoding.features, encoding.categories, parts)


def _greatest(groups: Mapping[str, Groups], row: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Tell which of these rows are in each of the greatest groups of every column."""
    parts = {}
    for by, of in groups.items():
        codes = of.codes[row]
        some = np.bincount(codes, minlength=len(of.names))
        for k in np.argsort(-some, kind="stable")[:PARTS].tolist():
            if some[k] >= MIN_ROWS:
                parts[f"{by}: {of.names[k] or 'unknown'}"] = codes == k
    return parts
