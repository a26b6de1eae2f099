"""Malformed JSON files, and what comes of each."""

import gzip
import json

from tests.bad_input.builders import END, START, Case, ids, json_lines, lines, record

R = record
PLAIN = json_lines(R("a"), R("b"))
ARRAY = json.dumps([R("a"), R("b")])
PACKED = gzip.compress(json_lines(R("a")).encode(), mtime=0)
NO_NAME = "not JSON: expecting property name enclosed in double quotes, at character"
LONG = "9" * 5000
DEEP = 5000

WHOLE = (
    Case("lines.jsonl", PLAIN, ids("a", "b")),
    Case("crlf.jsonl", PLAIN.replace("\n", "\r\n"), ids("a", "b")),
    Case("array.json", json.dumps([R("a"), R("b")], indent=1), ids("a", "b")),
    Case("array_of_lines.jsonl", ARRAY.replace("}, ", "},\n"), ids("a", "b")),
    Case("one_after_another.json", PLAIN.replace("\n", ""), ids("a", "b")),
    Case("one.json", json.dumps(R("a"), indent=2), ids("a")),
    Case("bom.jsonl", "\ufeff" + PLAIN, ids("a", "b")),
    Case("trailing_comma.json", ARRAY[:-1] + ",]", ids("a", "b")),
    Case("one.jsonl.gz", PACKED, ids("a")),
)

NO_RECORDS = (
    Case("utf16.jsonl", PLAIN.encode("utf-16"), error="is in UTF-16, not UTF-8"),
    Case("utf16_unmarked.jsonl", PLAIN.encode("utf-16-le"), error="is in UTF-16, not UTF-8"),
    Case("empty.jsonl", "", error="of 0 rows"),
    Case("blank.jsonl", "\n \n", error="of 0 rows"),
    Case("empty_array.json", "[]", error="of 0 rows"),
    Case("null.json", "null", error="it begins with 'null'"),
    Case("number.json", "7", error="it begins with '7'"),
    Case("text.json", '"a"', error="it begins with '\"a\"'"),
    Case("page.json", "<html></html>", error="it begins with '<html></html>'"),
    Case("csv.jsonl", lines("a"), error="it begins with 'contact_id,started_at"),
    Case("comment.json", "// today\n" + ARRAY, error="it begins with '// today"),
    Case("no_id.jsonl", json_lines({"x": 1}), error="no column 'contact_id'"),
    Case("only_empty.jsonl", json_lines({}, {}), error="no column 'started_at'"),
    Case("cut.jsonl.gz", PACKED[:-9], error="ended before"),
)

BROKEN = (
    Case("cut_line.jsonl", PLAIN[:-20], ids("a"), ((2, "cut off: the record does not end"),)),
    Case("cut_array.json", ARRAY[:-20], ids("a"), ((2, "cut off: the record does not end"),)),
    Case(
        "cut_between.json",
        f"[{json.dumps(R('a'))},",
        ids("a"),
        ((2, "cut off: the array does not end"),),
    ),
    Case(
        "key_twice.jsonl",
        json_lines(R("a"), '{"contact_id": "b", "contact_id": "c"}', R("d")),
        ids("a", "d"),
        ((2, "the key 'contact_id' is there twice"),),
    ),
    Case(
        "not_finite.jsonl",
        json_lines(
            R("a"), R("b", talk_s=float("nan")), R("c", talk_s=float("-inf")), R("d", talk_s=1.5)
        ),
        ({"talk_s": None}, {"talk_s": 1.5}),
        ((2, "NaN is no JSON number"), (3, "-Infinity is no JSON number")),
    ),
    Case(
        "large_numbers.jsonl",
        json_lines(
            '{"contact_id": "a", "talk_s": 1e999}',
            f'{{"contact_id": "b", "talk_s": {LONG}}}',
            R("c", hold_count=10**30),
            R("d", talk_s=10**20),
        ),
        ({"contact_id": "d", "talk_s": 1e20},),
        (
            (1, "1e999 is no JSON number"),
            (2, "a number of thousands of digits"),
            (3, f"hold_count: not a whole number: '{10**30}'"),
        ),
    ),
    Case(
        "nul.jsonl",
        json_lines(R("a"), R("b\0")) + "\0" * 10,
        ids("a"),
        ((2, "holds a NUL character"), (3, "not JSON: expecting value, at character 1")),
    ),
    Case(
        "half_a_character.jsonl",
        json_lines(R("a"), '{"contact_id": "\\ud800"}'),
        ids("a"),
        ((2, "holds half a character (a lone surrogate)"),),
    ),
    Case(
        "latin1.jsonl",
        json_lines(R("a"), json.dumps(R("é"), ensure_ascii=False)).encode("latin-1"),
        ids("a"),
        ((2, "not text in UTF-8"),),
    ),
    Case(
        "no_objects.jsonl",
        json_lines(R("a"), "[1, 2]", '"x"', "null"),
        ids("a"),
        tuple((row, "not an object") for row in (2, 3, 4, 5)),
    ),
    Case(
        "deep.jsonl",
        json_lines(R("a"), "[" * DEEP + "]" * DEEP, '{"x":' * DEEP + "1" + "}" * DEEP, R("b")),
        ids("a", "b"),
        ((2, "nested too deeply"), (3, "nested too deeply")),
    ),
    Case(
        "not_quite.jsonl",
        json_lines("{'contact_id': 'a'}", json.dumps(R("b"))[:-1] + ",}", R("c")),
        ids("c"),
        ((1, f"{NO_NAME} 2"), (2, f"{NO_NAME} {len(json.dumps(R('b'))) + 1}")),
    ),
    Case(
        "broken_in_array.json",
        ARRAY.replace("}, ", '}, {"contact_id": "x", x}, '),
        ids("a", "b"),
        ((2, f"{NO_NAME} 21"),),
    ),
    Case(
        "line_in_text.jsonl",
        '{"contact_id": "a\n", "started_at": 1}\n' + json_lines(R("b")),
        ids("b"),
        ((1, "not JSON: invalid control character, at character 18"),),
    ),
)

