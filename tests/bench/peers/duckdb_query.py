"""The core columns by hand in DuckDB: one sort by issue, window functions over it.

It takes the contacts' word for everything (no duplicate, no bad time) and leaves the rows in
whatever order they come out.
"""

import sys

import duckdb

QUERY = """
COPY (
WITH contact AS (
    SELECT contact_id, customer_id, program, reason,
        epoch_us(started_at) AS started, epoch_us(ended_at) AS ended,
        coalesce(channel, 'voice') = 'voice' AS voice,
        coalesce(direction, 'inbound') = 'inbound' AND coalesce(handled, true) AS counts,
        coalesce(escalated, tier >= 2, false) AS escalated,
        customer_id IS NOT NULL AND reason IS NOT NULL AS known
    FROM '{contacts}'
), record AS (
    SELECT epoch_us(min(started_at)) AS first, epoch_us(max(ended_at)) AS last FROM '{contacts}'
), beside AS (
    SELECT *,
        lead(CASE WHEN counts THEN contact_id END IGNORE NULLS) OVER issue AS next_id,
        lead(CASE WHEN counts THEN started END IGNORE NULLS) OVER issue - ended AS next_after,
        arg_max(contact_id, ended) FILTER (counts) OVER before AS previous_id,
        started - max(ended) FILTER (counts) OVER before AS previous_before
    FROM contact
    WINDOW issue AS (PARTITION BY customer_id, program, reason ORDER BY started, contact_id),
        before AS (PARTITION BY customer_id, program, reason ORDER BY started, contact_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), told AS (
    SELECT contact_id, known AND voice AND counts AS eligible, escalated,
        ended + {hours48} <= (SELECT last FROM record) AS matured,
        started - {hours48} >= (SELECT first FROM record) AS lookback_known,
        coalesce(known AND previous_before <= {hours48}, false) AS has_previous,
        coalesce(known AND next_after <= {hours48}, false) AS has_next,
        previous_id, previous_before, next_id, next_after
    FROM beside
), label AS (
    SELECT contact_id, eligible, matured, lookback_known,
        CASE WHEN has_previous THEN previous_id END AS previous_contact_id,
        CASE WHEN has_previous THEN greatest(0, previous_before) / 1e6 END AS previous_gap_s,
        CASE WHEN has_next THEN next_id END AS next_contact_id,
        CASE WHEN has_next THEN greatest(0, next_after) / 1e6 END AS next_gap_s,
        CASE WHEN eligible AND (has_previous OR lookback_known) THEN NOT has_previous END
            AS first_contact,
        CASE WHEN eligible AND matured THEN has_next END AS repeated,
        CASE WHEN eligible THEN escalated END AS escalated
    FROM told
)
SELECT *, CASE WHEN first_contact AND matured THEN NOT (repeated OR escalated) END AS fcr
FROM label
) TO '{out}' (FORMAT parquet, COMPRESSION zstd)
"""

out, contacts = sys.argv[1:]
settings = {
    "threads": 2,
    "memory_limit": "2GB",
    "temp_directory": f"{out}.spill",
    "preserve_insertion_order": False,
}
with duckdb.connect(config=settings) as connection:
    connection.execute(QUERY.format(contacts=contacts, out=out, hours48=48 * 3_600_000_000))
