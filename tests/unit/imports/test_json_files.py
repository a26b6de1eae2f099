"""Reading of JSON files: every form that exports come in, and what is broken apart."""

import gzip
import json

import pytest

from recontact.errors import UserError
from recontact.sources.json_files import BATCH, flat, map_records

KEYS = ("conversations",)


@pytest.fixture
def read(tmp_path):
    """Read a text or bytes as a JSON file: records, their numbers and what is broken."""

    def reading(content, name="a.json"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        batches = map_records(path, lambda batch: batch, KEYS)
        records = [record for batch in batches for record in batch.records]
        numbers = [int(number) for batch in batches for number in batch.numbers]
        return records, numbers, [line for batch in batches for line in batch.broken]

    return reading


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1}\n{"a":2}\n',
        '{"a":1}\r\n\r\n{"a":2}',
        '{"a":1}\r{"a":2}\r',
        '{"a":1}{"a":2}',
        '[{"a":1},{"a":2}]',
        '[{"a":1},\n{"a":2}]\n',
        '[\n  {\n    "a": 1\n  },\n  {\n    "a": 2\n  }\n]',
        '{\n  "a": 1\n}\n{\n  "a": 2\n}\n',
        '{"conversations":[{"a":1},{"a":2}]}',
        '{"total":2,"x":{"conversations":[]},"conversations":[{"a":1},{"a":2}],"next":{"p":[1]}}',
        '{\n "conversations": [\n{"a":1},\n{"a":2}\n], "cursor": "x"}',
        '{"conversations":[{"a":1}]}\n{"conversations":[{"a":2}]}\n',
        '\ufeff{"a":1}\n{"a":2}',
    ],
)
def test_every_form_gives_the_same_records(read, text):
    """Lines, values without line ends, arrays and pages are read alike, none broken."""
    assert read(text) == ([{"a": 1}, {"a": 2}], [1, 2], [])


def test_packed_lines_are_read(read):
    """A file packed with gzip is read as if it were not."""
    records, _, broken = read(gzip.compress(b'{"a":1}\n{"a":2}'), "a.jsonl.gz")
    assert (records, broken) == ([{"a": 1}, {"a": 2}], [])


@pytest.mark.parametrize("text", ["", "\n \n", "[]", '{"conversations": []}'])
def test_a_file_without_records_gives_none(read, text):
    """A file that holds nothing is a file of no records."""
    assert read(text) == ([], [], [])


BROKEN = {
    '{"a":': "cut off: the record does not end",
    '{"a":"x': "cut off: the record does not end",
    '{"a":1,"a":2}': "the key 'a' is there twice",
    '{"b":{"a":1,"a":1}}': "the key 'a' is there twice",
    '{"a":NaN}': "NaN is no JSON number",
    '{"a":-Infinity}': "-Infinity is no JSON number",
    '{"a":1e999}': "1e999 is no JSON number",
    '{"a":"\\u0000"}': "holds a NUL character",
    '{"a":"\0"}': "not JSON: invalid control character, at character 7",
    '{"a":"\\ud800"}': "holds half a character (a lone surrogate)",
    '{"a" 1}': "not JSON: expecting ':' delimiter, at character 6",
    "[1]": "not an object",
    "12": "not an object",
    "null": "not an object",
    '"text"': "not an object",
    "{'a':1}": "not JSON: expecting property name enclosed in double quotes, at character 2",
    '{"a":' + "[" * 100_000: "nested too deeply",
}


@pytest.mark.parametrize("line", [line for line in BROKEN if line != "[1]"])
def test_a_broken_line_is_told_with_its_number_and_stops_nothing(read, line):
    """The lines before and after a broken one are read; it comes with number, reason and text."""
    records, numbers, broken = read(f'{{"a":1}}\n{line}\n{{"a":3}}\n')
    assert (records, numbers) == ([{"a": 1}, {"a": 3}], [1, 3])
    assert [(found.number, found.reason) for found in broken] == [(2, BROKEN[line])]
    assert json.loads(broken[0].raw) == line


ENDED = [line for line in BROKEN if not BROKEN[line].startswith(("cut off", "nested"))]


@pytest.mark.parametrize("record", ENDED)
@pytest.mark.parametrize("form", ["[{0}]", '{{"conversations":[{0}],"next":"y"}}'])
def test_a_broken_element_is_told_with_its_number_and_stops_nothing(read, record, form):
    """Of an array, on one line, the records before and after a broken one are read."""
    records, numbers, broken = read(form.format(f'{{"a":1}},{record},{{"a":3}}'))
    assert (records, numbers) == ([{"a": 1}, {"a": 3}], [1, 3])
    assert [(found.number, found.reason) for found in broken] == [(2, BROKEN[record])]


