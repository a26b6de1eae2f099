"""The features, read top to bottom: name, how it is measured, meaning, unit, what null means.

From which moment each is known follows from what it is made of (`Feature.known_from`); a source
or its user may say that `reason` or `case_id` is known earlier (`recontact.features.known`).
Users' own features stand beside these (`recontact.features.yours`).
"""

from typing import Literal, NamedTuple

import pyarrow as pa

from recontact.contacts import SCHEMA
from recontact.durations import parse_duration
from recontact.features.measures import (
    LOAD_SPANS,
    Beyond,
    Calendar,
    Condition,
    Has,
    Judged,
    Load,
    Measure,
    Own,
    Past,
    Rate,
    Surge,
    Typical,
    Volume,
    known_since,
)

Kind = Literal["number", "category"]


class Feature(NamedTuple):
    """One feature of a contact at a moment."""

    name: str
    measure: Measure
    meaning: str
    unit: str = ""
    null: str = "unknown"
    kind: Kind = "number"

    @property
    def known_from(self) -> str:
        """The first moment at which it is known, as long as no source knows better."""
        return known_since(self.measure)


def _own(name: str, meaning: str, unit: str = "", levels: int | None = None) -> Feature:
    column = "reason" if levels else name
    text = column in SCHEMA.names and SCHEMA.field(column).type == pa.string()
    return Feature(name, Own(column, levels), meaning, unit, kind="category" if text else "number")


def _days(text: str) -> int:
    return parse_duration(text)


SPANS = {"1h": "hour", "48h": "48 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days"}
NO_LAST = "no earlier contact"
NO_SUCH = "no such contact"
NO_RECORD = "no earlier contact, or its record was not known yet"
NO_ISSUE = "its own issue is not known yet"
NO_AGENT = "nobody has answered yet"
ESCALATED = (Condition("escalated", (True,)),)

OWN = (
    _own("channel", "channel of the contact"),
    _own("queue", "queue of the first leg"),
    _own("site", "site that takes it"),
    _own("program", "client program"),
    _own("reason", "what it is about, all levels"),
    _own("reason_1", "what it is about, most general level", levels=1),
    _own("reason_2", "what it is about, first two levels", levels=2),
    _own("team", "team of the agent who took it"),
    _own("elapsed_s", "time since it began", "s"),
    Feature(
        "has_case", Has("case_id"), "1 where it belongs to a case", null="no case, or not known"
    ),
    _own("disposition", "wrap-up code"),
    _own("wait_s", "time before it was served", "s"),
    _own("talk_s", "talk time", "s"),
    _own("hold_s", "hold time; at live, so far", "s"),
    _own("wrap_s", "after-contact work", "s"),
    _own("hold_count", "how often on hold; at live, so far"),
    _own("transfer_count", "how often transferred; at live, so far"),
    _own("tier", "highest support tier reached"),
    _own("escalated", "whether it was escalated itself"),
    _own("dropped", "whether the line was lost"),
    _own("agent_resolved", "whether the agent claims it is resolved"),
)
PROGRESS = (
    Feature(
        "elapsed_beyond_reason_s",
        Beyond("elapsed_s", "reason"),
        "time since it began, less how long contacts about this last",
        "s",
    ),
    Feature(
        "elapsed_beyond_queue_s",
        Beyond("elapsed_s", "queue"),
        "time since it began, less how long contacts of the queue last",
        "s",
    ),
    Feature(
        "hold_beyond_reason_s",
        Beyond("hold_s", "reason"),
        "hold time so far, less what is usual for the reason",
        "s",
    ),
    Feature(
        "hold_beyond_queue_s",
        Beyond("hold_s", "queue"),
        "hold time so far, less what is usual in the queue",
        "s",
    ),
    Feature(
        "transfers_beyond_reason",
        Beyond("transfer_count", "reason"),
        "transfers so far, less what is usual for the reason",
    ),
)
HISTORY = (
    *(
        Feature(f"contacts_{s}", Past("count", within=_days(s)), f"contacts in the last {w}")
        for s, w in SPANS.items()
    ),
    *(
        Feature(
            f"same_issue_{s}",
            Past("count", within=_days(s), same="issue"),
            f"those about the same issue in the last {w}",
            null=NO_ISSUE,
        )
        for s, w in SPANS.items()
    ),
    Feature("contacts_before", Past("count"), "earlier contacts among the latest 500 of any kind"),
    Feature("same_issue_before", Past("count", same="issue"), "those about the same issue",
            null=NO_ISSUE),
    Feature("same_queue_30d", Past("count", within=_days("30d"), same="queue"),
            "earlier contacts in the same queue in the last 30 days", null="its queue is unknown"),
    Feature("same_agent_30d", Past("count", within=_days("30d"), same="agent_id"),
            "earlier contacts with the same agent in the last 30 days", null=NO_AGENT),
    Feature("repeats_before", Past("repeats"), "contacts that repeated the one before them"),
    Feature("unhandled_7d", Past("count", within=_days("7d"), among="arrived",
                                 where=(Condition("handled", (False,)),)),
            "attempts nobody served in the last 7 days"),
    Feature("outbound_7d", Past("count", within=_days("7d"), among="any",
                                where=(Condition("direction", ("outbound",)),)),
            "our own calls to the customer in the last 7 days"),
    Feature("escalated_90d", Past("count", within=_days("90d"), where=ESCALATED),
            "earlier contacts that escalated in the last 90 days"),
    Feature("dropped_30d", Past("count", within=_days("30d"),
                                where=(Condition("dropped", (True,)),)),
            "earlier contacts whose line was lost in the last 30 days"),
    Feature("transfers_90d", Past("sum", "transfer_count", within=_days("90d")),
            "transfers in the last 90 days"),
    Feature("reasons_90d", Past("distinct", "reason", within=_days("90d")),
            "different reasons in the last 90 days, at most 50"),
    Feature("agents_90d", Past("distinct", "agent_id", within=_days("90d")),
            "different agents in the last 90 days, at most 50"),
    Feature("mean_talk_90d_s", Past("mean", "talk_s", within=_days("90d")),
            "mean talk time in the last 90 days", "s", NO_SUCH),
    Feature("mean_wait_90d_s", Past("mean", "wait_s", within=_days("90d")),
            "mean wait in the last 90 days", "s", NO_SUCH),
    Feature("longest_90d_s", Past("most", "duration_s", within=_days("90d")),
            "the longest contact in the last 90 days", "s", NO_SUCH),
    Feature("since_last_s", Past("since"), "time since the last contact began", "s", NO_LAST),
    Feature("since_last_end_s", Past("since_end"), "time since the last contact ended", "s",
            "none, or going on"),
    Feature("since_same_issue_s", Past("since", same="issue"),
            "time since the last about the same issue", "s", NO_LAST),
    Feature("since_escalated_s", Past("since", where=ESCALATED),
            "time since the last that escalated", "s", NO_SUCH),
    Feature("mean_gap_s", Past("mean_gap"), "mean time between the customer's contacts", "s",
            NO_LAST),
    Feature("gap_spread", Past("gap_spread"),
            "how irregular they come: deviation of the gaps, in mean gaps", "",
            "fewer than three earlier contacts"),
    Feature("episode_position", Past("position", same="issue"),
            "place in the chain of related contacts", null=NO_ISSUE),
)  # fmt: skip


