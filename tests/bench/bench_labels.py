"""How long labeling takes beside the least that any way of labeling needs: one sort in DuckDB.

Run with ``make bench``, or by itself with the numbers of contacts to measure.
"""

# ruff: noqa: T201 - it prints what it measures

import resource
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from recontact import Policy, label

DAY = 86_400_000_000


def contacts(n: int) -> pa.Table:
    """Make random contacts: customers of very different habits, three channels, fifty reasons."""
    chance = np.random.default_rng(1)
    customer = (chance.pareto(1.2, n) * n / 20).astype(np.int64) % (n // 3 + 1)
    started = chance.integers(0, 365 * DAY, n)
    ended = started + chance.integers(30, 1_800, n) * 1_000_000
    return pa.table(
        {
            "contact_id": pa.array(np.char.add("c", np.arange(n).astype("U9"))),
            "customer_id": pa.array(np.char.add("x", customer.astype("U9"))),
            "started_at": started.astype("datetime64[us]"),
            "ended_at": ended.astype("datetime64[us]"),
            "program": pa.array(["acme", "zeta"]).take(pa.array(customer % 2)),
            "channel": pa.array(["voice", "voice", "chat"]).take(
                pa.array(chance.integers(0, 3, n))
            ),
            "reason": pa.array([f"r{k % 10} > s{k}" for k in range(50)]).take(
                pa.array(chance.integers(0, 50, n))
            ),
        }
    )


class Took(NamedTuple):
    """Seconds on the clock, and of all processors together, which other work disturbs less."""

    wall: float
    cpu: float


def measure(action: Callable[[], object]) -> Took:
    """Measure one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return Took(time.perf_counter() - wall, time.process_time() - cpu)


def sort_floor(table: pa.Table) -> Took:
    """Sort the four columns that order contacts, and nothing else."""
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.register("contacts", table)
        connection.execute("create table c as select * from contacts")
        query = (
            "create table s as select program, customer_id, started_at, contact_id from c "
            "order by all"
        )
        return measure(lambda: connection.execute(query))


def main(sizes: list[int]) -> None:
    """Measure each size."""
    policy = Policy.parse({"reason_level": 1, "window_by_reason": {"r1": "7d"}})
    label(contacts(1_000), policy)  # compile first
    print("    contacts  label s  (cpu)   sort s  (cpu)  times  peak GB")
    for n in sizes:
        table = contacts(n)
        ours = measure(lambda table=table: label(table, policy))  # type: ignore[misc]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        floor = sort_floor(table)
        print(
            f"{n:12,} {ours.wall:8.1f} {ours.cpu:6.1f} {floor.wall:8.1f} {floor.cpu:6.1f} "
            f"{ours.cpu / floor.cpu:6.1f} {peak:8.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main([int(arg) for arg in sys.argv[1:]] or [100_000, 1_000_000])
