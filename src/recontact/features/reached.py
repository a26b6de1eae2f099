"""After how long contacts are asked about at `live`, when a model learns from them.

A live score is asked at some time into a contact, whatever the contact's length will be. So the
time must not depend on the length: drawn as a share of it, short times would stand for short
contacts, and the model would learn from its question how the contact ends.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import instants
from recontact.durations import SECOND
from recontact.features.shapes import Flags, Floats
from recontact.features.table import Source
from recontact.hashing import hashed


def asked_after(source: Source) -> tuple[Floats, Flags]:
    """Draw for each contact when it is asked about, and tell whether it was still going on.

    The times are whole seconds just after something happened in some contact, by the events
    table; without one, spread over the lengths of contacts. Which of them a contact gets depends
    on its `contact_id` alone.

    Parameters
    ----------
    source : Source
        Contacts, with their events where there are any.

    Returns
    -------
    tuple of numpy.ndarray
        Seconds since the start, and whether the contact lasted longer than that.
    """
    contacts = source.contacts
    lasted = (instants(contacts["ended_at"]) - instants(contacts["started_at"])) / SECOND
    draw = hashed(contacts["contact_id"])
    share, other = draw / 2.0**64, (draw & np.uint64(2**32 - 1)) / 2.0**32
    if source.events is None:
        times = np.floor(lasted * other) + 1.0
        times = times[times < lasted]
    else:
        times = _happened(source.events, contacts, lasted)
    if not len(times):
        return np.zeros(len(contacts)), np.zeros(len(contacts), dtype=bool)
    times = np.sort(times)
    elapsed = times[np.minimum((share * len(times)).astype(np.int64), len(times) - 1)]
    return elapsed, elapsed < lasted


def _happened(events: pa.Table, contacts: pa.Table, lasted: Floats) -> Floats:
    """Give the times into their contacts, in seconds, at which events happened."""
    row = pc.index_in(events["contact_id"], contacts["contact_id"])
    there = np.asarray(row.is_valid())
    rows = np.asarray(row.drop_null(), dtype=np.int64)
    since = (instants(events["at"])[there] - instants(contacts["started_at"])[rows]) / SECOND
    times = np.floor(since) + 1.0
    return np.asarray(times[(since >= 0) & (times < lasted[rows])], np.float64)
