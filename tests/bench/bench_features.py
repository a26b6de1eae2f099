"""Features beside other ways to find the same features, and beside the least that each needs.

A fixed list of 33 features, of the customer's history and rates of agent, queue and reason, at the
start of each contact that may be judged. Every way is a process of its own: it reads the same
contacts and labels in Parquet and writes its features in Parquet, on two processors; what the
operating system counts of it, from its start to its end, is what it took. Each value is compared
with ours: a way that simplifies says so, and how often it agrees is told by feature. Reason and
agent are known from the start. Contacts and environments are kept in `build/bench`. Run
`make bench`, or this file with the numbers of contacts to measure.
"""

# ruff: noqa: T201 - it prints what it measures

import json
from pathlib import Path

from processes import environment, run
from ways import FLOOR, Bench, Data, Row, Way, arguments, contacts, exponents, grown, side_by_side

TEMPORIAN = ["temporian==0.9.0", "pandas==2.3.3", "numpy==1.26.4", "pyarrow==19.0.1"]
FEATURETOOLS = ["featuretools==1.31.0", *TEMPORIAN[1:], "setuptools==80.9.0"]
OURS, STAGED = "recontact features", "DuckDB windows, staged"
EXACT = "DuckDB, the same values"
SQL = {STAGED: "staged windows, which simplify", EXACT: "SQL that gives the same values"}
RECORDS = "a contact counts from its start as what its record says of it; "
SOME = "escalations and same issues are counted behind the customer's latest 500 contacts"
ALL = "nothing stops at the customer's latest 500 contacts"


def inputs(data: Data) -> list[object]:
    """Give the contacts and their labels."""
    return [data.contacts, data.folder / "labels.parquet"]


def sql(name: str, *how: str) -> Way:
    """Name a way by SQL."""
    script = "features_duckdb.py"
    return Way(name, script, lambda data: [*inputs(data), *how], simplifies=RECORDS + SOME)


WAYS = (
    Way(FLOOR, "floor.py"),
    Way(OURS, "features_ours.py", inputs),
    Way(
        "recontact, the whole list",
        "features_ours.py",
        lambda data: [*inputs(data), "--whole"],
        finds="all; of them",
    ),
    sql(STAGED),
    sql("DuckDB windows, one query", "--one"),
    Way(EXACT, "features_duckdb_exact.py", inputs, finds="a join with the earlier contacts;"),
    Way("Polars rolling", "features_polars.py", inputs, simplifies=RECORDS + ALL),
    Way(
        "temporian",
        "features_temporian.py",
        inputs,
        most=1e6,
        python=lambda: environment("temporian", TEMPORIAN),
        simplifies=RECORDS + ALL,
    ),
    Way(
        "featuretools",
        "features_featuretools.py",
        inputs,
        most=1e4,
        python=lambda: environment("featuretools", FEATURETOOLS),
        simplifies=RECORDS + ALL + "; no rates, no sums over a span",
    ),
)


def ours(out: Path, data: Data) -> None:
    """Label the contacts, and make the features to compare with."""
    run("ours.py", data.folder / "labels.parquet", data.contacts)
    run("features_ours.py", out, *inputs(data))


def compared(out: Path, ours: Path) -> str:
    """Tell how many values are ours, and of which features some are not."""
    shares = json.loads(run("features_agree.py", ours, out))
    mean = sum(shares.values()) / len(shares)
    differing = [f"{name} {share:.4%}" for name, share in shares.items() if share < 1]
    told = f"{len(shares)} features, {mean:.4%} of the values equal"
    return told + ("\n    not all: " + ", ".join(differing) if differing else "")


def verdict(name: str, value: float, most: float, unit: str = "") -> None:
    """Print whether a goal is met."""
    met = "met" if value <= most else "NOT met"
    print(f"{name}: {value:.2f}{unit}, goal at most {most:g}{unit}: {met}")


def faster(name: str, times: float) -> None:
    """Print whether it is as many times as fast as SQL as it is to be."""
    print(f"{name}: {times:.2f}, goal at least 4: {'met' if times >= 4 else 'NOT met'}")


def goals(rows: list[Row]) -> None:
    """Print the goals for the largest number of contacts, and how time grew up to it."""
    sizes = sorted({row["contacts"] for row in rows})
    by_size = [{row["way"]: row for row in rows if row["contacts"] == n} for n in sizes]
    last, before = by_size[-1], by_size[-2:][0]
    print(f"\ngoals, which are set for 10,000,000 contacts, at {sizes[-1]:,}")
    own = last.get(OURS, {})
    if "wall" not in own:
        print("ours was not measured")
        return
    verdict("peak memory", own["peak"], 4, " GiB")
    for what, told in (("wall", "by the clock"), ("cpu", "processor time")):
        if what in last.get(FLOOR, {}):
            verdict(f"{told}, times the sort floor", own[what] / last[FLOOR][what], 3.5)
        for of, name in SQL.items():
            if what in last.get(of, {}):
                faster(f"{told}, times as fast as {name}", last[of][what] / own[what])
        if len(sizes) > 1 and what in before.get(OURS, {}):
            power = grown(before[OURS], own, what)
            verdict(f"{told}, exponent from {sizes[-2]:,}", power, 1.1)


def live() -> None:
    """Print how long all features of one contact take."""
    data = contacts(100_000)
    run("ours.py", data.folder / "labels.parquet", data.contacts)
    took = float(run("features_live.py", *inputs(data)))
    verdict("live, all features, 50 earlier contacts, median", took, 150, " microseconds")


def main() -> None:
    """Measure each size."""
    bench = Bench(WAYS, ours, compared, (10_000, 100_000, 1_000_000))
    args = arguments(__doc__, bench.sizes)
    rows = side_by_side(bench, args)
    if args.json:
        print(json.dumps(rows, indent=2))
        return
    exponents(rows)
    goals(rows)
    live()


if __name__ == "__main__":
    main()
