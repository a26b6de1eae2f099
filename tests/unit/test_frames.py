"""Tables of pandas, polars and pyarrow: taken with the meaning they have in files, given back."""

import datetime as dt
import decimal
import uuid

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import recontact
from recontact.errors import UserError
from recontact.frames import as_arrow
from recontact.labels.table import policy_of

DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
TIMES = [DAY + dt.timedelta(hours=k) for k in range(3)]
PLAIN = {
    "contact_id": ["a", "b", "c"],
    "customer_id": ["x", "x", None],
    "started_at": TIMES,
    "ended_at": TIMES,
    "reason": ["bill", "bill", None],
    "handled": [True, None, True],
    "talk_s": [1.0, None, 60.0],
    "tier": [1, 2, None],
    "site": ["north", "south", "south"],
    "shift": ["day", None, "night"],
}
KINDS = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}
POLICY = recontact.Policy.parse({"related_by": "any", "as_of": "2026-02-01", "lookback": "0h"})


def frame(**columns):
    """Make contacts as pandas frame; columns given here go before."""
    return pd.DataFrame({**PLAIN, **columns})


def told(labels):
    """Give labels of any kind as rows, what is unknown as None."""
    if isinstance(labels, pd.DataFrame):
        labels = as_arrow(labels)
    return labels.to_dicts() if isinstance(labels, pl.DataFrame) else labels.to_pylist()


WANTED = told(recontact.label(pa.table(PLAIN), POLICY))


def test_the_labels_that_the_others_are_compared_with():
    """The contacts above are a repeated one, its repeat, escalated, and an anonymous one."""
    assert [row["next_contact_id"] for row in WANTED] == ["b", None, None]
    assert [row["fcr"] for row in WANTED] == [False, False, None]
    assert [row["escalated"] for row in WANTED] == [False, True, None]


