"""Fit and calibrate one model with RiskClassifier: FOLDER once|again OUT."""

import json
import sys
import time
from pathlib import Path

import numpy as np

from recontact.model import RiskClassifier

TREES = 200

folder, how, out = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
matrix, outcome = np.load(folder / "matrix.npy"), np.load(folder / "outcome.npy")
begin, used = time.perf_counter(), time.process_time()
model = RiskClassifier(max_trees=TREES, early_stopping=TREES, regrow=how == "again").fit(
    matrix, outcome
)
seconds, used = time.perf_counter() - begin, time.process_time() - used
out.write_text(json.dumps({"seconds": seconds, "processor_seconds": used, "trees": model.trees_}))
