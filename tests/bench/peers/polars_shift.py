"""The core columns in Polars: sort by issue, then columns shifted by one row."""

import sys

import polars as pl

ISSUE = ["customer_id", "program", "reason"]
HOURS48 = 48 * 3_600_000_000

out, contacts = sys.argv[1:]
escalated = pl.coalesce("escalated", pl.col("tier") >= 2, False).alias("escalated")
contact = (
    pl.scan_parquet(contacts)
    .select(
        "contact_id",
        *ISSUE,
        pl.col("started_at").to_physical().alias("started"),
        pl.col("ended_at").to_physical().alias("ended"),
        (pl.col("channel").fill_null("voice") == "voice").alias("voice"),
        (
            (pl.col("direction").fill_null("inbound") == "inbound")
            & pl.col("handled").fill_null(value=True)
        ).alias("counts"),
        escalated,
        pl.all_horizontal(pl.col("customer_id", "reason").is_not_null()).alias("known"),
    )
    .sort(*ISSUE, "started", "contact_id")
)
new_issue = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in ISSUE)
numbered = contact.with_columns(
    new_issue.cum_sum().alias("issue"), pl.int_range(pl.len()).alias("place")
).drop(ISSUE)

# The earlier contact that ended last: where the greatest end so far is its own.
counted = pl.when("counts")
latest = counted.then("ended").cum_max().over("issue")
ends_last = numbered.with_columns((pl.col("counts") & (pl.col("ended") == latest)).alias("last"))
found = ends_last.with_columns(
    pl.when("last").then("place").shift(1).forward_fill().alias("previous"),
    counted.then("place").shift(-1).backward_fill().alias("next"),
)


def of(name, other):
    """Take a column of the previous or next contact, null where that is of another issue."""
    same = pl.col("issue").gather(pl.col(other)) == pl.col("issue")
    return pl.when(same & pl.col("known")).then(pl.col(name).gather(pl.col(other)))


gaps = found.with_columns(
    of("contact_id", "previous").alias("previous_contact_id"),
    (pl.col("started") - of("ended", "previous")).clip(0).alias("before"),
    of("contact_id", "next").alias("next_contact_id"),
    (of("started", "next") - pl.col("ended")).clip(0).alias("after"),
)
told = gaps.select(
    "contact_id",
    "escalated",
    "previous_contact_id",
    "before",
    "next_contact_id",
    "after",
    (pl.col("known") & pl.col("voice") & pl.col("counts")).alias("eligible"),
    (pl.col("ended") + HOURS48 <= pl.col("ended").max()).alias("matured"),
    (pl.col("started") - HOURS48 >= pl.col("started").min()).alias("lookback_known"),
    (pl.col("before") <= HOURS48).fill_null(value=False).alias("has_previous"),
    (pl.col("after") <= HOURS48).fill_null(value=False).alias("has_next"),
)
judged = told.select(
    "contact_id",
    "eligible",
    "matured",
    "lookback_known",
    pl.when("has_previous").then("previous_contact_id"),
    pl.when("has_previous").then(pl.col("before") / 1e6).alias("previous_gap_s"),
    pl.when("has_next").then("next_contact_id"),
    pl.when("has_next").then(pl.col("after") / 1e6).alias("next_gap_s"),
    pl.when(pl.col("eligible") & (pl.col("has_previous") | pl.col("lookback_known")))
    .then(~pl.col("has_previous"))
    .alias("first_contact"),
    pl.when(pl.col("eligible") & pl.col("matured")).then("has_next").alias("repeated"),
    pl.when("eligible").then("escalated").alias("escalated"),
)
judged.with_columns(
    pl.when(pl.col("first_contact") & pl.col("matured"))
    .then(~(pl.col("repeated") | pl.col("escalated")))
    .alias("fcr")
).sink_parquet(out, compression="zstd", engine="streaming")