VALUES = (
    Case(
        "nested.jsonl",
        json_lines(R("a", at={"site": {"name": "x"}}), R("b", made=[1, {"z": 2}])),
        ({"at.site.name": "x", "made": None}, {"made": '[1, {"z": 2}]'}),
    ),
    Case(
        "types.jsonl",
        json_lines(
            *(R(7), R("b", talk_s="30", tier="2", handled="yes"), R("c", talk_s=True)),
            *(R("d", tier=1.5), R("e", handled=2), R("f", started_at=1772359200), R(None)),
            *(R("g", talk_s="-1"), R("h", talk_s=-1)),
        ),
        ({"contact_id": "7"}, {"talk_s": 30.0, "tier": 2, "handled": True}),
        (
            (3, "talk_s: not a number: 'true'"),
            (4, "tier: not a whole number: '1.5'"),
            (5, "handled: not true or false: '2'"),
            (6, "started_at: not a time: '1772359200'"),
            (7, "no contact_id"),
            (8, "talk_s: negative: -1"),
            (9, "talk_s: negative: -1"),
        ),
    ),
    Case(
        "missing.jsonl",
        json_lines(R("a"), {"contact_id": "b"}, {}, {"ended_at": END, "started_at": START}),
        ids("a"),
        (
            (2, "no started_at; no ended_at"),
            (3, "no contact_id; no started_at; no ended_at"),
            (4, "no contact_id"),
        ),
    ),
    Case(
        "odd_keys.jsonl",
        json_lines(R("a", **{"": 1, "x.y": 2, "Contact_ID": 3, "a'b\"": 4})),
        ({"": 1, "x.y": 2, "Contact_ID": 3, "a'b\"": 4},),
    ),
    Case(
        "same_but_case.jsonl",
        json_lines(R("a", Reason="x", reason="y"), R("b", talk_s="z")),
        ({"Reason": "x", "reason": "y"},),
        ((2, "talk_s: not a number: 'z'"),),
    ),
    Case(
        "versions.jsonl",
        json_lines(R("a"), R("a"), R("a", reason="late")),
        ({"reason": "late"},),
        ((1, "superseded"),),
        duplicates=1,
    ),
    Case(
        "drift_of_records",
        {
            "1.jsonl": json_lines(R("a", made=1, talk_s=1)),
            "2.jsonl": json_lines(R("b", made="x", talk_s="2")),
            "3.csv": lines("c"),
        },
        (
            {"made": "1", "talk_s": 1.0},
            {"made": "x", "talk_s": 2.0},
            {"made": None, "talk_s": 30.0},
        ),
    ),
)

CASES = (*WHOLE, *NO_RECORDS, *BROKEN, *VALUES)
