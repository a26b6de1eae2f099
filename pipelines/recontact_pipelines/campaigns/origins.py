"""Repeats of real ServiceNow incidents at origins inside the training part, beside untuned trees.

There are several times the cases of the test part here, and that part is not looked at: so this is
where other settings may be tried (`--params`).

    python -m recontact_pipelines.campaigns.origins --out FOLDER
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from recontact.evaluation.bootstrap import Draws, Ints, difference
from recontact.evaluation.figures import HISTORIES, histories
from recontact.evaluation.metrics import roc_auc
from recontact.model.calibration import Floats
from recontact.model.fitting import fit, judged, outcomes
from recontact.model.rolling import rolling
from recontact.model.split import greatest_window
from recontact_pipelines.campaigns.servicenow import Given, Tables, halves, lead_words, untuned

TARGET = "repeated"
FOLDS, FIRST = 5, 0.4  # the later three fifths of the training rows, which leave enough to learn
SEEDS = 3
OURS, PLAIN = "ours", "untuned"


class Stretch(NamedTuple):
    """What came after one origin, and what was foretold: a row a seed and model."""

    outcome: Floats
    before: Floats
    customer: Ints
    scores: Mapping[str, Sequence[Floats]]


def measure(
    contacts: pa.Table,
    window: str,
    *,
    folds: int = FOLDS,
    seeds: int = SEEDS,
    params: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Train at each origin and give both models' ROC AUC by history, and our lead.

    Parameters
    ----------
    contacts : pyarrow.Table
        The imported incidents.
    window : str
        Of the policy.
    folds, seeds : int
        How many origins, and trainings of ours at each.
    params : mapping, optional
        Settings over the defaults.

    Returns
    -------
    list of dict
        Of each history: rows, cases, both figures (means over origins, weighed by cases, and over
        seeds) and `ahead`, with its interval by customer.
    """
    rules, train, _ = halves(contacts, window)
    train = judged(train, TARGET)
    stretches = []
    for fold in rolling(train, greatest_window(rules), folds, FIRST):
        earlier, later = (train.filter(pa.array(part)) for part in (fold.train, fold.test))
        ours = [
            fit(earlier, TARGET, rules, params=params, seed=seed).predict(later)
            for seed in range(seeds)
        ]
        scores = {OURS: ours, PLAIN: [untuned(earlier, later)]}
        before = np.asarray(later["contacts_before"].cast(pa.float64()).to_numpy())
        customer = np.asarray(later["customer"].to_numpy(), dtype=np.int64)
        stretches.append(Stretch(outcomes(later, TARGET), before, customer, scores))
    draws = Draws.of(np.concatenate([one.customer for one in stretches]))
    return [compared(stretches, history, draws) for history in HISTORIES]


def compared(stretches: Sequence[Stretch], history: str, draws: Draws) -> dict[str, Any]:
    """Compare both models on one history; origins weigh by their cases."""
    kept = [histories(one.before)[history] for one in stretches]
    pairs = list(zip(stretches, kept, strict=True))
    cases = np.array([one.outcome[rows].sum() for one, rows in pairs])
    weights = cases / cases.sum()
    point, spread = {}, {}
    for model in (OURS, PLAIN):
        areas = [_areas(one, rows, model, draws) for one, rows in pairs]
        point[model] = float(weights @ np.array([area for area, _ in areas]))
        spread[model] = weights @ np.stack([drawn for _, drawn in areas])
    ahead = difference(point[OURS] - point[PLAIN], spread[OURS] - spread[PLAIN])
    rows = int(sum(part.sum() for part in kept))
    return {"history": history, "rows": rows, "cases": int(cases.sum()), **point} | {
        "ahead": ahead._asdict()
    }


def _areas(one: Stretch, rows: Any, model: str, draws: Draws) -> tuple[float, Floats]:
    """Give the ROC AUC, and that of each replicate; means over seeds."""
    outcome, customer = one.outcome[rows], one.customer[rows]
    scores = [score[rows] for score in one.scores[model]]
    drawn = [draws.areas(outcome, score, customer).roc_auc for score in scores]
    points = np.array([roc_auc(outcome, score) for score in scores], dtype=np.float64)
    return float(points.mean()), np.mean(drawn, axis=0)


def words(tables: Tables) -> str:
    """Write the figures as a Markdown table."""
    lines = ["| window | contacts | rows | cases | ours | untuned | ahead by |"]
    lines.append("|---|---|---:|---:|---:|---:|---|")
    for window, table in tables.items():
        lines.extend(
            f"| {window} | {HISTORIES[row['history']]} | {row['rows']:,} | {row['cases']:,} "
            f"| {row[OURS]:.3f} | {row[PLAIN]:.3f} | {lead_words(row['ahead'])} |"
            for row in table
        )
    return "\n".join(lines)


def main() -> int:
    """Fetch, import, measure and say."""
    given = Given.read(__doc__)
    tables = given.by_window(measure)
    given.say("origins.json", tables, words(tables))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
