"""A customer's contacts made ready: what the compiled loop is handed is always of one kind."""

import datetime as dt

import numpy as np
import pytest

from recontact.features.live import Live
from recontact.features.moments import KNOWN_FROM
from recontact.policy import Policy

DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize("contacts", [0, 1, 2, 9])
def test_histories_of_any_length_are_of_one_kind(contacts):
    """Arrays that can't be written to, or lie otherwise, would have the loop compiled anew."""
    live = Live(Policy(), KNOWN_FROM)
    told = [
        {"contact_id": str(k), "customer_id": "x", "started_at": DAY + dt.timedelta(hours=k)}
        for k in range(contacts)
    ]
    history = live.pasts(told).history
    assert len(history.started) == contacts
    for array in history:
        assert array.shape[-1] == contacts
        assert array.flags.writeable
        assert array.flags.c_contiguous


def test_times_and_numbers_arrive_as_they_were():
    """What is packed comes out again: instants in microseconds, numbers, and nan for none."""
    live = Live(Policy(), KNOWN_FROM)
    ended = DAY + dt.timedelta(seconds=90)
    told = [{"contact_id": "1", "customer_id": "x", "started_at": DAY, "ended_at": ended,
             "talk_s": 61.5}]  # fmt: skip
    history = live.pasts(told).history
    values = dict(zip(live.walks.values, history.values[:, 0].tolist(), strict=True))
    assert history.ended[0] - history.started[0] == 90_000_000
    assert values["talk_s"] == 61.5
    assert np.isnan(values["csat"])
