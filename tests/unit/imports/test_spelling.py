"""How exports write times, durations and numbers: what each format reads, and what it refuses."""

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recontact.errors import UserError
from recontact.sources.imports import Imported, import_contacts
from recontact.sources.mapping import Mapping

NOON = dt.datetime(2026, 3, 14, 12, tzinfo=dt.UTC)


def imported(folder: Path, text: str, **mapping: Any) -> Imported:
    path = folder / "a.csv"
    path.write_text(text)
    return import_contacts("contacts", path, Mapping.of(mapping))


def started(folder: Path, written: str, **mapping: Any) -> dt.datetime | str:
    """Give the instant that a text is read as, or the reason for which it was refused."""
    text = f"contact_id|started_at|ended_at\n1|{written}|{written}\n"
    got = imported(folder, text, delimiter="|", **mapping)
    rows = got.contacts.to_pylist()
    return rows[0]["started_at"] if rows else got.rejects["reason"][0].as_py().split(";")[0]


@pytest.mark.parametrize(
    ("written", "time_format"),
    [
        ("14.03.2026 12:00", "%d.%m.%Y %H:%M"),
        ("14.3.2026 12:00:00", "%d.%m.%Y %H:%M:%S"),
        ("3/14/2026 12:00 PM", "%m/%d/%Y %I:%M %p"),
        ("03/14/26 12:00 pm", "%m/%d/%y %I:%M %p"),
        ("14-Mar-2026 12:00:00.000", "%d-%b-%Y %H:%M:%S.%f"),
        ("20260314T120000", "%Y%m%dT%H%M%S"),
        ("2026-03-14T14:00:00+0200", "%Y-%m-%dT%H:%M:%S%z"),
        ("12 o'clock on 14.03.2026", "%H o'clock on %d.%m.%Y"),
        ("1773489600", "epoch_s"),
        ("1773489600.0", "epoch_s"),
        ("1773489600000", "epoch_ms"),
        ("2026-03-14 12:00", ["%d.%m.%Y %H:%M", "iso8601"]),
        ("14.03.2026 12:00", ["iso8601", "epoch_s", "%d.%m.%Y %H:%M"]),
    ],
)
def test_a_time_is_read_by_its_format(tmp_path: Path, written: str, time_format: Any) -> None:
    """A pattern, a list tried in order, and seconds or milliseconds since 1970."""
    assert started(tmp_path, written, time_format=time_format) == NOON


@pytest.mark.parametrize(
    ("written", "time_format"),
    [
        ("14.03.26 12:00", "%d.%m.%Y %H:%M"),  # a year of two digits is not the year 26
        ("14.03.2026 12:00", "%d.%m.%y %H:%M"),
        ("2026-03-14 12:00", "%d.%m.%Y %H:%M"),
        ("31.02.2026 12:00", "%d.%m.%Y %H:%M"),
        ("03/14/2026", "%d/%m/%Y"),
        ("1773489600000", "epoch_s"),  # the year 58,000
        ("1773489600e3", "epoch_ms"),
        ("soon", ["iso8601", "epoch_s"]),
        ("99999999999999999999", "epoch_ms"),
    ],
)
def test_a_time_of_another_form_is_refused(tmp_path: Path, written: str, time_format: Any) -> None:
    """Nothing is guessed beyond the formats that are named."""
    assert started(tmp_path, written, time_format=time_format) == (
        f"started_at: not a time: '{written}'"
    )


def test_each_column_may_have_its_own_format(tmp_path: Path) -> None:
    """Columns that are not named are read as ISO 8601."""
    text = "contact_id,started_at,ended_at,known_at\n1,1773489600,14.03.2026,2026-03-14T12:00Z\n"
    formats = {"started_at": "epoch_s", "ended_at": ["%d.%m.%Y"]}
    [row] = imported(
        tmp_path, text.replace("14.03", "15.03"), time_format=formats
    ).contacts.to_pylist()
    assert row["started_at"] == row["known_at"] == NOON
    assert row["ended_at"] == NOON + dt.timedelta(hours=12)


def test_whole_numbers_of_parquet_are_epochs_and_its_times_stay(tmp_path: Path) -> None:
    """A typed time needs no format, a number does."""
    path = tmp_path / "a.parquet"
    table = {"contact_id": ["1"], "started_at": [1773489600_000], "ended_at": [NOON]}
    pq.write_table(pa.table(table), path)
    got = import_contacts("contacts", path, Mapping.of({"time_format": "epoch_ms"}))
    [row] = got.contacts.to_pylist()
    assert row["started_at"] == row["ended_at"] == NOON


@pytest.mark.parametrize("time_format", [None, "%Y-%m-%d %H:%M", ["%d.%m.%Y", "iso8601"]])
def test_a_local_time_that_never_was_or_was_twice_has_one_instant(
    tmp_path: Path, time_format: Any
) -> None:
    """In the gap of spring the clock goes on in winter time; in autumn the later one."""
    given = {"time_zone": "Europe/Berlin"} | ({"time_format": time_format} if time_format else {})
    gap = started(tmp_path, "2026-03-29 02:30", **given)
    assert gap == dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC)
    overlap = started(tmp_path, "2026-10-25 02:30", **given)
    assert overlap == dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("written", "duration_format", "seconds"),
    [
        ("90", "seconds", 90),
        ("1500", "milliseconds", 1.5),
        ("1.5", "minutes", 90),
        ("00:01:30", "hh:mm:ss", 90),
        ("100:00:00.5", "hh:mm:ss", 360_000.5),
        ("01:30", "mm:ss", 90),
        ("75:00", "mm:ss", 4500),
    ],
)
def test_durations_are_read_as_seconds(
    tmp_path: Path, written: str, duration_format: str, seconds: float
) -> None:
    """Milliseconds, minutes and clock forms, for all columns of seconds or for one."""
    text = f"contact_id,started_at,ended_at,talk_s\n1,2026-01-01,2026-01-01,{written}\n"
    for form in (duration_format, {"talk_s": duration_format}):
        got = imported(tmp_path, text, duration_format=form).contacts
        assert got["talk_s"].to_pylist() == [pytest.approx(seconds)]


