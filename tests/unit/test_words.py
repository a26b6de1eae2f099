"""Reasons in plain words: each text tells its own feature, its span, and codes readably."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from recontact.durations import DAY, HOUR, MINUTE
from recontact.features.declared import FEATURES, Feature
from recontact.features.measures import Own, Volume
from recontact.features.themes import THEMES
from recontact.features.words import reasons
from recontact.judging import Judge
from recontact.next_issues import NextIssues
from recontact.probes import DEFAULT

WORDS = {name: words for theme in THEMES for name, words in theme.items()}
SPAN = re.compile(r"(?:\bin|\blast) (an hour|hour|[0-9]+ (?:minutes|hours|days))\b")
CODE = "LINE_LOST_2"


def within(feature: Feature) -> int | None:
    """The span that a feature looks back over, in microseconds."""
    if isinstance(feature.measure, Volume):
        return 28 * DAY
    return getattr(feature.measure, "within", None)


SPANNED = [(feature.name, within(feature)) for feature in FEATURES if within(feature)]


def spoken(microseconds: int) -> set[str]:
    """How a span is said: the ways of an hour, minutes below it, hours to three days, then days."""
    if microseconds == HOUR:
        return {"an hour", "hour"}
    for size, unit, most in ((MINUTE, "minutes", HOUR), (HOUR, "hours", 3 * DAY)):
        if microseconds < most:
            return {f"{microseconds // size} {unit}"}
    return {f"{microseconds // DAY} days"}


def row(name: str, value: object, others: object = 7.0) -> dict[str, object]:
    """A row in which every other number is `others`, so that a text that tells one is seen."""
    filled = {f.name: CODE if f.kind == "category" else others for f in FEATURES}
    return {**filled, "weekday": 3.0, "moment": "live", name: value}


def test_every_feature_has_words_once() -> None:
    listed = [name for theme in THEMES for name in theme]
    assert sorted(listed) == sorted(feature.name for feature in FEATURES)


@pytest.mark.parametrize("others", [None, 0.5, 7.0])
@pytest.mark.parametrize(("name", "span"), SPANNED, ids=[name for name, _ in SPANNED])
def test_a_text_names_no_span_but_its_own(name: str, span: int, others: float | None) -> None:
    for value in (None, 0.0, 1.0, 4.0):
        if value == 0 and "_surge_" in name:
            continue  # a surge is above 0
        text = WORDS[name](row(name, value, others))
        assert set(SPAN.findall(text)) <= spoken(span), f"{value}: {text}"


@pytest.mark.parametrize(("name", "span"), SPANNED, ids=[name for name, _ in SPANNED])
def test_what_is_known_comes_with_its_span(name: str, span: int) -> None:
    text = WORDS[name](row(name, 2.0))
    assert set(SPAN.findall(text)) & spoken(span), text


@pytest.mark.parametrize("prefix", ["contacts", "same_issue"])
def test_a_count_tells_its_own_value(prefix: str) -> None:
    for name in (name for name in WORDS if re.fullmatch(rf"{prefix}_[0-9]+[hd]", name)):
        assert WORDS[name](row(name, 2.0)).startswith("3rd contact")
        assert WORDS[name](row(name, 0.0)).startswith("first contact")


@pytest.mark.parametrize("feature", [f.name for f in FEATURES if f.kind == "category"])
def test_no_code_is_shown_as_it_is(feature: str) -> None:
    assert "'line lost 2'" in WORDS[feature](row(feature, CODE))


def test_no_text_has_an_underscore() -> None:
    for feature in FEATURES:
        value = CODE if feature.kind == "category" else 2.0
        assert "_" not in WORDS[feature.name](row(feature.name, value))


def test_the_value_stays_the_code() -> None:
    one = reasons("repeated", {"disposition": "line_lost"}, {"disposition": 0.3})
    assert [(r["value"], r["text"]) for r in one] == [("line_lost", "wrapped up as 'line lost'")]


def test_own_features_tell_their_codes_readably_too() -> None:
    one = reasons(
        "repeated", {"my_plan": "PRE_PAID", "my_count": 2.0}, {"my_plan": 1, "my_count": 2}
    )
    assert [r["text"] for r in one] == ["my count: 2", "my plan: 'pre paid'"]


def test_the_strongest_feature_of_a_theme_is_the_one_told() -> None:
    counts = {"contacts_7d": 1.0, "contacts_30d": 4.0}
    told = [reasons("repeated", counts, {"contacts_7d": a, "contacts_30d": b})[0] for a, b in
            ((0.1, 0.4), (0.4, 0.1))]  # fmt: skip
    assert [(r["feature"], r["text"]) for r in told] == [
        ("contacts_30d", "5th contact in 30 days"),
        ("contacts_7d", "2nd contact in 7 days"),
    ]


def test_what_a_user_declared_is_told_in_their_own_words():
    """A bundle carries the meanings of its own features; reasons say them."""
    own = Feature("late", Own("late"), "late parcels in 7 days")
    bundle = SimpleNamespace(encoding=SimpleNamespace(features=("moment", "late")), yours=(own,))
    judge = Judge({"repeated": bundle}, NextIssues({}, {}), DEFAULT)
    places, themes = judge._themes["repeated"]
    (told,) = themes.reasons("repeated", {"late": 3.0}, np.array([0.1, 0.4])[places])
    assert told["text"] == "late parcels in 7 days: 3"


@pytest.mark.parametrize(
    ("moment", "known", "dropped", "told"),
    [
        ("start", {}, None, ["no earlier contact"]),
        ("live", {}, None, ["no earlier contact"]),
        ("wrapup", {}, None, ["how it ended is not known", "no earlier contact"]),
        ("start", {}, 1.0, ["the line was lost", "no earlier contact"]),
        ("start", {"dropped": "start"}, None, [
            "how it ended is not known", "no earlier contact"]),
    ],
)  # fmt: skip
def test_what_nobody_can_know_yet_is_no_reason(moment, known, dropped, told):
    """A value that is missing since the moment is too early for it raises nobody's risk."""
    names = ("moment", "dropped", "since_last_s")
    bundle = SimpleNamespace(
        encoding=SimpleNamespace(features=names),
        yours=(),
        known_from=known,
        contributions_rows=lambda rows: np.tile([0.9, 0.4, 0.2], (len(rows), 1)),
    )
    judge = Judge({"repeated": bundle}, NextIssues({}, {}), DEFAULT)
    row = {"moment": moment, "dropped": dropped, "since_last_s": None, "repeated_already": False}
    (found,) = judge._reasons("repeated", [row], np.zeros((1, 3)), [0])
    assert [one["text"] for one in found] == told


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (None, "not known whether it was transferred"),
        (0.0, "not transferred"),
        (2.0, "transferred twice"),
    ],
)
def test_what_is_not_known_is_not_told_as_none(count, said):
    """A contact of which nobody says whether it was transferred was not 'not transferred'."""
    row = {"transfer_count": count, "transfers_beyond_reason": None}
    (told,) = reasons("repeated", row, {"transfers_beyond_reason": 0.3})
    assert told["text"] == said
