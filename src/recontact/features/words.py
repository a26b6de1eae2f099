"""Reasons for a score in plain words: what raised the risk, grouped so that each says one thing."""

from collections.abc import Callable, Mapping
from typing import Any

from recontact.features.declared import FEATURES

Row = Mapping[str, Any]
MEANINGS = {feature.name: feature.meaning for feature in FEATURES}


def ordinal(number: int) -> str:
    """Write a place in a row.

    Examples
    --------
    >>> [ordinal(n) for n in (1, 2, 3, 4, 11, 22)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd']
    """
    if number % 100 in {11, 12, 13}:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def span(seconds: float) -> str:
    """Write a length of time as people say it.

    Examples
    --------
    >>> [span(s) for s in (45, 60, 5400, 200_000)]
    ['45 s', '1 min', '2 hours', '2 days']
    """
    for size, unit in ((86_400, "day"), (3_600, "hour")):
        if seconds >= size:
            number = round(seconds / size)
            return f"{number} {unit}{'s' if number > 1 else ''}"
    return f"{round(seconds / 60)} min" if seconds >= 60 else f"{round(seconds)} s"


def times(number: float) -> str:
    """Write how often: once, twice, 3 times."""
    return {1: "once", 2: "twice"}.get(round(number), f"{round(number)} times")


def _counted(row: Row, prefix: str, about: str) -> str:
    for name, words in (("7d", "7 days"), ("30d", "30 days"), ("90d", "90 days")):
        if row[f"{prefix}_{name}"]:
            return f"{ordinal(int(row[f'{prefix}_{name}']) + 1)} contact{about} in {words}"
    return f"first contact{about} in 90 days"


def _contacts(row: Row) -> str:
    return _counted(row, "contacts", "")


def _same_issue(row: Row) -> str:
    if row["same_issue_before"] is None:
        return "the issue is not known yet"
    return _counted(row, "same_issue", f" about {row['reason']}" if row["reason"] else " on this")


def _recency(row: Row) -> str:
    if row["since_last_s"] is None:
        return "no earlier contact"
    return f"last contact {span(row['since_last_s'])} ago"


def _rate(entity: str, outcome: str) -> Callable[[Row], str]:
    name = f"{entity}_{outcome}_rate"
    verb = "come back" if outcome == "repeat" else "escalate"
    whom = {"agent": "of this agent's contacts", "queue": "of contacts in this queue",
            "reason": "of contacts about this"}[entity]  # fmt: skip

    def words(row: Row) -> str:
        if row[name] is None or not row.get(f"{entity}_judged"):
            return f"no figures yet on how many {whom} {verb}"
        return f"{row[name]:.0%} {whom} {verb}"

    return words


def _lasted(row: Row) -> str:
    if not row["elapsed_s"]:
        return "just begun"
    return f"{'lasted' if row.get('moment') == 'wrapup' else 'has lasted'} {span(row['elapsed_s'])}"


def _yes(name: str, yes: str, no: str, unknown: str) -> Callable[[Row], str]:
    return lambda row: unknown if row[name] is None else yes if row[name] else no


def _measure(name: str, words: str, none: str) -> Callable[[Row], str]:
    return lambda row: words.format(span(row[name])) if row[name] else none


def _often(name: str, words: str, none: str) -> Callable[[Row], str]:
    return lambda row: words.format(times(row[name])) if row[name] else none


def _value(name: str, words: str, unknown: str) -> Callable[[Row], str]:
    return lambda row: unknown if row[name] is None else words.format(row[name])


DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")