def _last(column: str, meaning: str, unit: str = "", null: str = NO_RECORD) -> Feature:
    text = SCHEMA.field(column).type == pa.string()
    measure = Past("last_text" if text else "last", column)
    return Feature(f"last_{column}", measure, meaning, unit, null, "category" if text else "number")


LAST = (
    _last("channel", "channel of the last contact", null=NO_LAST),
    _last("queue", "queue of the last contact", null=NO_LAST),
    _last("reason", "reason of the last contact"),
    Feature("last_same_issue", Past("last_same", same="issue"),
            "whether the last contact was about the same issue"),
    Feature("last_same_queue", Past("last_same", same="queue"),
            "whether the last contact came to the same queue"),
    Feature("last_same_agent", Past("last_same", same="agent_id"),
            "whether the same agent took the last contact"),
    _last("wait_s", "wait of the last contact", "s"),
    _last("talk_s", "talk time of the last contact", "s"),
    _last("hold_s", "hold time of the last contact", "s"),
    _last("transfer_count", "transfers of the last contact"),
    _last("tier", "tier that the last contact reached"),
    _last("escalated", "whether the last contact escalated"),
    _last("dropped", "whether the last contact's line was lost"),
    _last("agent_resolved", "whether its agent claimed it resolved"),
    _last("csat", "the customer's satisfaction answer to it"),
)  # fmt: skip
ENTITIES = {
    "agent": "agent_id",
    "team": "team",
    "queue": "queue",
    "reason": "reason",
    "site": "site",
    "program": "program",
}


def _rates(entity: str, of: str) -> tuple[Feature, ...]:
    mine = f"the {entity}'s"
    return (
        Feature(f"{entity}_repeat_rate", Rate("repeated", of),
                f"share of {mine} settled contacts that repeated"),
        Feature(f"{entity}_escalation_rate", Rate("escalation", of),
                f"share of {mine} settled contacts that escalated"),
        Feature(f"{entity}_judged", Judged(of), f"settled contacts of the {entity}"),
        Feature(f"{entity}_volume_28d", Volume(of),
                f"contacts of the {entity} in the last 28 full days"),
        Feature(f"{entity}_talk_s", Typical("talk_s", of), f"{mine} usual talk time", "s"),
    )  # fmt: skip


RATES = tuple(feature for entity, of in ENTITIES.items() for feature in _rates(entity, of))


def _loads(entity: str, span: str, within: int) -> tuple[Feature, ...]:
    return (
        Feature(f"{entity}_load_{span}", Load(entity, within),
                f"contacts of the same {entity} in the last {span}"),
        Feature(f"{entity}_surge_{span}", Surge(entity, within),
                "the same against the usual at this hour of the week: 1 is usual",
                null="unknown, or no week before"),
    )  # fmt: skip


LOADS = tuple(
    feature
    for entity in ("reason", "queue")
    for span, within in LOAD_SPANS.items()
    for feature in _loads(entity, span, within)
)
CALENDAR = (
    Feature("hour", Calendar("hour"), "hour of the day, UTC, with its fraction", "h"),
    Feature("weekday", Calendar("weekday"), "day of the week, Monday is 0"),
    Feature("month_day", Calendar("month_day"), "day of the month"),
)
FAMILIES = {
    "The contact itself": OWN,
    "How far it has come": PROGRESS,
    "The customer's history": HISTORY,
    "What the last contact was like": LAST,
    "What is usual for agent, team, queue, reason, site and program": RATES,
    "How busy it is now": LOADS,
    "Calendar": CALENDAR,
}
FEATURES = tuple(feature for family in FAMILIES.values() for feature in family)
