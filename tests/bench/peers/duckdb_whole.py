"""The whole labels table by hand in DuckDB: all columns, in the order of the contacts.

Ids that repeat are looked for; nothing else is checked. Where a contact lies inside a longer one,
`episode_position` differs: it would have to follow links, which window functions cannot.
"""

import sys

import duckdb

REPEATED = "SELECT contact_id FROM '{contacts}' GROUP BY contact_id HAVING count(*) > 1 LIMIT 1"
QUERY = """
COPY (
WITH contact AS (
    SELECT file_row_number AS place, contact_id, customer_id, program, reason,
        epoch_us(started_at) AS started, epoch_us(ended_at) AS ended,
        coalesce(handled, true) AS handled,
        coalesce(channel, 'voice') = 'voice' AS voice,
        coalesce(direction, 'inbound') = 'inbound' AS inbound,
        inbound AND handled AS counts,
        coalesce(escalated, tier >= 2, false) AS escalated,
        customer_id IS NOT NULL AND reason IS NOT NULL AS known
    FROM read_parquet('{contacts}', file_row_number = true)
), record AS (
    SELECT epoch_us(min(started_at)) AS first, epoch_us(max(ended_at)) AS last FROM '{contacts}'
), beside AS (
    SELECT *,
        lead(CASE WHEN counts THEN contact_id END IGNORE NULLS) OVER issue AS next_id,
        lead(CASE WHEN counts THEN started END IGNORE NULLS) OVER issue - ended AS next_after,
        lead(CASE WHEN counts AND escalated THEN started END IGNORE NULLS) OVER issue - ended
            AS escalated_after,
        arg_max(contact_id, ended) FILTER (counts) OVER before AS previous_id,
        started - max(ended) FILTER (counts) OVER before AS previous_before
    FROM contact
    WINDOW issue AS (PARTITION BY customer_id, program, reason ORDER BY started, contact_id),
        before AS (PARTITION BY customer_id, program, reason ORDER BY started, contact_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), told AS (
    SELECT *,
        CASE WHEN customer_id IS NULL THEN 'no_customer' WHEN NOT inbound THEN 'not_inbound'
            WHEN NOT voice THEN 'channel' WHEN NOT handled THEN 'not_handled'
            WHEN reason IS NULL THEN 'no_issue' END AS exclusion,
        exclusion IS NULL AS eligible,
        ended + {hours48} <= (SELECT last FROM record) AS matured,
        started - {hours48} >= (SELECT first FROM record) AS lookback_known,
        coalesce(known AND previous_before <= {hours48}, false) AS has_previous,
        coalesce(known AND next_after <= {hours48}, false) AS has_next,
        coalesce(known AND escalated_after <= {hours48}, false) AS escalated_later,
        counts AND NOT has_previous AS heads
    FROM beside
), numbered AS (
    SELECT *, count(*) FILTER (counts) OVER so_far AS number
    FROM told
    WINDOW so_far AS (PARTITION BY customer_id, program, reason ORDER BY started, contact_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
), episode AS (
    SELECT *,
        last_value(CASE WHEN heads THEN contact_id END IGNORE NULLS) OVER so_far AS head_id,
        last_value(CASE WHEN heads THEN number END IGNORE NULLS) OVER so_far AS head_number
    FROM numbered
    WINDOW so_far AS (PARTITION BY customer_id, program, reason ORDER BY started, contact_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
), label AS (
    SELECT place, contact_id, eligible, exclusion, matured, lookback_known,
        CASE WHEN has_previous THEN previous_id END AS previous_contact_id,
        CASE WHEN has_previous THEN greatest(0, previous_before) / 1e6 END AS previous_gap_s,
        CASE WHEN has_next THEN next_id END AS next_contact_id,
        CASE WHEN has_next THEN greatest(0, next_after) / 1e6 END AS next_gap_s,
        CASE WHEN eligible AND (has_previous OR lookback_known) THEN NOT has_previous END
            AS first_contact,
        CASE WHEN eligible AND matured THEN has_next END AS repeated,
        CASE WHEN eligible THEN escalated END AS escalated,
        CASE WHEN eligible AND matured THEN escalated OR escalated_later END AS escalation,
        CASE WHEN counts THEN CASE WHEN known THEN head_id ELSE contact_id END END AS episode_id,
        CASE WHEN counts THEN CASE WHEN known THEN number - head_number + 1 ELSE 1 END END
            AS episode_position
    FROM episode
)
SELECT * EXCLUDE (place),
    CASE WHEN first_contact AND matured THEN NOT (repeated OR label.escalated) END AS fcr
FROM label ORDER BY place
) TO '{out}' (FORMAT parquet, COMPRESSION zstd)
"""

out, contacts = sys.argv[1:]
settings = {"threads": 2, "memory_limit": "2GB", "temp_directory": f"{out}.spill"}
with duckdb.connect(config=settings) as connection:
    if connection.execute(REPEATED.format(contacts=contacts)).fetchone():
        sys.exit("a contact_id occurs twice")
    connection.execute(QUERY.format(contacts=contacts, out=out, hours48=48 * 3_600_000_000))
