"""LightGBM's trees as arrays, read from their own text: nothing is run that was only loaded.

A damaged text ends a process that gives it to LightGBM. Here every number is checked before it
is used, so that a model that can't be right is refused with a message.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Trees(NamedTuple):
    """All nodes of all trees: of each tree the inner nodes, parents first, then the leaves.

    Attributes
    ----------
    features : int
        How many columns a row has.
    roots : numpy.ndarray of int64
        Where each tree begins, and the number of nodes at the end.
    feature : numpy.ndarray of int64
        The column that a node asks about; -1 at a leaf.
    decision : numpy.ndarray of int64
        How it asks, in LightGBM's bits: 1 a category, 2 left where missing, 4 zero is missing,
        8 NaN is.
    threshold : numpy.ndarray of float64
        Up to it a number goes left.
    word, words : numpy.ndarray of int64
        Where in `bits` the categories that go left begin, and how many words they take.
    bits : numpy.ndarray of int64
        One bit a category, 32 a word.
    left, right, parent : numpy.ndarray of int64
        The nodes below and the one above; -1 where there is none.
    value : numpy.ndarray of float64
        Log-odds that a leaf adds; 0 at an inner node.
    taught : numpy.ndarray of float64
        Rows of training in a node.
    """

    features: int
    roots: Ints
    feature: Ints
    decision: Ints
    threshold: Floats
    word: Ints
    words: Ints
    bits: Ints
    left: Ints
    right: Ints
    parent: Ints
    value: Floats
    taught: Floats


def read_trees(text: str) -> Trees:
    """Read the trees of a binary classifier from LightGBM's text.

    Parameters
    ----------
    text : str
        As `lightgbm.Booster.model_to_string` gives it.

    Raises
    ------
    ValueError
        It is no such text, or can't be right.

    Examples
    --------
    >>> import lightgbm, numpy as np
    >>> x = np.arange(100.0)[:, None]
    >>> settings = {"objective": "binary", "verbose": -1, "num_leaves": 2}
    >>> model = lightgbm.train(settings, lightgbm.Dataset(x, x[:, 0] > 49), 2)
    >>> trees = read_trees(model.model_to_string())
    >>> trees.roots.tolist(), trees.feature.tolist(), trees.taught.tolist()[:3]
    ([0, 3, 6], [0, -1, -1, 0, -1, -1], [100.0, 49.0, 51.0])
    """
    written, is_there, _ = text.partition("\nend of trees")
    head, *parts = written.split("\nTree=")
    facts = dict(_pairs(head))
    if not is_there or not parts or facts.get("objective", "").split()[:1] != ["binary"]:
        raise ValueError("no whole text of a binary classifier")
    try:
        features = int(facts["max_feature_idx"]) + 1
        return _joined([_tree(dict(_pairs(part)), features) for part in parts], features)
    except (KeyError, IndexError, OverflowError) as error:
        raise ValueError(f"a tree lacks {error}") from error


def names(features: Sequence[str]) -> list[str]:
    """Give names that LightGBM takes: it refuses JSON's own characters and repeats.

    Examples
    --------
    >>> names(["calls", "my rate", "my-rate"])
    ['calls', 'my_rate', 'my_rate_2']
    """
    plain = [re.sub(r"\W", "_", name) for name in features]
    return [f"{name}_{k}" if name in plain[:k] else name for k, name in enumerate(plain)]


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, is_there, value = line.partition("=")
        if is_there:
            yield name, value


def _tree(facts: Mapping[str, str], features: int) -> dict[str, Any]:
    """Give one tree's columns of `Trees`, its nodes counted from 0."""
    leaves = int(facts["num_leaves"])
    inner = leaves - 1
    if inner < 0 or facts.get("is_linear", "0") != "0":
        raise ValueError("a tree without leaves, or with lines in them")

    def of_inner(name: str, kind: type = np.int64) -> Any:
        return _numbers(facts[name], inner, kind) if inner else np.zeros(0, dtype=kind)

    feature, decision = of_inner("split_feature"), of_inner("decision_type")
    if inner and not 0 <= feature.min() <= feature.max() < features:
        raise ValueError("a tree asks about a column that there is none of")
    below = np.concatenate([of_inner("left_child"), of_inner("right_child")])
    below = np.where(below < 0, inner + ~below, below)
    threshold = of_inner("threshold", np.float64)
    word, words, bits = _categories(facts, decision, threshold)
    none, zero = np.full(leaves, -1), np.zeros(leaves)
    counts = _numbers(facts["leaf_count"], leaves) if inner else np.ones(1)
    values = _numbers(facts["leaf_value"], leaves, np.float64)
    taught = np.append(of_inner("internal_count"), counts)
    if not np.isfinite(values).all() or (taught < 0).any():
        raise ValueError("a leaf adds no number, or a node was reached by less than no row")
    return {
        "feature": np.append(feature, none),
        "decision": np.append(decision, zero),
        "threshold": np.append(threshold, zero),
        "word": np.append(word, zero),
        "words": np.append(words, zero),
        "bits": bits,
        "left": np.append(below[:inner], none),
        "right": np.append(below[inner:], none),
        "parent": _parents(below, inner, leaves),
        "value": np.append(np.zeros(inner), values),
        "taught": taught,
    }


