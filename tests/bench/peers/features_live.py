"""Print the median microseconds that all features of one contact take, 50 earlier ones known."""

# ruff: noqa: T201 - read by the bench

import os
import sys
import time
from statistics import median

import numpy as np
import pyarrow as pa

from recontact import Policy
from recontact.clean import read_contacts
from recontact.features.known import known_from
from recontact.features.live import Live
from recontact.features.table import Source
from recontact.labels.read import read_labels

HISTORY, CONTACTS, TIMES = 50, 100, 20
KNOWN = {"reason": "start"}

os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
contacts = read_contacts(sys.argv[1])
known = known_from(contacts, KNOWN)
source = Source(contacts, Policy(), known)
figures = source.figures(read_labels([sys.argv[2]]))
live = Live(Policy(), known)
ready = live.figures(figures)


def histories():
    """Give contacts, each with the 50 before it."""
    order = source.order
    ends = order.starts[1:][np.diff(order.starts) > HISTORY][:CONTACTS]
    for end in ends:
        *before, own = contacts.take(pa.array(order.rows[end - HISTORY - 1 : end])).to_pylist()
        yield own, live.pasts(before)


def timed(own, history):
    """Take the time of one evaluation."""
    begin = time.perf_counter()
    live.look(own, history, "start", own["started_at"], ready)
    return time.perf_counter() - begin


asked = list(histories())
for own, history in asked:
    timed(own, history)  # compiles, and fills caches
took = [timed(own, history) for _ in range(TIMES) for own, history in asked]
print(median(took) * 1e6)
