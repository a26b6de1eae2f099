"""The core columns in pandas: contacts merged with the contacts of the same issue."""

import sys

import numpy as np
from outcome import HOURS48, ISSUE, labels, read

out, path = sys.argv[1:]
contacts = read(path)
contacts["place"] = np.arange(len(contacts))
columns = [*ISSUE, "place", "started", "ended"]
own = contacts.loc[contacts["known"], columns]
others = contacts.loc[contacts["known"] & contacts["counts"], columns]
pairs = own.merge(others, on=ISSUE, suffixes=("", "_other"))


def rows(found):
    """Give the other row of each contact, -1 for none."""
    of = np.full(len(contacts), -1)
    of[found["place"]] = found["place_other"]
    return of


later = pairs[pairs["place_other"] > pairs["place"]]
following = later.sort_values("place_other").drop_duplicates("place")
earlier = pairs[
    (pairs["place_other"] < pairs["place"]) & (pairs["started"] - pairs["ended_other"] <= HOURS48)
]
previous = earlier.sort_values(["ended_other", "place_other"]).drop_duplicates("place", keep="last")
labels(contacts, rows(previous), rows(following)).to_parquet(out, compression="zstd", index=False)
