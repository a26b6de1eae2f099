"""Labeling beside other ways to find the same labels, and beside the least that each needs.

Every way is a process of its own: it reads the same contacts in Parquet and writes its labels in
Parquet, on two processors; what the operating system counts of it, from its start to its end, is
what it took. Its labels are compared with ours. Contacts, splits and environments are kept in
`build/bench`. Run `make bench`, or this file with the numbers of contacts to measure.
"""

# ruff: noqa: T201 - it prints what it measures

import json
import shutil
from pathlib import Path

from processes import environment, run
from ways import FLOOR, Bench, Data, Way, arguments, exponents, side_by_side

COMPOSEML = ["composeml==0.10.1", "pandas==2.3.3", "pyarrow==25.0.1", "setuptools==80.9.0"]


def nightly(data: Data, kind: str) -> list[object]:
    """Label all days but the last; give the arguments that add the last one."""
    split = data.folder / "split"
    if not split.exists():
        part = data.folder / "split.part"
        shutil.rmtree(part, ignore_errors=True)
        run("split.py", part, data.contacts)
        part.rename(split)
    files = sorted((split / kind).iterdir())
    old = data.folder / ("old.parquet" if kind == "two" else "old")
    run("ours.py", old, *files[:-1])
    return [*files, "--since", old]


WAYS = (
    Way(FLOOR, "floor.py", finds="none"),
    Way("recontact label", "ours.py", finds="all"),
    Way("DuckDB query", "duckdb_query.py"),
    Way("DuckDB query, all columns", "duckdb_whole.py", finds="all"),
    Way("Polars", "polars_shift.py"),
    Way("pandas shift", "pandas_shift.py"),
    Way("pandas self-merge", "pandas_merge.py"),
    Way(
        "composeml",
        "composeml_search.py",
        most=1e5,
        python=lambda: environment("composeml", COMPOSEML),
        finds="next only",
    ),
    Way("label --since, a file", "ours.py", lambda data: nightly(data, "two"), finds="all"),
    Way("label --since, a folder", "ours.py", lambda data: nightly(data, "days"), finds="all"),
)


def ours(out: Path, data: Data) -> None:
    """Make the labels to compare with."""
    run("ours.py", out, data.contacts)


def compared(out: Path, ours: Path) -> str:
    """Tell where labels differ from ours."""
    theirs = out / "*.parquet" if out.is_dir() else out
    found = json.loads(run("compare.py", ours, theirs))
    differing = [f"{name} {count:,}" for name, count in found.items() if count]
    return "differ: " + ", ".join(differing) if differing else f"{len(found) - 1} columns equal"


def main() -> None:
    """Measure each size."""
    bench = Bench(WAYS, ours, compared, (100_000, 1_000_000, 10_000_000))
    args = arguments(__doc__, bench.sizes)
    rows = side_by_side(bench, args)
    print(json.dumps(rows, indent=2)) if args.json else exponents(rows)


if __name__ == "__main__":
    main()
