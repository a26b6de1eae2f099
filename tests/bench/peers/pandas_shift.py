"""The core columns in pandas: sort by issue, then columns shifted inside each group."""

import sys

import numpy as np
import pandas as pd
from outcome import ISSUE, labels, read

out, path = sys.argv[1:]
contacts = read(path)
place = pd.Series(np.arange(len(contacts), dtype="float64"))
issue = contacts.groupby(ISSUE, sort=False, dropna=False).ngroup()
counts = contacts["counts"]

following = place.where(counts).groupby(issue).shift(-1).groupby(issue).bfill()
# The earlier contact that ended last: where the greatest end so far is its own.
latest = contacts["ended"].where(counts, -(2**62)).groupby(issue).cummax()
ends_last = counts & (contacts["ended"] == latest)
previous = place.where(ends_last).groupby(issue).shift(1).groupby(issue).ffill()


def rows(found):
    """Give row numbers, -1 for none."""
    return found.where(contacts["known"]).fillna(-1).astype("int64").to_numpy()


labels(contacts, rows(previous), rows(following)).to_parquet(out, compression="zstd", index=False)
