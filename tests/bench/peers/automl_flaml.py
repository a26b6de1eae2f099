"""FLAML given a table and a time: it chooses features, learner and settings by itself.

    python automl_flaml.py FOLDER MINUTES

FOLDER holds `train.parquet` and `test.parquet` with the column `outcome`, rows in the order of
time; `scores.parquet` and `automl.json` are written beside them. It optimises the area under the
ROC curve on the last fifth of the training rows.
"""

import json
import sys
import time
from importlib import metadata
from pathlib import Path

import pandas as pd
from flaml import AutoML

LIBRARIES = ("flaml", "lightgbm", "xgboost", "scikit-learn", "pandas", "numpy")
SECONDS = 60

folder, minutes = Path(sys.argv[1]), float(sys.argv[2])
train, test = (pd.read_parquet(folder / f"{part}.parquet") for part in ("train", "test"))
columns = [name for name in train.columns if name != "outcome"]
for part in (train, test):
    for name in columns:
        if part[name].dtype == object or str(part[name].dtype) in ("str", "string"):
            part[name] = part[name].astype(object).fillna("unknown").astype("category")

began = time.monotonic()
search = AutoML()
search.fit(
    train[columns],
    train["outcome"].astype(int),
    task="classification",
    metric="roc_auc",
    eval_method="holdout",
    split_type="time",
    split_ratio=0.2,
    time_budget=SECONDS * minutes,
    n_jobs=1,
    seed=0,
    verbose=1,
    log_file_name=str(folder / "automl.log"),
)
scores = search.predict_proba(test[columns])[:, 1]
pd.DataFrame({"score": scores}).to_parquet(folder / "scores.parquet")
found = {
    "learner": search.best_estimator,
    "settings": search.best_config,
    "validation_roc_auc": 1 - float(search.best_loss),
    "seconds": round(time.monotonic() - began),
    "processor_s": round(time.process_time()),
    "best_found_after_s": round(float(search.time_to_find_best_model)),
    "versions": {name: metadata.version(name) for name in LIBRARIES},
}
(folder / "automl.json").write_text(json.dumps(found, indent=1, default=str) + "\n")