@pytest.mark.parametrize("kind", KINDS)
def test_every_function_gives_back_the_kind_it_was_given(kind):
    """Labels, rates and features of the same contacts are equal in every kind of table."""
    contacts = KINDS[kind](PLAIN)
    labels = recontact.label(contacts, POLICY)
    rates = recontact.rates_of(contacts, labels, "shift", policy=POLICY)
    features = recontact.features_at(contacts, labels, "start", policy=POLICY)
    for table in (labels, rates, features):
        assert type(table) is type(contacts)
    arrow = pa.table(PLAIN)
    own = recontact.label(arrow, POLICY)
    assert told(labels) == WANTED
    assert told(rates) == told(recontact.rates_of(arrow, own, "shift"))
    assert [row["contacts_7d"] for row in told(features)] == [0.0, 1.0]
    assert {f.name for f in recontact.examine(contacts)} >= {"anonymous"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_given_is_left_as_it_was(kind):
    """Nothing of the caller's table changes, neither values nor types nor index."""
    contacts = KINDS[kind](PLAIN)
    before = contacts.copy(deep=True) if kind == "pandas" else KINDS[kind](PLAIN)
    labels = recontact.label(contacts, POLICY)
    recontact.rates_of(contacts, labels, policy=POLICY)
    assert contacts.equals(before)
    assert kind != "pandas" or (contacts.dtypes.equals(before.dtypes) and contacts.attrs == {})


def test_pandas_types_keep_the_unknown_apart():
    """Text, truth and whole numbers are nullable types, numbers floats, times in UTC."""
    labels = recontact.label(frame(), POLICY)
    kinds = {name: str(kind) for name, kind in labels.dtypes.items()}
    texts = ("contact_id", "exclusion", "previous_contact_id", "next_contact_id", "episode_id")
    assert {kinds.pop(name) for name in texts} == {"string"}
    assert {kinds.pop(name) for name in ("previous_gap_s", "next_gap_s")} == {"float64"}
    assert kinds.pop("episode_position") == "Int64"
    assert set(kinds.values()) == {"boolean"}
    assert labels["next_contact_id"].isna().tolist() == [False, True, True]
    assert labels["fcr"].mean() == 0.0  # of those known
    contacts = recontact.to_pandas(pa.table({"at": pa.array(TIMES, pa.timestamp("us", "UTC"))}))
    assert str(contacts["at"].dtype) == "datetime64[us, UTC]"


@pytest.mark.parametrize(
    "index", [[30, 10, 20], ["r", "r", "s"], pd.MultiIndex.from_product([["m"], [1, 2, 3]])]
)
def test_labels_keep_the_index(index):
    """Whatever the index, a column of the labels can be assigned or joined to the contacts."""
    contacts = frame().set_axis(index)
    labels = recontact.label(contacts, POLICY)
    assert labels.index.equals(contacts.index)
    assert contacts.assign(own=labels["contact_id"].array)["own"].tolist() == ["a", "b", "c"]
    if contacts.index.is_unique:
        joined = contacts.join(labels[["next_contact_id"]])
        assert joined["next_contact_id"].fillna("-").tolist() == ["b", "-", "-"]


def test_the_policy_stays_with_pandas_and_is_asked_for_with_polars():
    """Labels of pandas carry policy and digest in attrs; those of polars need them said."""
    labels = recontact.label(frame(), POLICY)
    assert labels.attrs["recontact.policy_digest"] == POLICY.digest
    assert recontact.rates_of(frame(), labels)["repeat"].tolist() == [0.5]
    contacts = pl.DataFrame(PLAIN)
    with pytest.raises(UserError, match="no policy"):
        recontact.rates_of(contacts, recontact.label(contacts, POLICY))
    arrow = recontact.label(pa.table(PLAIN), POLICY)
    assert policy_of(arrow) == POLICY


def test_labels_of_another_policy_are_refused():
    """A policy that is said beside labels which carry another one is an error."""
    labels = recontact.label(frame(), POLICY)
    with pytest.raises(UserError, match=f"of policy {POLICY.digest}, not of the one given"):
        recontact.rates_of(frame(), labels, policy={"window": "7d"})
    assert len(recontact.rates_of(frame(), labels, policy=POLICY)) == 1


IDS = {
    "whole numbers": ([1, 2, 3], ["1", "2", "3"]),
    "floats": ([1.0, 2.0, 3.0], ["1", "2", "3"]),
    "mixed": (pd.Series(["a", 2, 3.0], dtype=object), ["a", "2", "3"]),
    "objects": (pd.Series([uuid.UUID(int=k) for k in range(3)]), None),
    "decimals": ([decimal.Decimal(k) for k in range(3)], ["0", "1", "2"]),
    "categorical": (pd.Categorical(["c", "b", "a"]), ["c", "b", "a"]),
    "categorical numbers": (pd.Categorical([3, 2, 1]), ["3", "2", "1"]),
    "string": (pd.array(["a", "b", "c"], dtype="string"), ["a", "b", "c"]),
    "numpy objects": (np.array(["a", "b", "c"], dtype=object), ["a", "b", "c"]),
    "Int64": (pd.array([1, 2, 3], dtype="Int64"), ["1", "2", "3"]),
    "arrow": (pd.array(["a", "b", "c"], dtype=pd.ArrowDtype(pa.large_string())), ["a", "b", "c"]),
    "sparse": (pd.arrays.SparseArray([0, 1, 2]), ["0", "1", "2"]),
}


@pytest.mark.parametrize("name", IDS)
def test_identifiers_of_any_type_are_text(name):
    """Numbers, objects and categories identify contacts as their text does."""
    given, wanted = IDS[name]
    labels = recontact.label(frame(contact_id=given), POLICY)
    wanted = wanted or [str(value) for value in given]
    assert labels["contact_id"].tolist() == wanted
    assert labels["next_contact_id"][0] == wanted[1]


UNKNOWN = {
    "None": pd.Series(["x", "x", None], dtype=object),
    "nan": pd.Series(["x", "x", np.nan], dtype=object),
    "NA": pd.array(["x", "x", pd.NA], dtype="string"),
    "category": pd.Categorical(["x", "x", None]),
    "floats": [7.0, 7.0, np.nan],
    "empty": ["x", "x", ""],
    "mixed": pd.Series([7, "7", pd.NA], dtype=object),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_customer_that_is_missing_is_nobody(name):
    """None, nan, NA and empty text are all an anonymous caller, never a customer of that name."""
    labels = recontact.label(frame(customer_id=UNKNOWN[name]), POLICY)
    assert told(labels) == WANTED


HOURS = pd.Series(pd.to_datetime(TIMES))
SAME_TIMES = {
    "without zone": HOURS.dt.tz_localize(None),
    "nanoseconds": HOURS.astype("datetime64[ns, UTC]"),
    "another zone": HOURS.dt.tz_convert("Asia/Kolkata"),
    "text": HOURS.dt.strftime("%Y-%m-%d %H:%M:%S"),
    "text with zone": HOURS.dt.tz_convert("Asia/Kolkata").map(lambda t: t.isoformat()),
    "objects": HOURS.astype(object),
    "objects of two zones": pd.Series(
        [TIMES[0], TIMES[1].astimezone(dt.timezone(dt.timedelta(hours=-5))), TIMES[2]], dtype=object
    ),
    "arrow": HOURS.astype(pd.ArrowDtype(pa.timestamp("ms", "UTC"))),
    "category": HOURS.astype("category"),
}


@pytest.mark.parametrize("name", SAME_TIMES)
def test_times_of_any_type_are_the_same_instants(name):
    """Zones are heeded, and a time without one is UTC, as in files."""
    times = SAME_TIMES[name]
    labels = recontact.label(frame(started_at=times, ended_at=times), POLICY)
    assert told(labels) == WANTED


def test_a_date_is_its_first_instant():
    """Days are taken as midnight UTC."""
    days = [dt.date(2026, 1, day) for day in (1, 2, 3)]
    labels = recontact.label(frame(started_at=days, ended_at=days), POLICY)
    assert labels["next_gap_s"][0] == 86_400


def test_other_columns_may_hold_anything():
    """Columns that labels don't need are not looked at."""
    odd = frame(period=pd.period_range("2026-01", periods=3, freq="M"), made=[[1], [], {}])
    odd[7] = range(3)
    assert told(recontact.label(odd, POLICY)) == WANTED
    wide = pl.DataFrame(PLAIN).with_columns(made=pl.Series([[1], [2], []]))
    assert told(recontact.label(wide, POLICY)) == WANTED


def test_numbers_and_truths_may_be_text():
    """What a file's text means, a frame's text means too; spans of time are seconds."""
    spans = pd.to_timedelta([1, None, 60], unit="s")
    given = frame(handled=["yes", None, "1"], tier=["1", "2.0", None], talk_s=spans)
    policy = {"related_by": "any", "as_of": "2026-02-01", "lookback": "0h", "min_talk_s": 2}
    wanted = recontact.label(pa.table(PLAIN), policy)
    assert told(recontact.label(given, policy)) == told(wanted)


BAD = {
    "no id": ({"contact_id": ["a", None, "c"]}, r"row 2 \(contact_id None\): no contact_id"),
    "nan id": ({"contact_id": [1.0, np.nan, 3.0]}, "row 2 .*no contact_id"),
    "an id twice": ({"contact_id": ["a", "b", "a"]}, "'a' is there more than once: row 1, 3"),
    "legs": ({"interaction_id": ["i", "j", "i"]}, "legs that are not merged: row 1, 3"),
    "ends early": ({"ended_at": [DAY] * 3}, "row 2 .*before.*row 3 .*before"),
    "no time": ({"started_at": [TIMES[0], None, TIMES[2]]}, "row 2 .*no started_at"),
    "no time at all": ({"started_at": ["x", "y", "z"]}, "row 1 .*started_at: not a time: 'x'"),
    "negative": ({"talk_s": [1.0, -2.0, 3.0]}, "row 2 .*talk_s: negative: -2"),
    "negative span": ({"wait_s": pd.to_timedelta([0, 0, -1], unit="s")}, "row 3 .*wait_s: neg"),
    "infinite": ({"hold_s": [1.0, np.inf, 3.0]}, "row 2 .*hold_s: not a number"),
    "no truth": ({"handled": ["x", "yes", "no"]}, "row 1 .*handled: not true or false: 'x'"),
    "no whole number": ({"tier": [1, 1.5, 2]}, "row 2 .*tier: not a whole number"),
    "lists": ({"reason": [["a"], ["b"], []]}, "column 'reason' holds .*list"),
}


@pytest.mark.parametrize("kind", ["pandas", "polars"])
@pytest.mark.parametrize("name", BAD)
def test_bad_rows_are_refused(name, kind):
    """Tables in Python are judged as strictly as files: the rows are named, and the mend."""
    change, said = BAD[name]
    contacts = frame(**change)
    contacts = pl.from_arrow(as_arrow(contacts)) if kind == "polars" else contacts
    with pytest.raises(UserError, match=said) as caught:
        recontact.label(contacts)
    if name != "lists":
        assert "recontact.import_contacts" in caught.value.mend


def test_only_the_first_bad_rows_are_named():
    """Of many bad rows three are named and the others counted."""
    many = pd.concat([frame()] * 3).assign(contact_id=None)
    with pytest.raises(UserError, match=r"row 3 .*no contact_id and 6 more"):
        recontact.label(many)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("contacts.parquet", "read_contacts"),
        (7, "no table"),
        (pl.DataFrame(PLAIN).lazy(), "no table"),
        (frame().set_axis([*list(PLAIN)[:-1], "site"], axis=1), "two columns named 'site'"),
        (frame().drop(columns="ended_at"), "no column 'ended_at'"),
    ],
)
def test_what_is_no_table_of_contacts_is_refused(given, said):
    """Paths, lazy frames, doubled names and missing columns are told apart."""
    with pytest.raises(UserError, match=said):
        recontact.label(given)


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_is_a_page_and_a_file(kind, tmp_path):
    """A report shows its rates as text, itself as a page in a frame, and writes itself."""
    contacts = KINDS[kind](PLAIN)
    labels = recontact.label(contacts, POLICY)
    report = recontact.report_on(contacts, labels, ["site"], policy=POLICY)
    assert "repeat rate: 50.0 % of 2" in repr(report)
    assert POLICY.digest in repr(report)
    assert report._repr_html_().startswith('<iframe srcdoc="&lt;!doctype html&gt;')
    assert report.write(tmp_path / "report.json") == [tmp_path / "report.json"]
    assert '"south"' in (tmp_path / "report.json").read_text()


