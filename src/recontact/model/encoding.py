"""Feature columns to the numbers that a model eats, by code lists frozen at training."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.errors import UserError

Floats = npt.NDArray[np.float64]
MIN_COUNT = 20
MAX_CATEGORIES = 254
NUMBERS = (pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_null)


@dataclass(frozen=True)
class Encoding:
    """Turns named features into a matrix of floats, the same way in training and in service.

    Numbers and booleans are kept, null is NaN. A category is the position of its value in
    the frozen list; any other value gets the one code after the list; null is NaN.

    Attributes
    ----------
    features : tuple of str
        The columns of the matrix, in order.
    categories : dict of str to tuple of str
        For each category feature its values, the most frequent first.

    Examples
    --------
    >>> e = Encoding(("calls", "queue"), {"queue": ("billing", "sales")})
    >>> e.row({"calls": 2, "queue": "sales"}).tolist()
    [2.0, 1.0]
    >>> e.row({"queue": "never seen"}).tolist()
    [nan, 2.0]
    """

    features: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]

    @classmethod
    def learn(
        cls,
        table: pa.Table,
        features: Sequence[str],
        min_count: int = MIN_COUNT,
        max_categories: int = MAX_CATEGORIES,
    ) -> "Encoding":
        """Freeze the categories of a training table.

        Parameters
        ----------
        table : pyarrow.Table
            Training rows; text columns are categories, numbers and booleans are numbers.
        features : sequence of str
            The feature columns.
        min_count : int
            A value seen less often than this shares the code of unseen values.
        max_categories : int
            At most so many values, the most frequent, get a code of their own.

        Raises
        ------
        UserError
            A feature is neither text, number nor boolean.

        Examples
        --------
        >>> import pyarrow as pa
        >>> t = pa.table({"queue": ["a", "b", "b", None, "c"]})
        >>> Encoding.learn(t, ["queue"], min_count=1, max_categories=2).categories
        {'queue': ('b', 'a')}
        """
        categories = {
            name: _frequent(table[name], min_count, max_categories)
            for name in features
            if _is_category(name, table.schema.field(name).type)
        }
        return cls(tuple(features), categories)

    @property
    def category_positions(self) -> list[int]:
        """Which columns of the matrix are categories."""
        return [k for k, name in enumerate(self.features) if name in self.categories]

    def matrix(self, table: pa.Table) -> Floats:
        """Encode a table, one row a row, features in order (float64, C order).

        Raises
        ------
        UserError
            A feature column is missing or of another kind than in training.

        Examples
        --------
        >>> import pyarrow as pa
        >>> Encoding(("q",), {"q": ("a",)}).matrix(pa.table({"q": ["a", "b", None]})).tolist()
        [[0.0], [1.0], [nan]]
        """
        out = np.empty((len(table), len(self.features)), dtype=np.float64)
        for k, name in enumerate(self.features):
            out[:, k] = self._column(table, name)
        return out

    def row(self, values: Mapping[str, Any]) -> Floats:
        """Encode one mapping of feature names to values; what it does not name is unknown."""
        row: Floats = self.rows([values])[0]
        return row

    def rows(self, many: Sequence[Mapping[str, Any]]) -> Floats:
        """Encode such mappings, a row each."""
        return np.array([self._numbers(values) for values in many], dtype=np.float64)

    def _numbers(self, values: Mapping[str, Any]) -> list[Any]:
        """Give the numbers and codes of a row; an unknown one is None, which becomes NaN."""
        try:
            row = list(self._take(values))
        except KeyError:
            row = [values.get(name) for name in self.features]
        for place, codes in self._codes:
            value = row[place]
            if value is not None:
                row[place] = codes.get(value, len(codes))
        return row

    @cached_property
    def _take(self) -> Callable[[Mapping[str, Any]], Any]:
        """Take the features' values from a mapping that has them all."""
        if len(self.features) == 1:
            return lambda values: (values[self.features[0]],)
        return itemgetter(*self.features) if self.features else lambda _: ()

    @cached_property
    def _codes(self) -> list[tuple[int, dict[str, int]]]:
        """Give the places of the categories, each with the codes of its values."""
        places = {name: k for k, name in enumerate(self.features)}
        return [
            (places[name], {value: code for code, value in enumerate(values)})
            for name, values in self.categories.items()
        ]

    def _column(self, table: pa.Table, name: str) -> Floats:
        if name not in table.column_names:
            raise UserError(
                f"the features lack the column '{name}' that the model was trained with",
                mend="score contacts that carry the columns of the training data",
            )
        column = table[name]
        if pa.types.is_null(column.type):
            return np.full(len(column), np.nan)
        if _is_category(name, column.type) != (name in self.categories):
            raise UserError(
                f"feature '{name}' holds {column.type}, not what the model was trained with",
                mend="give it the type that it had in the training data",
            )
        if name in self.categories:
            column = _coded(column, self.categories[name])
        return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)


def _is_category(name: str, kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return True
    if any(is_kind(kind) for is_kind in NUMBERS):
        return False
    raise UserError(
        f"feature '{name}' holds {kind}", mend="a feature is text, a number or a boolean"
    )


def _coded(column: pa.ChunkedArray, values: Sequence[str]) -> pa.ChunkedArray:
    texts = column.cast(pa.string())
    codes = pc.fill_null(pc.index_in(texts, value_set=pa.array(values, pa.string())), len(values))
    return pc.if_else(pc.is_valid(texts), codes, pa.scalar(None, pa.int32()))


def _frequent(column: pa.ChunkedArray, min_count: int, most: int) -> tuple[str, ...]:
    """List the values of a column by falling count, ties by code point."""
    counted = pc.value_counts(column.cast(pa.string()).drop_null())
    values, counts = (counted.field(k).to_pylist() for k in ("values", "counts"))
    pairs = sorted((-n, value) for value, n in zip(values, counts, strict=True) if n >= min_count)
    return tuple(value for _, value in pairs[:most])
