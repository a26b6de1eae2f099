"""Each rule of labeling holds as its table says, for the package and for its slow twin."""

import pytest
import yaml
from tests.reference import labels as twin
from tests.spec.label_rules import RULES
from tests.spec.rule import as_table

from recontact import Policy, label
from recontact.labels.table import SCHEMA
from recontact.policy_values import KEYS
from recontact.rates import rates


def shown(rows, expected):
    return [{name: row[name] for name in want} for row, want in zip(rows, expected, strict=False)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rule(rule):
    """The labels right of the bar follow from the contacts left of it."""
    contacts, expected = rule.read()
    labels = label(as_table(contacts), Policy.from_text(rule.policy)).to_pylist()
    assert shown(labels, expected) == expected
    given = yaml.safe_load(rule.policy) or {}
    assert shown(twin.label(contacts, given), expected) == expected


@pytest.mark.parametrize("rule", [r for r in RULES if r.rates], ids=lambda rule: rule.name)
def test_rates(rule):
    """The rates over the contacts are the shares that the rule tells."""
    contacts = as_table(rule.read()[0])
    [row] = rates(contacts, label(contacts, Policy.from_text(rule.policy))).to_pylist()
    found = {name: (row[name] * row[f"{name}_of"], row[f"{name}_of"]) for name in rule.shares()}
    assert found == rule.shares()
    assert row["nps"] == pytest.approx(100 * (2 - 1) / 4)  # 9 and 10, and 6, of four answers
    assert row["ces"] == 3.5


def test_every_key_of_the_policy_has_its_rule():
    """Each key is set by some rule to another value than its default."""
    set_somewhere = {key for rule in RULES for key in yaml.safe_load(rule.policy) or {}}
    assert set_somewhere == set(KEYS)


def test_every_column_of_the_labels_has_its_rule():
    """Each column is told by some rule: true, false, a value, and null where it can be."""
    told = {(name, kind(row[name])) for rule in RULES for row in rule.read()[1] for name in row}
    for field in list(SCHEMA)[1:]:  # all but contact_id
        kinds = {"true", "false"} if str(field.type) == "bool" else {"value"}
        nullable = field.name not in ("eligible", "matured", "lookback_known")
        wanted = kinds | ({"null"} if nullable else set())
        assert {what for name, what in told if name == field.name} == wanted, field.name


def kind(value):
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else "value"
