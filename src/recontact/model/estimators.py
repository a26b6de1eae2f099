"""The model as scikit-learn knows models: `fit`, `predict_proba`, `get_params`."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from recontact.frames import as_arrow
from recontact.model.calibration import Floats, calibrated
from recontact.model.encoding import Encoding
from recontact.model.engine import lightgbm
from recontact.model.growing import ANY, Encoded, Parts, grow
from recontact.model.params import DEFAULTS
from recontact.model.split import SHARE, Mask

Moments = npt.NDArray[np.object_]
NUMBERS = [np.float64, np.float32]
MOMENT = "moment"  # a column of this name is calibrated value by value


class RiskClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # sklearn is not typed
    """Boosted trees whose probabilities mean what they say.

    LightGBM grows the trees; later rows decide how many, and calibrate their scores. It is what
    `recontact train` fits, and works in scikit-learn's pipelines and searches.

    Parameters
    ----------
    learning_rate, num_leaves, min_data_in_leaf, feature_fraction, bagging_fraction, bagging_freq, \
extra_trees, lambda_l2, cat_smooth, cat_l2, min_data_per_group, max_cat_threshold, max_bin
        LightGBM's; numbers of rows are of contacts, however many moments each has.
    max_trees, early_stopping : int
        At most so many trees, and after how many without gain on the later rows it stops.
    regrow : bool
        Grow as many trees again from all rows, the later ones too.
    monotone : dict of str to int, optional
        Features with which the score may only rise (1) or only fall (-1).
    seed : int
        The same seed and rows give the same bytes.

    Attributes
    ----------
    classes_ : numpy.ndarray
        Both outcomes, the one that is foretold last.
    encoding_ : recontact.model.encoding.Encoding
        The columns, and the frozen values of those that are text.
    model_ : str
        The trees as LightGBM's text.
    trees_ : int
        How many.
    calibrators_, cuts_
        As of `recontact.model.Bundle`; one calibrator a moment, or one by the name "".

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> random = np.random.default_rng(0)
    >>> X = pd.DataFrame({"calls": random.poisson(2.0, 2000), "queue": ["a", "b"] * 1000})
    >>> y = random.random(2000) < 0.1 + 0.1 * X["calls"].clip(upper=6)
    >>> model = RiskClassifier(min_data_in_leaf=20, max_trees=50).fit(X, y)
    >>> few, many = model.predict_proba(pd.DataFrame({"calls": [0, 5], "queue": "a"}))[:, 1]
    >>> bool(few < 0.25 < 0.45 < many)
    True
    """

    def __init__(
        self,
        *,
        learning_rate: float = DEFAULTS["learning_rate"],
        num_leaves: int = DEFAULTS["num_leaves"],
        min_data_in_leaf: int = DEFAULTS["min_data_in_leaf"],
        feature_fraction: float = DEFAULTS["feature_fraction"],
        extra_trees: bool = DEFAULTS["extra_trees"],
        bagging_fraction: float = DEFAULTS["bagging_fraction"],
        bagging_freq: int = DEFAULTS["bagging_freq"],
        lambda_l2: float = DEFAULTS["lambda_l2"],
        cat_smooth: float = DEFAULTS["cat_smooth"],
        cat_l2: float = DEFAULTS["cat_l2"],
        min_data_per_group: int = DEFAULTS["min_data_per_group"],
        max_cat_threshold: int = DEFAULTS["max_cat_threshold"],
        max_bin: int = DEFAULTS["max_bin"],
        max_trees: int = DEFAULTS["max_trees"],
        early_stopping: int = DEFAULTS["early_stopping"],
        regrow: bool = DEFAULTS["regrow"],
        monotone: dict[str, int] | None = None,
        seed: int = 0,
    ) -> None:
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.min_data_in_leaf = min_data_in_leaf
        self.feature_fraction = feature_fraction
        self.extra_trees = extra_trees
        self.bagging_fraction = bagging_fraction
        self.bagging_freq = bagging_freq
        self.lambda_l2 = lambda_l2
        self.cat_smooth = cat_smooth
        self.cat_l2 = cat_l2
        self.min_data_per_group = min_data_per_group
        self.max_cat_threshold = max_cat_threshold
        self.max_bin = max_bin
        self.max_trees = max_trees
        self.early_stopping = early_stopping
        self.regrow = regrow
        self.monotone = monotone
        self.seed = seed

    def fit(self, X: Any, y: Any, *, parts: tuple[Mask, Mask] | None = None) -> Self:
        """Grow, count and calibrate.

        Parameters
        ----------
        X : table of pandas, polars or pyarrow, or a 2-D array of numbers
            One row a row, the earliest first. Text is a category; an unknown value is missing. A
            column `moment` is a feature, and each of its values is calibrated by itself.
        y : sequence
            What came: two different values, the greater one is foretold.
        parts : pair of numpy.ndarray of bool, optional
            The earlier rows and the later ones, a row of whose time is in neither if its outcome
            was not settled when the later ones begin (`recontact.model.split`). By default the
            last fifth of the rows is later.

        Raises
        ------
        ValueError
            Not two outcomes, or fewer than two rows of one.
        """
        matrix, moments, y = self._learn_columns(X, y)
        check_classification_targets(y)
        self.classes_, coded = np.unique(np.asarray(y), return_inverse=True)
        if len(self.classes_) != 2:
            found = f"{len(self.classes_)} class{'es' * (len(self.classes_) > 1)}"
            raise ValueError(f"Only binary classification is supported: y holds {found}, not two")
        chosen = _last_fifth(coded) if parts is None else Parts(*parts)
        data = Encoded(
            self.encoding_.features,
            self.encoding_.category_positions,
            matrix,
            coded.astype(np.float64),
            moments,
        )
        settings = self.get_params(deep=False) | {"monotone": self.monotone or {}}
        grown = grow(data, chosen, settings, settings.pop("seed"))
        self.model_, self.trees_ = grown.model, grown.trees
        self.calibrators_, self.cuts_ = grown.calibrators, grown.cuts
        self.later_raw_ = grown.raw
        self.booster_ = lightgbm().Booster(model_str=grown.model)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Give the probability of either outcome, one column a class.

        Parameters
        ----------
        X : as for `fit`

        Returns
        -------
        numpy.ndarray of float64, shape (rows, 2)
        """
        raw, moments = self._scored(X)
        others = self.calibrators_[ANY]
        chance = calibrated(raw, moments, lambda moment: self.calibrators_.get(moment, others))
        return np.column_stack([1 - chance, chance])

    def decision_function(self, X: Any) -> Floats:
        """Give the trees' log-odds, before calibration."""
        return self._scored(X)[0]

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Give the more probable outcome."""
        likely = self.predict_proba(X)[:, 1] > 0.5
        found: npt.NDArray[Any] = self.classes_[likely.astype(int)]
        return found

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn: two classes only; an unknown number is welcome."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    def _learn_columns(self, X: Any, y: Any) -> tuple[npt.NDArray[Any], Moments, Any]:
        """Freeze the columns; give the rows as numbers, their moments, and what came."""
        if not _is_table(X):
            X, y = validate_data(self, X, y, dtype=NUMBERS, ensure_all_finite="allow-nan")
            names = tuple(map(str, getattr(self, "feature_names_in_", range(X.shape[1]))))
            self.encoding_ = Encoding(names, {})
            return X, _no_moments(X), y
        table = as_arrow(X)
        self.encoding_ = Encoding.learn(table, table.column_names)
        self.n_features_in_ = len(table.column_names)
        self.feature_names_in_ = np.array(table.column_names, dtype=object)
        return *self._encoded(table), y

    def _scored(self, X: Any) -> tuple[Floats, Moments]:
        check_is_fitted(self)
        if _is_table(X):
            matrix, moments = self._encoded(as_arrow(X))
        else:
            matrix = validate_data(
                self, X, dtype=NUMBERS, ensure_all_finite="allow-nan", reset=False
            )
            moments = _no_moments(matrix)
        raw = self.booster_.predict(matrix, raw_score=True)
        return np.asarray(raw, dtype=np.float64), moments

    def _encoded(self, table: pa.Table) -> tuple[Floats, Moments]:
        moments = _no_moments(table)
        if MOMENT in self.encoding_.categories:
            texts = pc.fill_null(table[MOMENT].cast(pa.string()), ANY)
            moments = np.asarray(texts.to_numpy(zero_copy_only=False), dtype=object)
        return self.encoding_.matrix(table), moments


def _is_table(X: Any) -> bool:
    """Tell a table with names from a bare array of numbers."""
    return isinstance(X, pa.Table) or hasattr(X, "columns")


def _no_moments(rows: Any) -> Moments:
    return np.full(len(rows), ANY, dtype=object)


def _last_fifth(outcome: npt.NDArray[np.intp]) -> Parts:
    """Put the last fifth of the rows on the later side; of each outcome, where one else lacks.

    Only then: a fifth of each begins at two times, between which trees would see one outcome.
    """
    counts = np.bincount(outcome, minlength=2)
    if counts.min() < 2:
        raise ValueError("y holds fewer than two rows of one class; two of each are needed")
    later = np.zeros(len(outcome), dtype=bool)
    later[-max(1, round(SHARE * len(outcome))) :] = True
    if 0 < outcome[later].sum() < later.sum() and 0 < outcome[~later].sum() < (~later).sum():
        return Parts(~later, later)
    for kind in (0, 1):
        rows = np.flatnonzero(outcome == kind)
        later[rows] = np.arange(len(rows)) >= len(rows) - max(1, round(SHARE * len(rows)))
    return Parts(~later, later)
