"""How many live scores a second one worker gives, beside servers that do less.

Ours looks a customer's history up, computes features, scores both models, gives reasons and keeps
each score in a durable log before it answers. Beside it: a FastAPI endpoint that checks the same
body and does nothing, and three model servers (`tests/bench/peers/serve_*.py`) that score one
model on a ready-made row of features. One process each, on the same machine, in turn; the load
comes from a process of its own (`tests/bench/load.py`).

    python tests/bench/bench_serve.py                  # all, some minutes
    python tests/bench/bench_serve.py --only ours empty --rounds 5 --json
    python tests/bench/bench_serve.py --only ours --open --database-in /dev/shm  # without the disk
"""

# ruff: noqa: T201 - it prints what it measures

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import serve_prepare
from processes import processor_s

HERE = Path(__file__).parent
CONNECTIONS = (1, 8, 32)
SECONDS, RATE, RATE_SECONDS = 5.0, 200, 20.0
FLAGGED = 0.2  # share of the requests whose score is medium or higher
WITHIN = ("0.002", "0.005", "0.01")  # seconds, of the service's own histograms
PORT = 8710
Counts = dict[tuple[str, str], float]  # by what was timed, and how long it took at most
WAYS = (
    *("ours", "ours, all explained", "empty"),
    *("mlserver", "mlserver, batched", "bentoml", "mlflow"),
)


def main() -> None:
    asked = arguments()
    with tempfile.TemporaryDirectory() as work:
        folder = asked.folder or Path(work)
        if not (folder / "calls.json").exists():
            say(f"preparing {asked.contacts:,} contacts, both models and the history")
            folder.mkdir(parents=True, exist_ok=True)
            serve_prepare.prepare(folder, asked.contacts)
        with database_in(asked.database_in, folder) as url:
            rounds = (in_turn(folder, asked, url, number) for number in range(asked.rounds))
            runs = [one for found in rounds for one in found]
    result = summary(runs)
    print(json.dumps(result, indent=1) if asked.json else table(result))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keep what is prepared here, and use it again")
    parser.add_argument("--open", action="store_true", help="the open loop alone, in each round")
    parser.add_argument("--database-in", type=Path, help="where a copy of ours is used")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


@contextmanager
def database_in(elsewhere: Path | None, folder: Path) -> Iterator[str]:
    """Give the address of our database; where it is asked for, of a copy that goes away."""
    if elsewhere is None:
        yield f"sqlite:///{folder}/recontact.db"
        return
    with tempfile.TemporaryDirectory(dir=elsewhere) as there:
        for part in folder.glob("recontact.db*"):
            shutil.copy(part, there)
        yield f"sqlite:///{there}/recontact.db"


def in_turn(
    folder: Path, asked: argparse.Namespace, url: str, number: int
) -> Iterator[dict[str, Any]]:
    """Measure each way once."""
    for way in asked.only:
        say(f"round {number + 1}: {way}")
        with serving(way, folder, url) as (address, path, process):
            bodies = requests(way, folder, address)
            load(address, path, bodies, 4, 2.0)  # what is compiled and cached at first
            for connections in () if asked.open else CONNECTIONS:
                before = processor_s(process)
                found = load(address, path, bodies, connections, SECONDS)
                used = processor_s(process) - before
                row = {"way": way, "connections": connections, "us": 1e6 * used / found["requests"]}
                yield row | found
            if asked.open or number == 0:
                counted = inside(address) if way.startswith("ours") else {}
                found = load(address, path, bodies, 8, RATE_SECONDS, RATE)
                shares = within(counted, inside(address)) if counted else {}
                yield {"way": way, "connections": f"{RATE}/s"} | found | shares


@contextmanager
def serving(way: str, folder: Path, url: str) -> Iterator[tuple[str, str, int]]:
    """Run a server; give its address, the path to ask and its process."""
    address = f"http://127.0.0.1:{PORT}"
    path, ready, command, environ = started(way, folder, url)
    log = (folder / f"{way.replace(' ', '_').replace(',', '')}.log").open("wb")
    process = subprocess.Popen(command, env=environ, stdout=log, stderr=log, start_new_session=True)
    try:
        until_ready(address + ready, process)
        yield address, path, process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)
        log.close()


def started(way: str, folder: Path, url: str) -> tuple[str, str, list[str], dict[str, str]]:
    """Give the path to ask, the path that tells of readiness, the command and its environment."""
    if way.startswith("ours"):
        words = [sys.executable, "-m", "recontact_pipelines", "serve", "--port", str(PORT)]
        return "/v1/score", "/health/ready", words, serve_prepare.settings(folder, url)
    name, _, how = way.partition(", ")
    script = HERE / "peers" / f"serve_{name}.py"
    words = [sys.executable, script, "--folder", folder, "--port", str(PORT)]
    found = subprocess.run(
        [*words, f"--{how}"] if how else words,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )  # it makes what it needs, and tells how it is run
    told = json.loads(found.stdout)
    return told["path"], told["ready"], told["command"], os.environ | told["environ"]


