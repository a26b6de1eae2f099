"""What each kind of value may look like, and what is said of one that can't be read."""

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from recontact.contacts import SCHEMA
from recontact.errors import UserError
from recontact.sources.parse import parse

MIDNIGHT = "2026-01-01"
FINE: dict[str, list[Any]] = {
    "contact_id": ["1"],
    "started_at": [MIDNIGHT],
    "ended_at": ["2026-12-31"],
}


def read(name: str, values: list[Any] | pa.Array, **options: Any) -> tuple[list[Any], list[Any]]:
    """Return the typed values of one column, and what is wrong with its rows."""
    others = {key: value * len(values) for key, value in FINE.items() if key != name}
    typed, wrong = parse(pa.table({**others, name: values}), **options)
    return typed[name].to_pylist(), wrong.to_pylist()


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-04", "2026-03-04T00:00:00"),
        ("2026-03-04 05:06", "2026-03-04T05:06:00"),
        ("2026-03-04T05:06:07", "2026-03-04T05:06:07"),
        ("2026-03-04t05:06:07z", "2026-03-04T05:06:07"),
        ("2026-03-04T05:06:07 Z", "2026-03-04T05:06:07"),
        ("2026-03-04 05:06:07 UTC", "2026-03-04T05:06:07"),
        ("2026-03-04T05:06:07+02:00", "2026-03-04T03:06:07"),
        ("2026-03-04T05:06:07 -02:30", "2026-03-04T07:36:07"),
        ("2026-03-04T05:06:07+0530", "2026-03-03T23:36:07"),
        ("2026-03-04T05:06:07+02", "2026-03-04T03:06:07"),
        ("2026-03-04T05:06:07.5", "2026-03-04T05:06:07.500000"),
        ("2026-03-04T05:06:07,25Z", "2026-03-04T05:06:07.250000"),
        ("2026-03-04T05:06:07.123456789Z", "2026-03-04T05:06:07.123456"),
        ("2024-02-29", "2024-02-29T00:00:00"),
        (" 2026-03-04 ", "2026-03-04T00:00:00"),
    ],
)
def test_an_iso_8601_time_is_read_in_utc(text: str, utc: str) -> None:
    """Each form gives its instant; without a zone it is UTC."""
    expected = dt.datetime.fromisoformat(utc).replace(tzinfo=dt.UTC)
    assert read("known_at", [text]) == ([expected], [None])


@pytest.mark.parametrize(
    "text",
    [
        *("yesterday", "infinity", "epoch", "now", "04/03/2026", "26-01-01", "1767225600"),
        *("2026-02-30", "2026-13-01", "2026-1-1", "2026-01-01 (BC)", "0000-01-01", "10000-01-01"),
        *("2026-01-01T25:00", "2026-01-01T12:60", "2026-01-01T00:00:00+25:00"),
        "9999-12-31T23:59:59-05:00",
    ],
)
def test_what_is_no_time_is_told_with_its_value(text: str) -> None:
    """Nonsense, other forms and years beyond the calendar are no times."""
    assert read("started_at", [text]) == ([None], [f"started_at: not a time: '{text}'"])


def test_typed_times_are_taken_as_instants() -> None:
    """Dates, times without a zone and of any zone and precision become UTC microseconds."""
    noon = dt.datetime(2026, 1, 1, 12)  # noqa: DTZ001 - without a zone on purpose
    utc = noon.replace(tzinfo=dt.UTC)
    for column, expected in (
        (pa.array([noon.date()]), utc.replace(hour=0)),
        (pa.array([noon], pa.timestamp("s")), utc),
        (
            pa.array([1_767_268_800_123_456_789], pa.timestamp("ns")),
            utc.replace(microsecond=123456),
        ),
        (pa.array([utc], pa.timestamp("ms", tz="Asia/Tokyo")), utc),
        (pa.array([str(noon)]).dictionary_encode(), utc),
        (pa.array([str(noon)], pa.large_string()), utc),
    ):
        assert read("known_at", column) == ([expected], [None])


def test_a_typed_time_beyond_the_calendar_is_no_time() -> None:
    """Microseconds that stand for the year 30000 can't be an instant."""
    typed, wrong = read("known_at", pa.array([9 * 10**17], pa.timestamp("us", tz="UTC")))
    assert typed == [None]
    assert wrong[0].startswith("known_at: not a time: '")


