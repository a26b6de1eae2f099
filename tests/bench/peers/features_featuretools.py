"""What featuretools' own primitives say: rolling counts and lags, grouped by customer and by issue.

They know no sum over a rolling window and no rate of labels by the day it settled, so 21 of the
features are here. Simplified as `features_duckdb.py` is.
"""

import sys

import featuretools as ft
import numpy as np
import pandas as pd
from featuretools.primitives import CumCount, CumMin, Lag, RollingCount, TimeSincePrevious

SPANS = ("1h", "48h", "7d", "30d", "90d")
LAST = ["ended", "known", "channel", "queue", "reason", "talk_s", "escalated"]
COLUMNS = [
    *("contact_id", "customer_id", "program", "queue", "reason", "channel", "talk_s", "tier"),
    *("started_at", "ended_at", "known_at", "direction", "handled", "escalated"),
]

out, contacts, labels = sys.argv[1:]
parts = [
    pd.read_parquet(contacts, columns=COLUMNS),
    pd.read_parquet(labels, columns=["eligible"]),
]
raw = pd.concat(parts, axis=1).dropna(subset=["customer_id"])
counts = (raw["direction"].fillna("inbound") == "inbound") & (
    raw["handled"] != False  # noqa: E712 - unknown means handled
)
raw = raw[counts].sort_values(["started_at", "contact_id"], ignore_index=True)
escalated = raw["escalated"].astype("boolean").fillna((raw["tier"] >= 2).astype("boolean"))
customer = ["program", "customer_id"]


def seconds(times):
    """Give seconds since the first contact."""
    return (times - raw["started_at"].min()).dt.total_seconds()


contact = pd.DataFrame(
    {
        **{name: raw[name] for name in ("contact_id", "channel", "queue", "reason", "talk_s")},
        "started": raw["started_at"].dt.tz_localize(None),
        "began": seconds(raw["started_at"]),
        "ended": seconds(raw["ended_at"]),
        "known": seconds(raw["known_at"].fillna(raw["ended_at"])),
        "escalated": escalated.fillna(value=False).astype(float),
        "customer": raw.groupby(customer, dropna=False).ngroup(),
        "issue": raw.groupby([*customer, "reason"], dropna=False).ngroup(),
    }
)
categories = ("channel", "queue", "reason", "customer", "issue")
data = ft.EntitySet("contacts")
data.add_dataframe(
    contact,
    "contact",
    index="contact_id",
    time_index="started",
    logical_types=dict.fromkeys(categories, "Categorical"),
)


def column(name):
    """Give a column of the contacts."""
    return ft.Feature(data["contact"].ww[name])


def grouped(of, by, primitive, name):
    """Define a feature inside each group."""
    bases = [column(item) for item in of]
    return ft.Feature(bases, groupby=column(by), primitive=primitive).rename(name)


def counted(by, name):
    """Count the contacts of a group over each span and in all, and tell when the last was."""
    spans = [
        grouped(["started"], by, RollingCount(span, gap="1us", min_periods=0), f"{name}_{span}")
        for span in SPANS
    ]
    since = "since_last_s" if by == "customer" else "since_same_issue_s"
    return [
        *spans,
        grouped([by], by, CumCount, f"{name}_before"),
        grouped(["started"], by, TimeSincePrevious, since),
    ]


features = [
    *counted("customer", "contacts"),
    *counted("issue", "same_issue"),
    *(grouped([name, "started"], "customer", Lag(1), f"last_{name}") for name in LAST),
    grouped(["began"], "customer", CumMin, "first"),
]
found = ft.calculate_feature_matrix(features, data).reset_index()
table = found.set_index("contact_id").reindex(raw["contact_id"]).reset_index()
began, ended = seconds(raw["started_at"]), table["last_ended"].astype(float)
recorded = table["last_known"].astype(float) < began
numbers = [f"{name}_{span}" for name in ("contacts", "same_issue") for span in SPANS]
before = table["contacts_before"].astype(float) - 1
table = table.assign(
    **{name: table[name].astype(float).fillna(0.0) for name in numbers},
    contacts_before=before,
    same_issue_before=table["same_issue_before"].astype(float) - 1,
    since_last_end_s=(began - ended).where(ended < began),
    mean_gap_s=((began - table["first"].astype(float)) / before).where(before > 0),
    last_talk_s=table["last_talk_s"].where(recorded),
    last_escalated=table["last_escalated"].where(recorded),
    **{name: table[name].astype(object) for name in ("last_channel", "last_queue", "last_reason")},
).drop(columns=["last_ended", "last_known", "first"])
table[np.asarray(raw["eligible"])].to_parquet(out, compression="zstd", index=False)
