"""Reasons for a score in plain words: what raised the risk, grouped so that each says one thing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from recontact.features.declared import FEATURES
from recontact.features.shapes import Floats

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


WHOSE = {
    "agent": "contacts of this agent",
    "team": "contacts of this team",
    "queue": "contacts in this queue",
    "reason": "contacts about this",
    "site": "contacts at this site",
    "program": "contacts of this program",
}


def _rate(entity: str, outcome: str) -> Callable[[Row], str]:
    name = f"{entity}_{outcome}_rate"
    verb = "come back" if outcome == "repeat" else "escalate"

    def words(row: Row) -> str:
        if row[name] is None or not row.get(f"{entity}_judged"):
            return f"no figures yet on how many {WHOSE[entity]} {verb}"
        return f"{row[name]:.0%} of {WHOSE[entity]} {verb}"

    return words


def _load(entity: str) -> Callable[[Row], str]:
    """Tell the load that is furthest from the usual one."""
    spans = {"15m": "15 minutes", "1h": "hour", "24h": "24 hours"}

    def words(row: Row) -> str:
        told = {span: row[f"{entity}_surge_{span}"] for span in spans}
        known = {span: surge for span, surge in told.items() if surge is not None}
        if not known:
            return f"no usual number of {WHOSE[entity]} known yet"
        span = max(known, key=lambda span: abs(known[span] - 1))
        load = row[f"{entity}_load_{span}"]
        usual = round((load + 1) / known[span] - 1)
        return f"{load:.0f} {WHOSE[entity]} in the last {spans[span]}, usually {usual}"

    return words


def _beyond(name: str, what: str, whose: str) -> Callable[[Row], str]:
    def words(row: Row) -> str:
        if row[name] is None:
            return f"the usual {what} is not known"
        than = "longer" if row[name] > 0 else "shorter"
        return f"{what} {span(abs(row[name]))} {than} than usual {whose}"

    return words


def _rhythm(row: Row) -> str:
    if row["mean_gap_s"] is None:
        return "no usual rhythm known"
    return f"usually in touch every {span(row['mean_gap_s'])}"


def _escalated(row: Row) -> str:
    if row["escalated_90d"]:
        return f"escalated {times(row['escalated_90d'])} in 90 days"
    if row["since_escalated_s"] is not None:
        return f"escalated {span(row['since_escalated_s'])} ago"
    return "nothing escalated before"


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
    (("mean_gap_s", "gap_spread"), _rhythm),
    (("reasons_90d",), _value("reasons_90d", "different reasons in 90 days: {:.0f}", "no earlier reasons known")),
    (("agents_90d",), _value("agents_90d", "different agents in 90 days: {:.0f}", "no earlier agents known")),
    (("same_queue_30d",), _often("same_queue_30d", "came to this queue {} before in 30 days", "new to this queue in 30 days")),
    (("same_agent_30d", "last_same_agent"), _often("same_agent_30d", "spoke to this agent {} before in 30 days", "not with this agent in 30 days")),
    (("dropped_30d",), _often("dropped_30d", "the line was lost {} in 30 days", "no line lost in 30 days")),
    (("transfers_90d",), _often("transfers_90d", "transferred {} in 90 days", "not transferred in 90 days")),
    (("mean_talk_90d_s", "longest_90d_s"), _measure("mean_talk_90d_s", "talks for {} on average", "no earlier talk known")),
    (("mean_wait_90d_s",), _measure("mean_wait_90d_s", "waits {} on average", "no earlier wait")),
    (("unhandled_7d",), _often("unhandled_7d", "could not get through {} in 7 days", "got through each time")),
    (("outbound_7d",), _often("outbound_7d", "we called the customer {} in 7 days", "we did not call the customer lately")),
    (("escalated_90d", "since_escalated_s"), _escalated),
    *(((f"{entity}_repeat_rate", f"{entity}_judged"), _rate(entity, "repeat")) for entity in WHOSE),
    *(((f"{entity}_escalation_rate",), _rate(entity, "escalation")) for entity in WHOSE),
    *(((f"{entity}_volume_28d",), _value(f"{entity}_volume_28d", f"{{:,.0f}} {whose} in 28 days", f"no {whose} yet")) for entity, whose in WHOSE.items()),
    *(((f"{entity}_talk_s",), _measure(f"{entity}_talk_s", f"{whose} take {{}} of talk", f"how long {whose} take is not known")) for entity, whose in WHOSE.items()),
    *((tuple(f"{entity}_{kind}_{s}" for kind in ("load", "surge") for s in ("15m", "1h", "24h")), _load(entity)) for entity in ("reason", "queue")),
    (("elapsed_beyond_reason_s",), _beyond("elapsed_beyond_reason_s", "this takes", "about this")),
    (("elapsed_beyond_queue_s",), _beyond("elapsed_beyond_queue_s", "this takes", "in this queue")),
    (("hold_beyond_reason_s",), _beyond("hold_beyond_reason_s", "on hold", "about this")),
    (("hold_beyond_queue_s",), _beyond("hold_beyond_queue_s", "on hold", "in this queue")),
    (("transfer_count", "transfers_beyond_reason"), _often("transfer_count", "transferred {}", "not transferred")),
    (("reason", "reason_1", "reason_2"), _value("reason", "it is about {}", "what it is about is not known yet")),
    (("hold_s", "hold_count"), _measure("hold_s", "on hold for {}", "not on hold")),

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
    themes = Themes(tuple(name for name in effects if name in row))
    values = np.array([effects[name] for name in themes.names])
    return themes.reasons(outcome, row, values, most)


class Themes:
    """The themes that the features of a model belong to.

    Parameters
    ----------
    names : sequence of str
        The features, in the order in which their effects will come.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        place = {name: k for k, name in enumerate(self.names)}
        told = {name for theme, _ in THEMES for name in theme}
        own = [((name,), _extra(name)) for name in self.names if name not in told]
        found = [([place[n] for n in theme if n in place], words) for theme, words in THEMES]
        self._themes = [one for one in found if one[0]]
        self._themes += [([place[name] for name in theme], words) for theme, words in own]
        self._order = np.array([k for places, _ in self._themes for k in places], dtype=np.int64)
        sizes = [len(places) for places, _ in self._themes]
        self._starts = np.cumsum([0, *sizes[:-1]])

    def reasons(
        self, outcome: str, row: Row, effects: Floats, most: int = 3
    ) -> list[dict[str, Any]]:
        """Give the strongest reasons that raise a risk, as `reasons` does.

        Parameters
        ----------
        outcome, row, most
            As for `reasons`.
        effects : numpy.ndarray of float64
            What each of `names` adds to the log-odds.
        """
        sums = np.add.reduceat(effects[self._order], self._starts) if self._themes else effects
        found = []
        for theme in np.argsort(-sums, kind="stable")[:most].tolist():
            if sums[theme] <= 0:
                break
            places, words = self._themes[theme]
            name = self.names[max(places, key=lambda place: effects[place])]
            found.append(
                {
                    "outcome": outcome,
                    "feature": name,
                    "value": row[name],
                    "effect": round(float(sums[theme]), 6),
                    "text": words(row),
                }
            )
        return found


def _extra(name: str) -> Callable[[Row], str]:
    label = MEANINGS.get(name, name.replace("_", " "))
    return _value(name, label + ": {}", f"{label} not known")
