"""The features in temporian: moving windows over customers and issues, sampled at the contacts.

Simplified as `features_duckdb.py` is.
"""

import sys

import numpy as np
import pandas as pd
import temporian as tp

SPANS = {"1h": 1, "48h": 48, "7d": 168, "30d": 720, "90d": 2160}
RATES = {"agent": "agent_id", "queue": "queue", "reason": "reason"}
LABELS = ["judged", "repeats", "judged_escalation", "escalations"]
TEXTS = ["program", "queue", "agent_id", "reason", "channel"]
LAST_TEXTS = ("channel", "queue", "reason")
HOUR, DAY = 3_600.0, 86_400.0
JUST = 1e-7  # what happens shows just after its instant
ALWAYS = np.inf
COLUMNS = [
    *("contact_id", "customer_id", *TEXTS, "talk_s", "started_at", "ended_at", "known_at"),
    *("direction", "handled", "escalated", "tier"),
]  # fmt: skip

out, contacts, labels = sys.argv[1:]
parts = [
    pd.read_parquet(contacts, columns=COLUMNS),
    pd.read_parquet(labels, columns=["eligible", "repeated", "escalation"]),
]
raw = pd.concat(parts, axis=1).dropna(subset=["customer_id"]).reset_index(drop=True)
first_day = raw["started_at"].min().floor("D")


def seconds(times):
    """Give seconds since the first day began."""
    return (times - first_day).dt.total_seconds()


inbound = raw["direction"].fillna("inbound") == "inbound"
served = raw["handled"] != False  # noqa: E712 - unknown means handled
escalated = raw["escalated"].astype("boolean").fillna((raw["tier"] >= 2).astype("boolean"))
codes = {name: raw[name].factorize() for name in TEXTS}
contact = pd.DataFrame(
    {
        "row": np.arange(len(raw)),
        "started": seconds(raw["started_at"]),
        "ended": seconds(raw["ended_at"]),
        "known": seconds(raw["known_at"].fillna(raw["ended_at"])),
        "customer": raw.groupby(["program", "customer_id"], dropna=False).ngroup(),
        "counts": (inbound & served).astype(float),
        "unhandled": (inbound & ~served).astype(float),
        "outbound": (raw["direction"] == "outbound").astype(float),
        "escalated": escalated.fillna(value=False).astype(float),
        "talk_s": raw["talk_s"],
        **{name: found for name, (found, _) in codes.items()},
    }
)
contact["escalations"] = contact["counts"] * contact["escalated"]
contact["record"] = contact[["ended", "known"]].max(axis=1)


def events(rows, at, index, features):
    """Make events of rows at some instants."""
    taken = {name: rows[name].to_numpy() for name in [*index, *features]}
    return tp.event_set(timestamps=np.asarray(at), features=taken, indexes=index)


def found(evset):
    """Give what was found for each row."""
    table = tp.to_pandas(evset, timestamp_to_datetime=False, timestamps=False)
    return table.drop(columns=evset.schema.index_names()).set_index("row").sort_index()


def counted(past, at, name):
    """Count contacts over each span and in all, and find the last one."""
    sums = [
        past["counts"].moving_sum(hours * HOUR, sampling=at).rename(f"{name}_{span}")
        for span, hours in SPANS.items()
    ]
    return [*sums, past["counts"].moving_sum(ALWAYS, sampling=at).rename(f"{name}_before")]


def history():
    """Find what the customer's contacts tell."""
    features = ["row", "counts", "unhandled", "outbound", "escalations"]
    last = ["started", "ended", "known", "channel", "queue", "reason", "talk_s", "escalated"]
    at = events(contact, contact["started"], ["customer"], features)
    past = at.lag(JUST)
    counting = contact[contact["counts"] > 0]
    seen = events(counting, counting["started"] + JUST, ["customer"], last)
    week = [past[name].moving_sum(7 * DAY, sampling=at) for name in ("unhandled", "outbound")]
    return found(
        tp.glue(
            at["row"],
            *counted(past, at, "contacts"),
            *week,
            past["escalations"].moving_sum(90 * DAY, sampling=at),
            seen["started"].moving_min(ALWAYS, sampling=at).rename("first"),
            seen.resample(at).prefix("last_"),
        )
    )


