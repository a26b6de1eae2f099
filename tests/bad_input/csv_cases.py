"""Malformed CSV files, and what comes of each."""

import gzip
import zipfile

from tests.bad_input.builders import END, HEAD, START, Case, day, ids, line, lines, times, zipped

BERLIN = "time_zone: Europe/Berlin"
A_HEADER = (
    "started_at: not a time: 'started_at'; ended_at: not a time: 'ended_at'; "
    "talk_s: not a number: 'talk_s'"
)
HUGE = "x" * (1 << 20) + "x"
MANY_FAULTS = (
    f"no contact_id; started_at: not a time: '{HUGE[:60]}'; no ended_at; talk_s: negative: -1"
)
PACKED = gzip.compress(lines("a").encode(), mtime=0)
DEFLATED = zipped(pack=zipfile.ZIP_DEFLATED, a_csv=lines("a", "b", "c"))
LOCKED = {b"PK\3\4\x14\0\0": b"PK\3\4\x14\0\1", b"PK\1\2\x14\3\x14\0\0": b"PK\1\2\x14\3\x14\0\1"}


def latin1(text: str) -> bytes:
    return text.encode("latin-1")


def locked() -> bytes:
    """Mark the file in an archive as encrypted."""
    archive = zipped(a_csv=lines("a"))
    for plain, marked in LOCKED.items():
        archive = archive.replace(plain, marked)
    return archive


def columns(*names: str, rows: tuple[tuple[str, ...], ...]) -> str:
    """Write the required columns, then these, for contacts a, b, c ..."""
    head = ",".join(["contact_id", "started_at", "ended_at", *names])
    body = [",".join([chr(97 + k), START, END, *values]) for k, values in enumerate(rows)]
    return "\n".join([head, *body]) + "\n"


BYTES = (
    Case("bom.csv", "\ufeff" + lines("a", "b"), ids("a", "b")),
    Case("bom_only.csv", "\ufeff", error="is empty"),
    Case(
        "bom_inside.csv",
        lines("a") + "\ufeff" + lines("b"),
        ids("a", "b"),
        ((2, A_HEADER),),
    ),
    Case("utf16.csv", lines("a").encode("utf-16"), error="is in UTF-16, not UTF-8"),
    Case("utf16_be.csv", ("\ufeff" + lines("a")).encode("utf-16-be"), error="is in UTF-16"),
    Case("utf16_unmarked.csv", lines("a").encode("utf-16-le"), error="it holds NUL characters"),
    Case("utf16_said.csv", lines("é").encode("utf-16"), ids("é"), mapping="encoding: utf-16"),
    Case("utf32.csv", lines("a").encode("utf-32"), error="is in UTF-32, not UTF-8"),
    Case("utf32_said.csv", lines("é").encode("utf-32"), ids("é"), mapping="encoding: utf-32"),
    Case("latin1.csv", latin1(lines("a", "é")), ids("a"), ((2, "not text in UTF-8"),)),
    Case("latin1_said.csv", latin1(lines("a", "é")), ids("a", "é"), mapping="encoding: latin-1"),
    Case(
        "latin1_header.csv",
        latin1(lines("a").replace("reason", "Gründe")),
        error="the header row is broken: not text in UTF-8",
    ),
    Case(
        "cut_in_character.csv",
        lines("a").encode() + "é".encode()[:1],
        ids("a"),
        ((2, "1 value in a table of 5 columns"),),
    ),
    Case(
        "nul.csv",
        lines("a", "b\0") + line("c", reason="bi\0ll"),
        ids("a"),
        ((2, "contact_id: holds a NUL character"), (3, "reason: holds a NUL character")),
    ),
    Case(
        "nul_tail.csv",
        lines("a") + "\0" * 4096,
        ids("a"),
        ((2, "1 value in a table of 5 columns"),),
    ),
    Case(
        "nul_header.csv", lines("a").replace("reason", "rea\0son"), error="it holds NUL characters"
    ),
    Case("control_z.csv", lines("a") + "\x1a", ids("a"), ((2, "1 value in a table of 5 columns"),)),
    Case("bytes.csv", bytes(range(256)) * 8, error="it holds NUL characters"),
    Case(
        "page.csv", "<!DOCTYPE html>\n<p>Session expired</p>\n", error="has no column 'contact_id'"
    ),
    Case("workbook.csv", zipped(sheet_xml="<x/>"), error="is a zip file or a workbook"),
    Case("packed.csv", PACKED, error="is packed with gzip"),
)

