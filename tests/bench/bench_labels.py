"""Labeling beside other ways to find the same labels, and beside the least that each needs.

Every way is a process of its own: it reads the same contacts in Parquet and writes its labels in
Parquet, on two processors; what the operating system counts of it, from its start to its end, is
what it took. Its labels are compared with ours. Contacts, splits and environments are kept in
`build/bench`. Run `make bench`, or this file with the numbers of contacts to measure.
"""

# ruff: noqa: T201 - it prints what it measures

import argparse
import json
import math
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pyarrow.parquet as pq
from processes import CACHE, PEERS, Took, environment, measure, run

COMPOSEML = ["composeml==0.10.1", "pandas==2.3.3", "pyarrow==25.0.1", "setuptools==80.9.0"]


class Data(NamedTuple):
    """Contacts to label, and a folder for what is made of them."""

    contacts: Path
    rows: int
    folder: Path


class Way(NamedTuple):
    """One way to make labels."""

    name: str
    script: str
    arguments: Callable[[Data], list[object]] = lambda data: [data.contacts]
    most: float = math.inf  # contacts
    python: Callable[[], Path] = lambda: Path(sys.executable)
    labels: str = "core"


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


FLOOR = "the floor: DuckDB sorts"
WAYS = (
    Way(FLOOR, "floor.py", labels="none"),
    Way("recontact label", "ours.py", labels="all"),
    Way("DuckDB query", "duckdb_query.py"),
    Way("DuckDB query, all columns", "duckdb_whole.py", labels="all"),
    Way("Polars", "polars_shift.py"),
    Way("pandas shift", "pandas_shift.py"),
    Way("pandas self-merge", "pandas_merge.py"),
    Way(
        "composeml",
        "composeml_search.py",
        most=1e5,
        python=lambda: environment("composeml", COMPOSEML),
        labels="next only",
    ),
    Way("label --since, a file", "ours.py", lambda data: nightly(data, "two"), labels="all"),
    Way("label --since, a folder", "ours.py", lambda data: nightly(data, "days"), labels="all"),
)


def contacts(size: int) -> Data:
    """Simulate contacts, once."""
    folder = CACHE / str(size)
    if not (folder / "contacts.parquet").exists():
        tool = Path(sys.executable).with_name("recontact")
        command = [tool, "simulate", "--contacts", size, "--seed", 1, "--out", folder]
        subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
    return Data(folder / "contacts.parquet", size, folder)


def ready(folder: Path) -> Data:
    """Take contacts that are there."""
    file = folder / "contacts.parquet"
    rows = pq.ParquetFile(file).metadata.num_rows
    own = CACHE / f"ready-{rows}-{file.stat().st_size}"
    own.mkdir(parents=True, exist_ok=True)
    return Data(file, rows, own)


def compared(out: Path, ours: Path) -> str:
    """Tell where labels differ from ours."""
    theirs = out / "*.parquet" if out.is_dir() else out
    found = json.loads(run("compare.py", ours, theirs))
    differing = [f"{name} {count:,}" for name, count in found.items() if count]
    return "differ: " + ", ".join(differing) if differing else f"{len(found) - 1} columns equal"


class Commands:
    """The commands that label some contacts, and what they took."""

    def __init__(self, data: Data, ways: list[Way], folder: Path) -> None:
        self.ways, self.rows = [way for way in ways if data.rows <= way.most], data.rows
        self.outs = {way.name: folder / f"{k}{suffix(way)}" for k, way in enumerate(ways)}
        self.commands: dict[str, list[object]] = {}
        self.failed: dict[str, str] = {}
        self.took: dict[str, list[Took]] = {way.name: [] for way in self.ways}
        for way in self.ways:
            self._prepare(way, data)

    def _prepare(self, way: Way, data: Data) -> None:
        note(f"{data.rows:,}: preparing {way.name}")
        try:
            start = [way.python(), PEERS / way.script, self.outs[way.name]]
            self.commands[way.name] = start + way.arguments(data)
        except (OSError, subprocess.CalledProcessError):
            self.failed[way.name] = "could not be prepared: see above"

    def round(self, backward: bool, memory: float, seconds: float) -> None:
        """Run each once; what failed is not tried again."""
        for way in reversed(self.ways) if backward else self.ways:
            if way.name in self.failed:
                continue
            note(f"{self.rows:,}: {way.name}")
            took = measure(self.commands[way.name], memory, seconds)
            self.took[way.name].append(took)
            if took.failed:
                self.failed[way.name] = took.failed

    def results(self, ours: Path) -> list[dict[str, object]]:
        """Give a row for each way, its labels compared with ours."""
        rows = []
        for way in self.ways:
            row = {"contacts": self.rows, "way": way.name, "labels": way.labels}
            if way.name in self.failed:
                rows.append(row | {"result": self.failed[way.name]})
                continue
            wall, cpu, peak = (median(t[k] for t in self.took[way.name]) for k in range(3))
            checked = way.name != FLOOR
            result = compared(self.outs[way.name], ours) if checked else ""
            rows.append(row | {"wall": wall, "cpu": cpu, "peak": peak, "result": result})
        return rows


