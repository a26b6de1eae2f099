"""The features, read top to bottom: name, kind, from when known, meaning, unit, what null means.

`known_from` here is the default; a source or its user may say that `reason` or `case_id` is
known earlier (`recontact.features.known`), and what is built on it follows.
"""

from typing import Literal, NamedTuple

Kind = Literal["number", "category"]


class Feature(NamedTuple):
    """One feature of a contact at a moment."""

    name: str
    kind: Kind
    known_from: str
    meaning: str
    unit: str = ""
    null: str = "unknown"


def _n(name: str, since: str, meaning: str, unit: str = "", null: str = "unknown") -> Feature:
    return Feature(name, "number", since, meaning, unit, null)


def _c(name: str, since: str, meaning: str, null: str = "unknown") -> Feature:
    return Feature(name, "category", since, meaning, "", null)


_SPANS = {"1h": "hour", "48h": "48 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days"}
_NO_LAST = "no earlier contact"
_NO_RECORD = "no earlier contact, or its record was not known yet"
_NO_ISSUE = "its own issue is not known yet"

OWN = (
    _c("channel", "start", "channel of the contact"),
    _c("queue", "start", "queue of the first leg"),
    _c("site", "start", "site that takes it"),
    _c("program", "start", "client program"),
    _c("reason", "wrapup", "what it is about, all levels"),
    _c("reason_1", "wrapup", "what it is about, most general level"),
    _c("reason_2", "wrapup", "what it is about, first two levels"),
    _c("team", "live", "team of the agent who took it"),
    _n("elapsed_s", "start", "time since it began", "s"),
    _n("has_case", "wrapup", "whether it belongs to a case"),
    _c("disposition", "wrapup", "wrap-up code"),
    _n("wait_s", "wrapup", "time before it was served", "s"),
    _n("talk_s", "wrapup", "talk time", "s"),
    _n("hold_s", "wrapup", "hold time", "s"),
    _n("wrap_s", "wrapup", "after-contact work", "s"),
    _n("hold_count", "wrapup", "how often on hold"),
    _n("transfer_count", "wrapup", "how often transferred"),
    _n("tier", "wrapup", "highest support tier reached"),
    _n("escalated", "wrapup", "whether it was escalated itself"),
    _n("dropped", "wrapup", "whether the line was lost"),
    _n("agent_resolved", "wrapup", "whether the agent claims it is resolved"),
)
HISTORY = (
    *(_n(f"contacts_{s}", "start", f"earlier contacts in the last {w}") for s, w in _SPANS.items()),
    *(
        _n(
            f"same_issue_{s}",
            "wrapup",
            f"those about the same issue in the last {w}",
            "",
            _NO_ISSUE,
        )
        for s, w in _SPANS.items()
    ),
    _n("contacts_before", "start", "earlier contacts, at most 500"),
    _n("same_issue_before", "wrapup", "those about the same issue", "", _NO_ISSUE),
    _n("repeats_before", "start", "earlier contacts that repeated the one before them"),
    _n("unhandled_7d", "start", "attempts nobody served in the last 7 days"),
    _n("outbound_7d", "start", "our own calls to the customer in the last 7 days"),
    _n("escalated_90d", "start", "earlier contacts that escalated in the last 90 days"),
    _n("since_last_s", "start", "time since the last contact began", "s", _NO_LAST),
    _n("since_last_end_s", "start", "time since the last contact ended", "s", "none, or going on"),
    _n("since_same_issue_s", "wrapup", "time since the last about the same issue", "s", _NO_LAST),
    _n("mean_gap_s", "start", "mean time between the customer's contacts", "s", _NO_LAST),
    _n("episode_position", "wrapup", "place in the chain of related contacts", "", _NO_ISSUE),
)
LAST = (
    _c("last_channel", "start", "channel of the last contact", _NO_LAST),
    _c("last_queue", "start", "queue of the last contact", _NO_LAST),
    _c("last_reason", "start", "reason of the last contact", _NO_RECORD),
    _n("last_same_issue", "wrapup", "whether the last contact was about the same issue"),
    _n("last_same_queue", "start", "whether the last contact came to the same queue"),
    _n("last_wait_s", "start", "wait of the last contact", "s", _NO_RECORD),
    _n("last_talk_s", "start", "talk time of the last contact", "s", _NO_RECORD),
    _n("last_hold_s", "start", "hold time of the last contact", "s", _NO_RECORD),
    _n("last_transfer_count", "start", "transfers of the last contact", "", _NO_RECORD),
    _n("last_tier", "start", "tier that the last contact reached", "", _NO_RECORD),
    _n("last_escalated", "start", "whether the last contact escalated", "", _NO_RECORD),
    _n("last_dropped", "start", "whether the last contact's line was lost", "", _NO_RECORD),
    _n("last_agent_resolved", "start", "whether its agent claimed it resolved", "", _NO_RECORD),
    _n("last_csat", "start", "the customer's satisfaction answer to it", "", _NO_RECORD),
)
RATES = (
    _n("agent_repeat_rate", "live", "share of the agent's settled contacts that repeated"),
    _n("agent_judged", "live", "settled contacts of the agent"),
    _n("queue_repeat_rate", "start", "share of the queue's settled contacts that repeated"),
    _n("queue_judged", "start", "settled contacts of the queue"),
    _n("reason_repeat_rate", "wrapup", "share of the reason's settled contacts that repeated"),
    _n("reason_judged", "wrapup", "settled contacts of the reason"),
    _n("agent_escalation_rate", "live", "share of the agent's settled contacts that escalated"),
    _n("queue_escalation_rate", "start", "share of the queue's settled contacts that escalated"),
    _n("reason_escalation_rate", "wrapup", "share of the reason's that escalated"),
)
CALENDAR = (
    _n("hour", "start", "hour of the day, UTC, with its fraction", "h"),
    _n("weekday", "start", "day of the week, Monday is 0"),
    _n("month_day", "start", "day of the month"),
)
FEATURES = (*OWN, *HISTORY, *LAST, *RATES, *CALENDAR)