LINES = (
    Case("empty.csv", "", error="is empty"),
    Case("blank.csv", "\n\r\n\n", error="is empty"),
    Case("header_only.csv", HEAD, error="of 0 rows"),
    Case("no_last_end.csv", lines("a", "b").rstrip(), ids("a", "b")),
    Case("cr.csv", lines("a", "b").replace("\n", "\r"), ids("a", "b")),
    Case("crlf.csv", lines("a", "b").replace("\n", "\r\n"), ids("a", "b")),
    Case(
        "mixed_ends.csv",
        lines("a").replace("\n", "\r\n") + line("b") + line("c").replace("\n", "\r") + line("d"),
        ids("a", "b", "c", "d"),
    ),
    Case(
        "blank_lines.csv",
        HEAD + "\n" + line("a") + "\n\r\n" + line("b", talk_s="x") + "\n\n",
        ids("a"),
        ((2, "talk_s: not a number: 'x'"),),
    ),
    Case(
        "line_in_value.csv",
        HEAD + line("a", reason='"late\nfee"') + line("b", reason='"late\r\nfee"') + line("c"),
        ({"reason": "late\nfee"}, {"reason": "late\r\nfee"}, {"reason": "bill"}),
    ),
    Case(
        "line_separators.csv",
        HEAD + line("a", reason="late\u2028fee\x0b\x0c\x1c\x85!") + line("b"),
        ({"reason": "late\u2028fee\x0b\x0c\x1c\x85!"}, {"reason": "bill"}),
    ),
)

RECORDS = (
    Case(
        "ragged.csv",
        HEAD + line("a") + "b,2026-03-01\n" + line("c", "more") + line("d"),
        ids("a", "d"),
        ((2, "2 values in a table of 5 columns"), (3, "6 values in a table of 5 columns")),
    ),
    Case(
        "trailing_commas.csv",
        HEAD + line("a", "") + line("b", ""),
        (),
        ((1, "6 values in a table of 5 columns"), (2, "6 values in a table of 5 columns")),
        error="of 2 rows",
    ),
    Case(
        "trailing_commas_in_header.csv",
        HEAD.replace("\n", ",\n") + line("a", "") + line("b", ""),
        ids("a", "b"),
    ),
    Case(
        "only_commas.csv",
        lines("a") + ",,,,\n",
        ids("a"),
        ((2, "no contact_id; no started_at; no ended_at"),),
    ),
    Case(
        "quoted.csv",
        HEAD + line('"a"', reason='"late ""fee"", again"'),
        ({"contact_id": "a", "reason": 'late "fee", again'},),
    ),
    Case(
        "open_quote.csv",
        HEAD + line("a", reason='"bill') + line("b") + line("c"),
        ids("b", "c"),
        ((1, "a quote that is not closed"),),
    ),
    Case(
        "open_quote_at_end.csv",
        lines("a") + line("b", reason='"bill'),
        ids("a"),
        ((2, "a quote that is not closed"),),
    ),
    Case(
        "cut_off.csv",
        lines("a", "b")[:-8],
        ids("a"),
        ((2, "4 values in a table of 5 columns"),),
    ),
    Case(
        "stray_quotes.csv",
        HEAD + line("a", reason='19" screen') + line("b", reason='the "big" one'),
        ({"reason": '19" screen'}, {"reason": 'the "big" one'}),
    ),
    Case(
        "behind_quote.csv",
        HEAD + line("a", reason='"bill"s') + line("b"),
        ({"reason": "bills"}, {"reason": "bill"}),
    ),
    Case(
        "huge_value.csv",
        HEAD + line("a") + line("b", reason=HUGE) + line("c"),
        ids("a", "c"),
        ((2, "a value of more than 1048576 characters"),),
    ),
    Case(
        "huge_beside_broken.csv",
        HEAD + line("a") + line("b", reason=HUGE) + "c\n",
        ids("a"),
        ((2, "a value of more than 1048576 characters"), (3, "1 value in a table of 5 columns")),
    ),
    Case("large_value.csv", HEAD + line("a", reason=HUGE[:-1]), ({"reason": HUGE[:-1]},)),
    Case("comment.csv", "# made on 2026-03-01\n" + lines("a"), error="has no column 'contact_id'"),
    Case(
        "header_again.csv",
        lines("a") + lines("b"),
        ids("a", "b"),
        ((2, A_HEADER),),
    ),
    Case("semicolons.csv", lines("a").replace(",", ";"), error="separated by semicolons"),
    Case("tabs.csv", lines("a").replace(",", "\t"), error="separated by tabs"),
    Case("tabs_said.csv", lines("a").replace(",", "\t"), ids("a"), mapping='delimiter: "\\t"'),
)

