"""How well one column by itself tells an outcome, before any model."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from recontact.evaluation.metrics import Floats, roc_auc

Flags = npt.NDArray[np.bool_]
NUMBERS = (pa.types.is_integer, pa.types.is_floating, pa.types.is_timestamp, pa.types.is_date)
BINS = 50  # of a number: what tells may lie between others


def auc_alone(column: pa.ChunkedArray, hits: Flags, second: Flags) -> float:
    """Give the ROC AUC of the best score that one column makes.

    The score is the rate of the outcome among the rows of the other half that hold the same
    value (numbers: a value in the same fiftieth). A number is also taken as it stands, upward
    and downward, what is unknown below or above all.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Numbers, instants, truth values or texts; null is a value of its own.
    hits : numpy.ndarray of bool
        The outcome of each row.
    second : numpy.ndarray of bool
        Which rows are in the second half. All rows of a customer should be in one: else a value
        that names the customer tells what others of the customer's rows say.

    Returns
    -------
    float
        At least 0.5; 0.5 where an outcome does not occur.

    Examples
    --------
    >>> hits, second = np.arange(8) % 2 == 0, np.arange(8) >= 4
    >>> auc_alone(pa.chunked_array([["yes", "no"] * 4]), hits, second)
    1.0
    >>> auc_alone(pa.chunked_array([[1.0, 1.0, 1.0, 2.0] * 2]), hits, second)
    0.75
    """
    if pa.types.is_nested(column.type):
        return 0.5
    numbers = any(is_kind(column.type) for is_kind in NUMBERS)
    values = column.to_pandas()
    found = [_either(hits, score) for score in _as_it_stands(column)] if numbers else []
    if numbers:
        values = pd.qcut(values.rank(), BINS, duplicates="drop", labels=False)
    return max([0.5, *found, _by_value(values, hits, second)])


def _as_it_stands(column: pa.ChunkedArray) -> list[Floats]:
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        column = column.cast(pa.timestamp("us")).cast(pa.int64())
    values = np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    unknown = np.isnan(values)
    if not unknown.any():
        return [values]
    return [np.where(unknown, end, values) for end in (-np.inf, np.inf)]


def _either(hits: Flags, score: Floats) -> float:
    auc = roc_auc(hits.astype(np.float64), score)
    return 0.5 if auc is None else max(auc, 1 - auc)


def _by_value(values: "pd.Series[Any]", hits: Flags, second: Flags) -> float:
    """Score each half by the rates of the other; give the mean of the two, by their rows."""
    code = pd.factorize(values, use_na_sentinel=False)[0]
    total = 0.0
    for tried in (second, ~second):
        rate = hits[~tried].mean() if (~tried).any() else 0.0
        count = np.bincount(code[~tried], minlength=code.max(initial=0) + 1)
        positive = np.bincount(code[~tried], weights=hits[~tried], minlength=len(count))
        score = (positive + rate) / (count + 1)
        auc = roc_auc(hits[tried].astype(np.float64), score[code[tried]])
        total += (0.5 if auc is None else auc) * tried.sum() / len(tried)
    return float(total)
