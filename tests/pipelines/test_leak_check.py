"""`recontact leak-check`: what it says, how it ends, and that a large record is drawn from."""

import json
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from recontact.clean import read_contacts
from recontact.contacts import SCHEMA
from recontact.errors import UserError
from recontact.labels.table import label
from recontact.leaks import found
from recontact.leaks.sample import read_events, read_some
from recontact_pipelines.cli import main


@pytest.fixture(scope="module")
def joined(simulated, tmp_path_factory):
    """Contacts with a column that somebody joined in from the future."""
    some = pc.unique(simulated["customer_id"]).drop_null()[:600]
    simulated = simulated.filter(pc.is_in(simulated["customer_id"], value_set=some))
    outcome = pc.fill_null(label(simulated)["repeated"].cast(pa.float64()), 0.0)
    path = tmp_path_factory.mktemp("joined") / "contacts.parquet"
    pq.write_table(simulated.append_column("will_call_again", outcome), path)
    return path


def test_it_says_of_each_test_that_it_passed(joined, capsys):
    """Without a leak it ends well, with a line a test and the leaks that it planted and found."""
    assert main(["leak-check", str(joined), "--sample", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:6]] == ["ok"] * 5
    assert "planted_history" in lines[-1]
    assert "planted_repeated" in lines[-1]


def test_a_leak_is_named_with_its_mend(joined, capsys):
    """A column that tells the outcome ends the command with 1; the way out is in the message."""
    asked = ["leak-check", str(joined), "--sample", "1", "--known-from", "will_call_again=start"]
    assert main(asked) == 1
    said = capsys.readouterr().out
    assert "will_call_again at start tells repeated: AUC 1.00" in said
    assert "--allow will_call_again" in said
    assert "planted_repeated at" not in said
    assert main([*asked, "--allow", "will_call_again"]) == 0


def test_json_holds_each_test_and_what_leaks(joined, capsys):
    """The result for programs: the tests by name, what was compared, and the leaks."""
    asked = ["--sample", "1", "--known-from", "will_call_again=live", "--json"]
    assert main(["leak-check", str(joined), *asked]) == 1
    result = json.loads(capsys.readouterr().out)
    checks = {one["name"]: one for one in result["checks"]}
    assert [*checks] == ["columns", "future", "row order", "duplicates", "outcome"]
    assert not result["passed"]
    assert checks["future"]["passed"]
    assert checks["future"]["checked"]["values"] > 1000
    assert checks["columns"]["checked"]["own"] == ["will_call_again"]
    places = {(leak["feature"], leak["moment"]) for leak in checks["outcome"]["leaks"]}
    assert places == {("will_call_again", "live"), ("will_call_again", "wrapup")}


def test_a_blind_firewall_is_a_fault_of_ours(joined, capsys, monkeypatch):
    """Where a planted leak is missed, the command ends with 3 and not with a good word."""
    monkeypatch.setattr(found, "differs", lambda one, _: np.zeros(len(one), dtype=bool))
    assert main(["leak-check", str(joined), "--sample", "1"]) == 3
    said = capsys.readouterr()
    assert "missed its planted leaks planted_history" in said.err
    assert said.out == ""


def test_an_allowed_name_that_is_no_feature(joined, capsys):
    """A misspelt name after --allow is the user's mistake."""
    assert main(["leak-check", str(joined), "--allow", "will_cal_again"]) == 1
    assert "--allow will_cal_again: no such feature" in capsys.readouterr().err
    assert main(["leak-check", str(joined), "--allow", "contact_7d"]) == 1
    said = capsys.readouterr().err
    assert "near: contacts_7d" in said
    assert "program_volume_28d" not in said


def ids(table, column="contact_id"):
    return table[column].drop_null().to_pylist()


def test_of_a_large_record_customers_are_kept_whole(centre, simulated):
    """About as many contacts as asked for, with all contacts of each customer, others with seed."""
    some = read_some(centre / "contacts.parquet", most=1500)
    assert some.of == len(simulated)
    assert 1100 < len(some.contacts) < 1900
    kept, whole = (Counter(ids(t, "customer_id")) for t in (some.contacts, simulated))
    assert all(whole[customer] == count for customer, count in kept.items())
    assert some.contacts.schema.metadata == simulated.schema.metadata
    other = read_some(centre / "contacts.parquet", seed=1, most=1500)
    assert set(ids(other.contacts)) != set(ids(some.contacts))


def test_a_small_record_is_read_whole(centre, simulated):
    """Up to the bound nothing is left out."""
    assert read_some(centre / "contacts.parquet").contacts.equals(simulated)
    assert read_contacts(centre / "contacts.parquet").schema.names[: len(SCHEMA)] == SCHEMA.names


def test_what_is_not_drawn_is_checked_too(simulated, tmp_path):
    """A contact that is there twice is refused, though few contacts are drawn."""
    pq.write_table(simulated, tmp_path / "a.parquet")
    pq.write_table(simulated.slice(4000, 1), tmp_path / "b.parquet")
    with pytest.raises(UserError, match=r"more than once: .*row 4001, .*b\.parquet row 1"):
        read_some([tmp_path / "a.parquet", tmp_path / "b.parquet"], most=100)


def test_events_are_those_of_the_contacts(centre, simulated):
    """Of the events only those of the drawn contacts are read, with what their source tells."""
    some = simulated.slice(0, 50)
    events = read_events(centre / "events.parquet", some)
    whole = pq.read_table(centre / "events.parquet")
    wanted = whole.filter(pc.is_in(whole["contact_id"], value_set=pa.array(ids(some))))
    assert events.equals(wanted)
    assert events.schema.metadata == whole.schema.metadata