COLUMNS = (
    Case(
        "named_twice.csv",
        lines("a").replace("talk_s", "reason"),
        error="two columns named 'reason'",
    ),
    Case(
        "named_twice_spaced.csv", lines("a").replace("talk_s", " reason"), error="two columns named"
    ),
    Case(
        "other_case.csv",
        lines("a").replace("contact_id", "Contact_ID"),
        error="no column 'contact_id'",
    ),
    Case(
        "same_but_case.csv",
        HEAD.replace("\n", ",Reason\n") + line("a", "x") + line("b", "y", talk_s="z"),
        ({"reason": "bill", "Reason": "x"},),
        ((2, "talk_s: not a number: 'z'"),),
    ),
    Case("no_ended_at.csv", f"contact_id,started_at\na,{START}\n", error="no column 'ended_at'"),
    Case(
        "unnamed_column.csv", columns("", "x", rows=(("1", "2"),)), ({"column_4": "1", "x": "2"},)
    ),
    Case(
        "odd_names.csv",
        columns('"a""b"', "select", "kept", "ü'", "talk_s", rows=(("1",) * 5, (*"1111", "x"))),
        ({'a"b': "1", "select": "1", "kept": "1", "ü'": "1"},),
        ((2, "talk_s: not a number: 'x'"),),
    ),
    Case(
        "many_columns.csv",
        columns(*(f"c{k}" for k in range(400)), rows=(("x",) * 400,)),
        ({"c0": "x", "c399": "x"},),
    ),
)


def no_time(*texts: str) -> tuple[tuple[int, str], ...]:
    """Tell of rows whose both times are no time."""
    said = "started_at: not a time: '{0}'; ended_at: not a time: '{0}'"
    return tuple((k, said.format(text)) for k, text in enumerate(texts, start=1) if text)


FORMS = (
    *("01/03/2026 10:00", "03/01/2026", "1 Mar 2026 10:00", "March 1, 2026", "20260301T100000Z"),
    *("2026-3-1 10:00", "01.03.2026 10:00", "2026-03-01T10:00:00 PM", "2026-W09-7", "10:00"),
)
ISO = (
    "2026-03-01T10:00:00Z",
    "2026-03-01 10:00",
    "2026-03-01T10:00:00.0",
    "2026-03-01T15:30+05:30",
)

