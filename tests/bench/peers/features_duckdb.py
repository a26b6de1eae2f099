"""The features by hand in DuckDB: window functions over each customer, and over each issue.

In stages, or with `--one` as a single query of the same parts. Texts become enums, so that rows
are narrow where they are sorted. Every label is a row on the day from which it counts and every
contact one on its own day, so that rates are running sums and a join on entity and day.

Simplified: a contact counts from its start as what its record says of it (handled, escalated),
while ours knows that from its end and its `known_at`; and ours looks back at the customer's latest
500 contacts, while escalations and the same issue are counted behind them. Input is trusted.
"""

# ruff: noqa: S608 - its SQL is put together from parts of its own

import sys

import duckdb

out, contacts, labels, *one = sys.argv[1:]

HOUR = 3_600_000_000
DAY = 24 * HOUR
SPANS = {"1h": 1, "48h": 48, "7d": 168, "30d": 720, "90d": 2160}
TEXTS = ("program", "queue", "agent_id", "reason", "channel")
LAST = ", ".join(
    f"{n} := {n}"
    for n in ("started", "ended", "known", "channel", "queue", "reason", "talk_s", "escalated")
)
KINDS = {"queue": ("queue", 3), "agent": ("agent_id", 5), "reason": ("reason", 6)}

CONTACT = f"""
SELECT contact_id, hash(program, customer_id) AS customer, talk_s,
    {", ".join(f"{name}::{name}_t AS {name}" for name in TEXTS)},
    epoch_us(started_at) AS started, epoch_us(ended_at) AS ended,
    epoch_us(coalesce(known_at, ended_at)) AS known,
    coalesce(direction, 'inbound') = 'inbound' AS arrives, direction = 'outbound' AS outbound,
    coalesce(handled, true) AS served, arrives AND served AS counts,
    coalesce(escalated, tier >= 2, false) AS escalated,
    eligible, repeated, escalation
FROM '{contacts}'
JOIN (SELECT contact_id, eligible, repeated, escalation FROM '{labels}') USING (contact_id)
WHERE customer_id IS NOT NULL
"""


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
    greatest(ended + {48 * HOUR}, max(ended) OVER labeled) AS settled,
    greatest(ended + {48 * HOUR}, max(greatest(ended, known)) OVER labeled) AS escalation_settled,
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
    labeled AS (PARTITION BY customer ORDER BY started
        RANGE BETWEEN CURRENT ROW AND (ended - started + {48 * HOUR}) FOLLOWING)
"""
OF = "program, queue, agent_id, reason"
SUMS = ("judged", "repeats", "escalation_judged", "escalations")
DAILY = f"""
SELECT kind, program, entity, day,
    {", ".join(f"sum({name}) OVER so_far AS {name}" for name in SUMS)}
FROM (
    SELECT grouping(queue, agent_id, reason) AS kind, program, day,
        coalesce(enum_code(queue), enum_code(agent_id), enum_code(reason)) AS entity,
        {", ".join(f"sum({name})::INT AS {name}" for name in SUMS)}
    FROM (
        SELECT {OF}, started // {DAY} AS day, {", ".join(f"0 AS {name}" for name in SUMS)}
        FROM history WHERE eligible
        UNION ALL
        SELECT {OF}, settled // {DAY} + 1, 1, repeated::INT, 0, 0
        FROM history WHERE repeated IS NOT NULL
        UNION ALL
        SELECT {OF}, escalation_settled // {DAY} + 1, 0, 0, 1, escalation::INT
        FROM history WHERE escalation IS NOT NULL
    )
    GROUP BY GROUPING SETS (
        (day), (program, queue, day), (program, agent_id, day), (program, reason, day))
)
WINDOW so_far AS (PARTITION BY kind, program, entity ORDER BY day)
"""


def rates(entity: str) -> str:
    """Draw the rates of an entity to those of all."""
    return f"""
    ({entity}.repeats + 20 * (every.repeats / nullif(every.judged, 0)))
        / ({entity}.judged + 20) AS {entity}_repeat_rate,
    {entity}.judged::DOUBLE AS {entity}_judged,
    ({entity}.escalations + 20 * (every.escalations / nullif(every.escalation_judged, 0)))
        / ({entity}.escalation_judged + 20) AS {entity}_escalation_rate"""


def joined(entity: str, column: str, kind: int) -> str:
    """Join what was known of an entity on the day."""
    return f"""
LEFT JOIN (FROM daily WHERE kind = {kind}) {entity} ON {entity}.day = h.started // {DAY}
    AND {entity}.program IS NOT DISTINCT FROM h.program
    AND {entity}.entity = enum_code(h.{column})"""


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
    CASE WHEN last.known < started THEN last.escalated::DOUBLE END AS last_escalated,
    {",".join(rates(entity) for entity in KINDS)}
FROM history h JOIN (FROM daily WHERE kind = 7) every ON every.day = h.started // {DAY}
{"".join(joined(entity, *kind) for entity, kind in KINDS.items())}
WHERE eligible
"""
STAGES = {"contact": CONTACT, "history": HISTORY, "daily": DAILY}
settings = {
    "threads": 2,
    "memory_limit": "4GB",
    "temp_directory": f"{out}.spill",
    "preserve_insertion_order": False,
}
with duckdb.connect(config=settings) as connection:
    for name in TEXTS:
        distinct = f"SELECT DISTINCT {name} FROM '{contacts}' WHERE {name} IS NOT NULL"
        connection.execute(f"CREATE TYPE {name}_t AS ENUM ({distinct})")
    if one:
        parts = ", ".join(f"{name} AS MATERIALIZED ({part})" for name, part in STAGES.items())
        TABLE = f"WITH {parts} {TABLE}"
    else:
        for name, part in STAGES.items():
            connection.execute(f"CREATE TEMP TABLE {name} AS {part}")
    connection.execute(f"COPY ({TABLE}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)")
