"""Each rule of labeling holds as its table says, for the package and for its slow twin."""

import datetime as dt

import pyarrow as pa
import pytest
import yaml
from tests.reference import labels as twin
from tests.spec.label_rules import RULES

from recontact import Policy, label
from recontact.contacts import SCHEMA

WORDS = {"-": None, "true": True, "false": False}
STRANGERS = [
    {"contact_id": "december", "started_at": dt.datetime(2025, 12, 1, tzinfo=dt.UTC)},
    {"contact_id": "march", "started_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC)},
]


def read(rule):
    """Split a rule's table into contacts and their expected labels."""
    lines = [line.split() for line in rule.table.strip().splitlines()]
    names, rows = lines[0], lines[1:]
    bar = names.index("|")
    contacts = [dict(zip(names[:bar], map(value, names, row), strict=False)) for row in rows]
    expected = [dict(zip(names[bar + 1 :], row[bar + 1 :], strict=True)) for row in rows]
    expected = [{name: value(name, text) for name, text in row.items()} for row in expected]
    others = [] if rule.at_edges else STRANGERS
    contacts = [{**c, "ended_at": c.get("ended_at", c["started_at"])} for c in contacts + others]
    return contacts, expected


def value(name, text):
    if name.endswith("_at"):
        day, time = text.split("T")
        return dt.datetime.fromisoformat(f"2026-01-{day}T{time}").replace(tzinfo=dt.UTC)
    if text in WORDS:
        return WORDS[text]
    return float(text) if name.endswith("_s") or name in ("tier", "episode_position") else text


def table(contacts):
    names = dict.fromkeys(name for contact in contacts for name in contact)
    schema = pa.schema([SCHEMA.field(name) for name in names])
    return pa.Table.from_pylist(contacts, schema=schema)


def shown(rows, expected):
    return [{name: row[name] for name in want} for row, want in zip(rows, expected, strict=False)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rule(rule):
    """The labels right of the bar follow from the contacts left of it."""
    contacts, expected = read(rule)
    labels = label(table(contacts), Policy.from_text(rule.policy)).to_pylist()
    assert shown(labels, expected) == expected
    given = yaml.safe_load(rule.policy) or {}
    assert shown(twin.label(contacts, given), expected) == expected
