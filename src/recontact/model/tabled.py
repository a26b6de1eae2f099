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

Places = npt.NDArray[np.unsignedinteger]

MOST_INNER = 7  # of a tree that is tabled: each more doubles its table
NO_CODE = 2**31  # of a category
SLOTS = 8  # for each tree's inner nodes: always as many, so that they are asked at once


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
    place : numpy.ndarray of uint16 or uint32
        By slot which of a row's values, given twice (`go`), a node asks for.
    threshold : numpy.ndarray of float64
        By slot up to what a value goes left. NaN, so that all go right, at other kinds of nodes.
    kinds : numpy.ndarray of int64
        Where a tree's nodes that ask for a category begin in the four below, and their number.
    kind : numpy.ndarray of int64
        The column that such a node asks about.
    most : numpy.ndarray of int64
        The greatest code that it may send to the left, and one more.
    left : numpy.ndarray of int64
        Where in `lefts` the codes begin: whether each goes left, the last one's place being for
        all greater ones and for what is unknown.
    kind_bit : numpy.ndarray of int64
        Which of the tree's inner nodes it is.
    lefts : numpy.ndarray of uint8
        Whether a code goes left.
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
    place: Places
    threshold: Floats
    kinds: Ints
    kind: Ints
    most: Ints
    left: Ints
    kind_bit: Ints
    lefts: npt.NDArray[np.uint8]
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
    >>> room.width.tolist(), room.about.tolist(), room.threshold[:3].tolist()
    ([1, 1], [0, 0], [48.50000000000001, 69.50000000000001, nan])
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
    tree, bit = _places(inner_nodes)
    category, in_full = trees.decision[node] & 1 > 0, _in_full(trees, node)
    slots = _slots(trees, node, SLOTS * tree + bit, ~(category | in_full), SLOTS * len(width))
    most, left, lefts = _categories(trees, node[category])
    return Effects(
        np.ascontiguousarray(width),
        _starts(width)[:-1],
        np.array(about, dtype=np.int64),
        _starts(ways * width)[:-1],
        told,
        _starts(ways)[:-1],
        value,
        *slots,
        _starts(np.bincount(tree[category], minlength=len(width))),
        trees.feature[node[category]],
        most,
        left,
        bit[category],
        lefts,
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
    """Tell which nodes take zero as unknown, or have no finite threshold."""
    how, threshold = trees.decision[node], trees.threshold[node]
    return np.asarray((how & 1 == 0) & ((how & 12 == 4) | ~np.isfinite(threshold)))


def _slots(
    trees: Trees, node: Ints, slot: Ints, plain: npt.NDArray[np.bool_], many: int
) -> tuple[Places, Floats]:
    """Give by slot the place of the value and the threshold; small numbers, to be read fast."""
    asked, where = node[plain], slot[plain]
    right = _unknown_left(trees, asked) == 0
    small: type[np.unsignedinteger] = np.uint16 if 2 * trees.features < 2**16 else np.uint32
    place: Places = np.zeros(many, dtype=small)
    place[where] = trees.feature[asked] + np.where(right, trees.features, 0)
    threshold = np.full(many, np.nan)
    threshold[where] = trees.threshold[asked]
    return place, threshold


def _unknown_left(trees: Trees, node: Ints) -> Ints:
    """Tell where an unknown value goes, as LightGBM's bits say (`Trees.decision`)."""
    how = trees.decision[node]
    as_zero = how & 12 == 0
    return np.where(as_zero, trees.threshold[node] >= 0, how & 2 > 0).astype(np.int64)


def _categories(trees: Trees, node: Ints) -> tuple[Ints, Ints, npt.NDArray[np.uint8]]:
    """Give `most`, `left` and `lefts` of nodes that ask for a category."""
    lefts: list[npt.NDArray[np.uint8]] = []
    for first, many in zip(trees.word[node].tolist(), trees.words[node].tolist(), strict=True):
        bits = trees.bits[first : first + many, None] >> np.arange(32) & 1
        lefts.append(np.append(bits.ravel(), 0).astype(np.uint8))
    sizes = np.array([len(one) for one in lefts], dtype=np.int64)
    joined = np.concatenate(lefts) if lefts else np.zeros(0, dtype=np.uint8)
    return sizes - 1, _starts(sizes)[:-1], joined


@compiled
def go(effects: Effects, row: Floats, ways: Ints) -> None:
    """Tell which way a row goes at each inner node of each tree: a bit each, 1 is left.

    Nodes that have to be asked in full are left out. No step hangs on what a node answers, since
    that can't be foreseen.
    """
    twice, coded = _doubled(row), _codes(row)
    for tree in range(len(ways)):
        own, begin = np.int64(0), SLOTS * tree
        for k in range(SLOTS):
            goes = twice[effects.place[begin + k]] <= effects.threshold[begin + k]
            own |= np.int64(goes) << k
        for k in range(effects.kinds[tree], effects.kinds[tree + 1]):
            code = min(coded[effects.kind[k]], effects.most[k])
            own |= np.int64(effects.lefts[effects.left[k] + code]) << effects.kind_bit[k]
        ways[tree] = own


@compiled
def _doubled(row: Floats) -> Floats:
    """Give a row twice: unknown values are below all others first, then above all others.

    So a node that sends what is unknown to the left asks among the first, any other among the
    second, and neither has to look whether a value is known.
    """
    features = len(row)
    out = np.empty(2 * features)
    for k in range(features):
        unknown = np.isnan(row[k])
        out[k] = -np.inf if unknown else row[k]
        out[features + k] = np.inf if unknown else row[k]
    return out


@compiled
def _codes(row: Floats) -> Ints:
    """Give what a row says as codes of categories: what is none is greater than all."""
    out = np.empty(len(row), np.int64)
    for k in range(len(row)):
        value = row[k]
        out[k] = np.int64(value) if -1 < value < NO_CODE else NO_CODE
    return out


@compiled
def look_up(effects: Effects, tree: int, ways: int, out: Floats) -> None:
    """Add what a tree's features add for a row that goes these ways."""
    width = effects.width[tree]
    begin = effects.table[tree] + ways * width
    first = effects.first[tree]
    for k in range(width):
        out[effects.about[first + k]] += effects.told[begin + k]
