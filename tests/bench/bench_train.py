"""What the call that fits and calibrates one model costs beside LightGBM's own work on the rows.

The rows are those of simulated contacts at all moments, made once. Each way is a process of its
own; what counts is the time of the call and the peak of the process. All grow 200 trees with one
eye on the later fifth of the rows; those that grow again then grow as many as were best there.

    python tests/bench/bench_train.py --rows 1000000
"""

# ruff: noqa: T201 - it prints what it measures

import argparse
import json
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
from processes import CACHE, PEERS, measure

from recontact.features.table import feature_columns
from recontact.model.encoding import Encoding
from recontact.model.fitting import judged, moments_of, outcomes
from recontact.model.rows import labeled_rows
from recontact.policy import Policy

ROWS, CONTACTS_A_ROW = 1_000_000, 0.65
Call = tuple[float, float, float, int]  # seconds on the clock and of processors, GiB, trees
WAYS = {  # script, how, what it does
    "rows only": ("train_lightgbm.py", "load"),
    "LightGBM, once": ("train_lightgbm.py", "once"),
    "ours, once": ("train_ours.py", "once"),
    "LightGBM, counted and grown again": ("train_lightgbm.py", "again"),
    "ours, as recontact train does": ("train_ours.py", "again"),
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=ROWS)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    folder = prepared(given.rows)
    size = np.load(folder / "matrix.npy", mmap_mode="r")
    print(f"{size.shape[0]:,} rows of {size.shape[1]} features, {size.nbytes / 2**30:.2f} GiB")
    took: dict[str, list[Call]] = {name: [] for name in WAYS}
    for _ in range(given.rounds):
        for name, (script, how) in WAYS.items():
            took[name].append(one(folder, script, how))
    show(took, size.nbytes / 2**30)


def prepared(rows: int) -> Path:
    """Make the rows, once."""
    from ways import contacts

    folder = CACHE / f"train-{rows}"
    if not (folder / "matrix.npy").exists():
        from recontact.clean import read_contacts

        table = labeled_rows(
            read_contacts([contacts(int(rows * CONTACTS_A_ROW)).contacts]), Policy()
        )
        own = judged(table, "repeated").sort_by("started_at").slice(0, rows)
        encoding = Encoding.learn(own, feature_columns(own))
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "outcome.npy", outcomes(own, "repeated"))
        np.save(folder / "moments.npy", moments_of(own).astype("U6"))
        np.save(folder / "matrix.npy", encoding.matrix(own))
    return folder


def one(folder: Path, script: str, how: str) -> Call:
    """Give the seconds of the call, the peak of the process, and what the script says."""
    with tempfile.TemporaryDirectory() as work:
        out = Path(work) / "said.json"
        took = measure([sys.executable, PEERS / script, folder, how, out], 20, 3600)
        if took.failed:
            raise SystemExit(f"{script} {how}: {took.failed}")
        said = json.loads(out.read_text())
        return said["seconds"], said["processor_seconds"], took.peak, said["trees"]


def show(took: dict[str, list[Call]], matrix: float) -> None:
    """Print a table: medians, and ratios to what LightGBM itself takes."""
    found = {
        name: [median(column) for column in zip(*runs, strict=True)] for name, runs in took.items()
    }
    bare = found["rows only"][2] - matrix  # Python and its libraries
    heads = ("call s", "ratio", "cpu s", "ratio", "peak", "/matrix", "trees")
    print(f"{'':<36}" + "".join(f"{head:>9}" for head in heads))
    own = found["rows only"]
    for name, (wall, cpu, peak, trees) in list(found.items())[1:]:
        own = found[name] if name.startswith("LightGBM") else own
        print(
            f"{name:<36}{wall:>9.1f}{wall / own[0]:>9.2f}{cpu:>9.1f}{cpu / own[1]:>9.2f}"
            f"{peak:>9.2f}{(peak - bare) / matrix:>9.2f}{trees:>9.0f}"
        )


if __name__ == "__main__":
    main()
