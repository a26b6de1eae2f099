"""Fit one target's model: trees, calibration on later rows, bands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.features.declared import Feature
from recontact.features.moments import MOMENTS, WRAPUP_DELAY_S
from recontact.features.table import feature_columns
from recontact.model.bundle import Bundle
from recontact.model.calibration import Floats, calibrated
from recontact.model.engine import versions
from recontact.model.estimators import RiskClassifier
from recontact.model.gate import check_part, refuse_labels
from recontact.model.growing import ANY, Parts
from recontact.model.monotone import monotone
from recontact.model.params import DEFAULTS
from recontact.model.split import greatest_window, split
from recontact.policy import Policy

Beside = Callable[[pa.Table, Floats, Bundle], Mapping[str, Any]]


def judged(dataset: pa.Table, target: str) -> pa.Table:
    """Keep the rows that teach about a target: settled, and not known already.

    Raises
    ------
    UserError
        The target does not look forward only, or labels stand among the features.

    Examples
    --------
    >>> import pyarrow as pa
    >>> t = pa.table({"repeated": [True, None, False], "repeated_already": [True, False, False]})
    >>> judged(t, "repeated")["repeated"].to_pylist()
    [False]
    """
    refuse_labels(dataset, target)
    known = pc.fill_null(dataset[f"{target}_already"], fill_value=False)
    return dataset.filter(pc.and_(pc.is_valid(dataset[target]), pc.invert(known)))


def outcomes(rows: pa.Table, target: str) -> Floats:
    """Give a target as 0 and 1."""
    return np.asarray(rows[target].cast(pa.float64()).to_numpy(), dtype=np.float64)


def moments_of(rows: pa.Table) -> npt.NDArray[np.object_]:
    """Give the moment of each row."""
    return np.asarray(rows["moment"].to_numpy(zero_copy_only=False), dtype=object)


def fit(
    train: pa.Table,
    target: str,
    policy: Policy,
    *,
    known_from: Mapping[str, str] | None = None,
    wrapup_delay_s: float = WRAPUP_DELAY_S,
    yours: Sequence[Feature] = (),
    params: Mapping[str, Any] | None = None,
    seed: int = 0,
    facts: Mapping[str, Any] | None = None,
    beside: Beside | None = None,
) -> Bundle:
    """Fit, calibrate and band the model of one target.

    It is a `RiskClassifier` whose later rows are the last fifth by time, after a gap of the
    greatest window, and whose score moves with some features one way only
    (`recontact.model.monotone`). A moment without rows, such as `live` for tickets, which take
    no time, is calibrated on all.

    Parameters
    ----------
    train : pyarrow.Table
        Rows of a dataset with `ended_at`; those not settled or known already are left out.
    target : {"repeated", "escalation"}
        What to predict.
    policy : Policy
        The policy of the labels.
    known_from : mapping of str to str, optional
        Which column was known from which moment; kept with the model.
    wrapup_delay_s : float
        How late a record may come and still be seen at wrap-up; kept with the model.
    yours : sequence of Feature
        Features among those of the rows that are not ours; kept with the model.
    params : mapping, optional
        Settings over the defaults (`recontact.model.params`).
    seed : int
        The same seed and rows give the same bytes.
    facts : mapping, optional
        Origin to keep with the model.
    beside : callable, optional
        Given the later rows, their probabilities by trees that have not seen them, and the
        bundle, it gives further parts of the bundle (`recontact.model.beside`).

    Returns
    -------
    Bundle

    Raises
    ------
    UserError
        Too few rows of either outcome, or as of `judged`.
    """
    settings = DEFAULTS | dict(params or {})
    rows = judged(train, target)
    parts = _checked(rows, target, greatest_window(policy))
    columns = rows.select([*feature_columns(rows), "moment"])
    ways = monotone(target, columns.column_names, settings["monotone"])
    own = settings | {"monotone": ways}
    outcome = outcomes(rows, target)
    model = RiskClassifier(**own, seed=seed).fit(columns, outcome, parts=parts)
    bundle = Bundle(
        target=target,
        model=model.model_,
        encoding=model.encoding_,
        calibrators={m: model.calibrators_.get(m, model.calibrators_[ANY]) for m in MOMENTS},
        cuts=model.cuts_,
        policy=policy.text(),
        policy_digest=policy.digest,
        known_from=dict(known_from or {}),
        wrapup_delay_s=wrapup_delay_s,
        yours=tuple(yours),
        facts={
            **dict(facts or {}),
            "params": own,
            "seed": seed,
            "trees": model.trees_,
            "training_rows": len(rows),
            "training_positives": int(outcome.sum()),
            "validation_rows": int(parts.later.sum()),
            "versions": versions(),
        },
    )
    if beside is None:
        return bundle
    later = rows.filter(pa.array(parts.later))
    unseen = calibrated(model.later_raw_, moments_of(later), bundle.calibrators.__getitem__)
    return replace(bundle, **beside(later, unseen, bundle))


def _checked(rows: pa.Table, target: str, gap: int) -> Parts:
    """Split off the validation part; refuse where any part has too little."""
    check_part(rows, np.ones(len(rows), dtype=bool), target, "training", gap)
    parts = split(rows, gap)
    check_part(rows, parts.earlier, target, "training", gap)
    check_part(rows, parts.later, target, "validation", gap)
    return Parts(parts.earlier, parts.later)
