"""The features by hand in DuckDB: window functions over each customer, and over each issue.

In stages, or with `--one` as a single query of the same parts.

Simplified: a contact counts from its start as what its record says of it (handled, escalated),
while ours knows that from its end and its `known_at`; and ours looks back at the customer's latest
500 contacts, while escalations and the same issue are counted behind them.
"""

# ruff: noqa: S608 - its SQL is put together from parts of its own

from features_sql import CONTACT, DAILY, HOUR, JOINED, LABELED, RATES, SETTLED, SPANS, write

LAST = ", ".join(
    f"{n} := {n}"
    for n in ("started", "ended", "known", "channel", "queue", "reason", "talk_s", "told_escalated")
)


def counts(name: str) -> str:
    """Count contacts over each span and in all."""
    spans = [f"count(*) FILTER (counts) OVER {name}_{span} AS {name}_{span}" for span in SPANS]
    return ",\n    ".join([*spans, f"count(*) FILTER (counts) OVER {name} AS {name}_before"])


def windows(name: str, by: str) -> str:
    """Define the spans before each contact, and all that is looked back at."""
    order = f"PARTITION BY {by} ORDER BY started"
    spans = [
        f"{name}_{span} AS ({order} RANGE BETWEEN {hours * HOUR} PRECEDING AND 1 PRECEDING)"
        for span, hours in SPANS.items()
    ]
    return ",\n    ".join(
        [*spans, f"{name} AS ({order} ROWS BETWEEN 500 PRECEDING AND 1 PRECEDING)"]
    )


HISTORY = f"""
SELECT contact_id, program, queue, agent_id, reason, started, eligible, repeated, escalation,
    {SETTLED},
    {counts("contacts")},
    {counts("same_issue")},
    count(*) FILTER (arrives AND NOT served) OVER contacts_7d AS unhandled_7d,
    count(*) FILTER (outbound) OVER contacts_7d AS outbound_7d,
    count(*) FILTER (counts AND escalated) OVER contacts_90d AS escalated_90d,
    last_value(CASE WHEN counts THEN struct_pack({LAST}) END
        IGNORE NULLS) OVER contacts AS last,
    min(started) FILTER (counts) OVER contacts AS first,
    max(started) FILTER (counts) OVER same_issue AS last_same
FROM contact
WINDOW {windows("contacts", "customer")},
    {windows("same_issue", "customer, reason")},
    {LABELED}
"""
NUMBERS = [
    *("contacts_before", *(f"same_issue_{span}" for span in (*SPANS, "before"))),
    *("unhandled_7d", "outbound_7d", "escalated_90d"),
]
COUNTS = [f"least(contacts_{span}, contacts_before)::DOUBLE AS contacts_{span}" for span in SPANS]
TABLE = f"""
SELECT contact_id, {", ".join([*COUNTS, *(f"{name}::DOUBLE AS {name}" for name in NUMBERS)])},
    (started - last.started) / 1e6 AS since_last_s,
    CASE WHEN last.ended < started THEN (started - last.ended) / 1e6 END AS since_last_end_s,
    (started - last_same) / 1e6 AS since_same_issue_s,
    (started - first) / 1e6 / contacts_before AS mean_gap_s,
    {", ".join(f"last.{name}::VARCHAR AS last_{name}" for name in ("channel", "queue", "reason"))},
    CASE WHEN last.known < started THEN last.talk_s END AS last_talk_s,
    CASE WHEN last.known < started THEN last.told_escalated::DOUBLE END AS last_escalated,
    {RATES}
FROM history h {JOINED}
WHERE eligible
"""
write({"contact": CONTACT, "history": HISTORY, "daily": DAILY}, TABLE)
