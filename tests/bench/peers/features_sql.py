"""What the ways by SQL share: contacts as they read them, rates by day, and how a way is run.

Texts become enums, so that rows are narrow where they are sorted. Every label is a row on the day
from which it counts and every contact one on its own day, so that rates are running sums and a
join on entity and day. Input is trusted.
"""

# ruff: noqa: S608 - its SQL is put together from parts of its own

import sys

import duckdb

out, contacts, labels, *options = sys.argv[1:]

HOUR = 3_600_000_000
DAY = 24 * HOUR
SPANS = {"1h": 1, "48h": 48, "7d": 168, "30d": 720, "90d": 2160}
TEXTS = ("program", "queue", "agent_id", "reason", "channel")
KINDS = {"queue": ("queue", 3), "agent": ("agent_id", 5), "reason": ("reason", 6)}

CONTACT = f"""
SELECT contact_id, hash(program, customer_id) AS customer, talk_s,
    {", ".join(f"{name}::{name}_t AS {name}" for name in TEXTS)},
    epoch_us(started_at) AS started, epoch_us(ended_at) AS ended,
    epoch_us(coalesce(known_at, ended_at)) AS known,
    coalesce(direction, 'inbound') = 'inbound' AS arrives, direction = 'outbound' AS outbound,
    coalesce(handled, true) AS served, arrives AND served AS counts,
    escalated AS told_escalated, coalesce(escalated, tier >= 2, false) AS escalated,
    eligible, repeated, escalation
FROM '{contacts}'
JOIN (SELECT contact_id, eligible, repeated, escalation FROM '{labels}') USING (contact_id)
WHERE customer_id IS NOT NULL
"""
SETTLED = f"""greatest(ended + {48 * HOUR}, max(ended) OVER labeled) AS settled,
    greatest(ended + {48 * HOUR}, max(greatest(ended, known)) OVER labeled) AS escalation_settled"""
LABELED = f"""labeled AS (PARTITION BY customer ORDER BY started
        RANGE BETWEEN CURRENT ROW AND (ended - started + {48 * HOUR}) FOLLOWING)"""
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


RATES = ",".join(rates(entity) for entity in KINDS)
JOINED = f"""JOIN (FROM daily WHERE kind = 7) every ON every.day = h.started // {DAY}
{"".join(joined(entity, *kind) for entity, kind in KINDS.items())}"""
SETTINGS = {
    "threads": 2,
    "memory_limit": "4GB",
    "temp_directory": f"{out}.spill",
    "preserve_insertion_order": False,
}


def write(stages: dict[str, str], table: str) -> None:
    """Write the table, in stages or with `--one` as a single query."""
    with duckdb.connect(config=SETTINGS) as connection:
        for name in TEXTS:
            distinct = f"SELECT DISTINCT {name} FROM '{contacts}' WHERE {name} IS NOT NULL"
            connection.execute(f"CREATE TYPE {name}_t AS ENUM ({distinct})")
        if options == ["--one"]:
            parts = ", ".join(f"{name} AS MATERIALIZED ({part})" for name, part in stages.items())
            table = f"WITH {parts} {table}"
        else:
            for name, part in stages.items():
                connection.execute(f"CREATE TEMP TABLE {name} AS {part}")
        connection.execute(f"COPY ({table}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)")
