"""Labels from the previous and next contact, the same for both ways with pandas."""

import numpy as np
import pandas as pd

ISSUE = ["customer_id", "program", "reason"]
HOURS48 = 48 * 3_600_000_000
COLUMNS = [
    "contact_id", *ISSUE, "started_at", "ended_at",
    "channel", "direction", "handled", "escalated", "tier",
]  # fmt: skip


def read(path):
    """Read the contacts, sorted by issue, with what the rules ask of each."""
    raw = pd.read_parquet(path, columns=COLUMNS).sort_values([*ISSUE, "started_at", "contact_id"])
    known = raw["customer_id"].notna() & raw["reason"].notna()
    inbound = raw["direction"].fillna("inbound") == "inbound"
    counts = inbound & (raw["handled"] != False)  # noqa: E712 - unknown means handled
    voice = raw["channel"].fillna("voice") == "voice"
    own = raw["escalated"].astype("boolean").fillna((raw["tier"] >= 2).astype("boolean"))
    return pd.DataFrame(
        {
            **{name: raw[name] for name in ["contact_id", *ISSUE]},
            "started": raw["started_at"].astype("int64"),
            "ended": raw["ended_at"].astype("int64"),
            "known": known,
            "counts": counts,
            "eligible": known & counts & voice,
            "escalated": own.fillna(value=False).astype(bool),
        }
    ).reset_index(drop=True)


def labels(contacts, previous, following):
    """Judge each contact by the rows of its previous and next one, -1 for none."""
    started, ended = contacts["started"].to_numpy(), contacts["ended"].to_numpy()
    before = np.maximum(started - ended[previous], 0)
    after = np.maximum(started[following] - ended, 0)
    has_previous = (previous >= 0) & (before <= HOURS48)
    has_next = (following >= 0) & (after <= HOURS48)
    eligible = contacts["eligible"].to_numpy()
    matured = ended + HOURS48 <= ended.max()
    lookback_known = started - HOURS48 >= started.min()
    first_known = eligible & (has_previous | lookback_known)
    first = pd.Series(~has_previous, dtype="boolean").where(first_known)
    repeated = pd.Series(has_next, dtype="boolean").where(eligible & matured)
    escalated = contacts["escalated"].astype("boolean").where(eligible)
    judged = first_known & ~has_previous & matured
    ids = contacts["contact_id"]
    return pd.DataFrame(
        {
            "contact_id": ids,
            "eligible": eligible,
            "matured": matured,
            "lookback_known": lookback_known,
            "previous_contact_id": ids.take(previous).set_axis(ids.index).where(has_previous),
            "previous_gap_s": pd.Series(before / 1e6).where(has_previous),
            "next_contact_id": ids.take(following).set_axis(ids.index).where(has_next),
            "next_gap_s": pd.Series(after / 1e6).where(has_next),
            "first_contact": first,
            "repeated": repeated,
            "escalated": escalated,
            "fcr": (~(repeated | escalated)).where(judged),
        }
    )
