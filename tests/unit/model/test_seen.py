"""How far rows are from those of a training: the index against its definition."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recontact.model.encoding import Encoding
from recontact.model.seen import BINS, CATEGORIES, LEAST_SHARE, Seen

NUMBERS = st.one_of(st.integers(-3, 3).map(float), st.just(math.nan))
COLUMNS = st.lists(NUMBERS, min_size=1, max_size=60)
CALLS = Encoding(("calls",), {})


def bins(values, cuts):
    """Count, value by value, the unknown and how many cuts each value lies above."""
    counts = [0] * (len(cuts) + 2)
    for value in values:
        counts[0 if math.isnan(value) else 1 + sum(value > cut for cut in cuts)] += 1
    return [count / len(values) for count in counts]


@given(COLUMNS, COLUMNS)
@settings(deadline=None)
def test_it_is_the_population_stability_index(before, after):
    """Each bin and the unknown, one by one; an empty bin counts as a ten-thousandth."""
    at = {"moments": ["start"]}
    seen = Seen.of(CALLS, np.array(before)[:, None], at["moments"] * len(before))
    found = seen.drift(CALLS, np.array(after)[:, None], at["moments"] * len(after))
    cuts = seen.cuts["calls"]
    expected = 0.0
    for p, q in zip(bins(after, cuts), bins(before, cuts), strict=True):
        p, q = max(p, LEAST_SHARE), max(q, LEAST_SHARE)  # noqa: PLW2901 - as it is written down
        expected += (p - q) * math.log(p / q)
    assert math.isclose(found["start", "calls"], expected, abs_tol=1e-4)


def test_bins_are_tenths_and_the_most_frequent_categories():
    """Of numbers at most ten, of categories twenty and the rest."""
    encoding = Encoding(("n", "queue"), {"queue": tuple(f"q{k}" for k in range(50))})
    matrix = np.column_stack([np.arange(1000.0), np.arange(1000) % 50])
    seen = Seen.of(encoding, matrix, ["start"] * 1000)
    assert len(seen.cuts["n"]) == BINS - 1
    assert seen.shares["start"]["n"][1:] == (0.1,) * BINS
    assert seen.shares["start"]["queue"] == (0.0, *[0.02] * CATEGORIES, 0.6)


def test_each_moment_is_compared_with_itself():
    """What is unknown at the start is no drift there; a moment without rows has no index."""
    unknown, known = [[math.nan]] * 50, [[1.0]] * 50
    moments = ["start"] * 50 + ["wrapup"] * 50
    seen = Seen.of(CALLS, np.array(unknown + known), moments)
    assert seen.drift(CALLS, np.array(unknown), ["start"] * 50) == {("start", "calls"): 0.0}
    assert seen.drift(CALLS, np.array(known), ["start"] * 50)["start", "calls"] > 1


def test_it_is_kept_as_plain_values():
    """And read back the same."""
    seen = Seen.of(CALLS, np.arange(30.0)[:, None], ["start"] * 30)
    assert Seen.from_json(seen.as_json()) == seen
