"""What features rest on: columns of the contacts, and figures of their agents, queues ...."""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from recontact.contacts import SCHEMA
from recontact.errors import UserError
from recontact.features.columns import check_types
from recontact.features.counted import BEGAN, is_late
from recontact.features.daily import Figure
from recontact.features.declared import Feature
from recontact.features.known import extras
from recontact.features.measures import (
    Beyond,
    Judged,
    Load,
    Measure,
    Past,
    Rate,
    Surge,
    Typical,
    Volume,
    columns_of,
    own_columns,
    typical_of,
)
from recontact.features.moments import KEYS, NEVER

ALWAYS = (
    *("contact_id", "customer_id", "program", "started_at", "ended_at", "known_at"),
    *("channel", "direction", "handled", "tier", "escalated", "wait_s", "agent_id", "team"),
    *("reason", "case_id", "disposition", "talk_s"),
)


NOT_FEATURES = (
    "contact_id",
    "moment",
    "at",
    "repeated_already",
    "escalation_already",
    "repeated",
    "escalation",
    "matured",
    "started_at",
    "ended_at",
    "customer",
)


def columns_needed(features: Iterable[Feature], known: Mapping[str, str]) -> set[str]:
    """Name the columns of the contacts table that features, and any policy, look at.

    Examples
    --------
    >>> from recontact.features.declared import FEATURES
    >>> "csat" in columns_needed(FEATURES, {})
    True
    >>> "csat" in columns_needed(FEATURES[:3], {})
    False
    """
    read = (columns_of(feature.measure) for feature in features)
    return {*ALWAYS, *extras(known)}.union(*read)


def own_columns_needed(features: Iterable[Feature], known: Mapping[str, str]) -> set[str]:
    """Name the columns of a contact itself that are looked at once its history has been.

    Examples
    --------
    >>> sorted(own_columns_needed([Feature("queue_judged", Judged("queue"), "settled")], {}))
    ['contact_id', 'direction', 'program', 'queue', 'started_at']
    """
    measures = [feature.measure for feature in features]
    read = (own_columns(each) for each in measures if not isinstance(each, Past))
    loads = (each.of for each in measures if isinstance(each, Load | Surge))
    recorded = {"ended_at", "known_at"} if any(is_late(of, known) for of in loads) else set()
    always = {"contact_id", "program", "direction", "started_at", *extras(known)}
    return (always | recorded).union(*read)


def check_columns(features: Iterable[Feature], schema: pa.Schema, known: Mapping[str, str]) -> None:
    """Refuse features of columns that are not there, hold something else, or are never known.

    A column that is itself a feature can't lend its name to another one.

    Raises
    ------
    UserError
        Names the feature, the column and the mend.
    """
    taken = sorted({*extras(known)} & {*NOT_FEATURES})
    if taken:
        raise UserError(
            f"known_from: a column named '{taken[0]}' can't be a feature", "rename the column"
        )
    columns = schema.names
    types = {field.name: field.type for field in (*schema, *SCHEMA)}
    for name, measure, *_ in features:
        missing = sorted(columns_of(measure) - types.keys())
        if missing:
            raise UserError(
                f"feature '{name}': the contacts have no column '{missing[0]}'",
                f"columns: {', '.join(columns)}",
            )
        if name in extras(known):
            raise UserError(
                f"a column has the name of the feature '{name}'",
                "rename the column, or the feature if it is yours",
            )
        never = sorted(own_columns(measure) & {*NEVER, *KEYS})
        if never:
            raise UserError(
                f"feature '{name}': '{never[0]}' is never known of a contact itself",
                "take it out; of earlier contacts, past can ask for it",
            )
        unknown = sorted(own_columns(measure) - known.keys())
        if unknown:
            raise UserError(
                f"feature '{name}': from when is '{unknown[0]}' known of a contact itself?",
                f"say so: --known-from {unknown[0]}=start (or live, or wrapup)",
            )
        try:
            check_types(measure, types)
        except UserError as error:
            raise UserError(f"feature '{name}': {error.what}", error.mend) from error


def figures_needed(features: Iterable[Feature]) -> tuple[list[Figure], list[str]]:
    """List the figures by day that features look up, and the columns whose load they ask for.

    Examples
    --------
    >>> figures_needed([Feature("queue_judged", Judged("queue"), "settled contacts")])
    ([Figure(of='queue', what='repeated')], [])
    """
    measures = [feature.measure for feature in features]
    daily = dict.fromkeys(figure for each in measures for figure in _daily(each))
    loads = dict.fromkeys(each.of for each in measures if isinstance(each, Load | Surge))
    return list(daily), list(loads)


def _daily(measure: Measure) -> list[Figure]:
    """List what a measure looks up: of its entities, and of all to fall back on."""
    if isinstance(measure, Rate):
        return [Figure(measure.of, measure.label), Figure("", measure.label)]
    if isinstance(measure, Judged):
        return [Figure(measure.of, "repeated")]
    if isinstance(measure, Volume):
        return [Figure(measure.of, BEGAN), Figure("", BEGAN)]
    if isinstance(measure, Beyond):
        return _daily(typical_of(measure))
    if isinstance(measure, Typical):
        return [Figure(measure.of, measure.column), Figure("", measure.column)]
    return []
