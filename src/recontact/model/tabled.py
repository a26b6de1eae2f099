"""What each feature adds to a score, looked up: small trees answer a row in few ways.

What a tree's features add hangs on nothing but which way the row goes at each of its inner nodes.
A tree of eight leaves has seven, so 128 answers, which are worked out once and kept (the idea is
that of Yang, 2021, "Fast TreeSHAP: accelerating SHAP value computation for trees").
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recontact.compiled import compiled
from recontact.model.trees import Floats, Ints, Trees

MOST_INNER = 7  # of a tree that is tabled: each more doubles its table


class Effects(NamedTuple):
    """The answers of small trees.

    Attributes
    ----------
    width : numpy.ndarray of int64
        By tree how many features it asks; 0 where it has no table.
    first : numpy.ndarray of int64
        Where a tree's features begin in `about`.
    about : numpy.ndarray of int64
        The features that the trees ask.
    table : numpy.ndarray of int64
        Where a tree's answers begin in `told`: for each way of going, what each feature adds.
    told : numpy.ndarray of float64
        What they add.
    leaf : numpy.ndarray of int64
        Where a tree's answers begin in `value`: for each way of going, the leaf's value.
    value : numpy.ndarray of float64
        What the tree adds to the score.
    inner : numpy.ndarray of int64
        Where a tree's inner nodes begin in the three below, and their number at the end.
    feature, threshold, unknown : numpy.ndarray
        What a node asks, and whether an unknown value goes left (1) or right (0). One that has
        to be asked in full sends all to the right here.
    asks : numpy.ndarray of int64
        Where a tree's nodes that have to be asked in full begin in `asked`, and their number.
    asked, bit : numpy.ndarray of int64
        Which node of the trees that is, and which of the tree's inner nodes.
    """

    width: Ints
    first: Ints
    about: Ints
    table: Ints
    told: Floats
    leaf: Ints
    value: Floats
    inner: Ints
    feature: Ints
    threshold: Floats
    unknown: Ints
    asks: Ints
    asked: Ints
    bit: Ints


def lay_out(trees: Trees) -> Effects:
    """Make room for the answers of all trees that are small enough.

    Examples
    --------
    >>> import lightgbm, numpy as np
    >>> from recontact.model.trees import read_trees
    >>> x = np.arange(100.0)[:, None]
    >>> settings = {"objective": "binary", "verbose": -1, "num_leaves": 3}
    >>> model = lightgbm.train(settings, lightgbm.Dataset(x, x[:, 0] > 49), 2)
    >>> room = lay_out(read_trees(model.model_to_string()))
    >>> room.width.tolist(), room.about.tolist(), room.inner.tolist()
    ([1, 1], [0, 0], [0, 2, 4])
    """
    sizes: list[tuple[int, int]] = []  # features and inner nodes, by tree
    about: list[int] = []
    nodes: list[int] = []
    for begin, end in zip(trees.roots[:-1].tolist(), trees.roots[1:].tolist(), strict=True):
        inner = (end - begin) // 2  # they come before the leaves
        small = inner <= MOST_INNER
        own = np.unique(trees.feature[begin : begin + inner]).tolist() if small else []
        about += own
        nodes += range(begin, begin + inner) if own else ()
        sizes.append((len(own), inner if own else 0))
    width, inner_nodes = np.array(sizes, dtype=np.int64).reshape(-1, 2).T
    ways = np.where(width > 0, 1 << inner_nodes, 0)
    told, value = np.zeros(int((ways * width).sum())), np.zeros(int(ways.sum()))
    node = np.array(nodes, dtype=np.int64)
    in_full = _in_full(trees, node)
    tree, bit = _places(inner_nodes)
    return Effects(
        np.ascontiguousarray(width),
        _starts(width)[:-1],
        np.array(about, dtype=np.int64),
        _starts(ways * width)[:-1],
        told,
        _starts(ways)[:-1],
        value,
        _starts(inner_nodes),
        trees.feature[node],
        np.where(in_full, -np.inf, trees.threshold[node]),
        np.where(in_full, 0, _unknown_left(trees, node)),
        _starts(np.bincount(tree[in_full], minlength=len(width))),
        node[in_full],
        bit[in_full],
    )


def _starts(sizes: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _places(sizes: Ints) -> tuple[Ints, Ints]:
    """Give of each inner node its tree, and which of the tree's inner nodes it is."""
    tree = np.repeat(np.arange(len(sizes)), sizes)
    return tree, np.arange(len(tree)) - _starts(sizes)[tree]


def _in_full(trees: Trees, node: Ints) -> npt.NDArray[np.bool_]:
    """Tell which nodes ask for a category, or take zero as unknown."""
    how = trees.decision[node]
    return np.asarray((how & 1 > 0) | (how & 12 == 4))


def _unknown_left(trees: Trees, node: Ints) -> Ints:
    """Tell where an unknown value goes, as LightGBM's bits say (`Trees.decision`)."""
    how = trees.decision[node]
    as_zero = how & 12 == 0
    return np.where(as_zero, trees.threshold[node] >= 0, how & 2 > 0).astype(np.int64)


@compiled
def look_up(effects: Effects, tree: int, ways: int, out: Floats) -> None:
    """Add what a tree's features add for a row that goes these ways."""
    width = effects.width[tree]
    begin = effects.table[tree] + ways * width
    first = effects.first[tree]
    for k in range(width):
        out[effects.about[first + k]] += effects.told[begin + k]
