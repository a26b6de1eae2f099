"""What features rest on: columns of the contacts, and figures of their agents, queues ...."""

from collections.abc import Iterable, Mapping

from recontact.features.counted import BEGAN
from recontact.features.daily import Figure
from recontact.features.declared import Feature
from recontact.features.known import extras
from recontact.features.measures import (
    Beyond,
    Judged,
    Load,
    Measure,
    Rate,
    Surge,
    Typical,
    Volume,
    columns_of,
    typical_of,
)

ALWAYS = (
    *("contact_id", "customer_id", "program", "started_at", "ended_at", "known_at"),
    *("channel", "direction", "handled", "tier", "escalated", "wait_s", "agent_id", "team"),
    *("reason", "case_id", "disposition", "talk_s"),
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