def suffix(way: Way) -> str:
    """A folder of labels has none."""
    return "" if way.name.endswith("folder") else ".parquet"


def note(text: str) -> None:
    """Tell what happens now."""
    print(text, file=sys.stderr, flush=True)


def table(rows: list[dict[str, object]]) -> None:
    """Print what one number of contacts took."""
    floor = next((row for row in rows if row["way"] == FLOOR and "wall" in row), None)
    print(f"\n{rows[0]['contacts']:,} contacts")
    print(f"{'':26} {'wall s':>8} {'times':>6} {'cpu s':>8} {'times':>6} {'GiB':>6}  labels")
    for row in rows:
        if "wall" not in row:
            print(f"{row['way']:26} {row['result']}")
            continue
        wall, cpu = (
            f"{row[name]:8.1f} {row[name] / floor[name] if floor else math.nan:6.2f}"
            for name in ("wall", "cpu")
        )
        print(
            f"{row['way']:26} {wall} {cpu} {row['peak']:6.2f}  {row['labels']} {row['result']}",
            flush=True,
        )


def exponents(rows: list[dict[str, object]]) -> None:
    """Print how the time of each way grows: n to the power of this."""
    for way in dict.fromkeys(row["way"] for row in rows):
        own = sorted(
            (r for r in rows if r["way"] == way and "wall" in r), key=lambda r: r["contacts"]
        )
        for small, large in pairwise(own):
            step = math.log(large["contacts"] / small["contacts"])
            wall, cpu = (math.log(large[k] / small[k]) / step for k in ("wall", "cpu"))
            sizes = f"{small['contacts']:,} to {large['contacts']:,}"
            print(f"{way:26} {sizes}: wall n^{wall:.2f}, cpu n^{cpu:.2f}")


def arguments() -> argparse.Namespace:
    """Read what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, help="default: 100000 1000000 10000000")
    parser.add_argument("--data", action="append", type=Path, default=[], help="simulated already")
    parser.add_argument("--runs", type=int, help="default: 3, and 2 above 1,000,000")
    parser.add_argument("--memory", type=float, default=16, help="GiB that a process may take")
    parser.add_argument("--limit", type=float, default=1_800, help="seconds a process may take")
    parser.add_argument("--only", action="append", help="of the ways, those whose name has this")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Measure each size."""
    args = arguments()
    CACHE.mkdir(parents=True, exist_ok=True)
    sizes = args.sizes or ([] if args.data else [100_000, 1_000_000, 10_000_000])
    wanted = [way for way in WAYS if not args.only or any(name in way.name for name in args.only)]
    rows = []
    for data in [contacts(size) for size in sizes] + [ready(folder) for folder in args.data]:
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            ours = Path(folder) / "ours.parquet"
            run("ours.py", ours, data.contacts)  # to compare with; also compiles and fills caches
            commands = Commands(data, wanted, Path(folder))
            for k in range(args.runs or (3 if data.rows <= 1_000_000 else 2)):
                commands.round(k % 2 == 1, args.memory, args.limit)
            found = commands.results(ours)
        rows += found
        if not args.json:
            table(found)
    print(json.dumps(rows, indent=2)) if args.json else exponents(rows)


if __name__ == "__main__":
    main()
