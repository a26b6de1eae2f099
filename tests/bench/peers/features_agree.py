"""Give, by feature, the share of contacts with the value that ours has.

Numbers agree to a billionth of ours, or to a billionth where that is small.
"""

import json
import sys

import duckdb

SETTINGS = {"threads": 2, "memory_limit": "4GB", "preserve_insertion_order": False}
BESIDE = ("contact_id", "moment", "at", "repeated_already", "escalation_already")


def columns(path):
    """Give the columns of a table and their types."""
    return dict(row[:2] for row in connection.execute(f"DESCRIBE FROM '{path}'").fetchall())


def agrees(name, kind):
    """Tell in SQL whether a row agrees."""
    same = f"a.{name} IS NOT DISTINCT FROM b.{name}"
    if kind == "DOUBLE":
        same += f" OR abs(a.{name} - b.{name}) <= 1e-9 * greatest(1, abs(a.{name}))"
    return f"count(*) FILTER (b.contact_id IS NOT NULL AND ({same})) / count(*)"


ours, theirs = sys.argv[1:]
with duckdb.connect(config=SETTINGS) as connection:
    kinds, there = columns(ours), columns(theirs)
    common = [name for name in kinds if name in there and name not in BESIDE]
    shares = ", ".join(agrees(name, kinds[name]) for name in common)
    query = f"SELECT {shares} FROM '{ours}' a LEFT JOIN '{theirs}' b USING (contact_id)"  # noqa: S608 - our own files
    found = connection.execute(query).fetchall()[0]
print(json.dumps(dict(zip(common, found, strict=True))))  # noqa: T201 - read by the bench
