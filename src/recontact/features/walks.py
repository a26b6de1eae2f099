"""What to look for in a customer's history, as the compiled loop reads it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from recontact.features.measures import DURATION, ISSUE, Condition, Measure, Past
from recontact.features.shapes import (
    ANY,
    ARRIVED,
    COUNTED,
    FROM_END,
    FROM_RECORD,
    FROM_START,
    NONE,
    SAME_ISSUE,
    STEP,
    WHATS,
    Ints,
)

WHOLE = 2**62  # a span that holds all instants
AMONG = {"counted": COUNTED, "arrived": ARRIVED, "any": ANY}
Test = tuple[Condition, ...]


@dataclass(frozen=True)
class Walks:
    """The steps of a walk, and the columns that they look at.

    Attributes
    ----------
    places : dict of Past to int
        The step of each measure.
    steps : numpy.ndarray of int64, shape (steps, len(STEP))
        As the loop reads them.
    tests, values, codes : tuple
        Sets of conditions, number columns and text columns, by the number that stands for them.
    """

    places: dict[Past, int]
    steps: Ints
    tests: tuple[Test, ...]
    values: tuple[str, ...]
    codes: tuple[str, ...]

    @classmethod
    def of(cls, measures: Iterable[Measure], known: Mapping[str, str]) -> "Walks":
        """Lay out the steps of all measures of the past; those alike are walked once.

        Examples
        --------
        >>> walks = Walks.of([Past("count"), Past("last", "talk_s"), Past("count")], {})
        >>> len(walks.steps), walks.values
        (2, ('talk_s',))
        """
        past = list(dict.fromkeys(each for each in measures if isinstance(each, Past)))
        past.sort(
            key=_within, reverse=True
        )  # the loop leaves off at the first that looks no further
        tests = tuple(dict.fromkeys(each.where for each in past if each.where))
        values = tuple(dict.fromkeys(each.column for each in past if each.column and _number(each)))
        compared = [name for each in past for name in (_told_apart(each), _same(each)) if name]
        codes = tuple(dict.fromkeys(compared))
        steps = [_step(each, known, tests, values, codes) for each in past]
        places = {each: k for k, each in enumerate(past)}
        shaped = np.array(steps, np.int64).reshape(-1, len(STEP))
        return cls(places, shaped, tests, values, codes)


def known_to_others(column: str, known: Mapping[str, str]) -> int:
    """Tell from when others know a column: `FROM_START`, `FROM_END` or `FROM_RECORD`."""
    if column in {"handled", "ended_at", DURATION}:
        return FROM_END
    return FROM_START if known.get(column) == "start" else FROM_RECORD


def _within(past: Past) -> int:
    return WHOLE if past.within is None else past.within


def _number(past: Past) -> bool:
    """Tell whether a step reads a number, and not a text or where the last contact lies."""
    return past.what not in {"distinct", "last_text"}


def _told_apart(past: Past) -> str | None:
    return past.column if past.what == "distinct" else None


def _same(past: Past) -> str | None:
    return past.same if past.same != ISSUE else None


def _step(
    past: Past,
    known: Mapping[str, str],
    tests: tuple[Test, ...],
    values: tuple[str, ...],
    codes: tuple[str, ...],
) -> list[int]:
    source, same = NONE, _same(past)
    if past.what == "distinct":
        source = codes.index(past.column or "")
    elif past.column and _number(past):
        source = values.index(past.column)
    return [
        WHATS.index(past.what),
        _within(past),
        AMONG[past.among],
        tests.index(past.where) if past.where else NONE,
        max((known_to_others(each.column, known) for each in past.where), default=FROM_START),
        SAME_ISSUE if past.same == ISSUE else codes.index(same) if same else NONE,
        known_to_others(same, known) if same else FROM_START,
        source,
        known_to_others(past.column, known) if past.column else FROM_START,
    ]
