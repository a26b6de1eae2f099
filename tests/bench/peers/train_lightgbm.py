"""Fit LightGBM with the same settings, rows and later fifth: FOLDER load|once|again OUT."""

import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as ours does
import lightgbm
import numpy as np

from recontact.model.params import DEFAULTS

TREES = 200
OURS = ("max_trees", "early_stopping", "regrow", "monotone")
folder, how, out = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
matrix, outcome = np.load(folder / "matrix.npy"), np.load(folder / "outcome.npy")
settings = {k: v for k, v in DEFAULTS.items() if k not in OURS} | {
    "objective": "binary",
    "metric": "binary_logloss",
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
cut, trees = int(len(outcome) * 0.8), 0
begin, used = time.perf_counter(), time.process_time()
if how != "load":
    earlier = lightgbm.Dataset(matrix[:cut], outcome[:cut])
    later = earlier.create_valid(matrix[cut:], outcome[cut:])
    stop = lightgbm.early_stopping(TREES, verbose=False)
    model = lightgbm.train(settings, earlier, TREES, valid_sets=[later], callbacks=[stop])
    trees = model.best_iteration
if how == "again":
    lightgbm.train(settings, lightgbm.Dataset(matrix, outcome), trees)
seconds, used = time.perf_counter() - begin, time.process_time() - used
out.write_text(json.dumps({"seconds": seconds, "processor_seconds": used, "trees": trees}))
