"""Grow the trees of one model and find out, on later rows, what their scores mean."""

import os
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recontact.model.calibration import Calibrator, Cuts, Floats, calibrate, calibrated
from recontact.model.engine import lightgbm
from recontact.model.split import Mask
from recontact.model.trees import names

ANY = ""  # the moment of rows that have none
HIGH_SHARE, MEDIUM_SHARE = 0.1, 0.2  # of the contacts, when the model was made
COUNTED = ("min_data_in_leaf", "min_data_per_group")
OURS = ("max_trees", "early_stopping", "regrow", "monotone")  # not LightGBM's own


class Encoded(NamedTuple):
    """Training rows as numbers.

    Attributes
    ----------
    features : tuple of str
        What the columns of the matrix are called.
    categories : list of int
        Which of them are categories.
    matrix : numpy.ndarray of float64 or float32
        One row a row.
    outcome : numpy.ndarray of float64
        What came, 0 or 1.
    moments : numpy.ndarray of str
        The moment of each row.
    """

    features: tuple[str, ...]
    categories: list[int]
    matrix: npt.NDArray[Any]
    outcome: Floats
    moments: npt.NDArray[np.object_]


class Parts(NamedTuple):
    """Rows to grow trees from, and later ones to judge them by."""

    earlier: Mask
    later: Mask


class Grown(NamedTuple):
    """Trees, and what their scores mean.

    Attributes
    ----------
    model : str
        The trees as LightGBM's text.
    trees : int
        How many.
    calibrators : dict of str to Calibrator
        By moment, and of all rows together by the name "".
    cuts : Cuts
        Of the bands.
    raw : numpy.ndarray of float64
        Log-odds of the later rows, as trees gave them that had not seen these.
    """

    model: str
    trees: int
    calibrators: dict[str, Calibrator]
    cuts: Cuts
    raw: Floats


def grow(data: Encoded, parts: Parts, settings: Mapping[str, Any], seed: int = 0) -> Grown:
    """Grow trees from the earlier rows, and judge them by the later ones.

    The later rows decide how many trees there are, calibrate them for each moment (Platt, 1999,
    "Probabilistic outputs for support vector machines") and set the bands. Then, if
    ``settings["regrow"]``, as many trees are grown again from all rows, since the newest matter
    most. The rows are sorted into bins once, for both.

    Parameters
    ----------
    data : Encoded
        All rows.
    parts : Parts
        Which of them are earlier and later; both outcomes must occur on either side.
    settings : mapping
        As of `recontact.model.params`.
    seed : int
        The same seed and rows give the same bytes.
    """
    own = _settings(data, settings, seed)
    binned = _binned(data, own)
    booster = _probe(binned, parts, own, settings)
    trees = max(int(booster.best_iteration), 1)
    later = data.matrix[parts.later]
    raw = np.asarray(booster.predict(later, raw_score=True, num_iteration=trees), dtype=np.float64)
    outcome, kinds = data.outcome[parts.later], data.moments[parts.later]
    calibrators = calibrate(raw, outcome, kinds, [*dict.fromkeys(kinds.tolist()), ANY])
    if settings["regrow"]:
        booster = lightgbm().train(own, binned, trees)
    return Grown(_text(booster, trees), trees, calibrators, _cuts(raw, kinds, calibrators), raw)


def _probe(binned: Any, parts: Parts, own: Mapping[str, Any], settings: Mapping[str, Any]) -> Any:
    """Grow trees from the earlier rows until they say no more about the later ones."""
    engine = lightgbm()
    stop = engine.early_stopping(int(settings["early_stopping"]), verbose=False)
    earlier, later = (binned.subset(np.flatnonzero(part)) for part in parts)
    trees = int(settings["max_trees"])
    return engine.train(dict(own), earlier, trees, valid_sets=[later], callbacks=[stop])


def _binned(data: Encoded, own: Mapping[str, Any]) -> Any:
    """Sort the rows into LightGBM's bins."""
    binned = lightgbm().Dataset(
        data.matrix,
        data.outcome,
        weight=np.full(len(data.outcome), 1.0 / _kinds(data), dtype=np.float32),
        feature_name=names(data.features),
        categorical_feature=data.categories,
        params=dict(own),
    )
    return binned.construct()


def _kinds(data: Encoded) -> int:
    return len(set(data.moments.tolist()))


def _settings(data: Encoded, settings: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Give LightGBM's settings: the same rows give the same trees on every machine."""
    own = {name: value for name, value in settings.items() if name not in OURS}
    for name in COUNTED:  # of contacts, each of which has a row a moment
        own[name] = int(settings[name]) * _kinds(data)
    ways = [int(settings["monotone"].get(name, 0)) for name in data.features]
    return own | {
        "objective": "binary",
        "metric": "binary_logloss",
        "monotone_constraints_method": "intermediate",  # basic ones cost some accuracy
        "monotone_constraints": [0 if k in data.categories else w for k, w in enumerate(ways)],
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": os.cpu_count() or 1,
        "verbose": -1,
    }


def _text(booster: Any, trees: int) -> str:
    """Write the trees; the number of threads is the machine's and no part of the model."""
    text = str(booster.model_to_string(num_iteration=trees))
    return re.sub(r"\[num_threads: \d+\]", "[num_threads: 0]", text)


def _cuts(
    raw: Floats, moments: npt.NDArray[np.object_], calibrators: Mapping[str, Calibrator]
) -> Cuts:
    """Cut the later rows' probabilities: the highest tenth, the next fifth, the rest."""
    shares = [1 - HIGH_SHARE - MEDIUM_SHARE, 1 - HIGH_SHARE]
    medium, high = np.quantile(calibrated(raw, moments, calibrators.__getitem__), shares)
    return Cuts(float(medium), float(high))