@pytest.mark.parametrize(
    ("written", "duration_format"),
    [("00:01:30", "seconds"), ("90", "hh:mm:ss"), ("00:61:00", "hh:mm:ss"), ("0:0:5", "mm:ss")],
)
def test_a_duration_of_another_form_is_refused(
    tmp_path: Path, written: str, duration_format: str
) -> None:
    """The row is rejected with the value."""
    text = f"contact_id,started_at,ended_at,talk_s\n1,2026-01-01,2026-01-01,{written}\n"
    [reason] = (
        imported(tmp_path, text, duration_format=duration_format).rejects["reason"].to_pylist()
    )
    assert reason.startswith("talk_s: not a")
    assert reason.endswith(f": '{written}'")


def test_the_end_may_be_told_as_a_duration(tmp_path: Path) -> None:
    """`ended_after` counts from the start; the same column may be the talk; bad ones are told."""
    text = (
        "contact_id;started_at;Dauer\n1;2026-01-01 10:00;00:01:30\n2;2026-01-01 10:00;\n"
        "3;2026-01-01 10:00;-1\n4;;00:00:01\n"
    )
    got = imported(
        tmp_path,
        text,
        delimiter=";",
        columns={"talk_s": "Dauer"},
        ended_after="Dauer",
        duration_format="hh:mm:ss",
    )
    [row] = got.contacts.to_pylist()
    assert row["ended_at"] - row["started_at"] == dt.timedelta(seconds=90)
    assert row["talk_s"] == 90
    assert "ended_after" not in row
    assert got.rejects["reason"].to_pylist() == [
        "no ended_at",
        (
            "ended_after: not a duration hh:mm:ss: '-1'; no ended_at; "
            "talk_s: not a duration hh:mm:ss: '-1'"
        ),
        "no started_at; no ended_at",
    ]


@pytest.mark.parametrize("name", ["ended_after", "talk_s"])
def test_the_duration_may_be_named_as_a_column_of_ours(tmp_path: Path, name: str) -> None:
    """It keeps its own meaning too."""
    text = f"contact_id,started_at,{name}\n1,2026-01-01,90\n"
    [row] = imported(tmp_path, text, ended_after=name).contacts.to_pylist()
    assert row["ended_at"] - row["started_at"] == dt.timedelta(seconds=90)
    assert row["talk_s"] == (90 if name == "talk_s" else None)


def test_a_negative_or_endless_duration_is_no_end(tmp_path: Path) -> None:
    """Neither before the start nor beyond the calendar."""
    text = "contact_id,started_at,d\n1,2026-01-01,-5\n2,2026-01-01,1e300\n3,9999-12-31,86400\n"
    got = imported(tmp_path, text, ended_after="d")
    assert got.rejects["reason"].to_pylist() == [
        "ended_after: negative: -5; ended_at before started_at",
        "no ended_at",
        "no ended_at",
    ]


def test_a_decimal_comma_is_read_where_it_is_named(tmp_path: Path) -> None:
    """Then a point is refused, for it may stand between thousands."""
    text = "contact_id;started_at;ended_at;talk_s;tier\n1;2026-01-01;2026-01-01;3,5;2,0\n"
    given: dict[str, Any] = {"delimiter": ";", "decimal": ","}
    [row] = imported(tmp_path, text, **given).contacts.to_pylist()
    assert (row["talk_s"], row["tier"]) == (3.5, 2)
    [reason] = (
        imported(tmp_path, text.replace("3,5", "1.234"), **given).rejects["reason"].to_pylist()
    )
    assert reason == "talk_s: not a number: '1.234'"
    [reason] = imported(tmp_path, text, delimiter=";").rejects["reason"].to_pylist()
    assert reason == "talk_s: not a number: '3,5'; tier: not a whole number: '2,0'"


@pytest.mark.parametrize(
    ("time_format", "told"),
    [
        ("%H:%M", "does not tell day, month and year"),
        ("%d.%m. %H:%M", "does not tell day, month and year"),
        ("%d.%m.%Y %I:%M", "before or after noon"),
        ("%d.%m.%Y %Q", "is no time format"),
        ("dd.mm.yyyy", "does not tell day, month and year"),
        ([], "is not text"),
        ({"queue": "%d.%m.%Y"}, "'queue' is no column"),
        ({"ended_at": None}, "ended_at: null is not text"),
    ],
)
def test_a_format_that_tells_no_time_is_refused(time_format: Any, told: str) -> None:
    """At once, not row by row."""
    with pytest.raises(UserError, match=told) as caught:
        Mapping.of({"time_format": time_format})
    assert caught.value.what.startswith("mapping: time_format")
    assert caught.value.mend