# fmt: off
THEMES: tuple[tuple[tuple[str, ...], Callable[[Row], str]], ...] = (
    (
        (*(f"contacts_{s}" for s in ("1h", "48h", "7d", "30d", "90d")), "contacts_before"),
        _contacts,
    ),
    (
        (
            *(f"same_issue_{s}" for s in ("1h", "48h", "7d", "30d", "90d")),
            *("same_issue_before", "since_same_issue_s", "episode_position", "last_same_issue"),
        ),
        _same_issue,
    ),
    (("since_last_s", "since_last_end_s"), _recency),
    (("repeats_before",), _often("repeats_before", "came back about the same {} before", "never came back about the same before")),
    (("mean_gap_s",), _measure("mean_gap_s", "usually in touch every {}", "no usual rhythm known")),
    (("unhandled_7d",), _often("unhandled_7d", "could not get through {} in 7 days", "got through each time")),
    (("outbound_7d",), _often("outbound_7d", "we called the customer {} in 7 days", "we did not call the customer lately")),
    (("escalated_90d",), _often("escalated_90d", "escalated {} in 90 days", "nothing escalated lately")),
    (("agent_repeat_rate", "agent_judged"), _rate("agent", "repeat")),
    (("queue_repeat_rate", "queue_judged"), _rate("queue", "repeat")),
    (("reason_repeat_rate", "reason_judged"), _rate("reason", "repeat")),
    (("agent_escalation_rate",), _rate("agent", "escalation")),
    (("queue_escalation_rate",), _rate("queue", "escalation")),
    (("reason_escalation_rate",), _rate("reason", "escalation")),
    (("reason", "reason_1", "reason_2"), _value("reason", "it is about {}", "what it is about is not known yet")),
    (("hold_s", "hold_count"), _measure("hold_s", "on hold for {}", "not on hold")),
    (("transfer_count",), _often("transfer_count", "transferred {}", "not transferred")),
    (("talk_s", "elapsed_s"), _lasted),
    (("wait_s",), _measure("wait_s", "waited {}", "did not wait")),
    (("wrap_s",), _measure("wrap_s", "{} of wrap-up", "no wrap-up time")),
    (("tier", "escalated"), _value("tier", "reached tier {:.0f}", "not escalated so far")),
    (("dropped",), _yes("dropped", "the line was lost", "the line held", "how it ended is not known")),
    (("agent_resolved",), _yes("agent_resolved", "the agent marked it resolved", "the agent did not mark it resolved", "the agent did not say whether it is resolved")),
    (("disposition",), _value("disposition", "wrapped up as {}", "not wrapped up yet")),
    (("channel",), _value("channel", "by {}", "channel not known")),
    (("queue", "last_same_queue"), _value("queue", "in the queue {}", "queue not known")),
    (("site",), _value("site", "at {}", "site not known")),
    (("program",), _value("program", "for {}", "program not known")),
    (("team",), _value("team", "with the team {}", "team not known")),
    (("has_case",), _yes("has_case", "belongs to a case", "no case", "no case")),
    (("last_reason",), _value("last_reason", "last time it was about {}", "no earlier reason known")),
    (("last_channel", "last_queue"), _value("last_queue", "last time in the queue {}", "no earlier contact")),
    (("last_hold_s",), _measure("last_hold_s", "on hold for {} last time", "not on hold last time")),
    (("last_wait_s",), _measure("last_wait_s", "waited {} last time", "did not wait last time")),
    (("last_talk_s",), _measure("last_talk_s", "talked for {} last time", "no earlier talk known")),
    (("last_transfer_count",), _often("last_transfer_count", "transferred {} last time", "not transferred last time")),
    (("last_escalated", "last_tier"), _yes("last_escalated", "escalated last time", "did not escalate last time", "how it went last time is not known")),
    (("last_dropped",), _yes("last_dropped", "the line was lost last time", "the line held last time", "how the last contact ended is not known")),
    (("last_agent_resolved",), _yes("last_agent_resolved", "marked resolved last time, yet here again", "not marked resolved last time", "not known whether it was resolved last time")),
    (("last_csat",), _value("last_csat", "satisfaction of {:.0f} last time", "no satisfaction answer last time")),
    (("hour",), lambda row: f"around {int(row['hour'])}:00 UTC"),
    (("weekday",), lambda row: f"on {DAYS[int(row['weekday'])]}"),
    (("month_day",), lambda row: f"on day {int(row['month_day'])} of the month"),
)
# fmt: on


def reasons(
    outcome: str, row: Row, effects: Mapping[str, float], most: int = 3
) -> list[dict[str, Any]]:
    """Give the strongest reasons that raise a risk.

    Parameters
    ----------
    outcome : str
        `repeated` or `escalation`.
    row : mapping
        Feature values; None where unknown.
    effects : mapping of str to float
        What each feature adds to the log-odds.
    most : int
        How many reasons at most.

    Returns
    -------
    list of dict
        `outcome`, `feature` (the strongest of its theme), `value`, `effect` (log-odds of the
        whole theme) and `text`, strongest first; none that lowers the risk.

    Examples
    --------
    >>> row = {"hold_s": 240.0, "hold_count": 1.0, "weekday": 0.0}
    >>> reasons("repeated", row, {"hold_s": 0.5, "hold_count": 0.1, "weekday": -0.2})
    [{'outcome': 'repeated', 'feature': 'hold_s', 'value': 240.0, 'effect': 0.6, 'text': 'on hold for 4 min'}]
    """
    themes = [(tuple(f for f in names if f in effects), words) for names, words in THEMES]
    told = {name for names, _ in themes for name in names}
    themes += [((name,), _extra(name)) for name in effects if name not in told and name in row]
    found = []
    for names, words in themes:
        effect = sum(effects[name] for name in names)
        if effect > 0:
            strongest = max(names, key=lambda name: effects[name])
            found.append((effect, strongest, words))
    found.sort(key=lambda one: -one[0])
    return [
        {
            "outcome": outcome,
            "feature": name,
            "value": row[name],
            "effect": round(effect, 6),
            "text": words(row),
        }
        for effect, name, words in found[:most]
    ]


def _extra(name: str) -> Callable[[Row], str]:
    label = MEANINGS.get(name, name.replace("_", " "))
    return _value(name, label + ": {}", f"{label} not known")