def test_labels_must_be_labels():
    """A table that is none, in place of labels, is refused with the way to get them."""
    with pytest.raises(UserError, match="no labels"):
        recontact.rates_of(frame(), frame())


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_is_imported_as_a_file_is(kind, tmp_path):
    """Bad rows are set apart, duplicates dropped and legs merged, of a table as of its file."""
    rows = [0, 1, 2, 2, 0]
    ids = ["a", None, "c", "c", "d"]
    raw = pa.table(PLAIN).take(pa.array(rows)).set_column(0, "contact_id", pa.array(ids))
    raw = raw.append_column("interaction_id", pa.array(["i", "i", None, None, "i"]))
    given = KINDS[kind](raw.to_pandas() if kind == "pandas" else raw.to_pydict())
    imported = recontact.import_contacts("contacts", given)
    assert type(imported.contacts) is type(imported.rejects) is type(given)
    parts = {"contacts": 2, "merged_legs": 1, "duplicates": 1, "rejected": 1}
    assert imported.counts == {"rows": 5, **parts}
    pq.write_table(raw, tmp_path / "raw.parquet")
    files = recontact.import_contacts("contacts", tmp_path / "raw.parquet")
    assert told(imported.contacts) == files.contacts.to_pylist()
    assert [(r["row"], r["reason"]) for r in told(imported.rejects)] == [(2, "no contact_id")]
    assert len(recontact.label(imported.contacts)) == 2


