"""The policy: defaults, reading, refusals that name the key, and the digest."""

import datetime as dt

import pytest

from recontact import Policy
from recontact.durations import DAY, HOUR, format_duration, parse_duration
from recontact.errors import UserError
from recontact.policy_values import KEYS


def test_an_empty_file_gives_the_defaults(tmp_path):
    """A policy file without a key is the default policy, and its text holds every key."""
    path = tmp_path / "policy.yaml"
    path.write_text("# nothing\n")
    policy = Policy.read(path)
    assert policy == Policy()
    assert policy.text() == (
        "window: 48h\nwindow_by_reason: {}\nlookback: 48h\nrelated_by: reason\n"
        "reason_level: null\nindex_channels: [voice]\ncounted_channels: null\n"
        "count_unhandled: false\nmin_talk_s: null\nexclude_dispositions: []\n"
        "escalation_breaks_fcr: true\nedges: data\nas_of: null\nby_program: {}\n"
    )


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("windwo: 48h", "windwo"),
        ("window: 48", "window"),
        ("window: 0", "window"),
        ("window: -1h", "window"),
        ("window: null", "window"),
        ("window: 48 h", "window"),
        ("window: 48H", "window"),
        ("window: 1e3s", "window"),
        ("window: .5h", "window"),
        ("window: 1:30", "window"),
        ("window: [48h]", "window"),
        ("window: ٤h", "window"),
        ("lookback: -0.5h", "lookback"),
        ("lookback:", "lookback"),
        ("window_by_reason: {bill: 48}", "window_by_reason.bill"),
        ("window_by_reason: {bill > fee: -2d}", "window_by_reason.bill > fee"),
        ("window_by_reason: {' > ': 2d}", "window_by_reason"),
        ("window_by_reason: {a>b: 2d, 'a > b': 3d}", "window_by_reason.a > b"),
        ("window_by_reason: {1: 2d}", "window_by_reason.1"),
        ("window_by_reason: [bill]", "window_by_reason"),
        ("window_by_reason:", "window_by_reason"),
        ("related_by: Reason", "related_by"),
        ("related_by: null", "related_by"),
        ("related_by: [reason]", "related_by"),
        ("reason_level: 0", "reason_level"),
        ("reason_level: true", "reason_level"),
        ("reason_level: 1.0", "reason_level"),
        ("reason_level: '1'", "reason_level"),
        ("index_channels: voice", "index_channels"),
        ("index_channels: null", "index_channels"),
        ("index_channels: [voice, null]", "index_channels"),
        ("index_channels: {voice: 1}", "index_channels"),
        ("counted_channels: chat", "counted_channels"),
        ("counted_channels: [1]", "counted_channels"),
        ("count_unhandled: 1", "count_unhandled"),
        ("count_unhandled: null", "count_unhandled"),
        ("count_unhandled: 'yes'", "count_unhandled"),
        ("min_talk_s: -1", "min_talk_s"),
        ("min_talk_s: .nan", "min_talk_s"),
        ("min_talk_s: .inf", "min_talk_s"),
        ("min_talk_s: 30s", "min_talk_s"),
        ("min_talk_s: true", "min_talk_s"),
        ("exclude_dispositions: [no]", "exclude_dispositions"),
        ("exclude_dispositions: null", "exclude_dispositions"),
        ("escalation_breaks_fcr: maybe", "escalation_breaks_fcr"),
        ("edges: all", "edges"),
        ("as_of: yesterday", "as_of"),
        ("as_of: 2026-13-01", "as_of"),
        ("as_of: 1767225600", "as_of"),
        ("as_of: true", "as_of"),
        ("by_program: [acme]", "by_program"),
        ("by_program: null", "by_program"),
        ("by_program: {acme: null}", "by_program.acme"),
        ("by_program: {7: {window: 7d}}", "by_program.7"),
        ("by_program: {acme: {window: 7}}", "by_program.acme.window"),
        ("by_program: {acme: {windows: 7d}}", "by_program.acme.windows"),
        ("by_program: {acme: {window_by_reason: {bill: 3}}}", "acme.window_by_reason.bill"),
        ("by_program: {acme: {reason_level: 0}}", "by_program.acme.reason_level"),
        ("by_program: {acme: {edges: data}}", "by_program.acme.edges"),
        ("by_program: {acme: {as_of: null}}", "by_program.acme.as_of"),
        ("by_program: {acme: {by_program: {}}}", "by_program.acme.by_program"),
        ("window: 1h\nwindow: 2h", "window"),
    ],
)
def test_a_wrong_value_is_refused_by_its_key(text, key):
    """An unknown key and a value that is not allowed are the user's error, naming the key."""
    with pytest.raises(UserError) as caught:
        Policy.from_text(text)
    assert f"{key}: " in caught.value.what
    assert caught.value.mend


