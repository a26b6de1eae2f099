"""What each feature adds to a score, looked up: small trees answer a row in few ways.

What a tree's features add hangs on nothing but which way the row goes at each of its inner nodes.
A tree of eight leaves has seven, so 128 answers, which are worked out once and kept (the idea is
that of Yang, 2021, "Fast TreeSHAP: accelerating SHAP value computation for trees").
"""

from typing import NamedTuple

import numpy as np

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
    """

    width: Ints
    first: Ints
    about: Ints
    table: Ints
    told: Floats


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
    >>> room.width.tolist(), room.about.tolist()
    ([1, 1], [0, 0])
    """
    width: list[int] = []
    first: list[int] = []
    about: list[int] = []
    table: list[int] = []
    size = 0
    for begin, end in zip(trees.roots[:-1], trees.roots[1:], strict=True):
        asked = trees.feature[begin:end]
        inner = asked[asked >= 0]
        own = np.unique(inner).tolist() if len(inner) <= MOST_INNER else []
        first.append(len(about))
        table.append(size)
        width.append(len(own))
        about += own
        size += len(own) << len(inner)
    parts = [np.array(part, dtype=np.int64) for part in (width, first, about, table)]
    return Effects(parts[0], parts[1], parts[2], parts[3], np.zeros(size))


@compiled
def look_up(effects: Effects, tree: int, goes: Ints, inner: int, out: Floats) -> None:
    """Add what a tree's features add for a row that goes left where `goes` is 1."""
    ways = 0
    for k in range(inner):
        ways |= goes[k] << k
    width = effects.width[tree]
    begin = effects.table[tree] + ways * width
    first = effects.first[tree]
    for k in range(width):
        out[effects.about[first + k]] += effects.told[begin + k]
