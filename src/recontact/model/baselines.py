"""What every model is shown beside: a one-line rule, a rate, and two models of scikit-learn."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.model.calibration import Floats
from recontact.model.encoding import MIN_COUNT, Encoding
from recontact.model.fitting import outcomes

RULE = "contacts_7d"
MAX_LEVELS = 30
MAX_ROWS = 100_000
SMOOTHING = 20.0  # contacts that a reason's rate is drawn to its parent's by


def rule(rows: pa.Table) -> Floats:
    """Give the one-line rule's score: contacts in the last 7 days, 0 where unknown.

    Examples
    --------
    >>> import pyarrow as pa
    >>> rule(pa.table({"contacts_7d": [2, None]})).tolist()
    [2.0, 0.0]
    """
    return np.nan_to_num(np.asarray(rows[RULE].cast(pa.float64()).to_numpy(), dtype=np.float64))


def reason_rate(train: pa.Table, test: pa.Table, target: str) -> Floats:
    """Give how often the outcome followed contacts with the same reason, as known at the moment.

    A rate is drawn towards that of the reason's first level, and this towards that of all, as
    if 20 more contacts had been there at it. An unknown reason has the rate of all.

    Parameters
    ----------
    train, test : pyarrow.Table
        Judged rows with `reason_1` and `reason`.
    target : str
        The outcome, a column of `train`.

    Examples
    --------
    >>> import pyarrow as pa
    >>> rows = pa.table({"reason_1": ["a"] * 60 + ["b"] * 20, "reason": ["a > x"] * 60 + ["b"] * 20,
    ...                  "repeated": [True] * 60 + [False] * 20})
    >>> new = pa.table({"reason_1": ["a", "b", None], "reason": ["a > x", "b > y", None]})
    >>> reason_rate(rows, new, "repeated").round(2).tolist()
    [0.98, 0.38, 0.75]
    """
    outcome = outcomes(train, target)
    rate = np.full(len(test), outcome.mean())
    own = np.full(len(train), outcome.mean())
    for level in ("reason_1", "reason"):
        texts = [rows[level].cast(pa.string()) for rows in (train, test)]
        names = pc.unique(texts[0]).drop_null()
        codes, asked = (_codes(column, names) for column in texts)
        known = codes >= 0
        parent = np.zeros(len(names))
        parent[codes[known]] = own[known]
        count = np.bincount(codes[known], minlength=len(names))
        hits = np.bincount(codes[known], weights=outcome[known], minlength=len(names))
        found = (hits + SMOOTHING * parent) / (count + SMOOTHING)
        own[known] = found[codes[known]]
        rate[asked >= 0] = found[asked[asked >= 0]]
    return rate


def _codes(column: pa.ChunkedArray, names: pa.Array) -> Any:
    """Give the place of each value among the names; -1 where it is not among them."""
    found = pc.fill_null(pc.index_in(column, value_set=names), -1)
    known = pc.and_(pc.is_valid(column), pc.greater_equal(found, 0))
    return np.asarray(pc.if_else(known, found, -1), dtype=np.int64)


def logistic(train: pa.Table, test: pa.Table, target: str, features: list[str]) -> Floats:
    """Fit a logistic regression on the same features; give its probabilities for the test rows.

    Numbers are imputed by the median, with a mark where they were unknown, and scaled;
    categories are one-hot with their 30 most frequent values. Of more than 100,000 training
    rows it takes evenly spaced ones.

    Parameters
    ----------
    train, test : pyarrow.Table
        Judged rows.
    target : str
        The outcome, a column of `train`.
    features : list of str
        The feature columns.
    """
    train = train.take(pa.array(_spread(len(train))))
    encoding = Encoding.learn(train, features, max_categories=MAX_LEVELS)
    model = _pipeline(encoding)
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - training only

    # a baseline that stops at 300 steps is good enough
    with alone(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(encoding.matrix(train), outcomes(train, target))
    return np.asarray(model.predict_proba(encoding.matrix(test))[:, 1], dtype=np.float64)


def boosted(train: pa.Table, test: pa.Table, target: str, features: list[str]) -> Floats:
    """Fit scikit-learn's HistGradientBoostingClassifier as it comes; give its probabilities.

    On the same features and categories as our model. Of more than 100,000 training rows it takes
    evenly spaced ones.

    Parameters
    ----------
    train, test, target, features
        As for `logistic`.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415 - training only

    train = train.take(pa.array(_spread(len(train))))
    encoding = Encoding.learn(train, features)
    matrix = encoding.matrix(train)
    # it fails on a column of which the part that it learns from knows nothing
    known = np.flatnonzero(np.isfinite(matrix).sum(axis=0) >= MIN_COUNT)
    categories = np.isin(known, encoding.category_positions)
    model = HistGradientBoostingClassifier(categorical_features=categories, random_state=0)
    with alone():
        model.fit(matrix[:, known], outcomes(train, target))
        told = model.predict_proba(encoding.matrix(test)[:, known])
        return np.asarray(told[:, 1], dtype=np.float64)


@contextmanager
def alone() -> Iterator[None]:
    """Let scikit-learn use one thread: several that wait for each other on busy cores are slower.

    Measured with other work on both of two cores: 10 seconds by one thread, 117 by two.
    """
    # scikit-learn brings it; it has no types
    from threadpoolctl import (  # type: ignore[import-untyped]  # noqa: PLC0415
        threadpool_limits,
    )

    with threadpool_limits(limits=1):
        yield


def _spread(rows: int) -> Any:
    return np.unique(np.linspace(0, rows - 1, min(rows, MAX_ROWS)).astype(np.int64))


def _pipeline(encoding: Encoding) -> Any:
    from sklearn.compose import ColumnTransformer  # noqa: PLC0415 - training only
    from sklearn.impute import SimpleImputer  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import OneHotEncoder, StandardScaler  # noqa: PLC0415

    categories = encoding.category_positions
    numbers = [k for k in range(len(encoding.features)) if k not in categories]
    scale = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
    )
    columns = ColumnTransformer(
        [
            ("numbers", scale, numbers),
            ("categories", OneHotEncoder(handle_unknown="ignore"), categories),
        ]
    )
    return make_pipeline(columns, LogisticRegression(max_iter=300))
