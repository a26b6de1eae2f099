"""What the peers share that score ready-made features: the model, the rows, what is told."""

# ruff: noqa: T201 - what it prints is read by the bench

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from recontact.model.expected import made_up
from recontact.tracking import load_bundle

sys.path.append(str(Path(__file__).parents[1]))
from processes import environment  # one folder up

ROWS = 400
QUIET = {
    "OMP_NUM_THREADS": "1",  # one row at a time: more threads of LightGBM only wait for each other
    "PYTHONWARNINGS": "ignore",
    "PYTHONPATH": "",  # ours is of no use to a server in an environment of its own
}


class Asked(NamedTuple):
    """With which Python, where to work and listen, the model as text, whether to use batches."""

    python: Path
    folder: Path
    port: int
    model: Path
    batched: bool


def asked(name: str, form: Callable[[list[float]], Any], packages: Sequence[str] = ()) -> Asked:
    """Read the arguments; write the model, and a request for each row in the peer's form.

    Its Python is that of an environment with these packages, or else our own.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--batched", action="store_true")
    given = parser.parse_args()
    folder = given.folder.resolve()
    bundle = load_bundle("recontact-repeated", uri=f"sqlite:///{folder}/mlflow.db")
    rows, _ = made_up(bundle.encoding, bundle.explainer.trees, bundle.moments, ROWS)
    bodies = [json.dumps(form(row)) for row in np.nan_to_num(rows).tolist()]  # JSON has no NaN
    (folder / f"bodies_{name}.jsonl").write_text("\n".join(bodies))
    own = folder / name
    own.mkdir(exist_ok=True)
    model = own / "model.txt"
    model.write_text(bundle.model)
    python = environment(name, list(packages)) if packages else Path(sys.executable)
    return Asked(python, own, given.port, model, given.batched)


def tell(path: str, ready: str, command: list[object], environ: dict[str, str]) -> None:
    """Print how the server is run."""
    told = {"path": path, "ready": ready, "command": [str(word) for word in command]}
    print(json.dumps(told | {"environ": QUIET | environ}))
