"""What each feature says in plain words, and which features say one thing together.

A text tells the very feature that it stands for: where that looks back over a span, it names it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from recontact.features.declared import SPANS
from recontact.features.phrases import ordinal, readable, span, times

Row = Mapping[str, Any]
Words = Callable[[Row], str]
Theme = Mapping[str, Words]  # by feature


NO_ISSUE = "the issue is not known yet"


def _place(number: float) -> str:
    return "first" if number == 1 else ordinal(int(number))


def _counted(name: str, about: Callable[[Row], str], within: str) -> Words:
    def words(row: Row) -> str:
        if row[name] is None:
            return NO_ISSUE
        return f"{_place(row[name] + 1)} contact{about(row)}{within}"

    return words


def _of_any(_: Row) -> str:
    return ""


def _about(row: Row) -> str:
    reason = row.get("reason")
    return f" about {readable(reason)}" if reason else " on this"


def _counts(prefix: str, about: Callable[[Row], str]) -> Theme:
    told = {s: "an hour" if s == "1h" else words for s, words in SPANS.items()}
    spans = {f"{prefix}_{s}": _counted(f"{prefix}_{s}", about, f" in {told[s]}") for s in told}
    return {**spans, f"{prefix}_before": _counted(f"{prefix}_before", about, "")}


def _since_same_issue(row: Row) -> str:
    if row["since_same_issue_s"] is None:
        return f"no earlier contact{_about(row)} known"
    return f"last contact{_about(row)} {span(row['since_same_issue_s'])} ago"


def _position(row: Row) -> str:
    place = row["episode_position"]
    return NO_ISSUE if place is None else f"{_place(place)} contact of this issue"


WHOSE = {
    "agent": "contacts of this agent",
    "team": "contacts of this team",
    "queue": "contacts in this queue",
    "reason": "contacts about this",
    "site": "contacts at this site",
    "program": "contacts of this program",
}


def _rate(entity: str, outcome: str) -> Words:
    name = f"{entity}_{outcome}_rate"
    verb = "come back" if outcome == "repeat" else "escalate"

    def words(row: Row) -> str:
        if row[name] is None or not row.get(f"{entity}_judged"):
            return f"no figures yet on how many {WHOSE[entity]} {verb}"
        return f"{row[name]:.0%} of {WHOSE[entity]} {verb}"

    return words


def _load(entity: str, within: str, spoken: str) -> Words:
    def words(row: Row) -> str:
        load, surge = row[f"{entity}_load_{within}"], row[f"{entity}_surge_{within}"]
        if load is None or surge is None:
            return f"no usual number of {WHOSE[entity]} known yet"
        usual = round((load + 1) / surge - 1)
        return f"{load:.0f} {WHOSE[entity]} in the last {spoken}, usually {usual}"

    return words


def _loads(entity: str) -> Theme:
    spans = {"15m": "15 minutes", "1h": "hour", "24h": "24 hours"}
    return {
        f"{entity}_{kind}_{within}": _load(entity, within, spoken)
        for within, spoken in spans.items()
        for kind in ("load", "surge")
    }


def _beyond(name: str, what: str, whose: str, unknown: str) -> Words:
    def words(row: Row) -> str:
        if row[name] is None:
            return f"how long {unknown} is not known"
        than = "longer" if row[name] > 0 else "shorter"
        return f"{what} {span(abs(row[name]))} {than} than usual {whose}"

    return words


def _lasted(row: Row) -> str:
    if not row["elapsed_s"]:
        return "just begun"
    return f"{'lasted' if row.get('moment') == 'wrapup' else 'has lasted'} {span(row['elapsed_s'])}"


def _yes(name: str, yes: str, no: str, unknown: str) -> Words:
    return lambda row: unknown if row[name] is None else yes if row[name] else no


def _measure(name: str, words: str, none: str) -> Words:
    return lambda row: words.format(span(row[name])) if row[name] else none


def _since(name: str, words: str, none: str) -> Words:
    return lambda row: none if row[name] is None else words.format(span(row[name]))


def _often(name: str, words: str, none: str, unknown: str = "") -> Words:
    def said(row: Row) -> str:
        if row[name] is None:
            return unknown or none
        return words.format(times(row[name])) if row[name] else none

    return said


def _value(name: str, words: str, unknown: str) -> Words:
    return lambda row: unknown if row[name] is None else words.format(row[name])


def _named(name: str, words: str, unknown: str) -> Words:
    return lambda row: unknown if row[name] is None else words.format(readable(row[name]))


def _alike(words: Words, *names: str) -> Theme:
    """Features that say the same."""
    return dict.fromkeys(names, words)


def _one(tell: Callable[..., Words], name: str, *words: str) -> Theme:
    return {name: tell(name, *words)}


DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")

# fmt: off
THEMES: tuple[Theme, ...] = (
    _counts("contacts", _of_any),
    {
        **_counts("same_issue", _about),
        "since_same_issue_s": _since_same_issue,
        "episode_position": _position,
        **_one(_yes, "last_same_issue", "the last contact was about this too", "the last contact was about something else", "not known whether the last contact was about this"),
    },
    {
        **_one(_since, "since_last_s", "last contact {} ago", "no earlier contact"),
        **_one(_since, "since_last_end_s", "last contact ended {} ago", "no earlier contact has ended"),
    },
    _one(_often, "repeats_before", "came back about the same {} before", "never came back about the same before"),
    _alike(_since("mean_gap_s", "usually in touch every {}", "no usual rhythm known"), "mean_gap_s", "gap_spread"),
    _one(_value, "reasons_90d", "different reasons in 90 days: {:.0f}", "no earlier reasons known"),
    _one(_value, "agents_90d", "different agents in 90 days: {:.0f}", "no earlier agents known"),
    _one(_often, "same_queue_30d", "came to this queue {} before in 30 days", "new to this queue in 30 days"),
    {
        **_one(_often, "same_agent_30d", "spoke to this agent {} before in 30 days", "not with this agent in 30 days"),
        **_one(_yes, "last_same_agent", "with the agent of the last contact", "with another agent than last time", "not known who took the last contact"),
    },
    _one(_often, "dropped_30d", "the line was lost {} in 30 days", "no line lost in 30 days"),
    _one(_often, "transfers_90d", "transferred {} in 90 days", "not transferred in 90 days"),
    {
        **_one(_measure, "mean_talk_90d_s", "talked for {} on average in 90 days", "no earlier talk in 90 days"),
        **_one(_measure, "longest_90d_s", "the longest contact in 90 days took {}", "no earlier contact in 90 days"),
    },
    _one(_measure, "mean_wait_90d_s", "waited {} on average in 90 days", "no wait in 90 days"),
    _one(_often, "unhandled_7d", "could not get through {} in 7 days", "got through each time in 7 days"),
    _one(_often, "outbound_7d", "we called the customer {} in 7 days", "we did not call the customer in 7 days"),
    {
        **_one(_often, "escalated_90d", "escalated {} in 90 days", "nothing escalated in 90 days"),
        **_one(_since, "since_escalated_s", "escalated {} ago", "nothing escalated before"),
    },
    *(_alike(_rate(entity, "repeat"), f"{entity}_repeat_rate", f"{entity}_judged") for entity in WHOSE),
    *({f"{entity}_escalation_rate": _rate(entity, "escalation")} for entity in WHOSE),
    *(_one(_value, f"{entity}_volume_28d", f"{{:,.0f}} {whose} in 28 days", f"no {whose} yet") for entity, whose in WHOSE.items()),
    *(_one(_measure, f"{entity}_talk_s", f"{whose} take {{}} of talk", f"how long {whose} take is not known") for entity, whose in WHOSE.items()),
    *(_loads(entity) for entity in ("reason", "queue")),
    _one(_beyond, "elapsed_beyond_reason_s", "this takes", "about this", "contacts about this take"),
    _one(_beyond, "elapsed_beyond_queue_s", "this takes", "in this queue", "contacts in this queue take"),
    _one(_beyond, "hold_beyond_reason_s", "on hold", "about this", "contacts about this are on hold"),
    _one(_beyond, "hold_beyond_queue_s", "on hold", "in this queue", "contacts in this queue are on hold"),
    _alike(_often("transfer_count", "transferred {}", "not transferred", "not known whether it was transferred"), "transfer_count", "transfers_beyond_reason"),
    _alike(_named("reason", "it is about {}", "what it is about is not known yet"), "reason", "reason_1", "reason_2"),
    _alike(_measure("hold_s", "on hold for {}", "not on hold"), "hold_s", "hold_count"),
    _alike(_lasted, "talk_s", "elapsed_s"),
    _one(_measure, "wait_s", "waited {}", "did not wait"),
    _one(_measure, "wrap_s", "{} of wrap-up", "no wrap-up time"),
    _alike(_value("tier", "reached tier {:.0f}", "not escalated so far"), "tier", "escalated"),
    _one(_yes, "dropped", "the line was lost", "the line held", "how it ended is not known"),
    _one(_yes, "agent_resolved", "the agent marked it resolved", "the agent did not mark it resolved", "the agent did not say whether it is resolved"),
    _one(_named, "disposition", "wrapped up as {}", "not wrapped up yet"),
    _one(_named, "channel", "by {}", "channel not known"),
    {
        **_one(_named, "queue", "in the queue {}", "queue not known"),
        **_one(_yes, "last_same_queue", "in the queue of the last contact", "in another queue than last time", "not known in which queue the last contact was"),
    },
    _one(_named, "site", "at {}", "site not known"),
    _one(_named, "program", "for {}", "program not known"),
    _one(_named, "team", "with the team {}", "team not known"),
    _one(_yes, "has_case", "belongs to a case", "no case", "no case"),
    _one(_named, "last_reason", "last time it was about {}", "no earlier reason known"),
    {
        **_one(_named, "last_channel", "last time by {}", "no earlier contact"),
        **_one(_named, "last_queue", "last time in the queue {}", "no earlier contact"),
    },
    _one(_measure, "last_hold_s", "on hold for {} last time", "not on hold last time"),
    _one(_measure, "last_wait_s", "waited {} last time", "did not wait last time"),
    _one(_measure, "last_talk_s", "talked for {} last time", "no earlier talk known"),
    _one(_often, "last_transfer_count", "transferred {} last time", "not transferred last time", "not known whether it was transferred last time"),
    _alike(_yes("last_escalated", "escalated last time", "did not escalate last time", "how it went last time is not known"), "last_escalated", "last_tier"),
    _one(_yes, "last_dropped", "the line was lost last time", "the line held last time", "how the last contact ended is not known"),
    _one(_yes, "last_agent_resolved", "marked resolved last time, yet here again", "not marked resolved last time", "not known whether it was resolved last time"),
    _one(_value, "last_csat", "satisfaction of {:.0f} last time", "no satisfaction answer last time"),
    {"hour": lambda row: f"around {int(row['hour'])}:00 UTC"},
    {"weekday": lambda row: f"on {DAYS[int(row['weekday'])]}"},
    {"month_day": lambda row: f"on day {int(row['month_day'])} of the month"},
)
# fmt: on