TIMES = (
    Case("iso.csv", times(*((t, t) for t in ISO)), tuple(day(1, 10) for _ in ISO)),
    Case(
        "day.csv",
        times(("2026-03-01", "2026-03-02"), ("2026-03-01T24:00Z", "2026-03-02")),
        (day(1), day(2)),
    ),
    Case(
        "forms.csv",
        times(("2026-03-01", "2026-03-01"), *((f'"{t}"', f'"{t}"') for t in FORMS)),
        (day(1),),
        no_time("", *FORMS),
    ),
    Case(
        "forms_said.csv",
        times(("01/03/2026 10:00", "01/03/2026 10:00"), ("12/31/2026 10:00", "12/31/2026 10:00")),
        (day(1, 10),),
        no_time("", "12/31/2026 10:00"),
        mapping='time_format: "%d/%m/%Y %H:%M"',
    ),
    Case(
        "summer_time_begins.csv",  # the hour that is left out is read as the one after
        times(("2026-03-29 01:30", "2026-03-29 02:30"), ("2026-03-29 02:30", "2026-03-29 03:30")),
        ({**day(29, 0, 30), "ended_at": day(29, 1, 30)["started_at"]}, day(29, 1, 30)),
        mapping=BERLIN,
    ),
    Case(
        "summer_time_ends.csv",  # the hour that comes twice is read as the second of both
        times(
            ("2026-10-25 02:30", "2026-10-25 02:40"),
            ("2026-10-25 02:55", "2026-10-25 02:05"),
            ("2026-10-25 02:55+02:00", "2026-10-25 02:05+01:00"),
        ),
        (day(25, 1, 30, month=10), day(25, 0, 55, month=10)),
        ((2, "ended_at before started_at"),),
        mapping=BERLIN,
    ),
    Case(
        "epoch.csv",
        times(("1772359200", "1772359200")),
        (),
        no_time("1772359200"),
        error="of 1 rows",
    ),
    Case(
        "epoch_s.csv",
        times(("1772359200", "1772359200")),
        (day(1, 10),),
        mapping="time_format: epoch_s",
    ),
    Case(
        "epoch_ms.csv",
        times(("1772359200000",) * 2),
        (day(1, 10),),
        mapping="time_format: epoch_ms",
    ),
    Case(
        "epoch_ms_as_s.csv",
        times(("1772359200000",) * 2),
        (),
        no_time("1772359200000"),
        mapping="time_format: epoch_s",
        error="of 1 rows",
    ),
    Case(
        "years.csv",
        times(
            ("0001-01-01T00:00Z", "9999-12-31T23:59:59.999999Z"),
            ("0000-12-31T00:00Z", START),
            (START, "10000-01-01T00:00Z"),
            ("0001-01-01T00:00+14:00", START),
            (START, "9999-12-31T23:59-01:00"),
            ("-0001-01-01T00:00Z", START),
        ),
        (day(1, month=1, year=1),),
        (
            (2, "started_at: not a time: '0000-12-31T00:00Z'"),
            (3, "ended_at: not a time: '10000-01-01T00:00Z'"),
            (4, "started_at: not a time: '0001-01-01T00:00+14:00'"),
            (5, "ended_at: not a time: '9999-12-31T23:59-01:00'"),
            (6, "started_at: not a time: '-0001-01-01T00:00Z'"),
        ),
    ),
    Case(
        "no_such_times.csv",
        times(
            ("2024-02-29", "2024-02-29"),
            *((t, t) for t in ("2026-02-29", "2026-13-01", "2026-03-01T23:59:60Z")),
            *((t, t) for t in ("2026-03-01T10:00+25:00", "2026-03-01T10:60Z", "2026-03-01T25:00Z")),
        ),
        (day(29, month=2, year=2024),),
        no_time(
            *("", "2026-02-29", "2026-13-01", "2026-03-01T23:59:60Z"),
            *("2026-03-01T10:00+25:00", "2026-03-01T10:60Z", "2026-03-01T25:00Z"),
        ),
    ),
    Case(
        "words_for_times.csv",
        times(
            ("now", "now"), ("epoch", "epoch"), ("", END), (START, "-"), ("infinity", "infinity")
        ),
        (),
        (
            *no_time("now", "epoch"),
            (3, "no started_at"),
            (4, "ended_at: not a time: '-'"),
            *no_time(*[""] * 4, "infinity"),
        ),
        error="of 5 rows",
    ),
    Case(
        "ends_early.csv",
        times((END, START), (START, START)),
        ids("b"),
        ((1, "ended_at before started_at"),),
    ),
)

GOOD_NUMBERS = {
    "30": 30.0,
    " 30 ": 30.0,
    "3e1": 30.0,
    "+.5": 0.5,
    "-0": 0.0,
    "\u00a030": 30.0,
    "": None,
}
BAD_NUMBERS = (
    *("nan", "inf", "1,000", "0x1e", "1_000", "1e999", "\u22125", "\u0663", "30s", "NULL", "1.2.3"),
)

