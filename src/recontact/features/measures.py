"""What a feature may measure: each way once, as a frozen value that says of what it is made.

Batch (`recontact.features.table`), cluster and service (`recontact.features.live`) evaluate these
same values; the ways themselves are told in `docs/features.md`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from recontact.durations import DAY, MINUTE
from recontact.features.moments import KNOWN_FROM, MOMENTS

ELAPSED = "elapsed_s"  # of the contact itself: time since it began
DURATION = "duration_s"  # of others: from start to end
ISSUE = "issue"  # what the policy compares, beside the columns
VOLUME_DAYS = 28

What = Literal[
    "count", "sum", "mean", "most", "distinct", "since", "since_end",
    "last", "last_same", "repeats", "position", "mean_gap", "gap_spread", "last_text",
]  # fmt: skip
Among = Literal["counted", "arrived", "any"]


@dataclass(frozen=True)
class Condition:
    """What a column of an earlier contact must hold: one of some values, or a number in a span.

    A reason holds for all that is below it: `billing` for `billing > dispute`.
    """

    column: str
    values: tuple[str | bool | float, ...] = ()
    at_least: float | None = None
    below: float | None = None


@dataclass(frozen=True)
class Own:
    """A column of the contact itself, where it is known; of a reason some levels only."""

    column: str
    levels: int | None = None


@dataclass(frozen=True)
class Has:
    """1 where a column of the contact itself is known to hold something."""

    column: str


@dataclass(frozen=True)
class Past:
    """What is seen looking back over the customer's contacts, the latest first.

    Attributes
    ----------
    what : str
        `count`; `sum`, `mean`, `most` (the greatest) and `distinct` of a column; `since` and
        `since_end`: seconds since the last such contact began or ended; `last`, `last_text`:
        the last one's column; `last_same`: whether it is the same in `same`; `repeats`: how
        many the next one repeated; `position` in the chain of related contacts;
        `mean_gap` between such contacts in seconds, `gap_spread`: deviation of the gaps, in
        mean gaps.
    column : str, optional
        Of the earlier contact; `duration_s` is from its start to its end.
    within : int, optional
        Only those that began at most this many microseconds ago.
    where : tuple of Condition
        Only those of which all these are known to hold.
    same : str, optional
        Only those known to be the same as this contact in a column, or about the same `issue`.
    among : {"counted", "arrived", "any"}
        Those that count by the policy; inbound ones on a counted channel, served or not; any.
    """

    what: What
    column: str | None = None
    within: int | None = None
    where: tuple[Condition, ...] = ()
    same: str | None = None
    among: Among = "counted"


@dataclass(frozen=True)
class Rate:
    """Smoothed share of an entity's settled contacts that repeated, or escalated."""

    label: Literal["repeated", "escalation"]
    of: str


@dataclass(frozen=True)
class Judged:
    """How many settled contacts an entity has."""

    of: str


@dataclass(frozen=True)
class Volume:
    """How many inbound contacts of an entity began in the last 28 full UTC days."""

    of: str


@dataclass(frozen=True)
class Typical:
    """Smoothed mean of a column over an entity's contacts whose records were known."""

    column: str
    of: str


@dataclass(frozen=True)
class Load:
    """How many inbound contacts of an entity there were in the last whole minutes."""

    of: str
    within: int


@dataclass(frozen=True)
class Surge:
    """A load against the usual one at this hour of the week: (load + 1) / (usual + 1)."""

    of: str
    within: int


@dataclass(frozen=True)
class Beyond:
    """A column of the contact itself, as it stands, less what is typical of an entity."""

    column: str
    of: str


@dataclass(frozen=True)
class Calendar:
    """Where the instant lies in UTC: in the day, the week or the month."""

    what: Literal["hour", "weekday", "month_day"]


@dataclass(frozen=True)
class Words:
    """How many words of a text fall into one of some buckets, by a hash."""

    column: str
    bucket: int
    buckets: int


Itself = Own | Has | Words  # of what the contact knows of itself
ByDay = Rate | Judged | Volume | Typical  # of an entity, the same until midnight
ByMinute = Load | Surge
Figured = ByDay | ByMinute | Beyond
Measure = Itself | Past | Figured | Calendar
LOAD_SPANS = {"15m": 15 * MINUTE, "1h": 60 * MINUTE, "24h": DAY}


def typical_of(measure: Beyond) -> Typical:
    """Give what a column is compared with; time so far with how long contacts last."""
    return Typical(DURATION if measure.column == ELAPSED else measure.column, measure.of)


def columns_of(measure: Measure) -> set[str]:
    """List the columns of the contacts table that a measure reads, of this contact or of others.

    Examples
    --------
    >>> sorted(columns_of(Past("sum", "talk_s", where=(Condition("channel", ("chat",)),))))
    ['channel', 'talk_s']
    >>> sorted(columns_of(Beyond("elapsed_s", "queue")))
    ['queue']
    """
    if isinstance(measure, Past):
        return _columns_of_past(measure)
    if isinstance(measure, Calendar):
        return set()
    named = {getattr(measure, "of", None), getattr(measure, "column", None)}
    computed = DURATION if isinstance(measure, Typical) else ELAPSED
    keeps = isinstance(measure, Own | Beyond | Typical)
    return {name for name in named if name and not (keeps and name == computed)}


def _columns_of_past(measure: Past) -> set[str]:
    read = {each.column for each in measure.where if each.values or each.column != DURATION}
    text = measure.what in {"distinct", "last_text"}
    if measure.column and (text or measure.column != DURATION):
        read.add(measure.column)
    return read | ({measure.same} - {ISSUE} if measure.same else set())


def numbers_of(measure: Measure) -> list[str]:
    """List the columns of the contacts table of which a measure reads the numbers.

    Examples
    --------
    >>> numbers_of(Past("sum", "talk_s", where=(Condition("tier", at_least=2),)))
    ['talk_s', 'tier']
    """
    read: list[str | None] = []
    if isinstance(measure, Past):
        text = measure.what in {"distinct", "last_text"}
        read = [None if text else measure.column]
        read += [each.column for each in measure.where if not each.values]
    elif isinstance(measure, Typical | Beyond):
        read = [measure.column]
    computed = ELAPSED if isinstance(measure, Beyond) else DURATION
    return [name for name in read if name and name != computed]


def own_columns(measure: Measure) -> set[str]:
    """List the columns that a contact must know of itself; `issue` and time so far left out.

    Examples
    --------
    >>> own_columns(Past("sum", "talk_s", same="queue")), own_columns(Typical("csat", "site"))
    ({'queue'}, {'site'})
    """
    if isinstance(measure, Past):
        return {measure.same} - {ISSUE} if measure.same else set()
    return {measure.of} if isinstance(measure, Typical) else columns_of(measure)


def known_since(measure: Measure, known: Mapping[str, str] = KNOWN_FROM) -> str:
    """Tell from which moment on a measure says something.

    Parameters
    ----------
    measure : Measure
        What is measured.
    known : mapping of str to str
        Which column is known from which moment; by default as long as no source knows better.

    Examples
    --------
    >>> known_since(Rate("repeated", "agent_id")), known_since(Past("count", same="issue"))
    ('live', 'wrapup')
    """
    issue = {"reason"} if isinstance(measure, Past) and measure.same == ISSUE else set()
    moments = [known.get(name, "wrapup") for name in own_columns(measure) | issue]
    return max(moments, key=MOMENTS.index, default="start")
