"""The floor: the contacts read, sorted once by customer and time, and written."""

import sys

import duckdb

SORT = """
COPY (SELECT * FROM '{contacts}' ORDER BY customer_id, started_at, contact_id)
TO '{out}' (FORMAT parquet, COMPRESSION zstd)
"""

out, contacts = sys.argv[1:]
settings = {"threads": 2, "memory_limit": "2GB", "temp_directory": f"{out}.spill"}
with duckdb.connect(config=settings) as connection:
    connection.execute(SORT.format(contacts=contacts, out=out))