VALUES = (
    Case(
        "numbers.csv",
        HEAD + "".join(line(f"n{k}", talk_s=text) for k, text in enumerate(GOOD_NUMBERS)),
        tuple({"talk_s": number} for number in GOOD_NUMBERS.values()),
    ),
    Case(
        "no_numbers.csv",
        HEAD + line("a", talk_s="-1") + "".join(line("b", talk_s=f'"{t}"') for t in BAD_NUMBERS),
        (),
        (
            (1, "talk_s: negative: -1"),
            *((k, f"talk_s: not a number: '{t}'") for k, t in enumerate(BAD_NUMBERS, start=2)),
        ),
        error="of 12 rows",
    ),
    Case(
        "decimal_comma.csv",
        HEAD + line("a", talk_s='"1,5"') + line("b", talk_s='"1.000,5"'),
        ({"talk_s": 1.5},),
        ((2, "talk_s: not a number: '1.000,5'"),),
        mapping='decimal: ","',
    ),
    Case(
        "counts.csv",
        columns(
            "tier",
            "hold_count",
            rows=(("2", "1.0"), ("1.5", "1"), ("-1", "1"), ("two", ""), ("1", "9" * 20)),
        ),
        ({"tier": 2, "hold_count": 1},),
        (
            (2, "tier: not a whole number: '1.5'"),
            (3, "tier: negative: -1"),
            (4, "tier: not a whole number: 'two'"),
            (5, f"hold_count: not a whole number: '{'9' * 20}'"),
        ),
    ),
    Case(
        "truths.csv",
        columns(
            "handled", "escalated", rows=(("TRUE", "0"), ("yes", "N"), ("maybe", ""), ("-1", "on"))
        ),
        ({"handled": True, "escalated": False}, {"handled": True, "escalated": False}),
        (
            (3, "handled: not true or false: 'maybe'"),
            (4, "handled: not true or false: '-1'; escalated: not true or false: 'on'"),
        ),
    ),
    Case(
        "ids.csv",
        HEAD
        + "".join(map(line, ("007", "7", "NULL", "=1+1", "😀", "e\u0301", "é", " a b ", "a b"))),
        ids("007", "7", "NULL", "=1+1", "😀", "e\u0301", "é", "a b"),
        duplicates=1,
    ),
    Case("no_id.csv", lines("", "  ", "a"), ids("a"), ((1, "no contact_id"), (2, "no contact_id"))),
    Case(
        "many_faults.csv",
        HEAD + line("", started_at="x" * 99, ended_at="", talk_s="-1"),
        (),
        ((1, MANY_FAULTS),),
        error="of 1 rows",
    ),
    Case("duplicates.csv", lines("a", "a", "b", "a"), ids("a", "b"), duplicates=2),
    Case(
        "versions.csv",
        HEAD + line("a") + line("a", reason="late") + line("b") + line("a", ended_at=START),
        ({"contact_id": "a", "reason": "late"}, {"contact_id": "b"}),
        ((1, "superseded"), (4, "superseded")),
    ),
    Case(
        "legs.csv",
        f"contact_id,started_at,ended_at,interaction_id\nb,{START},{END},i\na,{START},{END},i\n"
        f"c,{START},,i\nd,{START},{END},\n",
        ({"contact_id": "a", "transfer_count": 1}, {"contact_id": "d", "transfer_count": None}),
        ((3, "no ended_at"),),
        merged=1,
    ),
)

ARCHIVES = (
    Case("one.zip", zipped(a_csv=lines("a"), readme_txt="hello"), ids("a")),
    Case("two.zip", zipped(a_csv=lines("a"), b_csv=lines("b")), error="holds 2 CSV files, not one"),
    Case("none.zip", zipped(readme_txt="hello"), error="holds 0 CSV files, not one"),
    Case("cut.zip", zipped(a_csv=lines("a"))[:-30], error="not a zip file"),
    Case("changed.zip", zipped(a_csv=lines("a")).replace(b"bill", b"bull"), error="Bad CRC-32"),
    Case("bent.zip", DEFLATED[:60] + b"\xff\xff" + DEFLATED[62:], error="while decompressing"),
    Case("locked.zip", locked, error="encrypted"),
    Case("one.csv.gz", PACKED, ids("a")),
    Case("cut.csv.gz", PACKED[:-9], error="ended before"),
    Case("bent.csv.gz", PACKED[:-8] + b"\xff" * 8, error="CRC check failed"),
)

SEVERAL = (
    Case(
        "several_csv",
        {
            "1.csv": lines("a"),
            "2.csv": lines("b") + "c\n",
            "3.csv": "contact_id,ended_at,started_at,site\nd,2026-03-02,2026-03-01,x\n",
        },
        ({"contact_id": "a", "site": None}, {"contact_id": "b"}, {"site": "x", "reason": None}),
        (("2.csv", 2, "1 value in a table of 5 columns"),),
    ),
    Case(
        "same_in_two",
        {"1.csv": lines("a", "b"), "2.csv": HEAD + line("a") + line("b", reason="late")},
        ({"contact_id": "a"}, {"contact_id": "b", "reason": "late"}),
        (("1.csv", 2, "superseded"),),
        duplicates=1,
    ),
    Case(
        "one_wrong", {"1.csv": lines("a"), "2.csv": "contact_id;x\n"}, error="2.csv has no column"
    ),
    Case(
        "one_not_text",
        {"1.csv": lines("a"), "2.csv": b"\xff\xfeh\0i\0"},
        error="2.csv is in UTF-16",
    ),
)

CASES = (*BYTES, *LINES, *RECORDS, *COLUMNS, *TIMES, *VALUES, *ARCHIVES, *SEVERAL)
