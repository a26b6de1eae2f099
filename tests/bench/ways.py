"""Several ways to find the same, side by side: each a process, its result compared with ours."""

# ruff: noqa: T201 - it prints what it measures

import argparse
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pyarrow.parquet as pq
from processes import CACHE, PEERS, Took, measure

FLOOR = "the floor: DuckDB sorts"
Row = dict[str, object]


class Data(NamedTuple):
    """Contacts, and a folder for what is made of them."""

    contacts: Path
    rows: int
    folder: Path


class Way(NamedTuple):
    """One way: a script that is given the file to write, then its arguments."""

    name: str
    script: str
    arguments: Callable[[Data], list[object]] = lambda data: [data.contacts]
    most: float = math.inf  # contacts
    python: Callable[[], Path] = lambda: Path(sys.executable)
    finds: str = ""
    simplifies: str = ""


class Bench(NamedTuple):
    """What is measured: ours makes the result that the others are compared with."""

    ways: tuple[Way, ...]
    ours: Callable[[Path, Data], None]
    compared: Callable[[Path, Path], str]
    sizes: tuple[int, ...]


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


class Commands:
    """The commands for some contacts, and what they took."""

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

    def results(self, compared: Callable[[Path], str]) -> list[Row]:
        """Give a row for each way, its result compared with ours."""
        rows: list[Row] = []
        for way in self.ways:
            row: Row = {"contacts": self.rows, "way": way.name, "finds": way.finds}
            row |= {"simplifies": way.simplifies} if way.simplifies else {}
            if way.name in self.failed:
                rows.append(row | {"result": self.failed[way.name]})
                continue
            wall, cpu, peak = (median(t[k] for t in self.took[way.name]) for k in range(3))
            result = compared(self.outs[way.name]) if way.name != FLOOR else ""
            rows.append(row | {"wall": wall, "cpu": cpu, "peak": peak, "result": result})
        return rows


def suffix(way: Way) -> str:
    """A folder as the result has none."""
    return "" if way.name.endswith("folder") else ".parquet"


def note(text: str) -> None:
    """Tell what happens now."""
    print(text, file=sys.stderr, flush=True)


def table(rows: list[Row]) -> None:
    """Print what one number of contacts took."""
    floor = next((row for row in rows if row["way"] == FLOOR and "wall" in row), None)
    print(f"\n{rows[0]['contacts']:,} contacts")
    print(f"{'':26} {'wall s':>8} {'times':>6} {'cpu s':>8} {'times':>6} {'GiB':>6}  finds")
    for row in rows:
        if "wall" not in row:
            print(f"{row['way']:26} {row['result']}")
            continue
        wall, cpu = (
            f"{row[name]:8.1f} {row[name] / floor[name] if floor else math.nan:6.2f}"
            for name in ("wall", "cpu")
        )
        print(
            f"{row['way']:26} {wall} {cpu} {row['peak']:6.2f}  {row['finds']} {row['result']}",
            flush=True,
        )
        if "simplifies" in row:
            print(f"    simplifies: {row['simplifies']}")


def grown(small: Row, large: Row, what: str) -> float:
    """Tell how a figure grows from one size to another: n to the power of this."""
    step = math.log(large["contacts"] / small["contacts"])
    return math.log(large[what] / small[what]) / step


def exponents(rows: list[Row]) -> None:
    """Print how the time of each way grows."""
    for way in dict.fromkeys(row["way"] for row in rows):
        own = sorted(
            (r for r in rows if r["way"] == way and "wall" in r), key=lambda r: r["contacts"]
        )
        for small, large in pairwise(own):
            wall, cpu = (grown(small, large, what) for what in ("wall", "cpu"))
            sizes = f"{small['contacts']:,} to {large['contacts']:,}"
            print(f"{way:26} {sizes}: wall n^{wall:.2f}, cpu n^{cpu:.2f}")


def arguments(about: str, sizes: tuple[int, ...]) -> argparse.Namespace:
    """Read what is asked for."""
    parser = argparse.ArgumentParser(description=about)
    usual = " ".join(map(str, sizes))
    parser.add_argument("sizes", nargs="*", type=int, help=f"default: {usual}")
    parser.add_argument("--data", action="append", type=Path, default=[], help="simulated already")
    parser.add_argument("--runs", type=int, help="default: 3, and 2 above 1,000,000")
    parser.add_argument("--memory", type=float, default=16, help="GiB that a process may take")
    parser.add_argument("--limit", type=float, default=1_800, help="seconds a process may take")
    parser.add_argument("--only", action="append", help="of the ways, those whose name has this")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def side_by_side(bench: Bench, args: argparse.Namespace) -> list[Row]:
    """Measure each size; print its table."""
    CACHE.mkdir(parents=True, exist_ok=True)
    sizes = args.sizes or ([] if args.data else bench.sizes)
    wanted = [w for w in bench.ways if not args.only or any(name in w.name for name in args.only)]
    rows: list[Row] = []
    for data in [contacts(size) for size in sizes] + [ready(folder) for folder in args.data]:
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            ours = Path(folder) / "ours.parquet"
            bench.ours(ours, data)  # to compare with; also compiles and fills caches
            commands = Commands(data, wanted, Path(folder))
            for k in range(args.runs or (3 if data.rows <= 1_000_000 else 2)):
                commands.round(k % 2 == 1, args.memory, args.limit)
            found = commands.results(lambda out, ours=ours: bench.compared(out, ours))
        rows += found
        if not args.json:
            table(found)
    return rows
