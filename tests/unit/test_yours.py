"""Features of your own: what a file or an installed package may declare, and what is refused."""

import datetime as dt
import sys

import pyarrow as pa
import pytest
from hypothesis import given
from tests.property.test_yours import MEASURES, is_text

from recontact import Policy, label
from recontact.dataset import features
from recontact.durations import DAY, MINUTE
from recontact.errors import UserError
from recontact.features import FEATURES, Feature
from recontact.features.declarations import parse_features, plain
from recontact.features.measures import (
    Beyond,
    Condition,
    Has,
    Judged,
    Load,
    Past,
    Rate,
    Surge,
    Typical,
    Volume,
    Words,
)
from recontact.features.yours import only, read_features, yours

T = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def read(folder, text):
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return read_features(path)


def declared(**keys):
    return parse_features([{"name": "mine", "meaning": "told", **keys}], "here")


@pytest.mark.parametrize(
    ("keys", "measure"),
    [
        ({"past": "count"}, Past("count")),
        ({"past": "sum", "column": "talk_s", "within": "7d"}, Past("sum", "talk_s", 7 * DAY)),
        (
            {"past": "count", "where": {"channel": "chat", "tier": [1, 2], "dropped": False}},
            Past("count", where=(Condition("channel", ("chat",)), Condition("tier", (1, 2)),
                                 Condition("dropped", (False,)))),
        ),
        (
            {"past": "since", "where": {"talk_s": {"at_least": 600, "below": 3600.5}}},
            Past("since", where=(Condition("talk_s", (), 600.0, 3600.5),)),
        ),
        ({"past": "last_same", "same": "issue", "among": "any"},
         Past("last_same", same="issue", among="any")),
        ({"rate": "escalation", "of": "site"}, Rate("escalation", "site")),
        ({"judged": "site"}, Judged("site")),
        ({"volume": "plan"}, Volume("plan")),
        ({"typical": "csat", "of": "team"}, Typical("csat", "team")),
        ({"load": "site", "within": "30m"}, Load("site", 30 * MINUTE)),
        ({"surge": "site", "within": "0.5d"}, Surge("site", 720 * MINUTE)),
        ({"beyond": "elapsed_s", "of": "plan"}, Beyond("elapsed_s", "plan")),
        ({"has": "notes"}, Has("notes")),
        ({"words": "notes", "bucket": 1, "buckets": 4}, Words("notes", 1, 4)),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)  # fmt: skip
def test_each_way_is_read(keys, measure):
    """Every way that the page tells leads to its measure."""
    (feature,) = declared(**keys)
    assert feature == Feature("mine", measure, "told")


def test_a_file_holds_a_list_or_a_mapping_with_one(tmp_path):
    """Name, meaning, unit and what null means are taken over; a text's feature is a category."""
    listed = """
- {name: ended, meaning: how the last ended, unit: code, null: none, past: last_text,
   column: disposition}
- name: shop
  meaning: contacts of the shop
  null: nobody says where
  judged: site
"""
    ended, shop = read(tmp_path, listed)
    assert (ended.unit, ended.null, ended.kind) == ("code", "none", "category")
    assert (shop.unit, shop.null, shop.kind) == ("", "nobody says where", "number")
    indented = "features:" + listed.replace("\n", "\n  ")
    assert read(tmp_path, indented) == (ended, shop)


def test_words_are_as_many_features_as_buckets():
    """One declaration of words gives a feature for each bucket."""
    found = declared(words="notes", buckets=3)
    assert [each.name for each in found] == ["mine_0", "mine_1", "mine_2"]
    assert [each.measure for each in found] == [Words("notes", k, 3) for k in range(3)]


WRONG = {
    "unknown key": ({"past": "count", "when": "7d"}, "unknown key 'when'",
                    "keys: name, meaning, unit, null, past, column, within, where, same, among"),
    "key of another way": ({"judged": "site", "within": "7d"}, "unknown key 'within'",
                           "keys: name, meaning, unit, null, judged"),
    "what is kept only": ({"words": "notes", "bucket": 0, "size": 2}, "unknown key 'size'",
                          "null, words, buckets"),
    "our own name of a way": ({"past": "count", "what": "count"}, "unknown key 'what'", "past"),
    "unknown past": ({"past": "counts"}, "past: 'counts' is unknown", "count, sum"),
    "unknown among": ({"past": "count", "among": "all"}, "among: 'all' is unknown", "counted"),
    "unknown label": ({"rate": "fcr", "of": "site"}, "rate: 'fcr' is unknown", "repeated"),
    "no column": ({"past": "sum"}, "'column' is missing", "add column"),
    "no same": ({"past": "last_same"}, "'same' is missing", "add same"),
    "no entity": ({"rate": "repeated"}, "'of' is missing", "add of"),
    "no span": ({"load": "site"}, "'within' is missing", "add within"),
    "no buckets": ({"words": "notes"}, "'buckets' is missing", "add buckets"),
    "no way": ({"unit": "s"}, "names 0 ways", "past, rate"),
    "two ways": ({"past": "count", "judged": "site"}, "names 2 ways", "past, rate"),
    "no duration": ({"past": "count", "within": 7}, "within: 7 is not a duration", "7d"),
    "not in minutes": ({"load": "site", "within": "90s"}, "24 hours in whole minutes", "15m"),
    "over a day": ({"load": "site", "within": "25h"}, "24 hours in whole minutes", "15m"),
    "no minute at all": ({"surge": "site", "within": "0s"}, "24 hours in whole minutes", "15m"),
    "entity that is no name": ({"judged": 3}, "judged: 3 is no name", "column"),
    "empty entity": ({"judged": ""}, "judged: '' is no name", "column"),
    "half a bucket": ({"words": "notes", "buckets": 1.5}, "1.5 is no count", "whole number"),
    "no bucket": ({"words": "notes", "buckets": 0}, "no such bucket", "at least 1"),
    "bucket beyond": ({"words": "notes", "bucket": 2, "buckets": 2}, "no such bucket", "below"),
    "where is no mapping": ({"past": "count", "where": "chat"}, "where: not a mapping", "channel"),
    "no value": ({"past": "count", "where": {"tier": []}}, r"where.tier: \[\] is no", "a list"),
    "null": ({"past": "count", "where": {"tier": None}}, "where.tier: None is no", "a list"),
    "unknown bound": ({"past": "count", "where": {"tier": {"above": 1}}}, "bounds are", "at_least"),
    "bound that is text": (
        {"past": "count", "where": {"talk_s": {"below": "long"}}}, "'long' is no number", "number"
    ),
    "bound that is none": (
        {"past": "count", "where": {"talk_s": {"at_least": float("nan")}}}, "nan is no number", "nu"
    ),
    "value that equals none": ({"past": "count", "where": {"tier": float("nan")}}, "is no v", "a"),
    "column of nothing": ({"past": "since", "column": "tier"}, "since looks at no column", "sum"),
    "unit that is a list": ({"past": "count", "unit": [1]}, r"unit: \[1\] is no text", "unit:"),
    "null that is a truth value": ({"past": "count", "null": False}, "False is no text", "null:"),
    "length by value": ({"past": "count", "where": {"duration_s": 60}}, "wants bounds", "at_least"),
}  # fmt: skip


@pytest.mark.parametrize(("keys", "what", "mend"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_with_its_mend(keys, what, mend):
    """A wrong declaration is refused: where, what, and what to write."""
    with pytest.raises(UserError, match=what) as refused:
        declared(**keys)
    assert refused.value.what.startswith("here: feature 1 'mine'")
    assert mend in refused.value.mend


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("- {name: a, meaning: [", "mine.yaml: it is not YAML"),
        ("[]", "mine.yaml: the list of features is empty"),
        ("features: []", "mine.yaml: the list of features is empty"),
        ("features:", "no list of features"),
        ("- {name: a, meaning: m, past: count, past: since}", "mine.yaml: past: given twice"),
        (
            "- {name: a, meaning: m, past: count}\n- {name: hour, meaning: m, past: count}",
            "mine.yaml: feature 'hour': the name is taken",
        ),
        ("hello", "no list of features"),
        ("features: {name: a}", "no list of features"),
        ("- chats", "feature 1: not a mapping"),
        ("- {meaning: told, past: count}", "feature 1: no good name"),
        ("- {name: Chats, meaning: told, past: count}", "'Chats': no good name"),
        ("- {name: a-b, meaning: told, past: count}", "'a-b': no good name"),
        ("- {name: chats, past: count}", "'chats': no meaning"),
        ("- {name: hour, meaning: told, past: count}", "'hour': the name is taken"),
        ("- {name: csat, meaning: told, past: count}", "'csat': the name is taken"),
        ("- {name: repeated_already, meaning: told, past: count}", "the name is taken"),
        ("- &a {name: twice, meaning: told, past: count}\n- *a", "'twice': the name is taken"),
    ],
)
def test_a_file_that_declares_nothing_good_is_refused(tmp_path, text, what):
    """What is no list of declarations, and names that are none or are taken, are refused."""
    with pytest.raises(UserError, match=what):
        read(tmp_path, text)


def test_a_file_that_is_not_there_is_told(tmp_path):
    """The user is told of a missing file as of any other input, without a traceback."""
    with pytest.raises(UserError, match=r"none\.yaml: no such file"):
        yours(tmp_path / "none.yaml")


@given(MEASURES)
def test_declarations_survive_being_written(measures):
    """Whatever is declared, written as plain values and read again, is the same."""
    declared = tuple(
        Feature(f"f{k}", each, "m", "s", "none", "category" if is_text(each) else "number")
        for k, each in enumerate(measures)
        if len({c.column for c in getattr(each, "where", ())}) == len(getattr(each, "where", ()))
        and all(c.values or (c.at_least, c.below) != (None, None)
                for c in getattr(each, "where", ()))
    )  # fmt: skip
    assert parse_features(plain(declared), "the model") == declared


# -- installed packages


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Give a function that installs a package with features: a module and its metadata."""

    sys.modules.pop("acme_features", None)  # another test's

    def installing(source, target="acme_features:FEATURES"):
        (tmp_path / "acme_features.py").write_text(source, encoding="utf-8")
        info = tmp_path / "acme_features-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-features\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[recontact.features]\nacme = {target}\n")
        monkeypatch.syspath_prepend(tmp_path)

    yield installing
    sys.modules.pop("acme_features", None)


DECLARED = (
    '{"name": "chats", "meaning": "chats so far", "past": "count", "where": {"channel": "chat"}}'
)
AS_FEATURE = (
    "from recontact.features.declared import Feature\n"
    "from recontact.features.measures import Condition, Load, Own, Past\n"
    'CHAT = Condition("channel", ("chat",))\n'
    'ONE = Feature("chats", Past("count", where=(CHAT,)), "chats so far")'
)
CHATS = Feature("chats", Past("count", where=(Condition("channel", ("chat",)),)), "chats so far")


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (f"FEATURES = [{DECLARED}]", "acme_features:FEATURES"),
        (f"def features():\n    yield {DECLARED}", "acme_features:features"),
        (f"FEATURES = {DECLARED}", "acme_features:FEATURES"),
        (f"{AS_FEATURE}\nFEATURES = (ONE,)", "acme_features:FEATURES"),
        (AS_FEATURE, "acme_features:ONE"),
    ],
    ids=["a list", "a function", "one declaration", "features", "one feature"],
)
def test_an_installed_package_offers_features(install, source, target):
    """An entry point leads to declarations or features, to one, or to a function giving them."""
    install(source, target)
    assert yours() == (CHATS,)


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("FEATURES = [{'name': 'x'}]", "acme_features:FEATURES: feature 1 'x': no meaning"),
        ("", "can't be loaded: acme_features:FEATURES"),
        ("import no_such_module", "can't be loaded: acme_features:FEATURES: No module"),
        (f"{AS_FEATURE}\nFEATURES = [Feature('mine', Own('plan'), 'told')]", "Own can't be"),
        (f"{AS_FEATURE}\nFEATURES = [Feature('mine', Load('site', 1), 'told')]", "whole minutes"),
    ],
)
def test_what_a_package_offers_is_checked_as_a_file_is(install, source, what):
    """A package whose features can't be loaded or are wrong is named, without a traceback."""
    install(source)
    with pytest.raises(UserError, match=what):
        yours()


def test_a_file_can_not_take_the_name_of_an_installed_feature(install, tmp_path):
    """Two features of one name are refused, wherever they come from."""
    install(f"FEATURES = [{DECLARED}]")
    path = tmp_path / "mine.yaml"
    path.write_text("- {name: chats, meaning: told, past: count}")
    with pytest.raises(UserError, match="'chats': the name is taken"):
        yours(path)


# -- against the contacts


def computed(measure, known=None, **columns):
    at = [T, T + dt.timedelta(hours=3)]
    contacts = pa.table(
        {"contact_id": ["a", "b"], "customer_id": ["x", "x"], "started_at": at, "ended_at": at,
         **({"reason": ["bill", "bill"]} | columns)}
    )  # fmt: skip
    kind = "category" if is_text(measure) else "number"
    mine = Feature("mine", measure, "told", kind=kind)
    labels = label(contacts, Policy())
    table = features(contacts, labels, "start", known=known, features=(*FEATURES, mine))
    return table["mine"].to_pylist()


PLAN = {"plan": ["gold", "basic"]}
VISITS = {"visits": [3, 4]}
LISTS = {"lists": [[1], [2, 3]]}


@pytest.mark.parametrize(
    ("measure", "known", "columns", "what"),
    [
        (Past("sum", "plans"), None, PLAN, "no column 'plans'"),
        (Past("sum", "elapsed_s"), None, PLAN, "no column 'elapsed_s'"),
        (Past("distinct", "duration_s"), None, PLAN, "no column 'duration_s'"),
        (Past("count", where=(Condition("issue", ("x",)),)), None, PLAN, "no column 'issue'"),
        (Beyond("duration_s", "queue"), None, PLAN, "no column 'duration_s'"),
        (Has("elapsed_s"), None, PLAN, "no column 'elapsed_s'"),
        (Judged("plan"), None, PLAN, "from when is 'plan' known"),
        (Past("count", same="plan"), None, PLAN, "from when is 'plan' known"),
        (Past("mean", "plan"), None, PLAN, "'plan' holds string"),
        (Typical("plan", "queue"), None, PLAN, "'plan' holds string"),
        (Past("sum", "started_at"), None, PLAN, "'started_at' holds timestamp"),
        (Past("last_text", "visits"), None, VISITS, "'visits' holds int64"),
        (Past("count", where=(Condition("plan", (5,)),)), None, PLAN, "asks where it is 5"),
        (Past("count", where=(Condition("visits", ("3",)),)), None, VISITS, "where it is '3'"),
        (Past("count", where=(Condition("visits", (True,)),)), None, VISITS, "where it is True"),
        (Past("count", where=(Condition("plan", (), 1.0),)), None, PLAN, "'plan' holds string"),
        (Words("visits", 0, 2), {"visits": "start"}, VISITS, "'visits' holds int64"),
        (Past("distinct", "lists"), None, LISTS, "'lists' holds list"),
        (Past("count", same="lists"), {"lists": "start"}, LISTS, "'lists' holds list"),
        (Judged("lists"), {"lists": "start"}, LISTS, "'lists' holds list"),
    ],
)
def test_a_feature_that_does_not_fit_the_contacts_is_refused(measure, known, columns, what):
    """A column that is not there, of another type, or known from no moment, is told."""
    with pytest.raises(UserError, match=what) as refused:
        computed(measure, known, **columns)
    if "lists" not in (known or {}):
        assert refused.value.what.startswith("feature 'mine': ")


def test_a_column_of_lists_can_not_become_a_feature():
    """A column that holds no single values is refused by name, when it is named."""
    with pytest.raises(UserError, match="known_from: 'lists' holds list"):
        computed(Past("count"), {"lists": "start"}, **LISTS)


def test_a_misspelt_name_is_told_those_near():
    """Names that are none are refused with those that were probably meant."""
    with pytest.raises(UserError, match="no feature 'contact_7d'") as refused:
        only(FEATURES, ["contact_7d"])
    assert "contacts_7d" in refused.value.mend


def test_a_feature_can_not_take_the_name_of_a_column_that_is_one():
    """A column of your own that is a feature keeps its name."""
    with pytest.raises(UserError, match="a column has the name of the feature 'mine'"):
        computed(Past("count"), {"mine": "start"}, mine=["x", "y"])


@pytest.mark.parametrize("text", [["gold", ""], pa.array(["gold", ""], pa.large_string()),
                                  pa.array(["gold", ""]).dictionary_encode()])  # fmt: skip
def test_text_of_ones_own_is_text_however_it_is_kept(text):
    """Text of any Arrow type can be looked at, and empty text is null."""
    plan = {"plan": "start"}
    where = (Condition("plan", ("gold",)),)
    assert computed(Past("count", where=where), plan, plan=text) == [0.0, 1.0]
    assert computed(Past("last_text", "plan"), plan, plan=text) == [None, "gold"]
    assert computed(Has("plan"), plan, plan=text) == [1.0, None]


@pytest.mark.parametrize(
    ("wanted", "count"), [("bill>late", 1.0), ("bill", 1.0), ("bill > lat", 0.0), ("late", 0.0)]
)
def test_a_reason_holds_for_all_below_it(wanted, count):
    """A condition on the reason is met by those below it, however its levels are spaced."""
    where = (Condition("reason", (wanted,)),)
    told = {"reason": ["bill > late > fee", "tech"]}
    assert computed(Past("count", where=where), {"reason": "start"}, **told) == [0.0, count]


def test_a_column_that_holds_nothing_says_nothing():
    """A column whose values are all null may be asked for numbers and for text."""
    nothing = {"plan": pa.nulls(2)}
    assert computed(Past("mean", "plan"), **nothing) == [None, None]
    assert computed(Past("last_text", "plan"), **nothing) == [None, None]
    assert computed(Past("count", where=(Condition("plan", ("x",)),)), **nothing) == [0.0, 0.0]