def test_the_zone_of_times_that_name_none_can_be_given() -> None:
    """With a zone, text and typed times without one are local; those with one keep it."""
    texts = ["2026-07-01 12:00", "2026-07-01T12:00Z"]
    expected = [dt.datetime(2026, 7, 1, hour, tzinfo=dt.UTC) for hour in (10, 12)]
    assert read("known_at", texts, zone="Europe/Berlin")[0] == expected
    naive = pa.array([dt.datetime(2026, 7, 1, 12)])  # noqa: DTZ001 - that is the point
    assert read("known_at", naive, zone="Europe/Berlin")[0] == expected[:1]


@pytest.mark.parametrize(
    ("name", "value", "typed"),
    [
        ("talk_s", "3", 3.0),
        ("talk_s", " +3.50 ", 3.5),
        ("talk_s", ".5", 0.5),
        ("talk_s", "1e3", 1000.0),
        ("talk_s", "-0", 0.0),
        ("nps", "-2", -2.0),
        ("talk_s", Decimal("2.50"), 2.5),
        ("hold_count", "3", 3),
        ("hold_count", "3.0", 3),
        ("hold_count", 3.0, 3),
        ("tier", np.uint8(2), 2),
        ("handled", "TRUE", True),
        ("handled", "t", True),
        ("handled", "Yes", True),
        ("handled", "1", True),
        ("handled", "F", False),
        ("handled", "no", False),
        ("handled", 0, False),
        ("handled", 1.0, True),
        ("talk_s", "", None),
        ("talk_s", "  ", None),
        ("handled", "", None),
        ("queue", "", None),
        ("queue", "  ", None),
        ("customer_id", 17, "17"),
        ("customer_id", 17.0, "17"),
        ("customer_id", "007", "007"),
    ],
)
def test_a_value_is_read_in_its_column_type(name: str, value: Any, typed: Any) -> None:
    """Each form gives its value, and empty text is null."""
    assert read(name, [value]) == ([typed], [None])


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("talk_s", "-3", "talk_s: negative: -3"),
        ("wait_s", -0.5, "wait_s: negative: -0.5"),
        ("tier", -1, "tier: negative: -1"),
        ("transfer_count", "-1", "transfer_count: negative: -1"),
        ("talk_s", "nan", "talk_s: not a number: 'nan'"),
        ("talk_s", float("nan"), "talk_s: not a number: 'nan'"),
        ("talk_s", float("inf"), "talk_s: not a number: 'inf'"),
        ("talk_s", "1e999", "talk_s: not a number: '1e999'"),
        ("talk_s", "1_000", "talk_s: not a number: '1_000'"),
        ("talk_s", "00:03:20", "talk_s: not a number: '00:03:20'"),
        ("talk_s", "3 min", "talk_s: not a number: '3 min'"),
        ("hold_count", "3.5", "hold_count: not a whole number: '3.5'"),
        ("hold_count", 3.5, "hold_count: not a whole number: '3.5'"),
        ("hold_count", "0x10", "hold_count: not a whole number: '0x10'"),
        ("hold_count", "1e30", "hold_count: not a whole number: '1e30'"),
        ("handled", "maybe", "handled: not true or false: 'maybe'"),
        ("handled", 2, "handled: not true or false: '2'"),
        ("contact_id", "", "no contact_id"),
        ("contact_id", None, "no contact_id"),
        ("contact_id", " ", "no contact_id"),
        ("ended_at", None, "no ended_at"),
        ("ended_at", " ", "no ended_at"),
        ("ended_at", "2025-12-31T23:59:59.999999", "ended_at before started_at"),
        ("queue", "a\0b", "queue: holds a NUL character"),
    ],
)
def test_what_is_wrong_is_told_with_column_and_value(name: str, value: Any, told: str) -> None:
    """A bad value is null in the table, or impossible beside another, and named."""
    assert read(name, [value])[1] == [told]


def test_all_that_is_wrong_with_a_row_is_told_and_other_rows_are_left_alone() -> None:
    """Three faults of one row are one text; the good row beside it has none."""
    _, wrong = parse(
        pa.table(
            {
                "contact_id": [None, "2"],
                "started_at": ["soon", MIDNIGHT],
                "ended_at": [MIDNIGHT, MIDNIGHT],
                "talk_s": ["-1", "1"],
            }
        )
    )
    told = "no contact_id; started_at: not a time: 'soon'; talk_s: negative: -1"
    assert wrong.to_pylist() == [told, None]