@pytest.mark.parametrize("text", ["- window", "48h", "window: [", "? {a: b}\n: c", "{a: 1}: b"])
def test_what_is_no_mapping_of_keys_is_refused(text):
    """A list, a bare value and broken YAML are the user's error."""
    with pytest.raises(UserError):
        Policy.from_text(text)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    """Missing, binary and wrong files are named in the error."""
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("window: 48")
    for path in (tmp_path / "none.yaml", tmp_path, binary, wrong):
        with pytest.raises(UserError, match=path.name):
            Policy.read(path)


FULL = """
window: 7d
window_by_reason: {"billing>dispute": 30d, tech: 1.5h}
lookback: 0s
related_by: reason_or_case
reason_level: 2
index_channels: [voice, chat]
counted_channels: []
count_unhandled: true
min_talk_s: 30.5
exclude_dispositions: ["no", "12", "2026-01-01", "ä: b"]
escalation_breaks_fcr: false
edges: program
as_of: 2026-06-01T02:00:00.000001+02:00
by_program:
  "null": {window: 8d, window_by_reason: {bill: 1h}}
  acme: {index_channels: [], min_talk_s: null}
"""


def test_its_text_gives_the_same_policy_again():
    """Every key survives writing and reading, whatever YAML makes of such words."""
    policy = Policy.from_text(FULL)
    assert Policy.from_text(policy.text()) == policy
    june = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    assert policy.as_of == int(june.timestamp()) * 1_000_000 + 1
    assert policy.window_by_reason == {"billing > dispute": 30 * DAY, "tech": 3 * HOUR // 2}
    assert policy.exclude_dispositions == ("12", "2026-01-01", "no", "ä: b")
    assert policy.for_program("null").window == 8 * DAY
    assert policy.for_program("acme").index_channels == ()
    assert policy.for_program("acme").window == 7 * DAY
    assert policy.for_program(None).window == 7 * DAY


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("window: 48h", "window: 2d"),
        ("window: 0.5h", "window: 30m"),
        ("{window: 1h, lookback: 2h}", "{lookback: 2h, window: 60m}"),
        ("{window_by_reason: {a>b: 1w, c: 1h}}", "{window_by_reason: {c: 1h, 'a > b >': 7d}}"),
        ("index_channels: [chat, voice]", "index_channels: [voice, chat, voice]"),
        ("min_talk_s: 30", "min_talk_s: 30.0"),
        ("as_of: 2026-01-01", "as_of: 2026-01-01T01:00:00+01:00"),
        ("by_program: {acme: {window: 2d}}", ""),
        (
            "by_program: {a: {window: 1d}, b: {window: 3d}}",
            "by_program: {b: {window: 72h}, a: {window: 24h}}",
        ),
    ],
)
def test_two_spellings_of_a_policy_share_a_digest(one, other):
    """What means the same has the same digest."""
    assert Policy.from_text(one).digest == Policy.from_text(other).digest
    assert Policy.from_text(one) == Policy.from_text(other)


def test_every_key_changes_the_digest():
    """Two policies that differ in one key have different digests."""
    full = Policy.from_text(FULL)
    digests = [full.digest, Policy().digest]
    digests += [
        Policy.from_text(f"{key}: {value}").digest
        for key, value in {
            "window": "47h",
            "window_by_reason": "{a: 1h}",
            "lookback": "47h",
            "related_by": "any",
            "reason_level": "1",
            "index_channels": "[]",
            "counted_channels": "[]",
            "count_unhandled": "true",
            "min_talk_s": "0",
            "exclude_dispositions": "[a]",
            "escalation_breaks_fcr": "false",
            "edges": "program",
            "as_of": "2026-01-01",
            "by_program": "{a: {window: 1h}}",
        }.items()
    ]
    assert len(set(digests)) == len(digests)


@pytest.mark.parametrize("microseconds", [0, 1, 90_000_000, 36 * HOUR, 3 * DAY, 10**18 + 1])
def test_a_duration_is_read_back_as_written(microseconds):
    """Writing a duration loses nothing."""
    assert parse_duration(format_duration(microseconds)) == microseconds


@pytest.mark.parametrize(
    "given", [{}, {"window": "7d", "by_program": {"acme": {"lookback": "0h"}}}]
)
def test_a_policy_shows_what_differs(given):
    """What is shown in a notebook makes the same policy again, with its digest beside it."""
    policy = Policy.parse(given)
    assert eval(repr(policy)) == policy  # noqa: S307 - ours
    assert policy.digest in repr(policy)
    assert ("window" in repr(policy)) == bool(given)


def test_a_policy_shown_as_a_page_marks_what_differs():
    """Every key is in the table, those that differ in bold, texts escaped."""
    page = Policy.parse({"window": "7d", "exclude_dispositions": ["<b>"]})._repr_html_()
    assert "<b>7d</b>" in page
    assert page.count("<b>") == 2
    assert "&lt;b&gt;" in page
    assert all(f"<th>{key}</th>" in page for key in KEYS)
