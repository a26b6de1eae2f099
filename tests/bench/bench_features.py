"""Time the dataset of one moment against the sort floor.

The floor is what any method pays: DuckDB with 2 threads writes the same contacts sorted by
customer and start. Run `make bench`; sizes in contacts may be named as arguments.
"""

# ruff: noqa: T201 - it prints what it measures

import argparse
import resource
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np

from recontact import Policy, label
from recontact.clean import read_contacts
from recontact.features.known import known_from
from recontact.features.table import Source, compute
from recontact.simulate import simulate

FLOOR = """
COPY (SELECT * FROM '{source}' ORDER BY customer_id, started_at, contact_id)
TO '{out}' (FORMAT parquet, COMPRESSION zstd)
"""


def timed(step):
    begin = time.perf_counter()
    result = step()
    return time.perf_counter() - begin, result


def floor(source, folder):
    with duckdb.connect(config={"threads": 2, "memory_limit": "8GB"}) as engine:
        sql = FLOOR.format(source=source, out=folder / "sorted.parquet")
        return timed(lambda: engine.execute(sql))[0]


def measure(size, folder):
    simulate(contacts=size, seed=1, out=folder / str(size))
    file = folder / str(size) / "contacts.parquet"
    contacts = read_contacts([file])
    labels = label(contacts)
    rows = np.flatnonzero(np.asarray(labels["eligible"]))

    def features():
        source = Source(contacts, Policy(), known_from(contacts))
        return compute(source, rows, "start", source.rates(labels))

    base, (took, table) = floor(file, folder), timed(features)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{size:>12,} contacts: floor {base:6.2f} s; {table.num_columns} columns of "
        f"{len(rows):,} rows {took:6.2f} s, {took / base:4.1f} times the floor; "
        f"peak {peak:.1f} GiB"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[100_000, 1_000_000])
    with tempfile.TemporaryDirectory() as folder:
        measure(2_000, Path(folder))  # compiles
        for size in parser.parse_args().sizes:
            measure(size, Path(folder))


if __name__ == "__main__":
    main()