def same_issue():
    """Find what the contacts about the same issue tell."""
    index = ["customer", "reason"]
    at = events(contact, contact["started"], index, ["row", "counts"])
    counting = contact[contact["counts"] > 0]
    seen = events(counting, counting["started"] + JUST, index, ["started"])
    last = seen.resample(at).rename("last_same")
    return found(tp.glue(at["row"], *counted(at.lag(JUST), at, "same_issue"), last))


def settled(rows, known):
    """Tell from which day on each label counts: all that began in its window must be known."""
    over = rows["ended"] + 48 * HOUR
    asked = rows.assign(span=over - rows["started"] + JUST)
    span = events(asked, over, ["customer"], ["row", "span"])
    past = events(contact, contact["started"], ["customer"], [known])
    latest = past[known].moving_max(span["span"])
    after = found(tp.glue(span["row"], latest))[known]
    return (np.maximum(over, after.reindex(rows.index)) // DAY + 1) * DAY


def rate_events(rows):
    """List labels at the instants from which they count."""
    blank = dict.fromkeys(LABELS, 0.0)
    repeats = rows.assign(**blank | {"judged": 1.0}, day=settled(rows, "ended"))
    repeats["repeats"] = rows["repeated"].astype(float)
    escalations = rows.assign(**blank | {"judged_escalation": 1.0}, day=settled(rows, "record"))
    escalations["escalations"] = rows["escalation"].astype(float)
    return pd.concat([repeats, escalations])


def cumulated(labeled, scored, index):
    """Sum labels of an entity up to each contact."""
    at = events(scored, scored["started"], index, ["row"])
    past = events(labeled, labeled["day"], index, LABELS)
    return found(tp.glue(at["row"], past.moving_sum(ALWAYS, sampling=at)))[LABELS]


def rates(scored):
    """Draw the rates of each entity to those of all."""
    judged = raw["repeated"].notna() & raw["escalation"].notna()
    targets = raw.loc[judged, ["repeated", "escalation"]]
    labeled = rate_events(contact[judged].join(targets))
    every = cumulated(labeled, scored, [])
    table = pd.DataFrame(index=scored.index)
    for entity, column in RATES.items():
        own = cumulated(labeled, scored, ["program", column])
        own = own.where(scored[column] >= 0)
        for name, positives, count in (
            ("repeat_rate", "repeats", "judged"),
            ("escalation_rate", "escalations", "judged_escalation"),
        ):
            base = every[positives] / every[count].where(every[count] > 0)
            table[f"{entity}_{name}"] = (own[positives] + 20 * base) / (own[count] + 20)
        table[f"{entity}_judged"] = own["judged"]
    return table


def texts(code, name):
    """Give the texts of codes, null where there is none."""
    known = code.fillna(-1).astype(int)
    values = pd.Series(codes[name][1].take(known), index=code.index)
    return values.where(known >= 0)


table = history().join(same_issue())
started, before = contact["started"], table["contacts_before"]
there = before > 0
ended, recorded = table["last_ended"], table["last_known"] < started
spans = {"unhandled": "unhandled_7d", "outbound": "outbound_7d", "escalations": "escalated_90d"}
table = table.rename(columns=spans)
features = table.assign(
    contact_id=raw["contact_id"],
    since_last_s=started - table["last_started"],
    since_last_end_s=(started - ended).where(ended < started),
    since_same_issue_s=started - table["last_same"],
    mean_gap_s=((started - table["first"]) / before).where(there),
    last_talk_s=table["last_talk_s"].where(recorded),
    last_escalated=table["last_escalated"].where(recorded),
    **{f"last_{name}": texts(table[f"last_{name}"].where(there), name) for name in LAST_TEXTS},
).drop(columns=["first", "last_same", "last_started", "last_ended", "last_known"])
eligible = raw["eligible"]
features[eligible].join(rates(contact[eligible])).to_parquet(out, compression="zstd", index=False)
