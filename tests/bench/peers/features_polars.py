"""The features in Polars: rolling sums by customer and by issue, shifts, joins on the day.

Simplified as `features_duckdb.py` is. Besides, a label counts from when all earlier contacts of
its customer had ended (been recorded) too: no rolling window ends where each row says.
"""

import sys
import warnings

import polars as pl

warnings.filterwarnings("ignore", message="Sortedness of columns")  # both sides are sorted

SPANS = ("1h", "48h", "7d", "30d", "90d")
RATES = {"agent": "agent_id", "queue": "queue", "reason": "reason"}
LABELS = ("judged", "repeats", "judged_escalation", "escalations")

out, contacts, labels = sys.argv[1:]
read = pl.scan_parquet(contacts).select(
    *("contact_id", "program", "queue", "agent_id", "reason", "channel", "talk_s"),
    started=pl.col("started_at"),
    ended=pl.col("ended_at"),
    known=pl.coalesce("known_at", "ended_at"),
    customer=pl.struct("program", "customer_id").hash(),
    issue=pl.struct("program", "customer_id", "reason").hash(),
    named=pl.col("customer_id").is_not_null(),
    inbound=pl.col("direction").fill_null("inbound") == "inbound",
    outbound=(pl.col("direction") == "outbound").fill_null(value=False),
    served=pl.col("handled").fill_null(value=True),
    escalated=pl.coalesce("escalated", pl.col("tier") >= 2, False),
)
judged = pl.scan_parquet(labels).select("eligible", "repeated", "escalation")
both = pl.concat([read, judged], how="horizontal").filter("named").drop("named")
contact = (
    both.sort("customer", "started")
    .with_columns(counts=pl.col("inbound") & pl.col("served"), place=pl.int_range(pl.len()))
    .collect()
)


def rolled(rows, by, flags):
    """Count flagged contacts over each span before each row, the row left out."""
    found = []
    for span in SPANS:
        sums = {
            name: flag.sum().cast(pl.Float64)
            for name, flag in flags.items()
            if name.endswith(f"_{span}")
        }
        rolling = rows.rolling("started", period=span, closed="left", group_by=by)
        found.append(rolling.agg(**sums).drop(by, "started"))
    return found


def seconds(instant):
    """Tell how long ago it was."""
    return (pl.col("started") - instant).dt.total_microseconds() / 1e6


def before(by):
    """Count all before each row."""
    return (pl.col("counts").cum_sum().over(by) - pl.col("counts")).cast(pl.Float64)


def of(name):
    """Take a column of the last contact."""
    return pl.when("has_last").then(pl.col(name).gather("last"))


counted = pl.when("counts")
history = contact.with_columns(
    last=counted.then("place").shift(1).forward_fill(),
    first=counted.then("started").min().over("customer"),
    contacts_before=before("customer"),
).with_columns(has_last=pl.col("customer").gather("last") == pl.col("customer"))
recorded = of("known") < pl.col("started")
own = history.select(
    "contact_id",
    "contacts_before",
    since_last_s=seconds(of("started")),
    since_last_end_s=pl.when(of("ended") < pl.col("started")).then(seconds(of("ended"))),
    mean_gap_s=pl.when("has_last").then(seconds(pl.col("first"))) / pl.col("contacts_before"),
    last_channel=of("channel"),
    last_queue=of("queue"),
    last_reason=of("reason"),
    last_talk_s=pl.when(recorded).then(of("talk_s")),
    last_escalated=pl.when(recorded).then(of("escalated")).cast(pl.Float64),
)
flags = {
    **{f"contacts_{span}": pl.col("counts") for span in SPANS},
    "unhandled_7d": pl.col("inbound") & ~pl.col("served"),
    "outbound_7d": pl.col("outbound"),
    "escalated_90d": pl.col("counts") & pl.col("escalated"),
}
spans = rolled(contact, "customer", flags)

by_issue = contact.select("issue", "started", "counts", "place").sort("issue", "started")
same = by_issue.select(
    "place",
    same_issue_before=before("issue"),
    since_same_issue_s=seconds(counted.then("started").shift(1).forward_fill().over("issue")),
)
flags = {f"same_issue_{span}": pl.col("counts") for span in SPANS}
issues = pl.concat([same, *rolled(by_issue, "issue", flags)], how="horizontal")
issues = issues.sort("place").drop("place")

# The latest end, and record, of all that began until the window after each contact was over.
latest = contact.select(
    "customer",
    "started",
    latest_end=pl.col("ended").cum_max().over("customer"),
    latest_record=pl.max_horizontal("ended", "known").cum_max().over("customer"),
).sort("started")
over = contact.filter(pl.col("repeated").is_not_null()).with_columns(
    over=pl.col("ended") + pl.duration(hours=48)
)
settled = over.sort("over").join_asof(latest, left_on="over", right_on="started", by="customer")
DAY = pl.col("started").dt.date()


def event(rows, day, **values):
    """Give rows that count from a day on."""
    numbers = {name: values.get(name, pl.lit(0)).cast(pl.Int64) for name in LABELS}
    return rows.select("program", *RATES.values(), day=day, **numbers)


def since(name):
    """Give the day after a label settled."""
    return pl.max_horizontal("over", name).dt.date() + pl.duration(days=1)


scored = contact.filter("eligible")
one = pl.lit(1)
repeats = {"judged": one, "repeats": pl.col("repeated")}
escalations = {"judged_escalation": one, "escalations": pl.col("escalation")}
events = pl.concat(
    [
        event(scored, DAY),
        event(settled, since("latest_end"), **repeats),
        event(settled, since("latest_record"), **escalations),
    ]
)


def daily(*by):
    """Cumulate labels by day."""
    sums = events.group_by(*by, "day").agg(pl.col(LABELS).sum()).sort(*by, "day")
    so_far = pl.col(LABELS).cum_sum()
    return sums.with_columns(so_far.over(by) if by else so_far)


def smoothed(positives, count):
    """Draw a rate to that of all."""
    every = pl.col(f"{count}_all")
    base = pl.when(every > 0).then(pl.col(f"{positives}_all") / every)
    return (pl.col(positives) + 20 * base) / (pl.col(count) + 20)


def rated(entity, column):
    """Give the rates of an entity."""
    by = ["program", column]
    found = days.join(daily(*by), on=[*by, "day"], how="left", maintain_order="left")
    return found.select(
        smoothed("repeats", "judged").alias(f"{entity}_repeat_rate"),
        pl.col("judged").cast(pl.Float64).alias(f"{entity}_judged"),
        smoothed("escalations", "judged_escalation").alias(f"{entity}_escalation_rate"),
    )


every = daily().rename({name: f"{name}_all" for name in LABELS})
days = scored.select("program", *RATES.values(), day=DAY)
days = days.join(every, on="day", how="left", maintain_order="left")
rates = [rated(entity, column) for entity, column in RATES.items()]
table = pl.concat([own, *spans, issues, contact.select("eligible")], how="horizontal")
table = table.filter("eligible").drop("eligible")
pl.concat([table, *rates], how="horizontal").write_parquet(out, compression="zstd")
