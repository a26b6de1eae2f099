"""Scores of trees, and what each feature adds to one: exact, compiled, in microseconds.

What a feature adds is its Shapley value in LightGBM's sense (Lundberg and others, 2020, "From
local explanations to global understanding"): a column that is left out sends a row down both
ways, as many rows of training went. Along the path to a leaf let each asked feature j either be
followed (o, 1 or 0: does the row go that way?) or be left out (z: the share of rows that did).
Shapley's weights are integrals, |S|! (d - |S| - 1)! / d! being that of t^|S| (1 - t)^(d - |S| - 1)
from 0 to 1, so feature i gets of the leaf's value (o_i - z_i) times the integral of the product of
t o_j + (1 - t) z_j over all j but i. That is a polynomial below degree d, which the rule of Gauss
and Legendre integrates exactly with d / 2 points. Per point the product is carried down a tree, and
what the leaves make of it is carried up. What small trees answer is worked out beforehand
(`recontact.model.tabled`).
"""

from functools import cached_property
from typing import NamedTuple

import numpy as np

from recontact.compiled import compiled
from recontact.model.tabled import Effects, go, lay_out, look_up
from recontact.model.trees import Floats, Ints, Trees, read_trees


class Paths(NamedTuple):
    """What does not depend on the row: by node, whether followed, and point of integration.

    The middle axis says of the features asked on the way to the node: 0 the row left this one's
    way before, 1 it leaves it here, 2 it is on it.

    Attributes
    ----------
    before : numpy.ndarray of int64
        The node nearest above that was reached by the same feature, -1 where there is none.
    ratio : numpy.ndarray of float64, shape (nodes, 3, points)
        By how much the product changes on the way into the node.
    gain : numpy.ndarray of float64, shape (nodes, 3, points)
        What the leaves below add to the feature, per unit of their product.
    expected : float
        The mean of the scores over the rows of training.
    """

    before: Ints
    ratio: Floats
    gain: Floats
    expected: float


class Explainer:
    """Trees that score rows and explain their scores.

    Parameters
    ----------
    text : str
        LightGBM's text of a binary classifier.

    Examples
    --------
    >>> import lightgbm, numpy as np
    >>> x = np.random.default_rng(0).normal(size=(500, 3))
    >>> settings = {"objective": "binary", "verbose": -1, "num_leaves": 6}
    >>> model = lightgbm.train(settings, lightgbm.Dataset(x, x[:, 0] + x[:, 1] > 0), 20)
    >>> ours = Explainer(model.model_to_string())
    >>> bool(np.allclose(ours.contributions(x), model.predict(x, pred_contrib=True)))
    True
    """

    def __init__(self, text: str) -> None:
        self.trees = read_trees(text)

    def raw(self, matrix: Floats) -> Floats:
        """Give the log-odds of each row, before calibration."""
        rows = self._rows(matrix)
        out = np.zeros(len(rows))
        _score(self.trees, self.effects, rows, out)
        return out

    def contributions(self, matrix: Floats) -> Floats:
        """Give what each feature adds to the log-odds of each row, the expected value last."""
        rows = self._rows(matrix)
        out = np.zeros((len(rows), self.trees.features + 1))
        out[:, -1] = self.paths.expected
        _explain(self.trees, self.paths, self.effects, rows, out)
        return out

    def _rows(self, matrix: Floats) -> Floats:
        if matrix.ndim != 2 or matrix.shape[1] != self.trees.features:
            raise ValueError(f"rows of {self.trees.features} columns are needed")
        return np.ascontiguousarray(matrix, dtype=np.float64)

    @cached_property
    def paths(self) -> Paths:
        """What the paths of the trees have in common for all rows."""
        trees = self.trees
        above = np.maximum(trees.parent, 0)
        share = np.where(trees.parent < 0, 1.0, trees.taught / np.maximum(trees.taught[above], 1.0))
        asked = np.where(trees.parent < 0, -1, trees.feature[above])
        before, left_out, deepest = _ways(trees, asked, share)
        points, weights = _points(deepest)
        ratio, gain = _tables(trees.parent, before, left_out, points, weights)
        return Paths(before, ratio, gain, _expected(trees, share))

    @cached_property
    def effects(self) -> Effects:
        """What small trees answer, whichever way a row goes."""
        effects = lay_out(self.trees)
        _tabulate(self.trees, self.paths, effects)
        return effects