def _numbers(text: str, many: int, kind: type = np.int64) -> npt.NDArray[Any]:
    found: npt.NDArray[Any] = np.array(text.split(), dtype=kind)
    if len(found) != many or np.isnan(found).any():
        raise ValueError(f"{len(found)} numbers where {many} belong, or one that is none")
    return found


def _parents(below: Ints, inner: int, leaves: int) -> Ints:
    """Give what each node hangs on; each but the first hangs on one that comes before it."""
    above = np.tile(np.arange(inner), 2)
    parent = np.full(inner + leaves, -1, dtype=np.int64)
    if inner and (below.min() < 1 or below.max() >= len(parent) or (below <= above).any()):
        raise ValueError("a tree that turns back to itself")
    parent[below] = above
    if (parent[1:] < 0).any():
        raise ValueError("a tree with a node that hangs on none")
    return parent


def _categories(
    facts: Mapping[str, str], decision: Ints, threshold: Floats
) -> tuple[Ints, Ints, Ints]:
    """Give where the bits of each node's categories begin, how many words they take, and them."""
    asked = (decision & 1).astype(bool)
    word, words = np.zeros_like(decision), np.zeros_like(decision)
    if not asked.any():
        return word, words, np.zeros(0, dtype=np.int64)
    many = int(facts["num_cat"])
    edges = _numbers(facts["cat_boundaries"], many + 1)
    bits = _numbers(facts["cat_threshold"], int(edges[-1]))
    place = threshold[asked].astype(np.int64)
    if place.min() < 0 or place.max() >= many or edges[0] != 0 or (np.diff(edges) < 0).any():
        raise ValueError("a category that is not listed")
    word[asked], words[asked] = edges[place], np.diff(edges)[place]
    return word, words, bits


def _joined(trees: list[dict[str, Any]], features: int) -> Trees:
    """Put trees behind each other; their nodes and bits are counted on."""
    sizes = [len(tree["feature"]) for tree in trees]
    roots = np.append(0, np.cumsum(sizes))
    first = np.repeat(roots[:-1], sizes)
    packed = np.append(0, np.cumsum([len(tree["bits"]) for tree in trees]))
    kinds = {"threshold": np.float64, "value": np.float64, "taught": np.float64}
    columns: dict[str, Any] = {
        name: np.concatenate([tree[name] for tree in trees]).astype(kinds.get(name, np.int64))
        for name in trees[0]
    }
    for name in ("left", "right", "parent"):
        columns[name] = np.where(columns[name] < 0, -1, columns[name] + first)
    columns["word"] += np.repeat(packed[:-1], sizes)
    return Trees(features, roots.astype(np.int64), **columns)
