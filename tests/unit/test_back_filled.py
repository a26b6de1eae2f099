"""Columns filled in after the contact, and labels, can't be features known before."""

import datetime as dt

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from recontact import Policy, label
from recontact.contacts import SCHEMA, canonical, instants, known_of
from recontact.dataset import build
from recontact.errors import UserError
from recontact.features.known import LABELS, known_from
from recontact.model.fitting import fit, judged

BACK_FILLED = ("resolved_by", "resolved_at", "closed_at", "closed_code")
DAY = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def contacts(known=True, **columns):
    plain = {
        "contact_id": ["a", "b"],
        "customer_id": ["x", "x"],
        "started_at": [DAY, DAY + dt.timedelta(hours=1)],
        "ended_at": [DAY, DAY + dt.timedelta(hours=1)],
    }
    if known:
        plain["known_at"] = plain["ended_at"]
    return canonical(pa.table({**plain, **columns}))


@pytest.mark.parametrize("column", BACK_FILLED)
@pytest.mark.parametrize("moment", ["start", "live"])
def test_what_the_real_export_filled_in_later_is_refused(incidents, column, moment):
    """The importer tells which columns the log copied onto first rows; none is known early."""
    with pytest.raises(UserError, match=f"{column}={moment}: its source filled it in") as refused:
        known_from(incidents, {column: moment})
    assert refused.value.mend == "leave it out"
    joined = incidents.append_column(column, incidents["queue"])
    with pytest.raises(UserError, match=f"{column}={moment}: its source filled it in") as refused:
        known_from(joined, {column: moment})
    assert f"{column}=wrapup" in refused.value.mend


def test_at_wrapup_it_is_null_where_the_record_came_late(incidents):
    """A ticket's final code shows only in those records that came within 15 minutes."""
    joined = incidents.append_column("closed_code", pa.array(["code 6"] * len(incidents)))
    table = build(joined, label(joined), known={"closed_code": "wrapup"})
    start, wrapup = (table.filter(pc.equal(table["moment"], m)) for m in ("start", "wrapup"))
    assert start["closed_code"].null_count == len(start)
    late = known_of(joined) - instants(joined["ended_at"]) > 900e6
    ids = joined["contact_id"].filter(pa.array(late))
    seen = wrapup.filter(wrapup["closed_code"].is_valid())
    assert 0 < len(seen) < len(wrapup) / 100
    assert not pc.any(pc.is_in(seen["contact_id"], value_set=ids)).as_py()


@pytest.mark.parametrize("column", ["closed_code", "Resolved By", "ClosedDate", "sys_mod_count"])
def test_a_table_of_ones_own_is_held_to_the_names(column):
    """Without a word of the source, columns called so are refused as known early."""
    table = contacts(**{column: ["1", "2"]})
    with pytest.raises(UserError, match="by its name"):
        known_from(table, {column: "start"})
    assert known_from(table, {column: "wrapup"})[column] == "wrapup"


def test_without_known_at_even_wrapup_is_too_early():
    """Where nothing tells when a record was known, a back-filled column is no feature at all."""
    with pytest.raises(UserError, match="no known_at") as refused:
        known_from(contacts(known=False, closed_code=["1", "2"]), {"closed_code": "wrapup"})
    assert "wrapup" not in refused.value.mend


@pytest.mark.parametrize("text", [False, True])
def test_instants_still_to_come_are_refused(text):
    """A column of instants that lie after the start was not known at the start."""
    times = [DAY + dt.timedelta(days=3)] * 2
    table = contacts(finished=[t.strftime("%Y-%m-%d %H:%M:%S") for t in times] if text else times)
    with pytest.raises(UserError, match="100% of its instants were still to come"):
        known_from(table, {"finished": "start"})
    earlier = contacts(since=[DAY - dt.timedelta(days=3)] * 2)
    assert known_from(earlier, {"since": "start"})["since"] == "start"


@pytest.mark.parametrize("column", ["talk_s", "escalated", "disposition", "transfer_count"])
def test_final_facts_are_not_known_at_the_start(column):
    """What stands only at the end of a contact is refused as known at its start."""
    with pytest.raises(UserError, match="stands only when the contact is over"):
        known_from(contacts(), {column: "start"})


def test_what_is_known_so_far_may_be_known_live():
    """Holds and transfers so far, and a wait that is over, are known while a contact goes on."""
    asked = {"hold_s": "live", "transfer_count": "live", "wait_s": "live"}
    assert {k: known_from(contacts(), asked)[k] for k in asked} == asked
    with pytest.raises(UserError, match="how long the wait"):
        known_from(contacts(), {"wait_s": "start"})


@pytest.mark.parametrize("column", sorted(LABELS))
def test_no_label_can_be_a_feature(column):
    """A column of the labels table, joined onto the contacts, is refused at every moment."""
    for moment in ("start", "wrapup"):
        with pytest.raises(UserError, match=f"'{column}' is a column of the labels"):
            known_from(contacts(**{column: ["1", "2"]}), {column: moment})


def test_labels_are_all_columns_but_the_contacts_own():
    """The two-sided ones are among them."""
    assert {"fcr", "first_contact", "previous_gap_s", "lookback_known", "next_gap_s"} <= LABELS
    assert not LABELS & set(SCHEMA.names)


@pytest.mark.parametrize("target", ["fcr", "first_contact", "previous_gap_s", "escalated"])
def test_only_what_looks_forward_can_be_a_target(simulated, target):
    """FCR looks back too, so nobody can train for it, even where it stands in the dataset."""
    labels = label(simulated)
    rows = build(simulated, labels, moments=("start",))
    for asked in (lambda: judged(rows, target), lambda: fit(rows, target, Policy())):
        with pytest.raises(UserError, match=f"'{target}' can't be a target") as refused:
            asked()
        assert "repeated or escalation" in refused.value.mend


def test_labels_in_the_dataset_are_not_learnt_from(simulated):
    """A label that was joined onto the dataset would be taken for a feature: refused."""
    rows = build(simulated, label(simulated), moments=("start",))
    with pytest.raises(UserError, match="labels among the features: fcr"):
        judged(rows.append_column("fcr", rows["repeated"]), "repeated")
