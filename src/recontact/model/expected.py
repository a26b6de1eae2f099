"""Numbers that a model gave when it was trained: what loads it later must get them again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from recontact.model.encoding import Encoding
from recontact.model.trees import Floats, Trees

if TYPE_CHECKING:
    from recontact.model.bundle import Bundle

ROWS = 48
LEAST = 1e-30
MISSING_SHARE = 0.15  # of the values of a row


@dataclass(frozen=True)
class Expected:
    """Made-up rows with what was computed for them in training.

    The rows are drawn from the thresholds and categories that the trees ask about, so that they
    reach many leaves and tell nothing of any customer.

    Attributes
    ----------
    rows : tuple of tuple
        Encoded values in the order of the features; None is unknown.
    moments : tuple of str
        The moment of each row.
    raw : tuple of float
        Log-odds by LightGBM itself, before calibration.
    probabilities : tuple of float
        The calibrated ones.
    """

    rows: tuple[tuple[float | None, ...], ...]
    moments: tuple[str, ...]
    raw: tuple[float, ...]
    probabilities: tuple[float, ...]

    @classmethod
    def of(cls, bundle: "Bundle", count: int = ROWS) -> "Expected":
        """Compute what a model that was just trained gives; needs LightGBM."""
        rows, moments = made_up(bundle.encoding, bundle.explainer.trees, bundle.moments, count)
        raw = np.asarray(bundle.booster.predict(rows, raw_score=True), dtype=np.float64)
        kept = tuple(tuple(None if np.isnan(v) else v for v in row) for row in rows.tolist())
        probabilities = bundle.predict_rows(rows, moments).tolist()
        return cls(kept, tuple(moments), tuple(raw.tolist()), tuple(probabilities))

    @property
    def matrix(self) -> Floats:
        """The rows as the trees take them."""
        return np.array(self.rows, dtype=np.float64)

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {name: list(getattr(self, name)) for name in NAMES}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Expected":
        """Read back what `as_json` gave."""
        rows = tuple(tuple(row) for row in values["rows"])
        return cls(rows, *(tuple(values[name]) for name in NAMES[1:]))


NAMES = ("rows", "moments", "raw", "probabilities")


def made_up(
    encoding: Encoding, trees: Trees, moments: Sequence[str], count: int = ROWS
) -> tuple[Floats, list[str]]:
    """Draw rows that fall on either side of what the trees ask, the same ones every time.

    Parameters
    ----------
    encoding : Encoding
        The features and their categories.
    trees : Trees
        Whose thresholds are drawn from.
    moments : sequence of str
        The moments in turn.
    count : int
        How many rows.

    Returns
    -------
    tuple
        The encoded rows and the moment of each.
    """
    rng = np.random.default_rng(0)
    rows = np.full((count, len(encoding.features)), np.nan)
    for k, name in enumerate(encoding.features):
        if name in encoding.categories:
            rows[:, k] = rng.integers(0, len(encoding.categories[name]) + 1, count)
        else:
            asked = trees.threshold[(trees.feature == k) & (trees.decision & 1 == 0)]
            # LightGBM asks "is it known" by infinity and "is it zero" by 1e-35, next to which it
            # takes values for zeros before it compares; no contact has such values
            asked = asked[np.isfinite(asked) & (np.abs(asked) > LEAST)]
            rows[:, k] = rng.choice(np.concatenate([asked, asked + 1.0, [0.0]]), count)
    rows[rng.random(rows.shape) < MISSING_SHARE] = np.nan
    turns = [moments[i % len(moments)] for i in range(count)]
    if "moment" in encoding.features:
        codes = {m: i for i, m in enumerate(encoding.categories.get("moment", ()))}
        column = encoding.features.index("moment")
        rows[:, column] = [codes.get(m, len(codes)) for m in turns]
    return rows, turns
