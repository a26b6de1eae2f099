"""Agreement of customers, agents and the record: kappa, its interval, and the counts."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recontact.rates import Measures
from recontact.report.agreement import agreement, kappa


def plain_kappa(share):
    agreed, chance = np.trace(share), share.sum(axis=1) @ share.sum(axis=0)
    return (agreed - chance) / (1 - chance)


@given(st.lists(st.integers(1, 60), min_size=9, max_size=9))
def test_kappas_interval_is_that_of_the_delta_method(cells):
    """The printed variance is that of the numerical slope of kappa over all cells."""
    table = np.array(cells, dtype=float).reshape(3, 3)
    share, total = table / table.sum(), table.sum()
    slope = np.zeros_like(share)
    for cell in np.ndindex(3, 3):
        moved = np.zeros_like(share)
        moved[cell] = 1e-6
        slope[cell] = (plain_kappa(share + moved) - plain_kappa(share - moved)) / 2e-6
    error = np.sqrt(((share * slope**2).sum() - (share * slope).sum() ** 2) / total)
    value, low, high = kappa(table, z=0.5)
    assert value == pytest.approx(plain_kappa(share))
    assert value - low == pytest.approx(0.5 * error, rel=1e-4)
    assert high - value == pytest.approx(0.5 * error, rel=1e-4)


def test_full_agreement_and_one_answer_only():
    """Equal answers have kappa 1; where everybody always says yes, it is not known."""
    assert kappa([[5, 0], [0, 5]]) == (1.0, 1.0, 1.0)
    assert np.isnan(kappa([[9, 0], [0, 0]])).all()
    assert np.isnan(kappa([[0, 0], [0, 0]])).all()


def test_the_three_words_are_counted_pair_by_pair():
    """Counts over the contacts of which both speak, worked out by hand."""
    contacts = pa.table(
        {
            "survey_resolved": [True, True, False, None, None, True],
            "agent_resolved": [True, False, True, True, None, None],
        }
    )
    repeated = np.array([False, True, True, True, False, False])
    judged = np.array([True, True, True, True, True, False])
    found = agreement(contacts, Measures({"repeat": (repeated, judged)}, {}))
    told = {
        (pair["first"], pair["second"]): [
            pair[key] for key in ("both", "only_first", "only_second", "neither")
        ]
        for pair in found
    }
    assert told == {
        ("customer", "agent"): [1, 1, 1, 0],
        ("customer", "measured"): [1, 1, 0, 1],
        ("agent", "measured"): [1, 2, 0, 1],
    }
    assert (found[2]["wrong"], found[2]["wrong_of"]) == (2 / 3, 3)


def test_words_that_nobody_said_are_left_out():
    """Without survey and claims there is nothing to compare."""
    nothing = pa.nulls(2, pa.bool_())
    contacts = pa.table({"survey_resolved": nothing, "agent_resolved": nothing})
    flags = np.array([True, True])
    assert agreement(contacts, Measures({"repeat": (flags, flags)}, {})) == []
