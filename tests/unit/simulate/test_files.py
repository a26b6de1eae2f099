"""What `simulate` writes: how many rows, the same bytes again, and nothing half done."""

import json

import pyarrow.parquet as pq
import pytest

from recontact.contacts import SCHEMA, canonical
from recontact.errors import UserError
from recontact.simulate import run, simulate
from recontact_pipelines.cli import main

FILES = {
    "contacts.parquet",
    "legs.parquet",
    "events.parquet",
    "truth/agents.parquet",
    "truth/ceiling.json",
    "truth/customers.parquet",
    "truth/issues.parquet",
    "truth/outages.parquet",
    "truth/probabilities.parquet",
}


def contents(folder):
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def test_same_seed_same_bytes(tmp_path, monkeypatch):
    """Two runs write the same bytes into every file, however the work is cut up on disk."""
    simulate(contacts=3_000, seed=5, out=tmp_path / "a")
    monkeypatch.setattr("recontact.simulate.runs.RUN_ROWS", 500)
    simulate(contacts=3_000, seed=5, out=tmp_path / "b")
    first, second = contents(tmp_path / "a"), contents(tmp_path / "b")
    assert set(first) == FILES
    assert first == second


def test_another_seed_is_another_centre(tmp_path):
    """The seed reaches every table."""
    for seed in (1, 2):
        simulate(contacts=1_000, seed=seed, out=tmp_path / str(seed))
    first, second = contents(tmp_path / "1"), contents(tmp_path / "2")
    assert [name for name in FILES if first[name] == second[name]] == []


@pytest.mark.parametrize("contacts", [1, 2, 999, 20_001])
def test_exactly_as_many_contacts_as_asked_for(tmp_path, contacts):
    """`contacts` rows, each once, in order of start, numbered so that ids follow the order."""
    done = simulate(contacts=contacts, seed=3, out=tmp_path / "out")
    table = pq.read_table(tmp_path / "out" / "contacts.parquet")
    ids, started = table["contact_id"].to_pylist(), table["started_at"].to_pylist()
    assert len(table) == done.contacts == contacts
    assert ids == sorted(set(ids))
    assert started == sorted(started)


def test_a_block_of_persons_more_leaves_the_earlier_ones_alone(tmp_path):
    """More contacts than one block holds come from further blocks, in one order of time."""
    done = simulate(contacts=70_000, seed=3, out=tmp_path / "out")
    assert done.customers > run.BLOCK
    table = pq.read_table(tmp_path / "out" / "contacts.parquet", columns=["started_at"])
    started = table["started_at"].to_numpy()
    assert (started[1:] >= started[:-1]).all()


def test_contacts_are_clean_and_tell_what_is_known_at_the_start(centre, simulated):
    """The contacts table is the contract's, needs no import, and says that reason is known."""
    table = pq.read_table(centre / "contacts.parquet")
    assert table.schema.equals(SCHEMA)
    assert canonical(table).equals(table)
    assert simulated.num_rows == 6_000
    assert json.loads(table.schema.metadata[b"recontact.known_from"]) == {"reason": "start"}


def test_progress_reaches_the_whole(tmp_path):
    """The shares of work told on the way sum to 1."""
    shares = []
    simulate(contacts=2_000, seed=1, out=tmp_path / "out", progress=shares.append)
    assert sum(shares) == pytest.approx(1)
    assert len(shares) > 1


@pytest.mark.parametrize(("contacts", "seed"), [(0, 1), (-5, 1), (10**11, 1), (10, -1)])
def test_numbers_out_of_range_are_refused(tmp_path, contacts, seed):
    """A number that cannot be simulated is the user's to mend, and nothing is written."""
    with pytest.raises(UserError):
        simulate(contacts=contacts, seed=seed, out=tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_other_things_is_left_alone(tmp_path):
    """Files that are no simulation are never written among."""
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(UserError, match="no simulation"):
        simulate(contacts=10, seed=1, out=tmp_path)
    with pytest.raises(UserError, match="a file"):
        simulate(contacts=10, seed=1, out=tmp_path / "mine.txt")
    assert contents(tmp_path) == {"mine.txt": b"keep"}


def test_an_earlier_simulation_is_replaced(tmp_path):
    """A simulation may be written over an earlier one; other files beside it stay."""
    out = tmp_path / "out"
    simulate(contacts=500, seed=1, out=out)
    (out / "labels.parquet").write_bytes(b"mine")
    simulate(contacts=700, seed=1, out=out)
    assert pq.read_metadata(out / "contacts.parquet").num_rows == 700
    assert (out / "labels.parquet").read_bytes() == b"mine"


def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch):
    """When the work fails half-way, the earlier simulation stays and no other file appears."""
    out = tmp_path / "out"
    simulate(contacts=500, seed=1, out=out)
    before = contents(tmp_path)

    def fail(*_):
        raise MemoryError

    monkeypatch.setattr("recontact.simulate.tables.events", fail)
    with pytest.raises(MemoryError):
        simulate(contacts=500, seed=2, out=out)
    assert contents(tmp_path) == before


def test_the_command_tells_counts_and_ceiling(tmp_path, capsys):
    """`recontact simulate --json` prints what was written, the ceiling among it."""
    out = tmp_path / "out"
    arguments = ["simulate", "--contacts", "2000", "--seed", "4", "--out", str(out)]
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    kept = json.loads((out / "truth" / "ceiling.json").read_text())
    assert told["contacts"] == 2_000
    assert kept["ceiling"] == told["ceiling"]
    assert kept["seed"] == 4
    assert main(arguments) == 0
    assert "2,000 contacts" in capsys.readouterr().out


def test_the_command_refuses_no_contacts(tmp_path, capsys):
    """Asking for none exits with 1 and says what to do."""
    assert main(["simulate", "--contacts", "0", "--out", str(tmp_path / "out")]) == 1
    assert "ask for 1 or more" in capsys.readouterr().err