def test_an_open_bracket_takes_its_own_lines_only(read):
    """In an array written over lines, the next record begins where the first one did."""
    text = '[\n  {"a": 1},\n  {"a": {"b": 2,\n  {"a": 3}\n]'
    records, numbers, broken = read(text)
    assert (records, numbers) == ([{"a": 1}, {"a": 3}], [1, 3])
    assert [found.number for found in broken] == [2]


@pytest.mark.parametrize("text", ['[{"a":1},{"a"', '[{"a":1},', '{"conversations":[{"a":1}'])
def test_an_array_cut_off_is_told(read, text):
    """What is whole of an array without its end is read, and the cut is one broken record."""
    records, _, broken = read(text)
    assert records == [{"a": 1}]
    assert [(found.number, found.reason[:7]) for found in broken] == [(2, "cut off")]


@pytest.mark.parametrize("last", ['{"a":"x', '{"a":', '{"a"', "{", '{"a":tr', '{"a":1'])
def test_a_last_line_cut_off_anywhere_is_told_as_such(read, last):
    """Wherever the file ends in the record, also inside a text: what was whole is read."""
    records, _, broken = read('{"a":1}\n' + last)
    assert records == [{"a": 1}]
    [line] = broken
    assert (line.number, json.loads(line.raw)) == (2, last)
    assert line.reason == "cut off: the record does not end" or last == '{"a":tr'


def test_bytes_that_are_no_text_are_told(read):
    """A record that is not UTF-8 is broken, its bytes shown."""
    records, _, broken = read(b'{"a":"\xff"}\n{"a":"\xc3\xa9"}')
    assert records == [{"a": "é"}]
    assert json.loads(broken[0].raw) == '{"a":"\\xff"}'


def test_escaped_characters_that_look_suspicious_are_kept(read):
    """A written-out escape and a whole pair of halves are text like any other."""
    assert read(r'{"a":"\\u0000 \ud83d\ude00"}')[0] == [{"a": "\\u0000 \U0001f600"}]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("contact_id,started_at\n1,2026\n", "is no JSON: it begins with 'contact_id"),
        ('{"a":1}'.encode("utf-16"), "is in UTF-16"),
        ('{"a":1}'.encode("utf-16-le"), "is in UTF-16"),
        (b"PAR1\x15\x04", "is no JSON"),
    ],
)
def test_a_file_that_is_no_json_is_refused(read, content, said):
    """A file in another form is one error that names it, and says what to give."""
    with pytest.raises(UserError, match=said) as refused:
        read(content)
    assert "JSON lines" in refused.value.mend


@pytest.mark.parametrize(
    "content",
    [b'{"a":1}', gzip.compress(b'{"a":1}\n' * 999)[:-9]],
    ids=["not packed", "cut off"],
)
def test_a_packed_file_that_is_not_whole_is_refused(read, content):
    """A .gz file that is none, or is cut off, is one error."""
    with pytest.raises(UserError, match="can't be read"):
        read(content, "a.json.gz")


def test_records_come_in_batches_with_their_numbers(tmp_path):
    """A long file is cut into batches; numbers go on from one to the next."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"a":1}\n' * BATCH + "x\n" + '{"a":1}\n')
    first, second = map_records(path, lambda batch: batch)
    assert (first.numbers[0], first.numbers[-1], len(first.records)) == (1, BATCH, BATCH)
    assert (second.broken[0].number, second.numbers.tolist()) == (BATCH + 1, [BATCH + 2])


def test_records_are_laid_out_as_columns_of_their_types():
    """Objects become dotted columns; lists and mixed values are text; what is absent is null."""
    rows = [
        {"id": 1, "part": {"of": {"it": "x"}, "n": 1}, "tags": ["é", 1], "mixed": True},
        {},
        {"id": 2, "part": {"n": 1.5}, "done": False, "mixed": 2, "part.n": 9, "empty": None},
    ]
    table = flat(rows)
    assert {field.name: str(field.type) for field in table.schema} == {
        "id": "int64",
        "part.of.it": "string",
        "part.n": "double",
        "tags": "string",
        "mixed": "string",
        "done": "bool",
        "empty": "string",
    }
    assert table["part.n"].to_pylist() == [1.0, None, 1.5]
    assert table["mixed"].to_pylist() == ["true", None, "2"]
    assert table["tags"][0].as_py() == '["é", 1]'
    assert table["empty"].null_count == len(table) == 3