def until_ready(address: str, process: subprocess.Popen[bytes], seconds: float = 120) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - of this machine
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SystemExit(f"{address} does not answer")


def requests(way: str, folder: Path, address: str) -> Path:
    """Write the bodies to a file, a line each."""
    file = folder / "bodies.jsonl"
    peers = folder / f"bodies_{way.partition(', ')[0]}.jsonl"
    if peers.exists():  # a row of features, in the server's own form
        return peers
    bodies = serve_prepare.bodies(folder, "always" if "explained" in way else "auto")
    if way == "ours":
        bodies = flagged(bodies, address)
    file.write_bytes(b"\n".join(bodies))
    return file


def flagged(bodies: list[bytes], address: str) -> list[bytes]:
    """Keep as many requests as make a fifth of them flagged; half at start, half at wrap-up."""
    kept: dict[bool, list[bytes]] = {True: [], False: []}
    for body in bodies:
        asked = urllib.request.Request(  # noqa: S310 - of this machine
            f"{address}/v1/score", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(asked) as answer:  # noqa: S310 - likewise
            score = json.load(answer)
        high = any(score[o]["band"] != "low" for o in ("repeated", "escalation"))
        kept[high].append(body)
    many = int(len(kept[False]) * FLAGGED / (1 - FLAGGED))
    mixed = kept[False] + kept[True][:many]
    return sorted(mixed, key=hash)


def load(
    address: str, path: str, bodies: Path, connections: int, seconds: float, rate: float = 0
) -> dict[str, Any]:
    words = [sys.executable, HERE / "load.py", address, bodies, "--path", path]
    words += ["--connections", str(connections), "--seconds", str(seconds), "--rate", str(rate)]
    found = subprocess.run(words, check=True, capture_output=True, text=True)
    told: dict[str, Any] = json.loads(found.stdout)
    if told["failed"]:
        raise SystemExit(f"{address}: {told['statuses']}: {told['failed']}")
    return told


def inside(address: str) -> Counts:
    """Give what the service has counted: by what it timed, how many took how long at most."""
    with urllib.request.urlopen(f"{address}/metrics") as answer:  # noqa: S310 - of this machine
        text = answer.read().decode()
    found = {}
    for name, metric, labels in (
        ("request", "request_seconds", 'method="POST",route="/v1/score"'),
        *((stage, "stage_seconds", f'stage="{stage}"') for stage in ("history", "score", "commit")),
    ):
        for most in WITHIN:
            bucket = f'recontact_{metric}_bucket{{le="{most}",{labels}}}'
            found[name, f"{float(most) * 1e3:g} ms"] = number(text, bucket)
        found[name, ""] = number(text, f"recontact_{metric}_count{{{labels}}}")
    return found


def within(before: Counts, after: Counts) -> dict[str, float]:
    """Give the shares of what was counted in between."""
    many = {key: after[key] - before[key] for key in after}
    return {
        f"{name} within {most}": round(count / many[name, ""], 5)
        for (name, most), count in many.items()
        if most
    }


def number(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, name
    return float(found[1])


def summary(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the median over rounds, by way and connections."""
    found = []
    for way, connections in dict.fromkeys((run["way"], run["connections"]) for run in runs):
        own = [r for r in runs if (r["way"], r["connections"]) == (way, connections)]
        names = [n for n, value in own[0].items() if isinstance(value, float)]
        middle = {name: round(statistics.median(run[name] for run in own), 5) for name in names}
        found.append({"way": way, "connections": connections, "rounds": len(own), **middle})
    return found


def table(rows: list[dict[str, Any]]) -> str:
    empty = {r["connections"]: r["per_s"] for r in rows if r["way"] == "empty"}
    names = ("", "connections", "requests/s", "of empty", "median ms", "99 % ms", "processor us")
    widths = (22, 12, 12, 10, 11, 9, 14)
    heads = (f"{n:>{w}}" for n, w in zip(names, widths, strict=True))
    lines = ["".join(heads)]
    for row in rows:
        share = row["per_s"] / empty[row["connections"]] if row["connections"] in empty else 0
        lines.append(
            f"{row['way']:22}{row['connections']:>12}{row['per_s']:>12,.0f}{share:>10.0%}"
            f"{row['median_ms']:>11.2f}{row['p99_ms']:>9.2f}{row.get('us', 0):>14,.0f}"
        )
        lines += [f"{'':22}{name}: {row[name]:.2%}" for name in row if "within" in name]
    return "\n".join(lines)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
