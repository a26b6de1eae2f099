"""What users declare, by the letter: one sentence for each way, about what was known then."""

import math
import re
from zlib import crc32

from tests.reference import features as by_name
from tests.reference.features import different, elapsed, mean, number, text
from tests.reference.labels import levels

MEANT = {"channel": "voice", "direction": "inbound", "handled": True}  # by a null
HOUR_US = 3_600_000_000


def measured(then, measure):
    """Compute what a declaration asks for."""
    return WAYS[type(measure).__name__](then, measure)


def past(then, asked):
    by_issue, column = asked.same == "issue", asked.same
    if not then.named or (by_issue and not then.knows_issue):
        return None
    if column and not by_issue and text(then.own, column) is None:
        return None
    among = {"counted": then.counted, "arrived": then.arrived, "any": then.any}[asked.among]
    hours = math.inf if asked.within is None else asked.within / HOUR_US
    found = among if asked.within is None else then.recent(among, hours)
    found = [o for o in found if all(holds(o, condition) for condition in asked.where)]

    def alike(o):
        return then.about_the_same(o) if by_issue else then.alike(o, column)

    if asked.what == "last_same":
        return number(alike(found[-1])) if found else None
    return seen(then, [o for o in found if not column or alike(o)], asked.column)[asked.what]


def holds(o, condition):
    """Is it known to hold of another contact?"""
    column = condition.column
    if column not in o:
        return False
    value = o[column]
    if not condition.values:
        least = -math.inf if condition.at_least is None else condition.at_least
        below = math.inf if condition.below is None else condition.below
        return value is not None and least <= float(value) < below
    if column == "escalated" and value is None:
        value = o["tier"] is not None and o["tier"] >= 2
    value = MEANT.get(column) if value is None else value
    if column == "reason":
        runs = [levels(wanted) for wanted in condition.values]
        return bool(levels(value)) and any(levels(value)[: len(run)] == run for run in runs)
    return value is not None and value in condition.values


def seen(then, found, column):
    """Say all that can be asked of the contacts taken in."""
    values = [float(o[column]) for o in found if isinstance(o.get(column), int | float)]
    newest = found[-1] if found else {}
    told = newest.get(column) is not None
    return {
        "count": len(found),
        "sum": sum(values),
        "mean": mean(values),
        "most": max(values, default=None),
        "distinct": len(different(found, column)),
        "since": then.since(found),
        "since_end": then.since_end(found),
        "last": values[-1] if told and values else None,
        "last_text": text(newest, column),
        "repeats": sum(o in then.repeated() for o in found),
        "position": 1 + sum(o in then.chain() for o in found),
        "mean_gap": then.mean_gap(found),
        "gap_spread": then.gap_spread(found),
    }


def beyond(then, asked):
    mine, column = then.own.get(asked.column), asked.column
    if column == "elapsed_s":
        mine, column = elapsed(then), "duration_s"
    usual = then.twin.typical(then.own, asked.of, column, then.midnight)
    return None if mine is None or usual is None else float(mine) - usual


def words(then, asked):
    told = then.own.get(asked.column)
    if told is None:
        return None
    found = re.findall(r"\w+", told.casefold())
    return sum(crc32(word.encode()) % asked.buckets == asked.bucket for word in found)


def minutes(asked):
    return asked.within // 60_000_000


WAYS = {
    "Past": past,
    "Beyond": beyond,
    "Words": words,
    "Has": lambda then, m: None if text(then.own, m.column) is None else 1.0,
    "Rate": lambda then, m: then.twin.rate(then.own, m.of, m.label, then.midnight),
    "Judged": lambda then, m: then.twin.judged(then.own, m.of, then.midnight),
    "Volume": lambda then, m: then.twin.volume(then.own, m.of, then.midnight),
    "Typical": lambda then, m: then.twin.typical(then.own, m.of, m.column, then.midnight),
    "Load": lambda then, m: then.twin.load(then.own, m.of, minutes(m), then.at),
    "Surge": lambda then, m: by_name.surge(then, m.of, minutes(m)),
}