def _points(deepest: int) -> tuple[Floats, Floats]:
    """Give Gauss and Legendre's points and weights between 0 and 1, exact below this degree."""
    points, weights = np.polynomial.legendre.leggauss(max(1, (deepest + 1) // 2))
    return (points + 1) / 2, weights / 2


def _ways(trees: Trees, asked: Ints, share: Floats) -> tuple[Ints, Floats, int]:
    """Give each node's last node of the same feature, its share left out, and the most features.

    The share is that of the rows which go down all ways of the feature on the path.
    """
    before = np.full(len(asked), -1, dtype=np.int64)
    left_out, features = share.copy(), np.zeros(len(asked), dtype=np.int64)
    for node, (feature, parent) in enumerate(
        zip(asked.tolist(), trees.parent.tolist(), strict=True)
    ):
        if parent < 0:
            continue
        above = parent
        while above >= 0 and asked[above] != feature:
            above = trees.parent[above]
        before[node] = above
        features[node] = features[parent] + (above < 0)
        if above >= 0:
            left_out[node] *= left_out[above]
    return before, left_out, int(features.max(initial=1))


def _tables(
    parent: Ints, before: Ints, left_out: Floats, points: Floats, weights: Floats
) -> tuple[Floats, Floats]:
    again = before >= 0
    z = left_out[:, None]
    z_before = np.where(again, left_out[before], 1.0)[:, None]
    ratio = np.zeros((len(parent), 3, len(points)))
    gain = np.zeros_like(ratio)
    for way, (now, then) in enumerate(((0.0, 0.0), (0.0, 1.0), (1.0, 1.0))):
        factor = points * now + (1 - points) * z
        other = np.where(again[:, None], points * then + (1 - points) * z_before, 1.0)
        told = np.where(again[:, None], (then - z_before) / other, 0.0)
        ratio[:, way] = factor / other
        gain[:, way] = weights * ((now - z) / factor - told)
    ratio[parent < 0], gain[parent < 0] = 1.0, 0.0
    return ratio, gain


def _expected(trees: Trees, share: Floats) -> float:
    """Give the mean score: each leaf's value by the share of rows in it."""
    reached = np.ones(len(share))
    for node in np.flatnonzero(trees.parent >= 0):  # parents come first
        reached[node] = reached[trees.parent[node]] * share[node]
    return float((reached * trees.value).sum())


@compiled
def _goes_left(trees: Trees, node: int, value: float) -> bool:
    """Tell which way a value goes, as LightGBM's trees decide."""
    how = trees.decision[node]
    if how & 1:  # a category
        if not -1 < value < 32 * trees.words[node]:  # unknown, or never among those that go left
            return False
        code = int(value)
        return bool((trees.bits[trees.word[node] + code // 32] >> (code % 32)) & 1)
    missing = how & 12
    if np.isnan(value) and missing != 8:
        value = 0.0
    if (missing == 8 and np.isnan(value)) or (missing == 4 and abs(value) <= 1e-35):
        return bool(how & 2)
    return bool(value <= trees.threshold[node])


@compiled
def _going(trees: Trees, effects: Effects, row: Floats, ways: Ints) -> None:
    """Tell which way a row goes at each inner node of the small trees, a bit each."""
    go(effects, row, ways)
    for tree in range(len(ways) if len(effects.asked) else 0):
        for k in range(effects.asks[tree], effects.asks[tree + 1]):
            node = effects.asked[k]
            if _goes_left(trees, node, row[trees.feature[node]]):
                ways[tree] |= 1 << effects.bit[k]


@compiled
def _score(trees: Trees, effects: Effects, rows: Floats, out: Floats) -> None:
    ways = np.empty(len(trees.roots) - 1, np.int64)
    for number in range(len(rows)):
        row, score = rows[number], 0.0
        _going(trees, effects, row, ways)
        for tree in range(len(trees.roots) - 1):
            if effects.width[tree]:
                score += effects.value[effects.leaf[tree] + ways[tree]]
                continue
            node = trees.roots[tree]
            while trees.feature[node] >= 0:
                if _goes_left(trees, node, row[trees.feature[node]]):
                    node = trees.left[node]
                else:
                    node = trees.right[node]
            score += trees.value[node]
        out[number] = score


@compiled
def _explain(trees: Trees, paths: Paths, effects: Effects, rows: Floats, out: Floats) -> None:
    most = np.diff(trees.roots).max()
    points = paths.ratio.shape[2]
    product, total = np.ones((most, points)), np.zeros((most, points))
    goes, way = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    ways = np.empty(len(trees.roots) - 1, np.int64)
    for number in range(len(rows)):
        row, added = rows[number], out[number]
        _going(trees, effects, row, ways)
        for tree in range(len(trees.roots) - 1):
            if effects.width[tree]:
                look_up(effects, tree, ways[tree], added)
                continue
            first, end = trees.roots[tree], trees.roots[tree + 1]
            for k in range((end - first) // 2):
                value = row[trees.feature[first + k]]
                goes[k] = 1 if _goes_left(trees, first + k, value) else 0
            _carry_down(trees, paths, goes, first, end, way, product)
            _carry_up(trees, paths, added, first, end, way, product, total)


@compiled
def _tabulate(trees: Trees, paths: Paths, effects: Effects) -> None:
    """Work out what small trees answer, each way of going in turn."""
    most = np.diff(trees.roots).max()
    points = paths.ratio.shape[2]
    product, total = np.ones((most, points)), np.zeros((most, points))
    goes, way = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    found = np.zeros(trees.features)
    for tree in range(len(trees.roots) - 1):
        width, about = effects.width[tree], effects.first[tree]
        first, end = trees.roots[tree], trees.roots[tree + 1]
        inner = (end - first) // 2
        for ways in range(1 << inner if width else 0):
            for k in range(inner):
                goes[k] = (ways >> k) & 1
            node = first
            while trees.feature[node] >= 0:
                node = trees.left[node] if goes[node - first] else trees.right[node]
            effects.value[effects.leaf[tree] + ways] = trees.value[node]
            _carry_down(trees, paths, goes, first, end, way, product)
            _carry_up(trees, paths, found, first, end, way, product, total)
            for k in range(width):
                feature = effects.about[about + k]
                effects.told[effects.table[tree] + ways * width + k] = found[feature]
                found[feature] = 0.0


@compiled
def _carry_down(
    trees: Trees, paths: Paths, goes: Ints, first: int, end: int, way: Ints, product: Floats
) -> None:
    """Multiply on the way down; note of each node whether the row is on it (2) or not (0, 1)."""
    for node in range(first, end):
        k = node - first
        if k:
            above, before = trees.parent[node] - first, paths.before[node]
            then = 1 if before < 0 else way[before - first] // 2
            way[k] = way[k] * then + then
            for q in range(product.shape[1]):
                product[k, q] = product[above, q] * paths.ratio[node, way[k], q]
        if trees.feature[node] >= 0:
            way[trees.left[node] - first] = goes[k]
            way[trees.right[node] - first] = 1 - goes[k]


@compiled
def _carry_up(
    trees: Trees,
    paths: Paths,
    effects: Floats,
    first: int,
    end: int,
    way: Ints,
    product: Floats,
    total: Floats,
) -> None:
    """Add up what the leaves below each node make of their products, and tell the feature."""
    total[: end - first] = 0.0
    for node in range(end - 1, first, -1):
        k, above = node - first, trees.parent[node]
        added = 0.0
        for q in range(product.shape[1]):
            if trees.feature[node] < 0:
                total[k, q] = product[k, q] * trees.value[node]
            added += paths.gain[node, way[k], q] * total[k, q]
            total[above - first, q] += total[k, q]
        effects[trees.feature[above]] += added
