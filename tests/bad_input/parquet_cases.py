"""Malformed and unusual Parquet files, and what comes of each."""

import datetime as dt
import io
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
from tests.bad_input.builders import INSTANT, Case, day, ids, lines, parquet, table

WHOLE = parquet(table(3), use_dictionary=False, compression="none")
PACKED = parquet(table(3), compression="zstd")
CHECKED = parquet(table(3), use_dictionary=False, compression="none", write_page_checksum=True)
FIRST_ID, OTHER_ID = b"\1\0\0\0a", b"\1\0\0\0x"
CUTS = (0, 3, 4, 11, len(WHOLE) // 2, len(WHOLE) - 8, len(WHOLE) - 1)
MARCH_1 = dt.date(2026, 3, 1)
PLAIN = INSTANT.replace(tzinfo=None)
FAR_MS = (0, 2**62, 253_402_300_800_000)  # the last is the first instant of the year 10000
FAR = ((2, f"<value out of range: {2**62}>"), (3, "10000-01-01 00:00:00.000"))
TALKS = [1.0, None, -1.0]  # of which the last is bad
NEGATIVE = ((3, "talk_s: negative: -1"),)


def feather() -> bytes:
    written = io.BytesIO()
    pyarrow.feather.write_feather(table(), written)
    return written.getvalue()


def groups(*parts: pa.Table) -> bytes:
    """Write a row group for each part."""
    written = io.BytesIO()
    with pq.ParquetWriter(written, table().schema) as writer:
        for rows in parts:
            writer.write_table(rows)
    return written.getvalue()


def two_ids() -> pa.Table:
    columns = table()
    names = [*columns.column_names, "contact_id"]
    return pa.Table.from_arrays([*columns.columns, columns["contact_id"]], names=names)


def timed(values: list[object], kind: pa.DataType) -> pa.Table:
    """Make contacts that start and end so."""
    times = pa.array(values, kind)
    return table(len(values), started_at=times, ended_at=times)


FILES = (
    *(Case(f"cut_at_{k}.parquet", WHOLE[:k], error="footer" if k else "0 bytes") for k in CUTS),
    Case("wrong_magic.parquet", b"PAX1" + WHOLE[4:], error="it begins otherwise"),
    Case("wrong_magic_at_end.parquet", WHOLE[:-4] + b"PAX1", error="magic bytes not found"),
    Case("encrypted.parquet", WHOLE[:-4] + b"PARE", error="encrypted metadata"),
    Case("footer_too_long.parquet", WHOLE[:-8] + b"\xff\xff\xff\x7fPAR1", error="size reported"),
    Case("footer_of_nothing.parquet", WHOLE[:-8] + b"\0\0\0\0PAR1", error="can't be read"),
    Case("footer_bent.parquet", WHOLE[:-60] + b"\xff" * 40 + WHOLE[-20:], error="can't be read"),
    Case("page_bent.parquet", b"PAR1" + b"\xff" * 40 + WHOLE[44:], error="can't be read"),
    Case("packed_bent.parquet", PACKED[:60] + b"\x55" * 30 + PACKED[90:], error="can't be read"),
    Case("value_changed.parquet", CHECKED.replace(FIRST_ID, OTHER_ID), error="CRC checksum"),
    Case("csv.parquet", lines("a"), error="it begins otherwise"),
    Case("feather.parquet", feather, error="it begins otherwise"),
    Case("parquet.csv", table(), ids("a", "b")),
    Case("no_groups.parquet", groups, error="of 0 rows"),
    Case("no_rows.parquet", table(0), error="of 0 rows"),
    Case(
        "empty_groups.parquet",
        lambda: groups(table().slice(2), table(), table().slice(2)),
        ids("a", "b"),
    ),
    Case(
        "small_groups.parquet",
        lambda: parquet(table(3, talk_s=TALKS), row_group_size=1),
        ids("a", "b"),
        NEGATIVE,
    ),
    Case("named_twice.parquet", two_ids(), error="two columns named 'contact_id'"),
    Case("no_id.parquet", table().drop_columns("contact_id"), error="no column 'contact_id'"),
)

EXTRAS = {
    "bytes": pa.array([b"\xff\0", None, b"a"]),
    "nothing": pa.nulls(3),
    "date": pa.array([MARCH_1] * 3),
    "time": pa.array([dt.time(1)] * 3),
    "span": pa.array([1, 2, 3], pa.duration("us")),
    "exact": pa.array([Decimal("1.5")] * 3),
    "wide": pa.array([Decimal("1.5")] * 3, pa.decimal256(50, 1)),
    "large": pa.array([2**64 - 1] * 3, pa.uint64()),
    "half": pa.array(np.array([1.5] * 3, np.float16)),
    "fixed": pa.array([b"ab"] * 3, pa.binary(2)),
    "far": pa.array([2**62] * 3, pa.timestamp("ms")),
    "farthest": pa.array([2**63 - 1, -(2**63), None], pa.timestamp("us")),
    "not_finite": pa.array([float("nan"), float("inf"), 1.0]),
    "list": pa.array([[{"a": 1}], None, []]),
    "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64())),
    "kept": pa.array(["x", None, "y"]).dictionary_encode(),
    "halves": pa.array([[1.5], None, []], pa.list_(pa.float16())),
}

TYPES = (
    Case(
        "odd_types.parquet",
        table(3, talk_s=TALKS, **EXTRAS),
        ({"talk_s": 1.0, "bytes": b"\xff\0", "list": [{"a": 1}]}, {"talk_s": None, "map": None}),
        NEGATIVE,
    ),
    Case(
        "odd_types_twice.parquet",
        pa.concat_tables([table(3, **EXTRAS), table(3, **EXTRAS)]),
        ids("a", "b", "c"),
        duplicates=3,
    ),
    Case(
        "odd_names.parquet",
        table(
            3,
            talk_s=TALKS,
            **dict.fromkeys(("", 'a"b', "Talk_S", "select", "a\0b", "x\ny"), [7] * 3),
        ),
        ({"": 7, "Talk_S": 7, "a\0b": 7}, {'a"b': 7, "select": 7, "x\ny": 7}),
        NEGATIVE,
    ),
    Case("lists.parquet", table(reason=[["bill"], ["late"]]), error="column 'reason' holds list"),
    Case(
        "records.parquet",
        table(started_at=[{"date": "x"}] * 2),
        error="column 'started_at' holds struct",
    ),
    Case(
        "int96.parquet",
        lambda: parquet(table(), use_deprecated_int96_timestamps=True),
        (day(1, 10), day(1, 10)),
    ),
    Case(
        "dictionaries.parquet",
        table(
            3,
            contact_id=pa.array(["a", "b", None]).dictionary_encode(),
            reason=pa.array(["x", "", "x"]).dictionary_encode(),
        ),
        ({"contact_id": "a", "reason": "x"}, {"contact_id": "b", "reason": None}),
        ((3, "no contact_id"),),
    ),
    Case(
        "large_text.parquet",
        table(
            3,
            contact_id=pa.array(["a", "", "c"], pa.large_string()),
            reason=pa.array(["x", "y", " "], pa.large_string()),
            started_at=pa.array(["2026-03-01", "2026-03-01", ""], pa.large_string()),
        ),
        ({"contact_id": "a", "reason": "x", **day(1)},),
        ((2, "no contact_id"), (3, "no started_at")),
    ),
    Case(
        "bytes_for_text.parquet",
        table(3, contact_id=[b"a", b"b", b"\xff"], reason=[b"bill", b"\xff", None]),
        ({"contact_id": "a", "reason": "bill"},),
        ((2, "reason: not text in UTF-8"), (3, "contact_id: not text in UTF-8")),
    ),
    Case(
        "numbers_for_ids.parquet",
        table(3, contact_id=[7, 8, None], customer_id=[1.0, float("nan"), 2.0]),
        ({"contact_id": "7", "customer_id": "1"}, {"contact_id": "8", "customer_id": None}),
        ((3, "no contact_id"),),
    ),
    Case(
        "nan_for_id.parquet",
        table(3, contact_id=[7.0, float("nan"), 8.0]),
        ids("7", "8"),
        ((2, "no contact_id"),),
    ),
    Case(
        "decimals.parquet",
        table(
            3,
            talk_s=[Decimal("1.50"), Decimal("-0.01"), None],
            tier=[Decimal("2.0"), None, Decimal("1.5")],
        ),
        ({"talk_s": 1.5, "tier": 2},),
        ((2, "talk_s: negative: -0.01"), (3, "tier: not a whole number: '1.5'")),
    ),
    Case(
        "not_finite.parquet",
        table(4, talk_s=[1.0, float("nan"), float("inf"), -1.0]),
        ({"talk_s": 1.0},),
        (
            (2, "talk_s: not a number: 'nan'"),
            (3, "talk_s: not a number: 'inf'"),
            (4, "talk_s: negative: -1"),
        ),
    ),
    Case(
        "counts.parquet",
        table(
            3,
            hold_count=pa.array([1, 2**64 - 1, None], pa.uint64()),
            tier=pa.array([2, -1, None], pa.int8()),
        ),
        ({"hold_count": 1, "tier": 2}, {"hold_count": None, "tier": None}),
        ((2, f"hold_count: not a whole number: '{2**64 - 1}'; tier: negative: -1"),),
    ),
    Case(
        "truths.parquet",
        table(3, handled=[1, 0, 2], escalated=[1.0, None, 0.0], dropped=["yes", "", "x"]),
        (
            {"handled": True, "escalated": True, "dropped": True},
            {"handled": False, "escalated": None, "dropped": None},
        ),
        ((3, "handled: not true or false: '2'; dropped: not true or false: 'x'"),),
    ),
)

TIMES = (
    Case("days.parquet", timed([MARCH_1] * 2, pa.date32()), (day(1), day(1))),
    Case("days_in_ms.parquet", timed([MARCH_1] * 2, pa.date64()), (day(1), day(1))),
    Case("zoned.parquet", timed([INSTANT], pa.timestamp("ms", "Asia/Tokyo")), (day(1, 10),)),
    Case("zoneless.parquet", timed([PLAIN], pa.timestamp("s")), (day(1, 10),)),
    Case(
        "zoneless_said.parquet",
        timed([PLAIN], pa.timestamp("s")),
        (day(1, 9),),
        mapping="time_zone: Europe/Berlin",
    ),
    Case(
        "nanoseconds.parquet",
        timed([1_772_359_200_000_000_999, 2**63 - 1], pa.timestamp("ns", "UTC")),
        (
            day(1, 10),
            {"started_at": dt.datetime(2262, 4, 11, 23, 47, 16, 854_775, tzinfo=dt.UTC)},
        ),
    ),
    Case(
        "far_away.parquet",
        timed(list(FAR_MS), pa.timestamp("ms")),
        (day(1, month=1, year=1970),),
        tuple((k, f"started_at: not a time: '{x}'; ended_at: not a time: '{x}'") for k, x in FAR),
    ),
    Case(
        "times_of_day.parquet",
        table(1, started_at=[dt.time(10)]),
        (),
        ((1, "started_at: not a time: '10:00:00.000000'"),),
        error="of 1 rows",
    ),
    Case(
        "spans_for_times.parquet",
        table(1, started_at=pa.array([5], pa.duration("s"))),
        (),
        ((1, "started_at: not a time: '5'"),),
        error="of 1 rows",
    ),
    Case(
        "spans.parquet",
        table(4, talk_s=pa.array([1_500, -1, None, 0], pa.duration("ms"))),
        ({"talk_s": 1.5}, {"talk_s": None}, {"talk_s": 0.0}),
        ((2, "talk_s: negative: -0.001"),),
    ),
    Case(
        "epochs.parquet",
        table(1, started_at=[1_772_359_200]),
        (),
        ((1, "started_at: not a time: '1772359200'"),),
        error="of 1 rows",
    ),
    Case(
        "epochs_said.parquet",
        table(3, started_at=[1_772_359_200] * 3, ended_at=[1_772_359_200.5, 1_772_359_199.0, None]),
        (day(1, 10),),
        ((2, "ended_at before started_at"), (3, "no ended_at")),
        mapping="time_format: epoch_s",
    ),
    Case(
        "no_times.parquet",
        table(1, started_at=pa.nulls(1)),
        (),
        ((1, "no started_at"),),
        error="of 1 rows",
    ),
)


def one(contact_id: str, **columns: object) -> pa.Table:
    return table(1, contact_id=[contact_id], **columns)


SEVERAL = (
    Case(
        "drift",
        {
            "1.parquet": one("a", talk_s=[1], site=["x"], made=[1]),
            "2.parquet": one("b", talk_s=["2.5"], made=["x"]),
            "3.parquet": one("c", talk_s=[None], site=[7]),
        },
        (
            {"talk_s": 1.0, "site": "x", "made": "1"},
            {"talk_s": 2.5, "site": None, "made": "x"},
            {"talk_s": None, "site": "7", "made": None},
        ),
    ),
    Case(
        "drift_of_times",
        {"1.parquet": one("a"), "2.parquet": one("b", started_at=["2026-03-01T09:00"])},
        (day(1, 10), day(1, 9)),
    ),
    Case(
        "drift_of_lists",
        {"1.parquet": one("a", made=[1]), "2.parquet": one("b", made=[[1]])},
        error="2.parquet don't fit together: Unable to merge: Field made",
    ),
    Case(
        "drift_of_required",
        {"1.parquet": one("a"), "2.parquet": one("b").drop_columns("ended_at")},
        error="2.parquet has no column 'ended_at'",
    ),
    Case(
        "drift_of_kinds",
        {
            "1.parquet": one("a", made=[1]),
            "2.csv": lines("b"),
            "3.csv": "contact_id,started_at,ended_at,made\nc,2026-03-01,2026-03-01,x\n",
        },
        ({"made": "1", "reason": None}, {"made": None, "reason": "bill"}, {"made": "x", **day(1)}),
    ),
    Case(
        "one_cut", {"1.parquet": one("a"), "2.parquet": WHOLE[:99]}, error="2.parquet can't be read"
    ),
)

CASES = (*FILES, *TYPES, *TIMES, *SEVERAL)
