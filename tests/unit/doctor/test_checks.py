"""Each check of the doctor finds its planted fault, and is silent in a clean record."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from recontact import Policy, label
from recontact.contacts import canonical
from recontact.doctor import CHECKS, examine, supports
from recontact.durations import DAY

BEGIN = pd.Timestamp("2026-01-05")
DAYS, PER_DAY = 60, 400
NOW = (BEGIN.value // 1_000) + 400 * DAY
HOURS = np.array([0] * 7 + [5, 9, 10, 10, 9, 8, 9, 10, 9, 7, 5, 3, 2] + [0] * 4) / 96
MINUTE, HOUR = pd.Timedelta(minutes=1), pd.Timedelta(hours=1)


def clean() -> pd.DataFrame:
    """Sixty days of a sound contact centre."""
    rng = np.random.default_rng(7)
    n = DAYS * PER_DAY
    day = np.repeat(np.arange(DAYS), PER_DAY)
    hour = rng.choice(24, n, p=HOURS)
    started = BEGIN + pd.to_timedelta(day * 24 + hour, unit="h")
    started += pd.to_timedelta(rng.integers(0, 3_600 * 10**6, n), unit="us")
    ended = started + pd.to_timedelta(rng.integers(60, 900, n), unit="s")
    data = pd.DataFrame(
        {
            "contact_id": [f"c{k}" for k in range(n)],
            "customer_id": rng.integers(0, 3_000, n).astype(str),
            "started_at": started,
            "ended_at": ended,
            "known_at": ended + MINUTE,
            "program": rng.choice(["acme", "other"], n, p=[0.7, 0.3]),
            "site": rng.choice(["north", "south"], n),
            "channel": rng.choice(["voice", "chat"], n, p=[0.9, 0.1]),
            "agent_id": rng.integers(0, 40, n).astype(str),
            "reason": rng.choice(["bill", "bill > late fee", "line", "move"], n),
            "disposition": rng.choice(["done", "open"], n),
            "escalated": rng.random(n) < 0.05,
            "csat": np.where(rng.random(n) < 0.1, 5.0, np.nan),
            "colour": rng.choice(["red", "blue"], n),
        }
    )
    return data.sort_values("started_at", ignore_index=True)


CLEAN = clean()


def found(data: pd.DataFrame, policy: Policy | None = None, now: int = NOW):
    contacts = canonical(pa.Table.from_pandas(data, preserve_index=False))
    labels = label(contacts, policy or Policy())
    findings = examine(contacts, labels, now)
    uses = {use.use: use.can for use in supports(contacts, labels, findings)}
    return {finding.name: finding for finding in findings}, uses


def test_a_clean_record_is_left_alone():
    """No check minds anything, each has its own name, and the data supports every use."""
    findings, uses = found(CLEAN)
    assert {f.name: f.text for f in findings.values() if f.level != "good"} == {}
    assert len(findings) == len(CHECKS)
    assert not any(f.mend for f in findings.values())
    assert uses.pop("a model of escalations") == "yes"
    assert uses.pop("a model of repeats") in {"yes", "weak"}
    assert set(uses.values()) == {"yes"}


def test_a_simulated_contact_centre_is_left_alone_but_for_its_shared_number(simulated):
    """Its planted switchboard, drops and outages raise no false alarm of another kind."""
    labels = label(simulated)
    now = int(dt.datetime(2026, 7, 1, tzinfo=dt.UTC).timestamp()) * 10**6
    minded = {f.name: f.text for f in examine(simulated, labels, now) if f.level != "good"}
    assert minded.keys() <= {"shared"}


def first(data, share):
    return data.index < share * len(data)


def day_of(data):
    return (data["started_at"] - BEGIN).dt.days


def cut(data, rows):
    return data[~rows].reset_index(drop=True)


def put(data, rows, column, value):
    data.loc[rows, column] = value
    return data


def shift(data, rows, by):
    for column in ("started_at", "ended_at", "known_at"):
        data.loc[rows, column] += by
    return data


def doubled(data):
    again = data[first(data, 0.05)].assign(contact_id=lambda d: "again " + d["contact_id"])
    return pd.concat([data, again], ignore_index=True)


def on_the_stroke(data):
    part = first(data, 0.1)
    begun = data.loc[part, "started_at"].dt.floor("D") + 8 * HOUR
    return shift(data, part, begun - data.loc[part, "started_at"])


def stray(data):
    return shift(data, data.index == len(data) - 1, pd.Timedelta(days=100))


def answers_of_later(data):
    after = data["ended_at"] + pd.Timedelta(days=3)
    return data.assign(known_at=data["ended_at"], resolved_at=after)


def told_by_a_column(data):
    contacts = canonical(pa.Table.from_pandas(data, preserve_index=False))
    repeated = label(contacts)["repeated"].to_pandas().fillna(value=False).astype(bool)
    return data.assign(closed_code=np.where(repeated, "reopened", None))


def texts(data):
    return data.assign(reason=[f"caller {k} says" for k in range(len(data))])


def last_days(data, days):
    return day_of(data) >= DAYS - days


def known_twice(data):
    numbers = "+4930" + (1_000_000 + data["customer_id"].astype(int)).astype(str)
    return put(data.assign(ani=numbers), data.index % 3 == 0, "customer_id", numbers)


PLANTED = {
    "span": ("mind", lambda d: cut(d, day_of(d) > 20)),
    "spread": ("mind", lambda d: shift(d, d.index >= len(d) - 100, pd.Timedelta(days=200))),
    "anonymous": ("mind", lambda d: put(d, first(d, 0.2), "customer_id", None)),
    "linked": ("bad", lambda d: d.assign(customer_id=d["contact_id"])),
    "two names": ("mind", known_twice),
    "placeholders": ("bad", lambda d: put(d, d.index % 50 == 0, "customer_id", "Unknown")),
    "shared": ("mind", lambda d: put(d, d.index % 100 == 0, "customer_id", "+4930123456")),
    "doubles": ("mind", doubled),
    "judged": ("mind", lambda d: put(d, d.index % 20 > 0, "direction", "outbound")),
    "reason": ("mind", lambda d: put(d, first(d, 0.2), "reason", None)),
    "reason codes": ("bad", texts),
    "escalated": ("mind", lambda d: d.drop(columns="escalated")),
    "spelling": ("mind", lambda d: put(d, d.index % 2 == 0, "program", "Acme ")),
    "last end": ("mind", stray),
    "gaps": ("mind", lambda d: cut(d, day_of(d).isin([30, 31]))),
    "impossible times": ("mind", lambda d: shift(d, d.index == 5, pd.Timedelta(days=900))),
    "clock skew": ("mind", lambda d: put(d, first(d, 0.1), "known_at", d["started_at"])),
    "same instant": ("mind", lambda d: put(d, first(d, 0.01), "started_at", d["started_at"][0])),
    "dates only": ("mind", on_the_stroke),
    "hours": ("mind", lambda d: shift(d, d.index >= 0, 12 * HOUR)),
    "time zones": ("mind", lambda d: shift(d, d["site"] == "south", 2 * HOUR)),
    "moved hours": ("mind", lambda d: shift(d, first(d, 0.5), 3 * HOUR)),
    "known_at": ("bad", answers_of_later),
    "filled later": ("mind", lambda d: put(d, last_days(d, 3), "disposition", None)),
    "telling columns": ("mind", told_by_a_column),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(name):
    """With its level, a sentence and a mend."""
    level, plant = PLANTED[name]
    findings, _ = found(plant(CLEAN.copy()))
    assert findings[name].level == level
    assert findings[name].text
    assert findings[name].mend


def test_a_column_that_tells_the_own_escalation_alone_is_found():
    """A queue that the export wrote over when the contact was escalated."""
    data = CLEAN.copy()
    own = np.arange(len(data)) % 10 == 0
    data = data.assign(escalated=own, queue=np.where(own, "tier 2", "front line"))
    findings, _ = found(data)
    assert "queue (escalated)" in findings["telling columns"].text


def test_every_check_is_tested():
    """Those that hang on the policy stand below."""
    findings, _ = found(CLEAN)
    assert set(findings) - set(PLANTED) == {"policy values", "look-back", "matured", "issue"}


@pytest.mark.parametrize(
    ("name", "level", "policy"),
    [
        ("policy values", "mind", {"index_channels": ["voice", "Voice"]}),
        ("policy values", "mind", {"exclude_dispositions": ["spam"]}),
        ("policy values", "mind", {"window_by_reason": {"bill > late": "7d"}}),
        ("policy values", "mind", {"by_program": {"amce": {"window": "7d"}}}),
        ("policy values", "mind", {"by_program": {"acme": {"counted_channels": ["fax"]}}}),
        ("policy values", "good", {"window_by_reason": {"bill": "7d", "bill > late fee": "3d"}}),
        ("look-back", "mind", {"lookback": "30d"}),
        ("look-back", "bad", {"lookback": "90d"}),
        ("matured", "mind", {"window": "40d"}),
        ("issue", "bad", {"related_by": "case"}),
        ("issue", "good", {"related_by": "reason_or_case"}),
        ("judged", "bad", {"index_channels": ["email"]}),
    ],
)
def test_what_the_policy_asks_too_much_of_the_record_is_found(name, level, policy):
    """Values that match nothing, and windows as long as the record."""
    findings, _ = found(CLEAN, Policy.parse(policy))
    assert findings[name].level == level


def test_customers_known_by_number_alone_have_one_name():
    """A number beside each customer_id, or in the place of each, is one name."""
    numbers = known_twice(CLEAN.copy())["ani"]
    for ids in (CLEAN["customer_id"], numbers):
        findings, _ = found(CLEAN.assign(ani=numbers, customer_id=ids))
        assert findings["two names"].level == "good"


def test_missing_hours_are_found_within_a_day():
    """An afternoon without contacts is a gap; nights without any are not."""
    hour = CLEAN["started_at"].dt.hour
    findings, _ = found(cut(CLEAN, (day_of(CLEAN) == 30) & hour.between(10, 13)))
    assert findings["gaps"].value == {"days": [], "hours": ["2026-02-04 10:00 for 4 h"]}


@pytest.mark.parametrize(
    ("moved", "level"), [(["north", "south"], "good"), (["north"], "mind"), ([], "good")]
)
def test_a_day_that_moves_where_clocks_change_is_no_fault_unless_a_site_stays(moved, level):
    """True UTC moves by an hour then; a site whose day does not has local times read as UTC."""
    change = pd.Timestamp("2026-03-29")
    data = shift(CLEAN.copy(), CLEAN.index >= 0, change - pd.Timedelta(days=28) - BEGIN)
    data = put(data, data.index % 5 == 0, "site", "south").sort_values("started_at")
    rows = (data["started_at"] >= change) & (data["site"].isin(moved) | (len(moved) == 2))
    findings, _ = found(shift(data, rows, -HOUR))
    assert findings["moved hours"].level == level
    assert bool(findings["moved hours"].value) is bool(moved)


def test_what_is_bad_rules_out_the_figures_that_rest_on_it():
    """Without customers no FCR and no model of repeats; without enough of them a weak one."""
    _, uses = found(CLEAN.assign(customer_id=None, csat=np.nan, agent_id=None))
    assert {use for use, can in uses.items() if can == "no"} == {
        "FCR and repeat rates",
        "a model of repeats",
        "a model of escalations",
        "next issues",
        "rates by agent",
        "the customers' own answers",
    }
    _, uses = found(cut(CLEAN, day_of(CLEAN) > 10))
    assert uses["a model of repeats"] in {"weak", "no"}


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (pa.list_(pa.int64()), [[1], None]),
        (pa.struct([("x", pa.int64())]), [{"x": 1}, {"x": 2}]),
        (pa.decimal128(5, 2), [1, 2]),
        (pa.date32(), [dt.date(2026, 1, 1), None]),
        (pa.time64("us"), [dt.time(1), None]),
        (pa.float64(), [float("nan"), None]),
        (pa.duration("us"), [dt.timedelta(1), None]),
        (pa.binary(), [b"x", None]),
        (pa.dictionary(pa.int32(), pa.string()), ["x", None]),
        (pa.null(), [None, None]),
        (pa.bool_(), [True, None]),
    ],
)
def test_columns_of_any_type_travel_along(kind, values):
    """A column of the export's own that says nothing of the outcome is not minded."""
    contacts = canonical(pa.Table.from_pandas(CLEAN, preserve_index=False))
    column = pa.array(np.tile(np.arange(2), len(CLEAN) // 2)).to_pylist()
    contacts = contacts.append_column("own", pa.array([values[k] for k in column], kind))
    findings = {f.name: f for f in examine(contacts, label(contacts), NOW)}
    assert findings["telling columns"].level == "good"
    assert findings["filled later"].level == "good"
