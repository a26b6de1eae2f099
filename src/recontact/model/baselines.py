"""What every model is shown beside: the one-line rule and a logistic regression."""

import warnings
from typing import Any

import numpy as np
import pyarrow as pa

from recontact.model.calibration import Floats
from recontact.model.encoding import Encoding
from recontact.model.fitting import outcomes

RULE = "contacts_7d"
MAX_LEVELS = 30
MAX_ROWS = 200_000


def rule(rows: pa.Table) -> Floats:
    """Give the one-line rule's score: contacts in the last 7 days, 0 where unknown.

    Examples
    --------
    >>> import pyarrow as pa
    >>> rule(pa.table({"contacts_7d": [2, None]})).tolist()
    [2.0, 0.0]
    """
    return np.nan_to_num(np.asarray(rows[RULE].cast(pa.float64()).to_numpy(), dtype=np.float64))


def logistic(train: pa.Table, test: pa.Table, target: str, features: list[str]) -> Floats:
    """Fit a logistic regression on the same features; give its probabilities for the test rows.

    Numbers are imputed by the median, with a mark where they were unknown, and scaled;
    categories are one-hot with their 30 most frequent values. Of more than 200,000 training
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

    with warnings.catch_warnings():  # a baseline that stops at 300 steps is good enough
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(encoding.matrix(train), outcomes(train, target))
    return np.asarray(model.predict_proba(encoding.matrix(test))[:, 1], dtype=np.float64)


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