def test_an_endless_value_is_cut_where_it_is_told() -> None:
    """A reason stays one readable line."""
    assert len(read("talk_s", ["x" * 10_000])[1][0]) < 100


def test_white_space_around_text_goes_where_asked_and_stays_inside() -> None:
    """CSV text is trimmed, Parquet text is not; other columns keep theirs."""
    rows = pa.table({**FINE, "queue": [" a  b "], "colour": [" grey "], "empty": [" "]})
    trimmed, _ = parse(rows, trim=True)
    kept, _ = parse(rows)
    assert trimmed.select(["queue", "colour", "empty"]).to_pylist() == [
        {"queue": "a  b", "colour": " grey ", "empty": None}
    ]
    assert kept["queue"].to_pylist() == [" a  b "]


def test_all_columns_are_there_and_others_come_after_as_they_were() -> None:
    """The typed table has the contacts' schema, then the other columns, lists too."""
    typed, _ = parse(pa.table({"tags": [["a", "b"]], **FINE}))
    assert typed.schema.names == [*SCHEMA.names, "tags"]
    assert typed.select(SCHEMA.names).schema.equals(SCHEMA)
    assert typed["tags"].to_pylist() == [["a", "b"]]


def test_a_column_of_lists_where_one_value_is_asked_for_is_refused() -> None:
    """A nested required column names itself."""
    with pytest.raises(UserError, match="column 'contact_id' holds list"):
        parse(pa.table({**FINE, "contact_id": [["1"]]}))


def test_no_rows_are_no_fault() -> None:
    """An empty table is typed too."""
    typed, wrong = parse(pa.table({name: pa.array([], pa.string()) for name in FINE}))
    assert (len(typed), len(wrong)) == (0, 0)


@pytest.mark.parametrize(
    ("kind", "far"),
    [
        (pa.timestamp("s"), 2**62),
        (pa.timestamp("ms", "UTC"), 2**62),
        (pa.timestamp("us"), 2**62),
        (pa.date32(), 2**31 - 1),
        (pa.date64(), 2**62),
    ],
)
def test_times_too_far_away_do_not_come_round_again(kind, far):
    """A time that microseconds can't count is no time, never another one."""
    whole = pa.int32() if kind == pa.date32() else pa.int64()
    times = pa.array([far, -far, 0], whole).cast(kind)
    table, wrong = parse(
        pa.table({"contact_id": list("abc"), "started_at": times, "ended_at": times})
    )
    assert [time is None for time in table["started_at"].to_pylist()] == [True, True, False]
    assert [said is None for said in wrong.to_pylist()] == [False, False, True]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_spans_of_time_are_seconds(unit):
    """Durations as Parquet types them are read in seconds, negative ones refused."""
    spans = pa.array([2, -1, None], pa.duration("s")).cast(pa.duration(unit))
    t = [dt.datetime(2026, 1, 1, tzinfo=dt.UTC)] * 3
    columns = {"contact_id": list("abc"), "started_at": t, "ended_at": t, "talk_s": spans}
    table, wrong = parse(pa.table(columns))
    assert table["talk_s"].to_pylist() == [2.0, -1.0, None]
    assert [said and said.split(":")[1] for said in wrong.to_pylist()] == [None, " negative", None]


@pytest.mark.parametrize("form", [pa.large_string(), pa.string_view()])
def test_every_form_of_text_is_text(form):
    """Empty text is null and white space is trimmed whatever form the text came in."""
    t = ["2026-01-01", " 2026-01-01 ", ""]
    given = {
        "contact_id": ["a", "b", "c"],
        "started_at": t,
        "ended_at": t,
        "reason": ["", "x", "y"],
    }
    raw = pa.table({name: pa.array(values, form) for name, values in given.items()})
    table, wrong = parse(raw)
    assert table["reason"].to_pylist() == [None, "x", "y"]
    assert wrong.to_pylist() == [None, None, "no started_at; no ended_at"]


def test_a_float_that_is_no_number_names_nobody():
    """NaN as a customer is an anonymous caller, as an id none."""
    t = [dt.datetime(2026, 1, 1, tzinfo=dt.UTC)] * 2
    nan = float("nan")
    table, wrong = parse(
        pa.table(
            {"contact_id": [1.0, nan], "customer_id": [nan, 7.0], "started_at": t, "ended_at": t}
        )
    )
    assert table["customer_id"].to_pylist() == [None, "7"]
    assert wrong[1].as_py() == "no contact_id"
