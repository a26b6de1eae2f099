"""Rates: what is counted in them and of what, groups, intervals, and what can't be mixed."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from recontact import Policy, label
from recontact.contacts import canonical
from recontact.errors import UserError
from recontact.intervals import wilson
from recontact.labels.table import policy_of
from recontact.rates import RATES, followed_by_unknown, rates

DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def contacts(*rows, **columns):
    """Make contacts from (id, customer, hour, reason) and further columns."""
    ids, customer, hours, reasons = zip(*rows, strict=True)
    at = [DAY + dt.timedelta(hours=h) for h in hours]
    return pa.table(
        {
            "contact_id": ids,
            "customer_id": pa.array(customer, pa.string()),
            "reason": pa.array(reasons, pa.string()),
            "started_at": at,
            "ended_at": at,
            **columns,
        }
    )


HISTORY = contacts(
    ("start", "w", 0, "bill"),  # its look-back is not known: in no FCR
    ("once", "a", 100, "bill"),  # resolved
    ("first", "b", 100, "bill"),  # repeated
    ("again", "b", 110, "bill"),  # no first contact
    ("raised", "c", 100, "bill"),  # escalated by itself
    ("masked", "d", 100, "bill"),  # followed by one of unknown reason
    ("vague", "d", 120, None),  # not judged
    ("chat", "e", 100, "bill"),  # not judged: another channel
    ("young", "f", 390, "bill"),  # not matured
    ("end", None, 400, None),  # anonymous
    escalated=[False, False, False, True, True, False, False, False, False, False],
    channel=[*["voice"] * 7, "chat", "voice", "voice"],
    agent_id=["x", "x", "y", "y", "x", "y", "y", "y", "y", None],
    csat=[None, 4.0, 3.9, 5.0, None, 1.0, None, None, None, None],
    nps=[0.0, 6.0, 7.0, 8.0, 9.0, 10.0, 10.0, None, None, None],
    ces=[1.0, None, None, 4.0, None, None, None, None, None, None],
)


def test_each_rate_counts_what_the_contract_says():
    """Rates over all contacts: hits and what they are taken of, counted by hand."""
    row = rates(HISTORY, label(HISTORY)).to_pylist()[0]
    found = {name: (row[name] * row[f"{name}_of"], row[f"{name}_of"]) for name in RATES}
    assert {name: (round(hits), of) for name, (hits, of) in found.items()} == {
        "fcr": (2, 4),  # once, masked / once, first, raised, masked
        "gross_fcr": (2, 5),  # and again
        "repeat": (1, 6),  # first / the six judged that matured
        "escalation": (3, 6),  # first, again, raised
        "own_escalation": (2, 7),  # young has one, too
        "unknown_reason": (1, 4),  # masked
        "csat": (2, 4),
    }
    assert (row["nps"], row["nps_of"]) == (pytest.approx(100 / 7), 7)
    assert (row["ces"], row["ces_of"]) == (2.5, 2)


def test_the_positive_answer_is_configurable():
    """CSAT counts answers from the given value up."""
    row = rates(HISTORY, label(HISTORY), csat_positive=3.5).to_pylist()[0]
    assert row["csat"] == 0.75


def test_groups_by_a_column_add_up_and_name_the_unknown():
    """Each group has its own rates, most judged first; contacts without a value are a group."""
    table = rates(HISTORY, label(HISTORY), by="agent_id")
    assert table["group"].to_pylist() == ["y", "x", None]
    assert table["contacts"].to_pylist() == [6, 3, 1]
    assert table["fcr_of"].to_pylist() == [2, 2, 0]
    assert table["fcr"].to_pylist() == [0.5, 0.5, None]
    assert table["fcr_low"][2].as_py() is None
    assert table.schema.metadata[b"recontact.policy_digest"].decode() == Policy().digest


def test_groups_by_any_type_of_column():
    """Numbers and yes/no columns group as their text."""
    table = rates(HISTORY, label(HISTORY), by="escalated")
    assert sorted(table["group"].to_pylist()) == ["false", "true"]


def test_an_unknown_column_is_refused():
    """A column that is not there is named, with those that are."""
    with pytest.raises(UserError, match="no column 'agent'"):
        rates(HISTORY, label(HISTORY), by="agent")


def test_labels_in_another_order_are_matched_by_contact():
    """Rates do not change when the labels come in another row order."""
    labels = label(HISTORY)
    turned = labels.take(list(range(len(labels)))[::-1])
    assert rates(HISTORY, turned, by="agent_id").equals(rates(HISTORY, labels, by="agent_id"))


def test_labels_of_other_contacts_are_refused():
    """A contact without its label is the user's error."""
    with pytest.raises(UserError, match="not of these contacts"):
        rates(HISTORY, label(HISTORY.slice(1)))
    other = HISTORY.set_column(0, "contact_id", pa.array([f"o{k}" for k in range(10)]))
    with pytest.raises(UserError, match="not of these contacts"):
        rates(HISTORY, label(other))


def test_labels_of_two_policies_are_never_mixed():
    """Different digests are an error that names them; a missing policy too."""
    one, other = label(HISTORY), label(HISTORY, Policy.parse({"window": "7d"}))
    assert policy_of(one, label(HISTORY)) == Policy()
    with pytest.raises(UserError, match=Policy().digest):
        policy_of(one, other)
    with pytest.raises(UserError, match="no policy"):
        rates(HISTORY, one.replace_schema_metadata(None))


@pytest.mark.parametrize(
    ("hours", "window", "followed"), [(48, "48h", True), (49, "48h", False), (0, "0s", True)]
)
def test_unknown_reasons_are_looked_for_within_the_window(hours, window, followed):
    """The bound belongs to the window, and other issues between them do not hide one."""
    table = contacts(("a", "x", 0, "bill"), ("b", "x", 0, "tech"), ("c", "x", hours, None))
    found = followed_by_unknown(canonical(table), Policy.parse({"window": window}))
    assert found.tolist() == [followed, followed, False]


def test_unknown_reasons_of_strangers_and_uncounted_contacts_do_not_matter():
    """Only a contact of the same customer and program that counts may hide a repeat."""
    table = contacts(
        ("a", "x", 0, "bill"),
        ("b", "y", 1, None),
        ("c", None, 2, None),
        ("d", "x", 3, None),
        ("e", "x", 4, None),
        direction=[None, None, None, "outbound", None],
        program=[None, None, None, None, "acme"],
    )
    assert not followed_by_unknown(canonical(table), Policy()).any()


def test_wilson_intervals():
    """The bounds solve Wilson's equation, stay within 0 and 1, and none is unknown."""
    hits, of = np.array([0, 1, 5, 10, 400]), np.array([10, 10, 10, 10, 1_000])
    low, high = wilson(hits, of, z=2.0)
    for bound in (low[1:3], high[1:3]):
        share = (hits / of)[1:3]
        assert abs(bound - share) == pytest.approx(2.0 * np.sqrt(bound * (1 - bound) / of[1:3]))
    assert low[0] == 0.0
    assert high[3] == 1.0
    assert np.isnan(wilson(0, 0)).all()
