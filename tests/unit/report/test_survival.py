"""The curve of Kaplan and Meier, held to a published example, a slow twin and the repeat rate."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recontact.report.survival import kaplan_meier


def test_the_published_example_of_leukaemia_patients():
    """Freireich et al. (1963), 6-MP: estimate and Greenwood's error as printed in textbooks."""
    times = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    censored = {3, 5, 7, 8, 11, 12, 13, 16, 17, 18, 19, 20}
    happened = [k not in censored for k in range(21)]
    at = [5, 6, 7, 10, 13, 16, 22, 23, 35]
    share, low, high, watched = kaplan_meier(times, happened, at)
    printed = [1.0, 0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448, 0.448]
    errors = [0.0, 0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346, 0.1346]
    assert share.round(3).tolist() == printed
    assert watched.tolist() == [21, 21, 17, 15, 12, 11, 7, 6, 1]
    for s, error, lower, upper in zip(share[1:], errors[1:], low[1:], high[1:], strict=True):
        reach = 1.959964 * error / abs(s * np.log(s))  # log-log scale
        assert lower == pytest.approx(s ** np.exp(reach), abs=2e-3)
        assert upper == pytest.approx(s ** np.exp(-reach), abs=2e-3)


CASES = st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=25)


@given(CASES)
def test_the_curve_is_that_of_a_slow_twin(cases):
    """Case by case: at each time, of those still watched, the share to whom it does not happen."""
    times, happened = (list(column) for column in zip(*cases, strict=True))
    share, low, high, watched = kaplan_meier(times, happened, range(10))
    still = 1.0
    for t in range(10):
        at_risk = sum(time >= t for time in times)
        if at_risk:
            still *= 1 - sum(time == t and event for time, event in cases) / at_risk
        assert watched[t] == at_risk
        if at_risk or still == 0:
            assert share[t] == pytest.approx(still)
        else:
            assert np.isnan(share[t])
    known = ~np.isnan(high) & ~np.isnan(share)
    assert (low[share == 0] == 0).all()
    assert (low[known] <= share[known] + 1e-9).all()
    assert (share[known] <= high[known] + 1e-9).all()
    assert (np.diff(share[~np.isnan(share)]) <= 0).all()


@given(st.lists(st.integers(0, 20), min_size=1, max_size=30))
def test_without_censoring_it_is_the_share_itself(times):
    """Where everybody was watched to the end, 1 minus the curve is the plain repeat rate."""
    share, *_ = kaplan_meier(times, [True] * len(times), range(21))
    plain = [sum(t > at for t in times) / len(times) for at in range(21)]
    assert share.tolist() == pytest.approx(plain)
