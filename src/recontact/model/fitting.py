"""Fit one target's model: trees, calibration on later rows, bands."""

import os
import platform
import re
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.features.declared import Feature
from recontact.features.moments import MOMENTS, WRAPUP_DELAY_S
from recontact.features.table import feature_columns
from recontact.model.bundle import Bundle
from recontact.model.calibration import Calibrator, Cuts, Floats, calibrate
from recontact.model.encoding import Encoding
from recontact.model.engine import lightgbm
from recontact.model.gate import check_part, refuse_labels
from recontact.model.params import DEFAULTS
from recontact.model.split import Mask, greatest_window, split
from recontact.policy import Policy

HIGH_SHARE, MEDIUM_SHARE = 0.1, 0.2  # of the contacts, when the model was made
COUNTED = ("min_data_in_leaf", "min_data_per_group")
OURS = ("max_trees", "early_stopping")  # the settings that are not LightGBM's own


class Encoded(NamedTuple):
    """Training rows as numbers."""

    encoding: Encoding
    matrix: Floats
    outcome: Floats
    moments: npt.NDArray[np.object_]


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
) -> Bundle:
    """Fit, calibrate and band the model of one target.

    The last fifth of the training rows by time, after a gap of the greatest window, decides
    how many trees there are, calibrates them for each moment (Platt, 1999, "Probabilistic
    outputs for support vector machines") and sets the bands. Then as many trees are grown
    again from all training rows, since the newest matter most. A moment without rows, such as
    `live` for tickets, which take no time, is calibrated on all.

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
    later = _checked(rows, target, greatest_window(policy))
    data = _encode(rows, target)
    trees, raw = _probe(data, later, settings, seed)
    moments = data.moments[later.later]
    calibrators = calibrate(raw, data.outcome[later.later], moments, MOMENTS)
    final = _grow(data, settings | {"max_trees": trees}, seed)
    return Bundle(
        target=target,
        model=_text(final),
        encoding=data.encoding,
        calibrators=calibrators,
        cuts=_cuts(raw, moments, calibrators),
        policy=policy.text(),
        policy_digest=policy.digest,
        known_from=dict(known_from or {}),
        wrapup_delay_s=wrapup_delay_s,
        yours=tuple(yours),
        facts={
            **dict(facts or {}),
            "params": settings,
            "seed": seed,
            "trees": trees,
            "training_rows": len(rows),
            "training_positives": int(data.outcome.sum()),
            "validation_rows": int(later.later.sum()),
            "versions": _versions(),
        },
    )


def _versions() -> dict[str, str]:
    return {
        "recontact": metadata.version("recontact"),
        "lightgbm": str(lightgbm().__version__),
        "python": platform.python_version(),
    }


class _Parts(NamedTuple):
    earlier: Mask
    later: Mask


def _checked(rows: pa.Table, target: str, gap: int) -> _Parts:
    """Split off the validation part; refuse where any part has too little."""
    check_part(rows, np.ones(len(rows), dtype=bool), target, "training", gap)
    parts = split(rows, gap)
    check_part(rows, parts.earlier, target, "training", gap)
    check_part(rows, parts.later, target, "validation", gap)
    return _Parts(parts.earlier, parts.later)


def _encode(rows: pa.Table, target: str) -> Encoded:
    encoding = Encoding.learn(rows, [*feature_columns(rows), "moment"])
    return Encoded(encoding, encoding.matrix(rows), outcomes(rows, target), moments_of(rows))


def _probe(
    data: Encoded, parts: _Parts, settings: Mapping[str, Any], seed: int
) -> tuple[int, Floats]:
    """Find how many trees the later rows bear, and their raw scores for the later rows."""
    booster = _grow(data, settings, seed, parts)
    trees = max(int(booster.best_iteration), 1)
    raw = booster.predict(data.matrix[parts.later], raw_score=True, num_iteration=trees)
    return trees, np.asarray(raw, dtype=np.float64)


def _grow(
    data: Encoded, settings: Mapping[str, Any], seed: int, parts: _Parts | None = None
) -> Any:
    engine = lightgbm()
    own = _fixed(seed) | {name: v for name, v in settings.items() if name not in OURS}
    for name in COUNTED:
        own[name] = int(settings[name]) * len(set(data.moments.tolist()))
    trees = int(settings["max_trees"])
    if parts is None:
        return engine.train(own, _dataset(data, slice(None)), trees)
    trained = _dataset(data, parts.earlier)
    later = trained.create_valid(data.matrix[parts.later], data.outcome[parts.later])
    stop = engine.early_stopping(int(settings["early_stopping"]), verbose=False)
    return engine.train(own, trained, trees, valid_sets=[later], callbacks=[stop])


def _dataset(data: Encoded, rows: Any) -> Any:
    return lightgbm().Dataset(
        data.matrix[rows],
        data.outcome[rows],
        weight=np.full(len(data.outcome[rows]), 1.0 / len(set(data.moments.tolist()))),
        feature_name=_names(data.encoding.features),
        categorical_feature=data.encoding.category_positions,
    )


def _fixed(seed: int) -> dict[str, Any]:
    """Settings that make the same rows give the same trees on every machine."""
    return {
        "objective": "binary",
        "metric": "binary_logloss",
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": os.cpu_count() or 1,
        "verbose": -1,
    }


def _names(features: Sequence[str]) -> list[str]:
    """Give LightGBM names that it takes: it refuses JSON's own characters and repeats."""
    plain = [re.sub(r"\W", "_", name) for name in features]
    return [f"{name}_{k}" if name in plain[:k] else name for k, name in enumerate(plain)]


def _text(booster: Any) -> str:
    """Write the trees; the number of threads is the machine's and no part of the model."""
    return re.sub(r"\[num_threads: \d+\]", "[num_threads: 0]", str(booster.model_to_string()))


def _cuts(
    raw: Floats, moments: npt.NDArray[np.object_], calibrators: Mapping[str, Calibrator]
) -> Cuts:
    """Cut the later rows' probabilities: the highest tenth, the next fifth, the rest."""
    parts = [calibrator(raw[moments == moment]) for moment, calibrator in calibrators.items()]
    shares = [1 - HIGH_SHARE - MEDIUM_SHARE, 1 - HIGH_SHARE]
    medium, high = np.quantile(np.concatenate(parts), shares)
    return Cuts(float(medium), float(high))
