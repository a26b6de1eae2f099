"""Simulated contacts as compact rows, from which all tables are written."""

from typing import Any

import numpy as np
import numpy.typing as npt

from recontact.simulate.customers import People
from recontact.simulate.handling import HOLDS, LEGS, Wave
from recontact.simulate.world import END

Records = npt.NDArray[Any]
MOMENTS = ("start", "live", "wrapup")
SPAN = 1_000_000  # running numbers kept free for the issues of one block

RECORD = np.dtype(
    [
        ("started_ms", "i8"), ("length_s", "i4"), ("person", "i4"), ("customer", "i8"),
        ("anonymous", "?"), ("issue", "i8"), ("case", "i8"), ("kind", "i1"),
        ("position", "i1"), ("reason", "i1"), ("coded", "i1"), ("program", "i1"),
        ("channel", "i1"), ("outbound", "?"),
        ("handled", "?"), ("dropped", "?"), ("unresolved", "?"), ("escalated", "?"),
        ("complaint", "?"), ("promised", "?"), ("tier", "i1"), ("claim", "i1"), ("holds", "i1"),
        ("csat", "i1"), ("nps", "i1"), ("ces", "i1"), ("survey_resolved", "i1"),
        ("known_after_s", "i4"), ("leg", "?", LEGS), ("leg_queue", "i2", LEGS),
        ("leg_agent", "i4", LEGS), ("leg_wait_s", "i4", LEGS), ("leg_talk_s", "i4", LEGS),
        ("leg_wrap_s", "i4", LEGS), ("hold_s", "i4", HOLDS), ("hold_after_s", "i4", HOLDS),
        ("repeated", "f4", len(MOMENTS)), ("escalation", "f4", len(MOMENTS)),
    ]
)  # fmt: skip


def records(people: People, wave: Wave, block: int) -> Records:
    """Pack the contacts of a block, by person and then by time, those of the burn-in left out.

    A contact still open when the record ends is not in it either.
    """
    made = np.zeros(len(wave["at"]), dtype=RECORD)
    own = {"started_ms", "customer", "issue", "case"}
    for name in [n for n in RECORD.names or () if n not in own]:
        made[name] = wave[name]
    made["started_ms"] = np.floor(wave["at"] * 1_000)
    made["customer"] = scrambled(people.number[wave["person"]])
    made["issue"] = wave["issue"] + block * SPAN
    made["case"] = np.where(wave["case"], scrambled(made["issue"]), -1)
    kept = (made["started_ms"] >= 0) & (ended_ms(made) <= END * 1_000)
    order = np.lexsort((made["started_ms"], wave["person"]))
    return np.asarray(made[order[kept[order]]])


def ended_ms(rows: Records) -> npt.NDArray[np.int64]:
    """Give when contacts ended, in milliseconds since the start."""
    return np.asarray(rows["started_ms"] + rows["length_s"].astype(np.int64) * 1_000)


def scrambled(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Give other numbers below 2^39, one to one, that do not tell their order."""
    mixed = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15 | 1)
    return np.asarray((mixed & np.uint64((1 << 39) - 1)).astype(np.int64))
