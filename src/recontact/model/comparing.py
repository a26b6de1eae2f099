"""A new model beside the baselines and the champion, on the same later contacts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from recontact import dataset
from recontact.evaluation.figures import CHAMPION, LOGISTIC, OURS, RULE, Trial, figures
from recontact.evaluation.metrics import reliability
from recontact.model.baselines import logistic, rule
from recontact.model.bundle import Bundle
from recontact.model.calibration import Floats
from recontact.model.fitting import judged, moments_of, outcomes
from recontact.model.gate import check_part


def check_target(train: pa.Table, test: pa.Table, target: str, gap: int) -> None:
    """Refuse where training or test rows have too few of either outcome."""
    for rows, part in ((train, "training"), (test, "test")):
        own = judged(rows, target)
        check_part(own, np.ones(len(own), dtype=bool), target, part, gap)


def compare(
    train: pa.Table, test: pa.Table, bundle: Bundle, champion: Bundle | None = None
) -> list[Trial]:
    """Score the test rows by the model and the baselines; one result a moment."""
    target = bundle.target
    own = judged(test, target)
    features = dataset.feature_columns(test)
    scores: dict[str, Floats] = {
        OURS: bundle.predict(own),
        RULE: rule(own),
        LOGISTIC: logistic(judged(train, target), own, target, [*features, "moment"]),
    }
    if champion is not None and set(champion.encoding.features) <= set(own.column_names):
        scores[CHAMPION] = champion.predict(own)
    outcome, before_ = outcomes(own, target), _number(own, "contacts_before")
    moments = moments_of(own)
    return [
        Trial(target, moment, outcome[m], before_[m], {k: v[m] for k, v in scores.items()})
        for moment in dict.fromkeys(moments.tolist())
        for m in [moments == moment]
    ]


def _number(rows: pa.Table, name: str) -> Floats:
    return np.asarray(rows[name].cast(pa.float64()).to_numpy(), dtype=np.float64)


def summary(bundles: Mapping[str, Bundle], trials: Sequence[Trial]) -> dict[str, Any]:
    """Gather the figures of both models, ready for JSON."""
    return {
        "figures": figures(trials),
        "reliability": [
            {
                "target": trial.target,
                "moment": trial.moment,
                "bins": [b._asdict() for b in reliability(trial.outcome, trial.scores[OURS])],
            }
            for trial in trials
        ],
        "importance": {target: importance(bundle) for target, bundle in bundles.items()},
    }


def importance(bundle: Bundle) -> dict[str, float]:
    """Give each feature's share of the trees' gain, the greatest first."""
    gain = bundle.booster.feature_importance("gain")
    shares = gain / max(float(gain.sum()), 1e-12)
    pairs = sorted(zip(-shares, bundle.encoding.features, strict=True))
    return {name: round(float(-share), 6) for share, name in pairs}