def test_a_mapping_names_the_columns_of_a_table(tmp_path):
    """A table is imported with a mapping file as a file is; times without zone are of its zone."""
    path = tmp_path / "mapping.yaml"
    path.write_text("{columns: {contact_id: id}, time_zone: Asia/Tokyo}")
    naive = frame().rename(columns={"contact_id": "id"})
    naive["started_at"] = naive["started_at"].dt.tz_localize(None)
    imported = recontact.import_contacts("contacts", naive, path)
    assert imported.contacts["started_at"][0] == TIMES[0] - dt.timedelta(hours=9)
    assert imported.contacts["ended_at"][0] == TIMES[0]
    with pytest.raises(UserError, match="read from files"):
        recontact.import_contacts("zendesk", naive)


def test_what_is_known_from_when_travels_in_attrs():
    """What a source says is known from the start is known in features made of pandas too."""
    noted = frame()
    noted.attrs["recontact.known_from"] = '{"reason": "start"}'
    labels = recontact.label(noted, POLICY)
    with_note = recontact.features_at(noted, labels, "start")
    without = recontact.features_at(frame(), labels, "start")
    assert with_note["reason"].tolist()[0] == "bill"
    assert without["reason"].isna().all()


def test_public_names_are_there():
    """Every name that recontact declares can be had, and no other."""
    assert {"label", "rates_of", "features_at", "examine"} <= set(recontact.__all__)
    for name in recontact.__all__:
        assert callable(getattr(recontact, name)), name
    assert set(recontact.__all__) <= set(dir(recontact))
    with pytest.raises(AttributeError, match="nothing"):
        _ = recontact.nothing
