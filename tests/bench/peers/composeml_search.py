"""What composeml can say: a search over each issue's contacts, one slice from every contact on.

A slice holds what comes after its first contact, so there is no previous contact, no first one
and no fcr, and only contacts of a known customer and reason get a row.
"""

import sys

import composeml
import numpy as np
import pandas as pd

ISSUE = ["customer_id", "program", "reason"]
COLUMNS = [
    "contact_id", *ISSUE, "started_at", "ended_at", "channel", "direction", "handled",
]  # fmt: skip
HOURS48 = pd.Timedelta("48h")

out, path = sys.argv[1:]
raw = pd.read_parquet(path, columns=COLUMNS).dropna(subset=["customer_id", "reason"])
contacts = raw.sort_values(["started_at", "contact_id"], ignore_index=True)
contacts["counts"] = (contacts["direction"].fillna("inbound") == "inbound") & (
    contacts["handled"] != False  # noqa: E712 - unknown means handled
)
contacts["issue"] = contacts.groupby(ISSUE, dropna=False).ngroup()
contacts["place"] = np.arange(len(contacts))
contacts["started"], contacts["ended"] = contacts["started_at"], contacts["ended_at"]


def place(slice_):
    """Tell which contact the slice begins with."""
    return slice_["place"].array[0]


def following(slice_):
    """Tell which contact is the first later one that counts within 48 hours, -1 for none."""
    counting = np.flatnonzero(slice_["counts"].to_numpy()[1:])
    if not len(counting):
        return -1
    at = 1 + counting[0]
    near = slice_["started"].array[at] - slice_["ended"].array[0] <= HOURS48
    return slice_["place"].array[at] if near else -1


maker = composeml.LabelMaker(
    target_dataframe_index="issue",
    time_index="started_at",
    labeling_function=[place, following],
    window_size=len(contacts),
)
searched = contacts[["issue", "started_at", "started", "ended", "place", "counts"]]
found = maker.search(searched, num_examples_per_instance=-1, gap=1, verbose=False)
own = contacts.iloc[found["place"].to_numpy(int)].reset_index(drop=True)
other = contacts.iloc[found["following"].to_numpy(int)].reset_index(drop=True)
has_next = pd.Series(found["following"].to_numpy(int) >= 0)
eligible = own["counts"] & (own["channel"].fillna("voice") == "voice")
matured = own["ended"] + HOURS48 <= pd.read_parquet(path, columns=["ended_at"])["ended_at"].max()
gap_s = (other["started"] - own["ended"]).dt.total_seconds().clip(lower=0)
pd.DataFrame(
    {
        "contact_id": own["contact_id"],
        "eligible": eligible,
        "matured": matured,
        "next_contact_id": other["contact_id"].where(has_next),
        "next_gap_s": gap_s.where(has_next),
        "repeated": has_next.astype("boolean").where(eligible & matured),
    }
).to_parquet(out, compression="zstd", index=False)
