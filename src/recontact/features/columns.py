"""Columns of the contacts as features read them: as numbers, as text, and what holds of them."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import (
    channel_of,
    direction_of,
    escalated_of,
    handled_of,
    instants,
    normalise_reason,
)
from recontact.durations import SECOND
from recontact.errors import UserError
from recontact.features.measures import (
    DURATION,
    Condition,
    Measure,
    Past,
    Words,
    columns_of,
    numbers_of,
)
from recontact.features.shapes import Flags, Floats
from recontact.features.walks import Test


def number_of(contacts: pa.Table, name: str) -> Floats:
    """Give a column as numbers, nan where null; `duration_s` is from start to end.

    Raises
    ------
    UserError
        It holds no numbers.
    """
    if name == DURATION:
        return (instants(contacts["ended_at"]) - instants(contacts["started_at"])) / SECOND
    column = contacts[name]
    _refuse_but_numbers(name, column.type)
    return np.asarray(column.cast(pa.float64()).to_numpy(), np.float64)


def text_of(contacts: pa.Table, name: str) -> pa.ChunkedArray:
    """Give a column of text.

    Raises
    ------
    UserError
        It holds none.
    """
    column = contacts[name]
    _refuse_but_text(name, column.type)
    return column


def check_types(measure: Measure, types: Mapping[str, pa.DataType]) -> None:
    """Refuse a measure of columns that hold something else than it asks for.

    Parameters
    ----------
    measure : Measure
        What is asked.
    types : mapping of str to pyarrow.DataType
        What each column holds.

    Raises
    ------
    UserError
        Names the column and what it holds.

    Examples
    --------
    >>> check_types(Past("sum", "plan"), {"plan": pa.string()})
    Traceback (most recent call last):
    recontact.errors.UserError: column 'plan' holds string, and a feature asks for its numbers
      mend: name a column of numbers; of text there are last_text and distinct
    """
    for name in sorted(columns_of(measure)):
        if not is_single(types[name]):
            raise UserError(
                f"column '{name}' holds {types[name]}, not single values",
                "make columns of numbers or text of it",
            )
    for name in numbers_of(measure):
        _refuse_but_numbers(name, types[name])
    if isinstance(measure, Words):
        _refuse_but_text(measure.column, types[measure.column])
    if not isinstance(measure, Past):
        return
    if measure.what == "last_text" and measure.column:
        _refuse_but_text(measure.column, types[measure.column])
    for condition in measure.where:
        if condition.values and not pa.types.is_null(types[condition.column]):
            _refuse_others(condition, types[condition.column])


def _refuse_but_numbers(name: str, kind: pa.DataType) -> None:
    if not (is_number(kind) or pa.types.is_boolean(kind)):
        raise UserError(
            f"column '{name}' holds {kind}, and a feature asks for its numbers",
            "name a column of numbers; of text there are last_text and distinct",
        )


def _refuse_but_text(name: str, kind: pa.DataType) -> None:
    if not (_is_text(kind) or pa.types.is_null(kind)):
        raise UserError(
            f"column '{name}' holds {kind}, and a feature asks for its text",
            "name a column of text; of numbers there is last",
        )


def _is_text(kind: pa.DataType) -> bool:
    """Tell whether a column holds text, however it is kept."""
    large = pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    return bool(large or pa.types.is_string(kind))


def hold(contacts: pa.Table, test: Test) -> Flags:
    """Tell of which contacts all conditions hold."""
    held = [_holds(contacts, condition) for condition in test]
    return np.asarray(np.all(np.array(held), axis=0))


def _holds(contacts: pa.Table, condition: Condition) -> Flags:
    """Tell of which contacts a condition holds."""
    if not condition.values:
        number = number_of(contacts, condition.column)
        least = -np.inf if condition.at_least is None else condition.at_least
        below = np.inf if condition.below is None else condition.below
        return (number >= least) & (number < below)
    column = _in_effect(contacts, condition.column)
    if pa.types.is_null(column.type):
        return np.zeros(len(contacts), bool)
    _refuse_others(condition, column.type)
    if condition.column == "reason":
        texts = [*column.unique().to_pylist()]
        wanted = [text for text in texts if any(is_below(text, each) for each in condition.values)]
        return np.asarray(pc.is_in(column, pa.array(wanted, pa.string())), bool)
    if is_number(column.type):
        return np.isin(number_of(contacts, condition.column), np.array(condition.values, float))
    return np.asarray(pc.is_in(column, pa.array(condition.values, column.type)), bool)


def _refuse_others(condition: Condition, kind: pa.DataType) -> None:
    """Refuse values that a column can't hold."""
    if not all(_fits(value, kind) for value in condition.values):
        raise UserError(
            f"column '{condition.column}' holds {kind}, and a feature asks where it "
            f"is {', '.join(map(repr, condition.values))}",
            "name values of the column",
        )


def _fits(value: object, kind: pa.DataType) -> bool:
    if isinstance(value, bool):
        return bool(pa.types.is_boolean(kind))
    return is_number(kind) if isinstance(value, int | float) else _is_text(kind)


def is_number(kind: pa.DataType) -> bool:
    """Tell whether a column holds numbers; one that holds nothing may."""
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return bool(number or pa.types.is_null(kind))


def is_single(kind: pa.DataType) -> bool:
    """Tell whether a column holds single values, which can stand as text: no lists, no objects."""
    try:
        pa.nulls(0, kind).cast(pa.string())
    except pa.ArrowNotImplementedError:
        return False
    return not pa.types.is_nested(kind)


def is_below(reason: str | None, wanted: object) -> bool:
    """Tell whether a reason is another one, or below it."""
    above = normalise_reason(str(wanted))
    return reason is not None and f"{reason} > ".startswith(f"{above} > ")


def _in_effect(contacts: pa.Table, name: str) -> pa.ChunkedArray:
    """Give a column with what its nulls mean."""
    if name == "channel":
        return channel_of(contacts)
    if name == "direction":
        return direction_of(contacts)
    if name == "handled":
        return pa.chunked_array([pa.array(handled_of(contacts))])
    if name == "escalated":
        return pa.chunked_array([pa.array(escalated_of(contacts))])
    return contacts[name]
