"""Which of a customer's contacts are about the same issue, by the policy in force, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from recontact.labels.rules import Rules, rules
from recontact.policy import Policy
from recontact_serving.follow_up.judging import Contact, table_of
from recontact_serving.pages.zones import span
from recontact_serving.storage.clock import micros

SECOND = 1_000_000


@dataclass(frozen=True)
class Evidence:
    """What another contact says of the one that is looked at.

    Attributes
    ----------
    related : bool
        About the same issue.
    repeat : bool
        A later one that makes it a repeated contact.
    words : str
        Why, or why not.
    """

    related: bool
    repeat: bool
    words: str


def evidence(contacts: Sequence[Contact], place: int, policy: Policy) -> list[Evidence | None]:
    """Hold a customer's contacts against one of them.

    Parameters
    ----------
    contacts : sequence of mapping
        Of one program and customer, in order; one that goes on has no `ended_at`.
    place : int
        Which of them is looked at.
    policy : Policy
        The one in force.

    Returns
    -------
    list of Evidence or None
        For each contact; None for the one that is looked at.

    Examples
    --------
    >>> import datetime as dt
    >>> day = lambda d: dt.datetime(2026, 3, d, tzinfo=dt.UTC)
    >>> contacts = [{"contact_id": str(d), "customer_id": "x", "reason": "billing",
    ...              "started_at": day(d), "ended_at": day(d)} for d in (1, 2, 9)]
    >>> for found in evidence(contacts, 1, Policy()):
    ...     print(found and found.words)
    same reason, 1 day before: within the look-back of 2 days
    None
    same reason, but 7 days after: beyond the window of 2 days
    """
    applied = rules(table_of(contacts), policy)
    ways = _ways(policy.for_program(contacts[place].get("program")))
    return [
        None if other == place else _of(contacts, applied, ways, place, other)
        for other in range(len(contacts))
    ]


def _of(
    contacts: Sequence[Contact], applied: Rules, ways: Sequence[str], place: int, other: int
) -> Evidence:
    same = [
        way
        for way, codes in zip(ways, applied.issues, strict=False)
        if codes[other] == codes[place] != -1
    ]
    if not same:
        return Evidence(False, False, "another issue, or an unknown one")
    first, second = sorted((place, other))
    ended = contacts[first].get("ended_at")
    if ended is None:
        return Evidence(True, False, f"{_and(same)}, while the first was going on")
    gap = max(0, micros(contacts[second]["started_at"]) - micros(ended))
    later = other == second
    limit, name = (
        (int(applied.window_us[place]), "window")
        if later
        else (int(applied.lookback_us[place]), "look-back")
    )
    within = gap <= limit
    apart = f"{span(gap / SECOND) or 'right'} {'after' if later else 'before'}"
    edge = f"{'within' if within else 'beyond'} the {name} of {span(limit / SECOND) or '0'}"
    if not applied.counts[other]:
        return Evidence(True, False, f"{_and(same)}, {apart}; of a kind that does not count")
    words = f"{_and(same)}, {'' if within else 'but '}{apart}: {edge}"
    return Evidence(True, within and later, words)


def _ways(policy: Policy) -> tuple[str, str]:
    """Name what the policy compares, in the order of the rules' issues."""
    if policy.related_by == "any":
        return ("same customer", "")
    level = f" (first {policy.reason_level} levels)" if policy.reason_level else ""
    return ("same reason" + level, "same case")


def _and(words: Sequence[str]) -> str:
    return " and ".join(words)
