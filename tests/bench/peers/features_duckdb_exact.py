"""The same values by hand in DuckDB: each contact is joined with those of its customer before it.

The join takes the latest 500 that began strictly before, as pairs; of each pair it is known
whether the earlier contact had ended, and whether its record was known, when the later one began.
All that is counted and the position of the last contact are aggregates of the pairs. In stages,
or with `--one` as a single query of the same parts.

Only where two contacts of a customer begin in the same microsecond, a label's day may be later
than ours: the frame that finds it takes in both.
"""

# ruff: noqa: S608 - its SQL is put together from parts of its own

from features_sql import CONTACT, DAILY, HOUR, JOINED, LABELED, RATES, SETTLED, SPANS, write

HISTORY = f"""
SELECT *, rank() OVER began - 1 AS before,
    row_number() OVER (PARTITION BY customer ORDER BY started, contact_id) AS position,
    {SETTLED}
FROM ({CONTACT})
WINDOW began AS (PARTITION BY customer ORDER BY started), {LABELED}
"""


def counts(name: str, test: str) -> str:
    """Count pairs over each span and in all."""
    spans = [within(f"{name}_{span}", test, span) for span in SPANS]
    return ",\n    ".join([*spans, f"count(*) FILTER ({test}) AS {name}_before"])


def within(name: str, test: str, span: str) -> str:
    """Count pairs over one span."""
    return f"count(*) FILTER ({test} AND age <= {SPANS[span] * HOUR}) AS {name}"


PAIRS = """
SELECT c.customer, c.position, p.position AS earlier, c.started - p.started AS age,
    p.outbound, p.arrives AND NOT p.served AND p.ended < c.started AS unhandled,
    p.arrives AND (p.served OR p.ended >= c.started) AS counted,
    counted AND p.reason = c.reason AS same,
    counted AND p.escalated AND p.known < c.started AS escalated
FROM history c JOIN history p
    ON p.customer = c.customer AND p.position BETWEEN c.before - 499 AND c.before
WHERE c.eligible
"""
PAST = f"""
SELECT customer, position, {counts("contacts", "counted")},
    {counts("same_issue", "same")},
    {within("unhandled_7d", "unhandled", "7d")},
    {within("outbound_7d", "outbound", "7d")},
    {within("escalated_90d", "escalated", "90d")},
    max(earlier) FILTER (counted) AS last,
    min(age) FILTER (same) AS since_same_issue,
    max(age) FILTER (counted) AS since_first
FROM ({PAIRS})
GROUP BY customer, position
"""
NUMBERS = [
    *(f"{counted}_{span}" for counted in ("contacts", "same_issue") for span in (*SPANS, "before")),
    *("unhandled_7d", "outbound_7d", "escalated_90d"),
]
TABLE = f"""
SELECT h.contact_id, {", ".join(f"coalesce({name}, 0)::DOUBLE AS {name}" for name in NUMBERS)},
    (h.started - last.started) / 1e6 AS since_last_s,
    CASE WHEN last.ended < h.started THEN (h.started - last.ended) / 1e6 END AS since_last_end_s,
    since_same_issue / 1e6 AS since_same_issue_s,
    since_first / 1e6 / contacts_before AS mean_gap_s,
    {", ".join(f"last.{name}::VARCHAR AS last_{name}" for name in ("channel", "queue", "reason"))},
    CASE WHEN last.known < h.started THEN last.talk_s END AS last_talk_s,
    CASE WHEN last.known < h.started THEN last.told_escalated::DOUBLE END AS last_escalated,
    {RATES}
FROM history h
LEFT JOIN past ON past.customer = h.customer AND past.position = h.position
LEFT JOIN history last ON last.customer = h.customer AND last.position = past.last
{JOINED}
WHERE h.eligible
"""
write({"history": HISTORY, "past": PAST, "daily": DAILY}, TABLE)
