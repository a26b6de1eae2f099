"""Count, by column, the rows where labels differ from ours, gaps to the microsecond."""

import json
import sys

import duckdb

SETTINGS = {"threads": 2, "memory_limit": "4GB", "preserve_insertion_order": False}


def columns(path):
    """Give the columns of a table."""
    return [row[0] for row in connection.sql(f"DESCRIBE FROM '{path}'").fetchall()]


def differs(name):
    """Tell in SQL whether a row differs."""
    one, other = (
        f"round({t}.{name} * 1e6)" if name.endswith("_s") else f"{t}.{name}" for t in "ab"
    )
    return f"count(*) FILTER (b.contact_id IS NOT NULL AND {one} IS DISTINCT FROM {other})"


ours, theirs = sys.argv[1:]
with duckdb.connect(config=SETTINGS) as connection:
    common = [name for name in columns(ours) if name in columns(theirs) and name != "contact_id"]
    counts = ", ".join(differs(name) for name in common)
    query = f"""SELECT count(*) FILTER (b.contact_id IS NULL), {counts}
        FROM '{ours}' a LEFT JOIN '{theirs}' b USING (contact_id)"""  # noqa: S608 - our own files
    found = connection.execute(query).fetchone()
print(json.dumps(dict(zip(["no row", *common], found, strict=True))))  # noqa: T201 - read by the bench
