"""What simulated agents write: dispositions and short notes."""

from itertools import product

import numpy as np
import pyarrow as pa

from recontact.simulate.reasons import REASONS, Ints
from recontact.simulate.records import Records
from recontact.simulate.text import named

DISPOSITIONS = (
    "closed",
    "resolved",
    "follow_up",
    "callback_promised",
    "complaint",
    "supervisor",
    "escalated",
    "line_lost",
    "no_answer",
    "abandoned",
    "transferred",
)
TRANSFERRED = DISPOSITIONS.index("transferred")
NOTED = 6  # of ten served contacts, how many get a note

_SEEN = ("", "contacted us before; ")
_HELD = ("", "checked with back office while on hold; ")
_MOVED = ("", "moved to another queue; ")
_RAISED = ("", "raised; ")
_CLAIM = ("customer informed", "still open", "done")
TEXTS = [
    f"{reason.name.rpartition('> ')[2]}: {''.join(parts)}"
    for reason, *parts in product(REASONS, _SEEN, _HELD, _MOVED, _RAISED, _CLAIM)
]


def dispositions(rows: Records) -> Ints:
    """Give the place in `DISPOSITIONS` of the wrap-up code of each contact."""
    escalated, tier2 = rows["escalated"], rows["tier"] == 2
    return np.select(
        [
            ~rows["handled"] & ~rows["outbound"],
            ~rows["handled"],
            rows["dropped"],
            tier2,
            rows["complaint"],
            escalated,
            rows["promised"],
            rows["claim"] == 0,
            rows["claim"] == 1,
        ],
        [9, 8, 7, 6, 4, 5, 3, 2, 1],
        0,
    ).astype(np.int64)


def notes(rows: Records) -> pa.Array:
    """Write the note of each contact from what its agent saw of it; many get none."""
    parts = (
        (rows["position"] > 1, 2),
        (rows["holds"] > 0, 2),
        (rows["leg"][:, 1], 2),
        (rows["escalated"], 2),
        (rows["claim"] + 1, 3),
    )
    code = rows["coded"].astype(np.int64)
    for part, values in parts:
        code = code * values + part
    noted = rows["handled"] & ~rows["dropped"] & (rows["started_ms"] % 10 < NOTED)
    return named(TEXTS, np.where(noted, code, -1))
