"""Columns of the contacts as features read them: as numbers, as text, and what holds of them."""

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
from recontact.features.measures import DURATION, Condition
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
    if not (is_number(column.type) or pa.types.is_boolean(column.type)):
        raise UserError(
            f"column '{name}' holds {column.type}, and a feature asks for its numbers",
            "name a column of numbers; of text there are last_text and distinct",
        )
    return np.asarray(column.cast(pa.float64()).to_numpy(), np.float64)


def text_of(contacts: pa.Table, name: str) -> pa.ChunkedArray:
    """Give a column of text.

    Raises
    ------
    UserError
        It holds none.
    """
    column = contacts[name]
    if not (pa.types.is_string(column.type) or pa.types.is_null(column.type)):
        raise UserError(
            f"column '{name}' holds {column.type}, and a feature asks for its text",
            "name a column of text; of numbers there is last",
        )
    return column


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
    return is_number(kind) if isinstance(value, int | float) else bool(pa.types.is_string(kind))


def is_number(kind: pa.DataType) -> bool:
    """Tell whether a column holds numbers; one that holds nothing may."""
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return bool(number or pa.types.is_null(kind))


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
